#!/usr/bin/env python3
"""Times quantcam beside its peers, on one core, in one run, and prints the table of ratios: peer's time / ours.

    analysis/peers.py --shared ../shared --oracle DIR...     MobileNetV2 and EfficientNet-Lite0 with trained weights (data/weights),
                                                             and networks made by make_oracle.py MODEL ENGINE DIR
    --rounds 7 --repeats 20 --explain-rounds 3 --json FILE   --explain-rounds 0, --no-ranks: without them

Network alone: ONNX Runtime (every int8 form), OpenVINO (int8 by NNCF, or the QDQ file where NNCF is not installed) and PyTorch
(torchvision's quantized network on its checkpoint's engine), one thread, batch 1, the same photograph; int8 of the runtimes is made
after training from the same photographs. First it checks that all run the same network: fp32 logits within 1e-3 of the largest,
parameters and MACs equal; and prints each side's int8 agreement with its own fp32.
Evaluate: decode, preprocess, both networks, both EigenCAM maps at 224 and their RMSE (ours: `comparison of the maps`, which also has
SSIM, ranks and more). Not in it, as peers do none of it: activation statistics, raw sign, localization. Composition: Pillow, the
fastest runtime in each precision, thin EigenCAM in numpy. Stock: torchvision's transforms, torch, pytorch-grad-cam.
Explain: deletion and insertion in 100 steps, both precisions; peers in batches of 16. Ours starts with the decoded picture, theirs
with the file, 0.1 % of it.
Rounds are interleaved; a time is the median of the rounds' medians; the ratio of the fastest single runs stands beside it and says
more on a busy machine. Everything but the ranks is pinned to one core.
Needs torch, torchvision, onnx, onnxruntime, grad-cam, numpy, Pillow, h5py; openvino and nncf if installed; for EfficientNet-Lite0
efficientnet_lite_pytorch. QUANTCAM names the program (build/quantcam).
"""

import argparse
import glob
import json
import os
import re
import tempfile

os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')
from peers_common import Times, bench, infer, load, machine, normalize, ours, phases, photographs, pin

BEFORE = pin()                                              # before a library counts the cores
import numpy as np
import torch

import peers_photo as photo
import peers_ranks
from peers_nets import Peers, size

SAME = 1e-3
AGREE = 20                                                  # photographs
ROOM = ('mobilenet', 'shufflenet', 'efficientnet')          # where 1.3 times the fastest peer is wanted
EVALUATE = {'mobilenet_v2': (1.6, 15), 'resnet18': (1.15, None)}
EXPLAIN = {'mobilenet_v2': (3, 10), 'resnet18': (1.8, None)}
PARTS = ('decode and preprocess', 'network', 'EigenCAM, 224 x 224 map', 'comparison of the maps')


class Job:
    def __init__(self, name, fp32, int8, engine):
        self.name, self.fp32, self.int8, self.engine, self.model = name, fp32, int8, engine, f'models/{name}.model'

    def words(self):
        return {'name': self.name, 'model': self.model, 'fp32': self.fp32, 'int8': self.int8}


class Table:
    def __init__(self):
        self.rows = []

    def add(self, what, ours, theirs, peer, fastest=None, goal=None, wish=None):
        """Milliseconds of both; fastest: the ratio of the fastest runs."""
        ratio = theirs / ours
        verdict = '' if goal is None else 'MISSED' if ratio < goal else 'met'
        if wish and verdict == 'met' and ratio < wish:
            verdict = f'met, but not {wish}'
        self.rows.append({'what': what, 'ours_ms': ours, 'peer_ms': theirs, 'peer': peer, 'ratio': ratio, 'ratio_fastest': fastest,
                          'goal': goal, 'wish': wish, 'verdict': verdict})

    def limit(self, what, value, unit, goal, least):
        met = value >= goal if least else value <= goal
        self.rows.append({'what': what, 'value': value, 'unit': unit, 'goal': goal, 'verdict': 'met' if met else 'MISSED'})

    def show(self):
        print(f'\n{"":46s} {"ours":>9s} {"peer":>10s} {"ratio":>6s} {"fastest":>7s} {"goal":>5s}')
        for r in self.rows:
            if 'value' in r:
                print(f'{r["what"]:46s} {r["value"]:9.3f} {r["unit"]:25s} {r["goal"]:5g}  {r["verdict"]}')
                continue
            fastest = f'{r["ratio_fastest"]:7.2f}' if r['ratio_fastest'] else ' ' * 7
            goal = f'{r["goal"]:5g}' if r['goal'] else ' ' * 5
            print(f'{r["what"]:46s} {r["ours_ms"]:9.3f} {r["peer_ms"]:10.3f} {r["ratio"]:6.2f} {fastest} {goal}  {r["verdict"]:18s} '
                  f'{r["peer"]}')


