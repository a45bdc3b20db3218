#!/usr/bin/env python3
"""How far Winograd's expression is from the truth: fp32 logits against PyTorch in float64, direct and not.

    tests/oracles/compare_winograd.py [--networks resnet18,vgg16,...] [--images 4] [--seed 0] [--shared DIR]

Networks are torchvision's by seeded initialization, batch normalisations' statistics those of a training pass (compare_networks.py);
with --shared squeezenet1_1 has the weights of DIR/data/weights and the pictures are the photographs of DIR/data/imagenet-sample, else
they are `quantcam synth`'s. A row a network: the largest distance of a logit from float64's over the largest logit, with
numerics.winograd off and on, their ratio, and how many pictures have float64's first class in both.
Each must be within 1e-4; prints compared and mismatches; exit 0 only if the last is 0. Environment: QUANTCAM, QUANTCAM_ISA.
"""
import argparse
import glob
import os
import sys
import tempfile

import h5py
import numpy as np
import torch

import compare_networks as networks
from oracle import infer

BOUND = 1e-4
TRAINED = {'squeezenet1_1': 'squeezenet1_1_ncnn.pth'}


def truth(net, pixels):
    """Logits in float64 of what the network saw."""
    x = torch.from_numpy(pixels).permute(0, 3, 1, 2).double() / 255
    x = (x - networks.MEAN.double()) / networks.STD.double()
    with torch.inference_mode():
        return np.concatenate([net.double()(x[i:i + 1]).numpy() for i in range(len(x))])


def network(name, shared, seed, folder):
    """The network and the path of its weights."""
    if shared and name in TRAINED:
        path = f'{shared}/data/weights/{TRAINED[name]}'
        net = networks.torchvision.models.squeezenet1_1(weights=None)
        net.load_state_dict(torch.load(path, weights_only=True))
        return net.eval(), path
    net, path = networks.build(name, seed), f'{folder}/{name}.pth'
    torch.save(net.state_dict(), path)
    return net, path


def compare(name, net, weights, pictures, folder):
    """(far when off, far when on, pictures with the same first class in both)."""
    far, first, expected = [], [], None
    for how in ('off', 'on'):
        infer(f'models/{name}.model', weights, f'{folder}/out.h5', '--isa', os.environ.get('QUANTCAM_ISA', 'auto'),
              f'--numerics.winograd={how}', *pictures)
        with h5py.File(f'{folder}/out.h5') as out:
            logits, pixels = out['logits'][()].astype(float), out['pixels'][()]
        expected = truth(net, pixels) if expected is None else expected
        far.append(np.max(np.abs(logits - expected)) / np.max(np.abs(expected)))
        first.append(logits.argmax(1) == expected.argmax(1))
    return *far, int(np.sum(first[0] & first[1]))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--networks', default='resnet18,resnet50,vgg16,squeezenet1_1,densenet121')
    p.add_argument('--images', type=int, default=4)
    p.add_argument('--seed', type=int, default=0)
    p.add_argument('--shared', default='')
    args = p.parse_args()
    torch.set_num_threads(1)
    names, bad = args.networks.split(','), 0
    print(f'{"network":16s} {"direct":>9s} {"winograd":>9s} {"ratio":>6s}  first class equal')
    with tempfile.TemporaryDirectory() as folder:
        pictures = sorted(glob.glob(f'{os.path.abspath(args.shared)}/data/imagenet-sample/*.JPEG'))[:args.images] if args.shared else \
            networks.synth(folder, args.images)
        for name in names:
            off, on, equal = compare(name, *network(name, args.shared, args.seed, folder), pictures, folder)
            print(f'{name:16s} {off:9.2g} {on:9.2g} {on / off:6.2f}  {equal} of {len(pictures)}', flush=True)
            bad += not max(off, on) <= BOUND
    print(f'compared {2 * len(names)}, mismatches {bad}')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
