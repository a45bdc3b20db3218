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

import numpy as np
import torch

from demo_models import ENGINE, NETS, build, load_int8, normalize, preprocessed

warnings.filterwarnings('ignore')
BATCH = 50


def batches(folder):
    """The pictures that can be read, as the networks' input, N x 3 x 224 x 224, and their labels."""
    rows = [line.strip().rsplit(',', 1) for line in open(os.path.join(folder, 'labels.csv'))]
    for i in range(0, len(rows), BATCH):
        pairs = [(preprocessed(os.path.join(folder, path)), int(label)) for path, label in rows[i : i + BATCH]]
        pixels, labels = zip(*(pair for pair in pairs if pair[0] is not None))
        x = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2)
        yield normalize(x).contiguous(memory_format=torch.channels_last), torch.tensor(labels)


def files_of(models, name):
    return [os.path.join(models, f'{name}_{form}.pth') for form in ('fp32', 'int8')]


def load(models, name):
    """The float network and the int8 one."""
    states = [torch.load(f) for f in files_of(models, name)]
    net = build(name)
    net.load_state_dict(states[0])
    return net.eval().to(memory_format=torch.channels_last), load_int8(name, states[1])


@torch.no_grad()
def answers(nets, folder):
    """{name: what the float and the int8 network say}, and what is right."""
    said, right = {name: [] for name in nets}, []
    for x, labels in batches(folder):
        right.append(labels)
        for name, pair in nets.items():
            torch.backends.quantized.engine = ENGINE[name]
            said[name].append(torch.stack([net(x).argmax(1) for net in pair]))
    return {name: torch.cat(parts, 1) for name, parts in said.items()}, torch.cat(right)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--data', required=True)
    p.add_argument('--models', default='models/demo')
    p.add_argument('--net', choices=NETS, action='append', help='only these')
    a = p.parse_args()
    torch.set_num_threads(2)
    nets = {name: load(a.models, name) for name in a.net or NETS}
    said, labels = answers(nets, a.data)
    fine, differ = True, 0
    print(f'{len(labels)} pictures.\n')
    print('| network | engine | parameters | fp32 top-1 % | int8 top-1 % | differs % | fp32 kB | int8 kB |')
    print('|---|---|---:|---:|---:|---:|---:|---:|')
    for name, (net, _) in nets.items():
        right = [100 * (s == labels).double().mean().item() for s in said[name]]
        change = 100 * (said[name][0] != said[name][1]).double().mean().item()
        sizes = ' | '.join(f'{os.path.getsize(f) / 1000:.0f}' for f in files_of(a.models, name))
        print(
            f'| {name} | {ENGINE[name]} | {sum(t.numel() for t in net.parameters())} '
            f'| {right[0]:.2f} | {right[1]:.2f} | {change:.2f} | {sizes} |'
        )
        fine, differ = fine and 85 <= right[0] <= 97, differ + (change >= 1)
    total = sum(os.path.getsize(f) for f in glob.glob(os.path.join(a.models, '*.pth')))
    print(f'\nCheckpoints: {total / 1e6:.2f} MB in all.')
    if not a.net and not (fine and differ >= 2 and total <= 12e6):
        sys.exit('check_demo_nets: a bound is broken')


if __name__ == '__main__':
    main()