# ---- the same network, and what int8 does to its answers ---------------------------------------------------------------


def check(job, peers, pictures, folder):
    """Exits where a peer runs another network. Returns the share of equal top-1 answers, by side."""
    total = json.loads(ours('inspect', '--json', job.model, job.fp32))['total']
    parameters, macs = size(peers.torch['fp32'])
    if (parameters, macs) != (total['parameters'], total['macs']):
        raise SystemExit(f'{job.name}: {parameters} parameters, {macs} MACs in PyTorch, {total["parameters"]}, {total["macs"]} in '
                         'quantcam')
    pixels, logits = infer(job, 'fp32', pictures, folder)
    codes = infer(job, 'int8', pictures, folder)[1]
    x = normalize(pixels)
    answers = {label: np.concatenate([run(one[None])[0] for one in x]) for label, run in peers.run['fp32'].items()}
    worst = {label: float(np.max(np.abs(y - logits)) / np.max(np.abs(logits))) for label, y in answers.items()}
    for label, far in worst.items():
        if not far <= SAME:
            raise SystemExit(f'{job.name}: fp32 logits of {label} are {far:.2g} of the largest away: not the same network')
    agreement = {'quantcam': float(np.mean(codes.argmax(1) == logits.argmax(1)))}
    for label, run in peers.run['int8'].items():
        y = np.concatenate([run(one[None])[0] for one in x])
        base = next(answers[k] for k in answers if label.startswith(k))
        agreement[label] = float(np.mean(y.argmax(1) == base.argmax(1)))
    print(f'{job.name}: {parameters} parameters, {macs} MACs, equal; fp32 logits within {max(worst.values()):.1g} of the largest; '
          f'int8 top-1 equal to fp32 in {len(pictures)} photographs:')
    print('  ' + ', '.join(f'{label} {share:.0%}' for label, share in agreement.items()), flush=True)
    return {'parameters': parameters, 'macs': macs, 'logits_apart': worst, 'agreement': agreement}


# ---- one network -------------------------------------------------------------------------------------------------------


def networks(job, peers, x, picture, args, table):
    """Times of every peer and ours, and the fastest peer's label in each precision."""
    times, labels = Times(), {}
    for run in [r for nets in peers.run.values() for r in nets.values()]:
        run(x), run(x)
    for _ in range(args.rounds):
        for precision, nets in peers.run.items():
            for label, run in nets.items():
                times.run(f'{precision} {label}', lambda run=run: run(x), args.repeats)
            b = bench(job, precision, picture, args.repeats)
            times.add(f'{precision} quantcam', b['ms'], b['ms_fastest'])
            times.add(f'{precision} map', b['cam_map_ms'], b['cam_map_ms'])
            times.add(f'{precision} raw sign', b['cam_raw_sign_ms'], b['cam_raw_sign_ms'])
    for precision, nets in peers.run.items():
        mine, keys = f'{precision} quantcam', [f'{precision} {label}' for label in nets]
        best = times.fastest(keys)
        labels[precision] = best.removeprefix(f'{precision} ')
        table.add(f'{job.name} {precision}', times.median(mine), times.median(best), labels[precision],
                  min(times.least[k] for k in keys) / times.least[mine], 1, 1.3 if job.name.startswith(ROOM) else None)
    for label, row in times.table().items():
        print(f'    {label:40s} {row["median_ms"]:9.3f} ms, fastest {row["fastest_ms"]:9.3f}')
    return times, labels


