#!/usr/bin/env python3
"""Checks the embedded data set: not too easy, not centred, objects of a sensible size.

    quantcam synth /some/folder --images 2000 --seed 99
    python3 analysis/check_synth.py /some/folder [--train OTHER_FOLDER]

1. Multinomial regression on 16 x 16 RGB thumbnails (of the crop that networks see) gets at most 40 % top-1:
   without --train by two-fold cross-validation on the even and odd groups of 16 pictures, with it fitted on
   OTHER_FOLDER and tested on the folder. The best of several strengths of regularization counts, chosen on
   the tested pictures: an upper bound.
2. A box in the middle of the frame, of the frame's aspect, has a mean IoU of at most 0.45 with the true box:
   the best of the sizes 0.2, 0.25 .. 0.95 of the frame's sides counts.
3. Every object's box covers 5 to 40 % of the frame.
Needs numpy, Pillow and scikit-learn. Exit code 0 if all three hold."""
import argparse
import os
import sys
import warnings

import numpy as np
from PIL import Image
from sklearn.linear_model import LogisticRegression

THUMBNAIL = 16
STRENGTHS = (1e-3, 1e-2, 1e-1)


def read_lines(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as lines:
        return [line.strip().split(",") for line in lines if line.strip()]


def read_set(folder):
    """Thumbnails of the crop the networks see, classes, boxes and frame sizes of the readable pictures."""
    thumbs, classes, boxes, sizes = [], [], [], []
    label = {path: int(k) for path, k in read_lines(folder, "labels.csv")}
    unreadable = 0
    for path, *box in read_lines(folder, "boxes.csv"):
        try:
            with Image.open(os.path.join(folder, path)) as image:
                picture = image.convert("RGB")
        except OSError:
            unreadable += 1
            continue
        width, height = picture.size
        side = min(width, height) * 7 // 8
        left, top = (width - side) // 2, (height - side) // 2
        crop = picture.crop((left, top, left + side, top + side))
        thumb = crop.resize((THUMBNAIL, THUMBNAIL), Image.BOX)
        thumbs.append(np.asarray(thumb, np.float64).ravel() / 255)
        classes.append(label[path])
        boxes.append([int(v) for v in box])
        sizes.append((width, height))
    counts = np.bincount(classes).tolist()
    print(f"{folder}: {len(classes)} pictures, {unreadable} unreadable, by class {counts}")
    return np.array(thumbs), np.array(classes), np.array(boxes, float), np.array(sizes, float)


def accuracy(strength, train, test):
    mean, std = train[0].mean(0), train[0].std(0) + 1e-9
    model = LogisticRegression(C=strength, max_iter=300)
    model.fit((train[0] - mean) / std, train[1])
    return model.score((test[0] - mean) / std, test[1])


def thumbnail_accuracy(data, other):
    if other is not None:
        return max(accuracy(s, other, data) for s in STRENGTHS)
    half = np.arange(len(data[1])) // 16 % 2 == 1
    a, b = (data[0][half], data[1][half]), (data[0][~half], data[1][~half])
    return max((accuracy(s, a, b) + accuracy(s, b, a)) / 2 for s in STRENGTHS)


def centred_iou(boxes, sizes, share):
    width, height = sizes.T
    x0, y0 = width * (1 - share) / 2, height * (1 - share) / 2
    x1, y1 = width - x0, height - y0
    bx0, by0, bx1, by1 = boxes[:, 0], boxes[:, 1], boxes[:, 2] + 1, boxes[:, 3] + 1
    both = np.clip(np.minimum(x1, bx1) - np.maximum(x0, bx0), 0, None)
    both *= np.clip(np.minimum(y1, by1) - np.maximum(y0, by0), 0, None)
    return np.mean(both / ((x1 - x0) * (y1 - y0) + (bx1 - bx0) * (by1 - by0) - both))


def report(name, value, passed):
    print(f"{'pass' if passed else 'FAIL'}  {name}: {value}")
    return passed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--train", help="fit the regression on this folder")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=UserWarning)
    data = read_set(options.folder)
    other = read_set(options.train) if options.train else None

    top1 = thumbnail_accuracy(data, other)
    ious = {share: centred_iou(data[2], data[3], share) for share in np.arange(20, 96, 5) / 100}
    best = max(ious, key=ious.get)
    x0, y0, x1, y1 = data[2].T
    area = (x1 - x0 + 1) * (y1 - y0 + 1) / data[3].prod(1)
    good = report("regression on thumbnails, at most 40 %", f"{100 * top1:.1f} %", top1 <= 0.40)
    good &= report("centred box's mean IoU, at most 0.45",
                   f"{ious[best]:.3f} (sides {best:.2f} of the frame's)", ious[best] <= 0.45)
    good &= report("objects cover 5-40 % of the frame",
                   f"{100 * area.min():.1f} to {100 * area.max():.1f} %, mean {100 * area.mean():.1f} %",
                   area.min() >= 0.05 and area.max() <= 0.40)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
