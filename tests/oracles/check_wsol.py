"""Recomputes the localization of a result file from its stored projections and boxes with OpenCV, and compares.

    python3 tests/oracles/check_wsol.py RESULT.h5 [EVERY]

EVERY: of the rows only every EVERYth is measured again (a second a row and precision); tables are always checked whole.

Maps: the stored projections through the steps of explanations 1.1 in float32. Components: cv2.connectedComponentsWithStats, 8-
connected, at every threshold; Otsu: cv2.threshold. Tables: sums. Beside them wsolevaluation's own boxes (cv2.findContours, RETR_TREE,
largest contour area, holes too): how many of its bits differ is printed, not judged, for our component is the largest by pixels.
Prints one line, "check_wsol: N checks, N failed, ..."; exit 1 if any failed.
"""
import functools
import sys

import cv2
import h5py
import numpy as np

from checks import Checks, texts

RULES = 5
check = Checks("check_wsol")
bits = differ = 0
cv2.setNumThreads(1)


def near(a, b):
    return np.all(np.abs(np.asarray(a, float) - np.asarray(b, float)) <= 1e-6 * (1 + np.abs(np.asarray(b, float))))


def scale(a):
    return ((a - a.min()) / np.float32(np.float32(1e-7) + np.float32(a.max() - a.min()))).astype(np.float32)


def axis(n, m):
    at = ((np.arange(m) + 0.5) * (n / m) - 0.5).astype(np.float32)
    low = np.floor(at).astype(int)
    part = (at - low.astype(np.float32)).astype(np.float32)
    outside = (low < 0) | (low >= n - 1)
    low, part = np.clip(low, 0, n - 1), np.where(outside, np.float32(0), part)
    return low, np.minimum(low + 1, n - 1), part


def finish(cam, h, w):
    a = scale(np.maximum(cam, np.float32(0)))
    y0, y1, fy = axis(a.shape[0], h)
    x0, x1, fx = axis(a.shape[1], w)
    one = np.float32(1)
    line = a[:, x0] * (one - fx) + a[:, x1] * fx
    return scale(line[y0] * (one - fy)[:, None] + line[y1] * fy[:, None])


def geometry(w, h, resize, crop):
    """resize: the short side, or "squash"; crop: (height, width)."""
    if resize == "squash":
        return crop[1], crop[0], 0, 0
    resize = int(resize)
    short, long = min(w, h), max(w, h)
    other = int(resize * long / short)
    nw, nh = (resize, other) if w <= h else (other, resize)
    return nw, nh, round((nw - crop[1]) / 2), round((nh - crop[0]) / 2)


def truth_of(boxes, w, h, resize, crop, full):
    out = []
    for x0, y0, x1, y1 in boxes:
        nw, nh, left, top = geometry(w, h, resize, crop)
        x1, y1 = min(x1, w - 1), min(y1, h - 1)
        e = [x0 * nw / w - left, y0 * nh / h - top, x1 * nw / w - left, y1 * nh / h - top]
        if not full:
            e = [min(max(v, 0), crop[1 - k % 2]) for k, v in enumerate(e)]
        if e[0] < e[2] and e[1] < e[3]:
            out.append(e)
    return out


def iou(a, truth):
    best = 0.0
    for b in truth:
        i = max(min(a[2], b[2]) - max(a[0], b[0]), 0) * max(min(a[3], b[3]) - max(a[1], b[1]), 0)
        if i > 0:
            best = max(best, i / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - i))
    return best


@functools.lru_cache(4)
def contours_of(data, h, w):
    """At every threshold: box and area of every contour."""
    u = np.frombuffer(data, np.uint8).reshape(h, w)
    found = [cv2.findContours((u > t).astype(np.uint8), cv2.RETR_TREE, cv2.CHAIN_APPROX_SIMPLE)[0] for t in range(u.max())]
    return [[(cv2.boundingRect(c), cv2.contourArea(c)) for c in at] for at in found]


@functools.lru_cache(4)
def components_of(data, h, w):
    """At every threshold: x, y, width, height, area of every component, in raster order of their first pixels."""
    u = np.frombuffer(data, np.uint8).reshape(h, w)
    return [cv2.connectedComponentsWithStats((u > t).astype(np.uint8), connectivity=8)[2][1:].tolist() for t in range(u.max())]


