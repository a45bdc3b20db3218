#!/usr/bin/env python3
"""Times a step of training beside PyTorch, on one core, in one run, and prints the table of ratios: PyTorch's time / ours.

    analysis/peers_train.py --shared ../shared      SGT's network on MNIST, ResNet-20 on CIFAR-10; batches of 128, one thread
    --only sgtcnn                                   one of them
    --rounds 7 --repeats 5                          interleaved rounds; steps of each, behind one that is not counted
    --no-ranks                                      without two ranks beside one
    --json FILE --markdown FILE                     everything measured; the table
    --quick                                         a try: 2 rounds of 2

A step is whole on both sides: pictures from bytes (ResNet-20's cropped and mirrored), where training is guided the gradient of the
input, ranking and masked pictures, both forward and backward passes with the quantizers, the optimizer. Ours is what
`quantcam train --dry-run` times; PyTorch's is train_torch.py's Training.step, in whichever of its two layouts is faster.
First it checks that both train the same network: the mean loss of the first steps, from the same draws, within 1 %.
`share of the peak`: multiplications of the description's layers, forward and backward, against this core's measured rate.
Needs torch and numpy. QUANTCAM names the program (build/quantcam).
"""

import argparse
import os
import re
import subprocess
import tempfile
import time

os.environ.setdefault('OMP_NUM_THREADS', '1')
from peers_common import QUANTCAM, ROOT, Times, load, machine, ours, peaks, pin

BEFORE = pin()                                              # before a library counts the cores
import torch

from peers_ranks import ENVIRONMENT
from peers_table import Table
from train_torch import Data, Draws, Keyed, Recipe, Training, make

SAME, ALPHA, SEED, CHECKED = 0.01, 6, 1, 4
LAYOUTS = {'contiguous': torch.contiguous_format, 'channels last': torch.channels_last}
ROWS = {'plain': (0, 'fp32'), 'guided': (0.5, 'fp32'), '4 bits': (0, '4-bit'), 'guided, 4 bits': (0.5, '4-bit')}
GOALS = {'plain': 1.2, 'guided, 4 bits': 1.8}
RANKS = 1.9
RECIPES = {'sgtcnn': {}, 'resnet20': {'optimizer': 'sgd', 'rate': 0.01, 'decay': 2e-4, 'crop': True}}
TRAIN = {'sgtcnn': 'mnist/train-images-idx3-ubyte.gz', 'resnet20': 'cifar10-lossless/train_10000.bin.gz'}
MODEL = {'sgtcnn': 'models/sgtcnn.model', 'resnet20': 'models/resnet20_cifar10.model'}
SAID = re.compile(r'takes ([0-9.]+) ms \(median of \d+, fastest ([0-9.]+)\); loss ([0-9.]+)')


class Peer:
    """One row of one network in PyTorch, a step at a time."""

    def __init__(self, name, row, data, draws, layout):
        share, preset = ROWS[row]
        net = make(name, preset, ALPHA)
        draws.initialize(net)
        self.training = Training(net, data, Recipe(share=share, layout=layout, **RECIPES[name]), draws)
        self.order, self.at = draws.order(0, len(data.labels)), 0

    def step(self):
        self.at = (self.at + 128) % (len(self.order) - 128)
        return self.training.step(0, self.order[self.at - 128:self.at] if self.at else self.order[:128])


def write_job(name, shared, folder):
    r = Recipe(**RECIPES[name])
    shift = 'crop = on\nflip = on\n' if r.crop else ''
    with open(f'{folder}/{name}.conf', 'w') as f:
        f.write(f'[data]\ntrain = {shared}/data/{TRAIN[name]}\n{shift}[network]\nmodel = {MODEL[name]}\n[train]\nepochs = 1\n'
                f'batch = {r.batch}\noptimizer = {r.optimizer}\nrate = {r.rate}\ndecay = {r.decay}\nseed = {SEED}\n'
                f'[store]\nout = {folder}/{name}.safetensors\n')


def words(name, row, folder, steps):
    share, preset = ROWS[row]
    bits = [f'--bits.preset={preset}', f'--bits.alpha={ALPHA}'] if preset != 'fp32' else []
    return ['train', f'{folder}/{name}.conf', '--dry-run', f'--run.steps={steps}', f'--guided.share={share}', '--run.watchdog=0',
            '--log=quiet', *bits]


def said(text):
    """Median and fastest milliseconds of a step, and the mean loss."""
    return tuple(map(float, SAID.search(text).groups()))


def check(name, row, data, folder):
    """Exits where the sides do not train alike."""
    draws = Keyed(SEED)
    peer = Peer(name, row, data, draws, LAYOUTS['contiguous'])
    theirs = sum(peer.training.step(0, peer.order[i * 128:(i + 1) * 128]) for i in range(CHECKED)) / CHECKED
    mine = said(ours(*words(name, row, folder, CHECKED - 1)))[2]
    if not abs(mine - theirs) <= SAME * theirs:
        raise SystemExit(f'{name}, {row}: the mean loss of {CHECKED} steps is {mine:.5f}, {theirs:.5f} in PyTorch: not the same training')
    return mine, theirs


