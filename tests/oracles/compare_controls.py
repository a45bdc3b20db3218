#!/usr/bin/env python3
"""Compares ROAD of `quantcam run` with pytorch-grad-cam's and PyTorch on trained weights and photographs.

    tests/oracles/compare_controls.py SHARED [PICTURES]        SHARED/data as described in its README; 1 picture

mobilenet_v2_coral in fp32 and int8 (qnnpack), EigenCAM and LayerCAM, every picture selected. Pixels are removed by the order of
the result file's projections (compare_curves.py checks it), which is checked against numpy's percentiles. Their filling is 200
sweeps here too, by triangular solves, with the same noise; beside it stands pytorch-grad-cam's NoisyLinearImputer, whose sparse
solver is exact: how far the sweeps are from it, in normalized colours and in the score, is printed. Changes of the score: fp32
within 1e-4; int8 equal, but where a noisy pixel's code is another one (numpy's noise rounds apart by the last bit).
Environment: QUANTCAM the program (build/quantcam), QUANTCAM_ISA the instruction set (auto).
"""
import hashlib
import itertools
import os
import sys
import tempfile

import h5py
import numpy as np
import torch
from scipy.sparse import csc_matrix, tril, triu
from scipy.sparse.linalg import splu, spsolve

import compare_curves as curves
from oracle import Tally

EDGE, SWEEPS, SEED = curves.EDGE, 200, 1
# Which maps, at which percentiles: each filling takes seconds here.
CHECKED = {'fp32': (('eigen', 'cam', (10, 50, 90)), ('layercam', 'cam_layercam', (90,))), 'int8': (('eigen', 'cam', (50, 90)),)}


# ---- the noise: room base's random numbers ---------------------------------------------------------------------

