#!/usr/bin/env python3
"""Mixed bits against uniform bits of at least their size, on pictures that the choice has not seen.

    analysis/mixed_bits.py --pictures FOLDER --labels LABELS.csv -o DIR \\
        mobilenet_v2=models/mobilenet_v2.model,WEIGHTS.pth squeezenet1_1=models/squeezenet1_1.model,WEIGHTS.pth ...

Of every network: `quantcam quantize` makes one of uniform bits (--bits 4, in every layer; with --ends 8 the first and the last have 8,
as the precision w4a8), and then one whose bits it chooses for the same bytes of codes (--choose-bytes), both on every --every'th picture; a job runs
fp32 and both over all other pictures. Printed, a line a network: bytes of codes and of the file; map drift, 1 - |correlation| with
fp32's map, of both, and the mean paired difference with its 95 % interval over pictures (bootstrap of 10,000); top-1 of the three.
Exit 1 where the interval of any network does not exclude 0.
"""
import argparse
import csv
import os
import subprocess
import sys

import h5py
import numpy as np

Q = os.environ.get('QUANTCAM', 'build/release/quantcam')


def call(*words):
    done = subprocess.run([Q, *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f'{" ".join(map(str, words))}: {done.stderr.strip().splitlines()[-1]}')
    return done.stdout


def code_bytes(path):
    rows = csv.DictReader(call('inspect', path, '--csv').splitlines())
    return sum(int(row['bytes']) for row in rows if row['tensor'].endswith('.weight'))


def split(labels, every, folder):
    """Two label files: of the choice, of the judgement."""
    rows = [row[:2] for row in csv.reader(open(labels)) if len(row) > 1 and row[1].lstrip('-').isdigit()]
    paths = [os.path.join(folder, f'{name}.csv') for name in ('chosen_on', 'judged_on')]
    for path, part in zip(paths, (rows[::every], [row for i, row in enumerate(rows) if i % every])):
        with open(path, 'w', newline='') as f:
            csv.writer(f).writerows(part)
    return paths


def interval(x, draws=10000):
    rng = np.random.default_rng(1)
    means = np.array([x[rng.integers(0, len(x), len(x))].mean() for _ in range(draws)])
    return np.quantile(means, [0.025, 0.975])


def job(name, model, fp32, files, a, judged):
    text = f'[data]\nimages = {a.pictures}\nlabels = {judged}\n[network {name}]\nmodel = {model}\nfp32 = {fp32}\n'
    text += ''.join(f'{precision} = {path}\n' for precision, path in files.items())
    text += ''.join(f'[precision {precision}]\n' for precision in files)
    text += f'[cam]\nraw = off\n[explain]\nsteps = 0\n[subset]\nselect.by = aligned\n[time]\nruns = 0\n[store]\nout = {a.output}/{name}.h5\n'
    path = os.path.join(a.output, f'{name}.conf')
    with open(path, 'w') as f:
        f.write(text)
    call('run', path, '--log=quiet', *(['-j', a.ranks] if a.ranks > 1 else []))
    return f'{a.output}/{name}.h5'


def judge(name, path):
    with h5py.File(path) as f:
        net = f[f'models/{name}']
        good = net['status'][()] == 1
        drift = {p: 1 - net[f'{p}/vs_fp32/correlation'][()][good].astype(float) for p in ('uniform', 'mixed')}
        rmse = {p: net[f'{p}/vs_fp32/rmse_aligned'][()][good].astype(float) for p in ('uniform', 'mixed')}
        truth = f['images/class_index'][()][good]
        top1 = {p: 100 * (net[f'{p}/top5'][()][good, 0] == truth).mean() for p in ('fp32', 'uniform', 'mixed')}
    return drift, rmse, top1


def one(spec, a, chosen_on, judged_on):
    name, rest = spec.split('=', 1)
    model, fp32 = rest.split(',', 1)
    files = {p: os.path.join(a.output, f'{name}_{p}.safetensors') for p in ('uniform', 'mixed')}
    common = ['quantize', '--model', model, '--weights', fp32, '--images', a.pictures, '--labels', chosen_on]
    if a.ranks > 1:
        common += ['-j', a.ranks]
    call(*common, f'--weight-bits={a.bits}', *([f'--ends={a.ends}'] if a.ends else []), '-o', files['uniform'])
    size = code_bytes(files['uniform'])
    call(*common, f'--choose-bytes={size}', f'--trials={a.trials}', '-o', files['mixed'])
    sizes = {p: (code_bytes(path), os.path.getsize(path)) for p, path in files.items()}
    drift, rmse, top1 = judge(name, job(name, model, fp32, files, a, judged_on))
    difference = drift['uniform'] - drift['mixed']
    low, high = interval(difference)
    print(f'{name}: {len(difference)} pictures; codes {sizes["uniform"][0]:,} and {sizes["mixed"][0]:,} bytes, files '
          f'{sizes["uniform"][1]:,} and {sizes["mixed"][1]:,}')
    print(f'  map drift uniform {drift["uniform"].mean():.4f}, mixed {drift["mixed"].mean():.4f}; less by '
          f'{difference.mean():.4f} [{low:.4f}, {high:.4f}]')
    print(f'  RMSE aligned {rmse["uniform"].mean():.2f}, {rmse["mixed"].mean():.2f}; top-1 fp32 {top1["fp32"]:.1f} %, uniform '
          f'{top1["uniform"]:.1f} %, mixed {top1["mixed"]:.1f} %', flush=True)
    return low > 0 and sizes['mixed'][0] <= sizes['uniform'][0]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('network', nargs='+', help='NAME=MODEL,WEIGHTS')
    p.add_argument('--pictures', required=True)
    p.add_argument('--labels', required=True, help='path,class_index lines')
    p.add_argument('-o', '--output', required=True, help='a folder')
    p.add_argument('--bits', type=int, default=4)
    p.add_argument('--ends', type=int, default=0, help='bits of the first and the last layer where they are others')
    p.add_argument('--every', type=int, default=8, help='which pictures calibrate and choose')
    p.add_argument('--trials', type=int, default=64, help='of these, how many the choice runs on')
    p.add_argument('--ranks', type=int, default=1)
    a = p.parse_args()
    os.makedirs(a.output, exist_ok=True)
    labels = split(a.labels, a.every, a.output)
    sys.exit(0 if all([one(spec, a, *labels) for spec in a.network]) else 1)


if __name__ == '__main__':
    main()