def multiplications(name, row, data):
    """Of a step of 128: forward, the input's gradient of every layer but the first, the weights'; the mask's forward and backward."""
    net, macs = make(name, 'fp32'), []
    for m in net.modules():
        if hasattr(m, 'weight') and not isinstance(m, torch.nn.BatchNorm2d):
            m.register_forward_hook(lambda m, x, y: macs.append(y.numel() * m.weight[0].numel()))
    net.eval()(data.normalized(data.pixels[:1], torch.contiguous_format))
    whole = 3 * sum(macs) - macs[0]
    return 128 * (whole if ROWS[row][0] == 0 else 2 * whole + 2 * sum(macs))


def layout_of(name, row, data, repeats):
    """The faster of the two, and what a step took in each."""
    times = Times()
    peers = {label: Peer(name, row, data, Draws(SEED), layout) for label, layout in LAYOUTS.items()}
    for peer in peers.values():
        peer.step()
    for _ in range(2):
        for label, peer in peers.items():
            times.run(label, peer.step, repeats)
    label = times.fastest(peers)
    return label, peers[label], times.table()


def compare(name, args, folder, peak, table):
    data = Data.idx(*(f'{args.shared}/data/mnist/train-{part}-ubyte.gz' for part in ('images-idx3', 'labels-idx1'))) \
        if name == 'sgtcnn' else Data.cifar(f'{args.shared}/data/{TRAIN[name]}')
    write_job(name, args.shared, folder)
    result = {'load': load(), 'loss': {row: check(name, row, data, folder) for row in ROWS}, 'layouts': {}}
    print(f'{name}: mean loss of {CHECKED} steps, ours and PyTorch\'s: '
          + '; '.join(f'{row} {mine:.4f} {theirs:.4f}' for row, (mine, theirs) in result['loss'].items()), flush=True)
    times, peers = Times(), {}
    for row in ROWS:
        label, peers[row], result['layouts'][row] = layout_of(name, row, data, args.repeats)
        peers[row].label = label
    for _ in range(args.rounds):
        for row in ROWS:
            times.run(f'{row} PyTorch', peers[row].step, args.repeats)
            times.add(f'{row} quantcam', *said(ours(*words(name, row, folder, args.repeats)))[:2])
    for row in ROWS:
        mine, theirs = f'{row} quantcam', f'{row} PyTorch'
        table.add(f'{name}, {row}', times.median(mine), times.median(theirs), f'PyTorch, {peers[row].label}',
                  times.least[theirs] / times.least[mine], GOALS.get(row), n=args.rounds)
        rate = multiplications(name, row, data) / times.median(mine) / 1e6
        table.state(f'{name}, {row}, share of the peak', 100 * rate * 1e9 / peak['fp32'], f'%: {rate:.1f} GMAC/s', n=args.rounds)
    return {**result, 'steps': times.table()}


def ranks(name, args, folder, table):
    """Two ranks beside one, each on a core of its own."""
    times = Times()
    for _ in range(args.rounds):
        for row in ROWS:
            for n in (1, 2):
                done = subprocess.run(['mpirun', '-np', str(n), QUANTCAM, *words(name, row, folder, args.repeats)], cwd=ROOT,
                                      capture_output=True, text=True, env={**os.environ, **ENVIRONMENT})
                if done.returncode:
                    raise SystemExit(f'{n} ranks: exit {done.returncode}: {done.stderr.strip()[-400:]}')
                times.add(f'{row}, {n}', *said(done.stdout)[:2])
    for row in ROWS:
        ratio = times.median(f'{row}, 1') / times.median(f'{row}, 2')
        table.limit(f'{name}, {row}: two ranks / one', ratio, 'times, at least', RANKS, True, n=args.rounds)
    return times.table()


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--shared', metavar='DIR', type=os.path.abspath, required=True)
    p.add_argument('--only', choices=TRAIN, nargs='*', default=list(TRAIN))
    p.add_argument('--rounds', type=int, default=7)
    p.add_argument('--repeats', type=int, default=5)
    p.add_argument('--ranks', action=argparse.BooleanOptionalAction, default=True, help='two ranks beside one')
    p.add_argument('--quick', action='store_true', help='a try: 2 rounds of 2')
    p.add_argument('--json', metavar='FILE')
    p.add_argument('--markdown', metavar='FILE')
    args = p.parse_args()
    if args.quick:
        args.rounds, args.repeats = 2, 2
    for name in args.only:
        if not os.path.exists(f'{args.shared}/data/{TRAIN[name]}'):
            p.error(f'{args.shared}/data/{TRAIN[name]}: not there')
    return args


def main():
    args, start = arguments(), time.monotonic()
    torch.set_num_threads(1)
    peak = peaks()
    about = {**machine(), 'peak': {'fp32': f'{peak["fp32"] / 1e9:.1f} GMAC/s'}}
    table, result = Table(about), {'machine': about}
    with tempfile.TemporaryDirectory() as folder:
        for name in args.only:
            result[name] = compare(name, args, folder, peak, table)
        os.sched_setaffinity(0, BEFORE)
        if args.ranks and len(BEFORE) > 1:
            for name in args.only:
                result[name]['ranks'] = ranks(name, args, folder, table)
    table.ended(load(), time.monotonic() - start)
    table.show()
    table.write(args, result)


if __name__ == '__main__':
    main()