def mix(x):
    x = (x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return x ^ x >> np.uint64(31)


def unit(seed, stream, counter):
    golden = np.uint64(0x9E3779B97F4A7C15)
    with np.errstate(over='ignore'):
        return (mix(mix(mix(np.uint64(seed) + golden) + np.uint64(stream) * golden + golden) + counter * golden + golden) >>
                np.uint64(11)).astype(np.float64) * 2.0**-53


def noise_of(key):
    place = 2 * np.arange(EDGE * EDGE, dtype=np.uint64)
    out = np.empty((EDGE * EDGE, 3), np.float32)
    for c in range(3):
        stream = 130 << 56 | c << 32 | key
        u, v = unit(SEED, stream, place), unit(SEED, stream, place + np.uint64(1))
        out[:, c] = np.sqrt(-2 * np.log(1 - u)) * np.cos(2 * np.pi * v)
    return out


# ---- filling in ------------------------------------------------------------------------------------------------

def fill(picture, gone, exactly):
    """Values of the removed pixels, in double, without noise: by sweeps; by the exact solver, too."""
    from pytorch_grad_cam.metrics.road import NoisyLinearImputer, neighbors_weights
    kept = np.ones(EDGE * EDGE, np.float32)
    kept[gone] = 0
    a, b = NoisyLinearImputer.setup_sparse_system(kept.reshape(EDGE, EDGE), picture.transpose(2, 0, 1), neighbors_weights)
    a = csc_matrix(a)
    lower, upper = csc_matrix(tril(a)), csc_matrix(triu(a, 1))
    solver = splu(lower, permc_spec='NATURAL', diag_pivot_thresh=0)
    flat = picture.reshape(-1, 3).astype(np.float64)
    x = np.tile(flat[kept > 0].mean(axis=0), (len(b), 1))
    for _ in range(SWEEPS):
        x = solver.solve(b - upper @ x)
    return [x, spsolve(a, b)] if exactly else [x]


def filled(picture, gone, values, noise):
    out = picture.reshape(-1, 3).copy()
    place = np.sort(gone)
    out[place] = (values + 0.01 * noise[place].astype(np.float64)).astype(np.float32)
    return out.reshape(picture.shape)


# ---- comparison ------------------------------------------------------------------------------------------------

def removed(projection, percentile, least, tally, what):
    order = curves.order_of(projection, tally, what)
    kept = int(np.ceil((EDGE * EDGE - 1) * percentile / 100))
    gone = order[::-1][:EDGE * EDGE - kept] if least else order[:EDGE * EDGE - kept]
    values = curves.resize(projection, EDGE).ravel().astype(np.float64) * (-1 if least else 1)
    bound, is_gone = np.percentile(values, percentile), np.zeros(len(values), bool)
    is_gone[gone] = True
    tally.exact(f'{what}: numpy\'s percentile, ties to the order', is_gone[values != bound], (values > bound)[values != bound])
    return gone


def compare(f, precision, net, pictures, keys, apart):
    group, tally, beyond = f['/models/qn'], Tally(), 0
    paths = [os.path.basename(p.decode().rstrip('\0')) for p in f['/images/path'][:]]
    image = group['subset/image'][:]
    for place in np.flatnonzero(image >= 0):
        picture, label = pictures[paths[image[place]]], group[f'subset/{precision}/class'][place]
        noise = noise_of(keys[paths[image[place]]])
        clean = curves.softmax(curves.logits_of(net, [picture]))[0, label]
        for name, field, percentiles in CHECKED[precision]:
            ours = group[f'subset/{precision}/road_{name}'][place]
            for percentile, least in itertools.product(percentiles, (0, 1)):
                what = f'{precision} {name} {percentile} {("most", "least")[least]}'
                gone = removed(group[precision][field][image[place]], percentile, least, tally, what)
                values = fill(picture, gone, (precision, name) == ('fp32', 'eigen'))
                theirs = curves.softmax(curves.logits_of(net, [filled(picture, gone, v, noise) for v in values]))[:, label] - clean
                gap = abs(ours[least, percentile // 10 - 1] - theirs[0])
                beyond += precision == 'int8' and gap > 1e-6
                tally.exact(f'{what}: within 1e-4 ({gap:.2g})', precision == 'int8' or gap <= 1e-4, True)
                if len(values) > 1:
                    apart.setdefault(percentile, []).append((np.abs(values[0] - values[1]).max(), abs(theirs[0] - theirs[1])))
    tally.exact(f'{precision}: {beyond} changes of int8 differ', beyond <= len(pictures), True)
    return tally


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1].startswith('-'):
        sys.exit(__doc__)
    torch.set_num_threads(1)
    data, count = os.path.abspath(sys.argv[1]) + '/data', int(sys.argv[2]) if len(sys.argv) > 2 else 1
    bad = 0
    with tempfile.TemporaryDirectory() as scratch:
        images = f'{scratch}/images'
        pictures, keys = curves.take_pictures(data, count, images), {}
        for name in pictures:
            with open(f'{images}/{name}', 'rb') as file:
                keys[name] = int(hashlib.sha256(file.read()).hexdigest()[:8], 16)
        curves.run(images, data, f'{scratch}/out.h5', '--explain.steps=0', '--explain.road=on', '--method=eigen,layercam')
        with h5py.File(f'{scratch}/out.h5') as f:
            for precision in ('fp32', 'int8'):
                net = (curves.real_network(f'{data}/weights/mobilenet_v2_coral.pth') if precision == 'fp32' else
                       curves.int8_network(f'{data}/weights/mobilenet_v2_coral_qnnpack.pth', 'qnnpack'))
                apart = {}
                tally = compare(f, precision, net, pictures, keys, apart)
                print(f'{precision}: {len(pictures)} pictures, compared {tally.compared} ({tally.elements} values), mismatches '
                      f'{tally.mismatches}')
                for percentile, gaps in apart.items():
                    colour, score = np.max(gaps, axis=0)
                    print(f'  percentile {percentile}: 200 sweeps end within {colour:.2g} of the solution, the score within {score:.2g}')
                bad += tally.mismatches
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
