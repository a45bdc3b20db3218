#!/usr/bin/env python3
"""The shared make_oracle.py, its test pictures replaced by photographs.

    tests/oracles/make_with_photographs.py MAKE_ORACLE.py PHOTOGRAPHS MODEL ENGINE OUT [--seed N] [--images N] [--eight-bit] [--mixed]
                                           [--observers-off]

Weights and calibration stay the tool's own, so that photographs reach codes beyond the calibrated range. The photographs are a
sample of the folder PHOTOGRAPHS drawn by the seed: Pillow's short side to 256 bilinear, the middle 224 x 224. PHOTOGRAPHS may be
empty ('') to keep the tool's own. --eight-bit calibrates fbgemm's activations to 0..255 instead of 0..127, so that sums of pairs
saturate. --mixed quantizes every second layer's weights per tensor and the others per channel. --observers-off switches the observers of QAT
state off before it is saved and converted.
"""
import glob
import random
import sys

import numpy as np
import torch
import torch.ao.quantization as aq
from PIL import Image


def preprocessed(path):
    im = Image.open(path).convert('RGB')
    short = min(im.size)
    im = im.resize(tuple(256 * side // short for side in im.size), Image.BILINEAR)
    left, top = (im.width - 224) // 2, (im.height - 224) // 2
    return np.asarray(im.crop((left, top, left + 224, top + 224)))


def prepare_mixed(net, inplace, prepare=aq.prepare):
    layers = [m for m in net.modules() if hasattr(m, 'weight') and m.weight.dim() > 1 or type(m).__name__ == 'ConvReLU2d']
    for i, m in enumerate(layers):
        weight = aq.default_weight_observer if i % 2 else aq.default_per_channel_weight_observer
        m.qconfig = aq.QConfig(activation=net.qconfig.activation, weight=weight)
    return prepare(net, inplace=inplace)


def main():
    tool, folder = sys.argv[1:3]
    names = [] if not folder else sorted(name for ending in ('JPEG', 'jpg', 'png') for name in glob.glob(f'{folder}/*.{ending}'))
    head, last = open(tool).read().rstrip().rsplit('\n', 1)
    if last != 'main()' or (folder and not names):
        sys.exit(f'{tool} does not end in main(), or {folder} has no pictures')
    if '--observers-off' in sys.argv:
        whole = head
        head = head.replace('state = {k: v.clone()', 'net.apply(aq.disable_observer); state = {k: v.clone()')
        assert head != whole
        sys.argv.remove('--observers-off')
    space = {'__name__': 'make_oracle', '__doc__': '', '__file__': tool}
    exec(compile(head, tool, 'exec'), space)
    seed = int(sys.argv[sys.argv.index('--seed') + 1]) if '--seed' in sys.argv else 0
    drawn = space['pixels']

    def pixels(n, at):
        if at != 3000 + seed or not names:    # of training and calibration
            return drawn(n, at)
        chosen = random.Random(seed).sample(names, n)
        return torch.from_numpy(np.stack([preprocessed(p) for p in chosen])).permute(0, 3, 1, 2).contiguous()

    space['pixels'] = pixels
    if '--eight-bit' in sys.argv:
        aq.default_observer = aq.MinMaxObserver.with_args(quant_min=0, quant_max=255)
        sys.argv.remove('--eight-bit')
    if '--mixed' in sys.argv:
        aq.prepare = prepare_mixed
        sys.argv.remove('--mixed')
    sys.argv[1:] = sys.argv[3:]
    space['main']()


main()
