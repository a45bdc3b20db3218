#!/usr/bin/env python3
"""Measure the demo networks on unseen pictures; prints a Markdown table.

    build/quantcam synth DATA/test --images 2000 --seed 3003
    check_demo_nets.py --data DATA/test --models models/demo

Top-1 of the float and the int8 checkpoint and how often the two name different classes, all computed by
PyTorch. Ends with exit code 1 if float top-1 is outside 85-97 %, fewer than two networks disagree on 1 %,
or the checkpoints exceed 12 MB.
"""

import argparse
import glob
import os
import sys
import warnings

import torch

from demo_models import ENGINE, NETS, build, load_int8
from train_demo import crop, load

warnings.filterwarnings('ignore')


@torch.no_grad()
def answers(net, pictures):
    return torch.cat([net(crop(pictures[i : i + 50], 224)).argmax(1) for i in range(0, len(pictures), 50)])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--data', required=True)
    p.add_argument('--models', default='models/demo')
    p.add_argument('--net', choices=NETS, action='append', help='only these')
    a = p.parse_args()
    torch.set_num_threads(2)
    pictures, labels = load(a.data)
    fine, differ = True, 0
    print(f'{len(labels)} pictures.\n')
    print('| network | engine | parameters | fp32 top-1 % | int8 top-1 % | differs % | fp32 kB | int8 kB |')
    print('|---|---|---:|---:|---:|---:|---:|---:|')
    for name in a.net or NETS:
        files = [os.path.join(a.models, f'{name}_{form}.pth') for form in ('fp32', 'int8')]
        net = build(name)
        net.load_state_dict(torch.load(files[0]))
        net = net.eval().to(memory_format=torch.channels_last)
        int8 = load_int8(name, torch.load(files[1]))
        said = [answers(n, pictures[256]) for n in (net, int8)]
        right = [100 * (s == labels).double().mean().item() for s in said]
        change = 100 * (said[0] != said[1]).double().mean().item()
        sizes = ' | '.join(f'{os.path.getsize(f) / 1000:.0f}' for f in files)
        print(
            f'| {name} | {ENGINE[name]} | {sum(t.numel() for t in net.parameters())} '
            f'| {right[0]:.2f} | {right[1]:.2f} | {change:.2f} | {sizes} |',
            flush=True,
        )
        fine, differ = fine and 85 <= right[0] <= 97, differ + (change >= 1)
    total = sum(os.path.getsize(f) for f in glob.glob(os.path.join(a.models, '*.pth')))
    print(f'\nCheckpoints: {total / 1e6:.2f} MB in all.')
    if not a.net and not (fine and differ >= 2 and total <= 12e6):
        sys.exit('check_demo_nets: a bound is broken')


if __name__ == '__main__':
    main()