def evaluation(job, peers, labels, picture, args, table):
    times, thin, stock = Times(), photo.composition(peers, [labels['fp32'], labels['int8']]), photo.stock(peers)
    thin(picture)
    for _ in range(args.rounds):
        parts = phases(job, picture, args.repeats, False)
        mine = sum(ms for (part, _), ms in parts.items() if part in PARTS)
        times.add('quantcam', mine, mine)
        times.add('quantcam decode', parts['decode and preprocess', ''], parts['decode and preprocess', ''])
        times.run('composition', lambda: thin(picture), max(3, args.repeats // 2))
        times.run('torchvision decode', lambda: photo.stock_photograph(picture), args.repeats)
        if stock:
            times.run('stock', lambda: stock(picture), 3)
    goal, far = EVALUATE.get(job.name, (1.3, None))
    for label, wanted in (('composition', goal), ('stock', far)):
        if label in times.rounds:
            table.add(f'{job.name} evaluate, {label}', times.median('quantcam'), times.median(label),
                      f'{labels["fp32"]}, {labels["int8"]}' if label == 'composition' else 'torch, pytorch-grad-cam',
                      times.least[label] / times.least['quantcam'], wanted)
    return times


def explanation(job, peers, picture, args, table):
    best, stock = photo.batch_runners(peers)
    projection, times = np.random.default_rng(3).standard_normal((7, 7)).astype(np.float32), Times()
    for i in range(args.explain_rounds):
        mine = phases(job, picture, 1, True)['explain', 'both']
        times.add('quantcam', mine, mine)
        for name, nets in (('composition', best), ('stock', stock)):
            if len(nets) == 2 and (name != 'stock' or i < 2):       # it takes long, and its goal is far
                together = Times()
                for precision, (_, net) in nets.items():
                    together.run(precision, lambda net=net: photo.explain(net, picture, projection), 1)
                both = sum(together.least.values())
                times.add(name, both, both)
    goal, far = EXPLAIN.get(job.name, (2, None))
    for name, nets, wanted in (('composition', best, goal), ('stock', stock, far)):
        if name in times.rounds:
            table.add(f'{job.name} explain, {name}', times.median('quantcam'), times.median(name),
                      ', '.join(label for label, _ in nets.values()), times.least[name] / times.least['quantcam'], wanted)
    return times


def compare(job, pictures, args, table, folder):
    pixels, _ = infer(job, 'fp32', pictures, folder)
    peers = Peers(job, pixels, folder)
    result = {'model': job.name, 'load': load(), **check(job, peers, pictures, folder)}
    times, labels = networks(job, peers, normalize(pixels[:1]), pictures[0], args, table)
    evaluated = evaluation(job, peers, labels, pictures[0], args, table)
    if args.explain_rounds:
        result['explain'] = explanation(job, peers, pictures[0], args, table).table()
    return {**result, 'alone': times.table(), 'evaluate': evaluated.table()}, times, evaluated


def maps_and_decoding(times, decoded, shape, table):
    """EigenCAM's map and sign, and decoding, which every network has alike."""
    maps = Times()
    photo.time_maps(maps, shape, 21)
    cam, sign = times.median('fp32 map'), times.median('fp32 raw sign')
    table.add('EigenCAM map of 1280 x 7 x 7', cam, maps.median('numpy thin Gram'), 'numpy thin Gram')
    table.limit('EigenCAM map of 1280 x 7 x 7', cam, 'ms at most', 0.1, False)
    for label in ('numpy SVD', 'pytorch-grad-cam'):
        table.add('EigenCAM map with the raw sign', cam + sign, maps.median(label), label)
    table.limit('raw sign', sign, 'ms at most', 1, False)
    mine, theirs = 'quantcam decode', 'torchvision decode'
    table.add('decode + preprocess, 500 x 375', decoded.median(mine), decoded.median(theirs), 'Pillow + torchvision',
              decoded.least[theirs] / decoded.least[mine], 1.7)
    return maps.table()


# ---- the command ---------------------------------------------------------------------------------------------------------


def jobs_of(args, folder, pictures):
    jobs = []
    if args.shared:
        weights = f'{args.shared}/data/weights'
        jobs.append(Job('mobilenet_v2', f'{weights}/mobilenet_v2_coral.pth', f'{weights}/mobilenet_v2_coral_fbgemm.pth', 'fbgemm'))
        lite = Job('efficientnet_lite0', f'{weights}/efficientnet-lite0-57934424.pth', f'{folder}/lite0.safetensors', None)
        with open(f'{folder}/calibration.txt', 'w') as f:
            f.write('\n'.join(pictures) + '\n')
        ours('quantize', '--model', lite.model, '--weights', lite.fp32, '--list', f'{folder}/calibration.txt', '-o', lite.int8)
        jobs.append(lite)
    for path in map(os.path.abspath, args.oracle):
        fp32 = glob.glob(f'{path}/*_fp32_zip.pth')[0]
        engine = re.search('fbgemm|qnnpack', os.path.basename(path))
        jobs.append(Job(os.path.basename(fp32).removesuffix('_fp32_zip.pth'), fp32, fp32.replace('_fp32_', '_int8_'),
                        engine[0] if engine else 'fbgemm'))
    wanted = [job for job in jobs if not args.only or job.name in args.only]
    return list({job.name: job for job in reversed(wanted)}.values())[::-1]       # trained weights before random ones


def ranks(jobs, pictures, rounds, table, folder):
    os.sched_setaffinity(0, BEFORE)
    best = peers_ranks.scaling(folder, jobs[0], pictures, rounds)
    for what in ('evaluate', 'all'):
        table.limit(f'{jobs[0].name}: two ranks / one, {what}', best[2][what] / best[1][what], 'images/s, at least', 1.9, True)
    megabytes = peers_ranks.memory(folder, jobs, pictures)
    table.limit(f'VmHWM of a rank, {len(jobs)} networks, explain too', megabytes, 'MB at most', 300, False)
    return {'images_a_second': best, 'memory_mb': megabytes}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--shared', metavar='DIR', type=os.path.abspath)
    p.add_argument('--oracle', metavar='DIR', nargs='*', default=[])
    p.add_argument('--only', metavar='MODEL', nargs='*', help='of these networks')
    p.add_argument('--rounds', type=int, default=7)
    p.add_argument('--repeats', type=int, default=20)
    p.add_argument('--explain-rounds', type=int, default=3, help='of the explanation; 0 = none')
    p.add_argument('--ranks', action=argparse.BooleanOptionalAction, default=True, help='two ranks beside one')
    p.add_argument('--json', metavar='FILE')
    args = p.parse_args()
    if not args.shared and not args.oracle:
        p.error('give --shared or --oracle')
    if args.rounds < 1:
        p.error('--rounds: at least 1 is wanted')
    torch.set_num_threads(1)
    result, table = {'machine': machine(), 'networks': []}, Table()
    print('\n'.join(f'{k}: {v}' for k, v in result['machine'].items()), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        pictures = photographs(args.shared, folder, AGREE)
        jobs = jobs_of(args, folder, pictures)
        for job in jobs:
            one, times, evaluated = compare(job, pictures, args, table, folder)
            result['networks'].append(one)
            if job.name == 'mobilenet_v2':
                result['maps'] = maps_and_decoding(times, evaluated, (1280, 7, 7), table)
        if args.ranks:
            result['ranks'] = ranks(jobs, pictures, min(args.rounds, 3), table, folder)
    result['load_after'] = load()
    table.show()
    if args.json:
        with open(args.json, 'w') as f:
            json.dump({**result, 'table': table.rows}, f, indent=1)


if __name__ == '__main__':
    main()