def contour_bits(u, truth, grid):
    """wsolevaluation: compute_bboxes_from_scoremaps, multi and single."""
    h, w = u.shape
    right = np.zeros((4, 100), bool)
    contours = contours_of(u.tobytes(), h, w)
    for at in set(grid):
        if at >= len(contours):
            continue
        ious = [iou((x, y, min(x + bw, w - 1) + 1, min(y + bh, h - 1) + 1), truth) for (x, y, bw, bh), _ in contours[at]]
        single = ious[int(np.argmax([area for _, area in contours[at]]))]
        right[:, np.asarray(grid) == at] = np.array([[single >= .5], [max(ious) >= .3], [max(ious) >= .5], [max(ious) >= .7]])
    return right


def localize(m, truth):
    """IoU by rule, box at 0.2, bits: (5), (4), (4, 100)."""
    global bits, differ
    h, w = m.shape
    u = (m * np.float32(255)).astype(np.uint8)
    top = int(u.max())
    exact, single, several, boxes = np.zeros(256), np.zeros(256), np.zeros(256), {}
    for t, found in enumerate(components_of(u.tobytes(), h, w)):
        largest = int(np.argmax([c[4] for c in found]))
        for k, (x, y, bw, bh, _) in enumerate(found):
            wide = iou((x, y, min(x + bw + 1, w), min(y + bh + 1, h)), truth)
            several[t] = max(several[t], wide)
            if k == largest:
                single[t], exact[t] = wide, iou((x, y, x + bw, y + bh), truth)
                boxes[t] = [x, y, x + bw - 1, y + bh - 1]
    otsu = int(cv2.threshold(u, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[0])
    rules = [exact[int(t * top)] for t in (0.15, 0.2, 0.5)] + [exact[otsu], exact.max()]
    grid = [int(t * top) for t in np.arange(0, 1, 0.01)]
    right = np.array([single[grid] >= .5, several[grid] >= .3, several[grid] >= .5, several[grid] >= .7])
    if not truth:
        rules, right = [-1.0] * RULES, np.zeros((4, 100), bool)
    else:
        other = contour_bits(u, truth, grid)
        bits += right.size
        differ += int((other != right).sum())
    return np.array(rules), boxes.get(int(0.2 * top), [-1] * 4), right


def unpack(right):
    return np.unpackbits(right, axis=-1, bitorder="little")[..., :100].astype(bool)


def best(right):
    count = right.sum(axis=0)
    v2 = np.mean([100 * count[m].max() / len(right) for m in (1, 2, 3)])
    return 100 * count[0].max() / len(right), count[0].argmax() / 100, v2


def check_rows(name, net, precision, ok, truth, h, w, every):
    g = net[precision + "/wsol"]
    for i in np.flatnonzero(ok)[::every]:
        cam = net[precision]["cam"][i]
        for suffix, sign in (("", 1), ("_raw", int(net[precision]["raw_sign"][i]) or 1)):
            if not suffix or sign < 0:
                rules, box, right = localize(finish(np.float32(sign) * cam, h, w), truth[i])
            at = f"{name} {precision} image {i}{suffix}"
            check(near(g["iou" + suffix][i], rules), f"{at}: IoU {g['iou' + suffix][i]} {rules}")
            check(list(g["box" + suffix][i]) == list(box), f"{at}: box {g['box' + suffix][i]} {box}")
            check(np.array_equal(unpack(g["right" + suffix][i]), right), f"{at}: bits")


def check_tables(f, j, name, net, precisions, sets, label):
    for p in precisions:
        t, g = f["/summary/wsol/" + p], net[p + "/wsol"]
        place = net[p]["top5"][:] == label[:, None]
        for s, member in enumerate(sets):
            rows = member & (g["iou"][:, 0] >= 0)
            n = rows.sum()
            check(t["images"][j, s] == n and t["without_box"][j, s] == member.sum() - n, f"{name} {p} {s}: images")
            check(t["no_foreground"][j, s] == (g["box"][:, 0] < 0)[rows].sum(), f"{name} {p} {s}: no_foreground")
            for k, suffix in enumerate(("", "_raw")):
                if n == 0:
                    check(not t["iou_mean"][j, s, k].any(), f"{name} {p} {s}: nothing to average")
                    continue
                v = g["iou" + suffix][:][rows].astype(float)
                known = v[:, 1] >= 0.5
                check(near(t["iou_mean"][j, s, k], v.mean(axis=0)), f"{name} {p} {s} {k}: iou_mean")
                check(n < 2 or near(t["iou_sd"][j, s, k], v.std(axis=0, ddof=1)), f"{name} {p} {s} {k}: iou_sd")
                check(near(t["gt_known"][j, s, k], 100 * known.mean()), f"{name} {p} {s} {k}: gt_known")
                check(near(t["top1_loc"][j, s, k], 100 * (known & place[rows, 0]).mean()), f"{name} {p} {s} {k}: top1_loc")
                check(near(t["top5_loc"][j, s, k], 100 * (known & place[rows].any(axis=1)).mean()), f"{name} {p} {s} {k}: top5_loc")
                want = best(unpack(g["right" + suffix][:][rows]))
                got = t["max_box_acc"][j, s, k], t["max_box_acc_at"][j, s, k], t["max_box_acc_v2"][j, s, k]
                check(near(got, want), f"{name} {p} {s} {k}: MaxBoxAcc {got} {want}")


def check_trivial(f, j, name, sets, rows_with, truth, h, w):
    y, x = np.mgrid[:h, :w]
    gauss = np.exp(-(((x - (w - 1) / 2) / (w / 6)) ** 2 + ((y - (h - 1) / 2) / (h / 6)) ** 2) / 2).astype(np.float32)
    dx, dy = w * 22 // 224, h * 22 // 224
    centred = ((x >= dx) & (x < w - dx) & (y >= dy) & (y < h - dy)).astype(np.float32)
    t = f["/summary/wsol_trivial"]
    for k, m in enumerate((np.ones((h, w), np.float32), centred, gauss)):
        of = {i: localize(m, truth[i]) for i in np.flatnonzero(rows_with)}
        for s, member in enumerate(sets):
            mine = [of[i] for i in np.flatnonzero(member & rows_with)]
            if not mine:
                continue
            v = np.array([r[0][1] for r in mine])
            want = best(np.array([r[2] for r in mine]))
            check(near(t["iou_mean"][j, s, k], v.mean()) and near(t["box_acc"][j, s, k], 100 * (v >= .5).mean()), f"trivial {k} {s}")
            check(near((t["max_box_acc"][j, s, k], t["max_box_acc_v2"][j, s, k]), (want[0], want[2])), f"trivial {k} {s}: MaxBoxAcc")


def main():
    f = h5py.File(sys.argv[1], "r")
    every = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    lines = (texts(f, "/job")[0] + "\n" + texts(f, "/provenance")[0]).splitlines()
    job = dict(line.split(" = ", 1) for line in lines if " = " in line)
    precisions, selections = texts(f, "/precision"), texts(f, "/set")[1:]
    im = f["/images"]
    boxes = im["boxes"][:]
    label = im["class_index"][:]
    for j, name in enumerate(texts(f, "/network")):
        net = f["/models/" + name]
        h, w = len(net["y"]), len(net["x"])
        said = job[f"network.{name}.pipeline"].split()        # resize 256 bilinear crop 224 224 ..., resize squash ...
        truth = [truth_of(boxes[a:a + n].tolist(), int(iw), int(ih), said[1], (int(said[4]), int(said[5])),
                          job["wsol.frame"] == "full") if iw > 0 else []
                 for a, n, iw, ih in zip(im["box_first"][:], im["box_count"][:], im["width"][:], im["height"][:])]
        ok = net["status"][:] == 1
        sets = [ok]
        image = net["subset/image"][:]
        for s in selections:
            member = np.zeros(len(ok), bool)
            member[image[(image >= 0) & (net["subset/in_" + s][:] != 0)]] = True
            sets.append(member & ok)
        for p in precisions:
            check_rows(name, net, p, ok, truth, h, w, every)
        check_tables(f, j, name, net, precisions, sets, label)
        check_trivial(f, j, name, sets, ok & np.array([len(t) > 0 for t in truth]), truth, h, w)


main()
sys.exit(check.finish(f", {differ} of {bits} bits differ from wsolevaluation's contours"))
