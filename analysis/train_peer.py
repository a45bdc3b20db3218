#!/usr/bin/env python3
"""Trains the third study's rows in PyTorch, and says how far quantcam's lie from them.

    analysis/train_peer.py run FOLDER --data /usr/share/datasets/fashion-mnist --seeds 1 2 3
    analysis/train_peer.py compare FOLDER results/study-fashion

run: SGT's network, 5 epochs in real numbers (--epochs), from there 3 (--more) to 4 bits, mixed and 2 bits, plain and guided, one thread:
jobs/training-fashion.conf and jobs/train-rows.sh once more. A row that is done is a line of FOLDER/rows.csv; the same command goes on
with the next. Initial weights, order, masks' fill and dropout are quantcam's of the same seed, made from the keys' definition;
--draws=own: torch's generator's. --group and --bits: these rows alone.
compare: test accuracy of ours (NAME.safetensors.curve.csv, the last line) less PyTorch's, a row of the study a line: mean over the seeds and
half the width of its 95 % interval by Student's t. Wanted: a mean of at most 0.3 points, half a width of at most 0.5.
Needs torch and numpy.
"""

import argparse
import csv
import glob
import math
import os
import time

os.environ.setdefault('OMP_NUM_THREADS', '1')
import numpy as np
import torch

from train_torch import BITS, Data, Draws, Keyed, Recipe, Training, accuracy, least_squares, make

GROUPS = {'plain': 0, 'sgt': 0.5}
FIELDS = ('row', 'epochs', 'loss', 'test_accuracy', 'seconds')
FIRST = 256                                                 # pictures that alpha begins by
STUDENT = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365}
MEAN, HALF = 0.3, 0.5
KNOWN = 'LeNet-5 on MNIST, 100 epochs, the best of them (RedBit\'s wiki): 99.59 in real numbers; DoReFa 99.68 at 4 bits, 99.62 at 2'


# ---- training ----------------------------------------------------------------------------------------------------------


def rows_of(folder):
    path = f'{folder}/rows.csv'
    if not os.path.exists(path):
        return {}
    with open(path, newline='') as f:
        return {row['row']: row for row in csv.DictReader(f)}


def add_row(folder, row):
    path = f'{folder}/rows.csv'
    fresh = not os.path.exists(path)
    with open(path, 'a', newline='') as f:
        out = csv.DictWriter(f, FIELDS)
        if fresh:
            out.writeheader()
        out.writerow(row)


def train_row(args, group, seed, bits, train, test):
    name, real = f'{group}-{seed}-{bits}', f'{args.folder}/{group}-{seed}.pt'
    draws = Keyed(seed) if args.draws == 'keyed' else Draws(seed)
    net, epochs = make('sgtcnn', bits), args.epochs
    draws.initialize(net)
    if bits != 'fp32':
        epochs = args.more
        net.load_state_dict(torch.load(real), strict=False)
        least_squares(net, train.normalized(train.pixels[:FIRST], torch.contiguous_format))
    recipe = Recipe(share=GROUPS[group], layout=torch.channels_last)            # the faster one
    training, start = Training(net, train, recipe, draws), time.monotonic()
    for epoch in range(epochs):
        loss = training.epoch(epoch)
        print(f'{name}: epoch {epoch + 1} of {epochs}, loss {loss:.4f}, {time.monotonic() - start:.0f} s', flush=True)
    right = accuracy(net, test)
    if bits == 'fp32':
        torch.save(net.state_dict(), real + '.new')
        os.replace(real + '.new', real)
    add_row(args.folder, {'row': name, 'epochs': epochs, 'loss': loss, 'test_accuracy': right, 'seconds': time.monotonic() - start})
    print(f'{name}: {100 * right:.2f} % of the test pictures', flush=True)


def run(args):
    torch.set_num_threads(1)
    os.makedirs(args.folder, exist_ok=True)
    train, test = (Data.idx(*(f'{args.data}/{part}-{kind}-ubyte.gz' for kind in ('images-idx3', 'labels-idx1'))) for part in ('train', 't10k'))
    train.pixels, train.labels = train.pixels[:args.limit], train.labels[:args.limit]
    for seed in args.seeds:
        for group in args.group:
            for bits in [b for b in BITS if b in args.bits]:
                if f'{group}-{seed}-{bits}' not in rows_of(args.folder):
                    train_row(args, group, seed, bits, train, test)


# ---- comparing ---------------------------------------------------------------------------------------------------------


def last_accuracy(path):
    with open(path, newline='') as f:
        return float(list(csv.DictReader(f))[-1]['test_accuracy'])


def compare(args):
    theirs = {name: 100 * float(row['test_accuracy']) for name, row in rows_of(args.folder).items()}
    mine = {os.path.basename(path).removesuffix('.safetensors.curve.csv'): 100 * last_accuracy(path)
            for path in glob.glob(f'{args.ours}/*.safetensors.curve.csv') if os.path.exists(path.removesuffix('.curve.csv'))}
    missed = 0
    print(f'{"":14s} {"seeds":>5s} {"ours, %":>8s} {"PyTorch":>8s} {"ours less PyTorch":>24s}')
    for group in GROUPS:
        for bits in BITS:
            pairs = [(mine[name], theirs[name]) for name in sorted(mine.keys() & theirs.keys())
                     if name.startswith(f'{group}-') and name.split('-', 2)[2] == bits]
            if not pairs:
                print(f'{group + " " + bits:14s} {0:5d}')
                continue
            ours, peer = np.mean(pairs, axis=0)
            away, n, text = [a - b for a, b in pairs], len(pairs), ''
            if n in STUDENT:
                half = STUDENT[n] * np.std(away, ddof=1) / math.sqrt(n)
                good = abs(np.mean(away)) <= MEAN and half <= HALF
                missed += not good
                text = f' +- {half:.2f}  {"met" if good else "MISSED"}'
            print(f'{group + " " + bits:14s} {n:5d} {ours:8.2f} {peer:8.2f} {np.mean(away):+12.2f}{text}  '
                  f'({", ".join(f"{a:+.2f}" for a in away)})')
    print(f'Published: {KNOWN}.')
    return int(missed > 0)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(dest='what', required=True)
    r = sub.add_parser('run')
    r.add_argument('folder')
    r.add_argument('--data', required=True, help='folder of the four IDX files, gzip')
    r.add_argument('--seeds', type=int, nargs='+', required=True)
    r.add_argument('--group', choices=GROUPS, nargs='+', default=list(GROUPS))
    r.add_argument('--bits', choices=BITS, nargs='+', default=list(BITS))
    r.add_argument('--epochs', type=int, default=5)
    r.add_argument('--more', type=int, default=3)
    r.add_argument('--limit', type=int, help='the first training pictures')
    r.add_argument('--draws', choices=('keyed', 'own'), default='keyed')
    c = sub.add_parser('compare')
    c.add_argument('folder')
    c.add_argument('ours', help='where jobs/train-rows.sh has written')
    args = p.parse_args()
    raise SystemExit(run(args) if args.what == 'run' else compare(args))


if __name__ == '__main__':
    main()
