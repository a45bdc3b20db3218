#!/usr/bin/env python3
"""Top-1 of fp32, of PyTorch's int8 files and of `quantcam quantize`, beside each other.

    tests/oracles/compare_quantize.py SHARED [photographs] [demo]      SHARED/data as described in its README; default: both

photographs: calibrated on rows 2, 6, 10, ... of imagenet-sample/labels.csv until there are 64, evaluated on the other 233; once
more with rows 4, 8, 12, ... to see how much chance there is in it. EfficientNet-Lite0 and mobilenet_v2_coral with the defaults may
lose 3 pictures. PyTorch's own files were calibrated on photographs that may be among the 233.
demo: the four demo networks, calibrated on 64 pictures of one seed, evaluated on 2,000 of another, may lose 1 point.
Environment: QUANTCAM the program (build/quantcam).
"""
import csv
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np
from PIL import Image

from oracle import QUANTCAM, ROOT, infer

CHUNK = 250
DEMO = ('mobilenet_v2', 'mobilenet_v3_large', 'resnet18', 'shufflenet_v2_x0_5')


def program(*words):
    done = subprocess.run([QUANTCAM, *words], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f'{" ".join(words[:6])} ...: exit {done.returncode}: {done.stderr.strip()}')
    return done.stdout


def answers(model, weights, pictures, scratch, *more):
    """The class of the largest logit of every picture."""
    out = f'{scratch}/out.h5'
    found = []
    for first in range(0, len(pictures), CHUNK):
        infer(model, weights, out, *more, *pictures[first:first + CHUNK])
        with h5py.File(out) as f:
            found.append(f['logits'][()].argmax(1))
    return np.concatenate(found)


def right(model, weights, pictures, classes, scratch, *more):
    return int(np.sum(answers(model, weights, pictures, scratch, *more) == classes))


def row(network, form, count, total, fp32=None, allowed=None):
    lost = '' if fp32 is None else f'{count - fp32:+5d}'
    verdict = '' if allowed is None else 'ok' if fp32 - count <= allowed else f'MORE THAN {allowed:g} LOST'
    print(f'{network:<20} {form:<52} {count:5d} of {total:4d}  {100 * count / total:6.2f} %  {lost:5} {verdict}', flush=True)
    return allowed is not None and fp32 - count > allowed


def split(data, first):
    rows = list(csv.reader(open(f'{data}/imagenet-sample/labels.csv')))[1:]
    chosen = range(first, len(rows), 4)[:64]
    return [rows[i] for i in chosen], [r for i, r in enumerate(rows) if i not in set(chosen)]


def photographs(data, scratch):
    networks = (('efficientnet_lite0', 'efficientnet-lite0-57934424', {}),
                ('mobilenet_v2', 'mobilenet_v2_coral', {'torch fbgemm': 'mobilenet_v2_coral_fbgemm',
                                                       'torch qnnpack': 'mobilenet_v2_coral_qnnpack'}))
    forms = (('quantize, defaults', ()), ('quantize --activation-bits=7', ('--activation-bits=7',)),
             ('quantize --engine=qnnpack --per=channel', ('--engine=qnnpack', '--per=channel')),
             ('quantize --engine=qnnpack (per tensor)', ('--engine=qnnpack',)),
             ('quantize, nothing but min-max', ('--observer=minmax', '--weight-scale=minmax', '--bias-correction=off')))
    bad = 0
    for first in (1, 3):
        calibration, others = split(data, first)
        print(f'calibrated on {len(calibration)} photographs (rows {first + 1}, {first + 5}, ...), evaluated on the other {len(others)}')
        labels = f'{scratch}/labels.csv'
        with open(labels, 'w') as f:
            f.writelines(f'{r[0]},{r[1]}\n' for r in calibration)
        pictures = [f'{data}/imagenet-sample/{r[0]}' for r in others]
        classes = np.array([int(r[1]) for r in others])
        for name, weights, theirs in networks:
            model, weights = f'models/{name}.model', f'{data}/weights/{weights}.pth'
            shown = os.path.basename(weights).removesuffix('.pth')[:20]
            fp32 = right(model, weights, pictures, classes, scratch)
            row(shown, 'fp32', fp32, len(classes))
            for form, file in theirs.items():
                row(shown, form, right(model, f'{data}/weights/{file}.pth', pictures, classes, scratch), len(classes), fp32)
            for form, options in forms if first == 1 else forms[:1]:
                ours = f'{scratch}/ours.safetensors'
                program('quantize', '--model', model, '--weights', weights, '--images', f'{data}/imagenet-sample', '--labels',
                        labels, '-o', ours, *options)
                engine = [o for o in options if o.startswith('--engine')]
                bad += row(shown, form, right(model, ours, pictures, classes, scratch, *engine), len(classes), fp32,
                           3 if first == 1 and not options else None)
    return bad


def readable(path):
    try:
        Image.open(path).load()
    except OSError:
        return False
    return True


def demo(scratch):
    program('synth', f'{scratch}/calibration', '--images', '64', '--seed', '977')
    program('synth', f'{scratch}/others', '--images', '2000', '--seed', '978')
    rows = list(csv.reader(open(f'{scratch}/others/labels.csv')))
    rows = [r for r in rows if r[1].lstrip('-').isdigit() and readable(f'{scratch}/others/{r[0]}')]
    pictures, classes = [f'{scratch}/others/{r[0]}' for r in rows], np.array([int(r[1]) for r in rows])
    print(f'demo networks: calibrated on 64 pictures of seed 977, evaluated on {len(rows)} of seed 978')
    bad = 0
    for name in DEMO:
        model, weights, ours = f'models/demo/{name}.model', f'models/demo/{name}', f'{scratch}/ours.safetensors'
        fp32 = right(model, f'{weights}_fp32.pth', pictures, classes, scratch)
        row(name, 'fp32', fp32, len(classes))
        row(name, 'torch int8', right(model, f'{weights}_int8.pth', pictures, classes, scratch), len(classes), fp32)
        program('quantize', '--model', model, '--weights', f'{weights}_fp32.pth', '--images', f'{scratch}/calibration', '-o', ours)
        bad += row(name, 'quantize, defaults', right(model, ours, pictures, classes, scratch), len(classes), fp32,
                   len(classes) / 100)
    return bad


def main():
    parts = sys.argv[2:] or ['photographs', 'demo']
    if len(sys.argv) < 2 or set(parts) - {'photographs', 'demo'}:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as scratch:
        bad = photographs(os.path.abspath(sys.argv[1]) + '/data', scratch) if 'photographs' in parts else 0
        bad += demo(scratch) if 'demo' in parts else 0
    sys.exit(1 if bad else 0)


if __name__ == '__main__':
    main()
