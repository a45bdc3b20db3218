#!/usr/bin/env python3
"""Times quantcam beside its peers, on one core, in one run, and prints the table of ratios: peer's time / ours.

    analysis/peers.py --shared ../shared --drawn             the whole table: the two lines below, and every other network of both studies
    analysis/peers.py --shared ../shared --oracle DIR...     MobileNetV2, EfficientNet-Lite0 and SqueezeNet 1.1 with trained weights
                                                             (data/weights), and networks made by make_oracle.py MODEL ENGINE DIR
    --fp32 vgg16=FILE ...                                    networks of models/ with torchvision's names, whose int8 `quantize` makes
    --drawn NAME ...                                         the same with weights drawn here, and batch norms that saw photographs
    --rounds 7 --repeats 20 --explain-rounds 7               --explain-rounds 0, --no-ranks: without them
    --json FILE --markdown FILE                              everything measured; the table. FILE is written after every network
    --resume                                                 networks that --json FILE has already are not measured again
    --quick                                                  a try: few rounds of everything

Network alone: ONNX Runtime (every int8 form), OpenVINO (int8 by NNCF, or the QDQ file where NNCF is not installed) and PyTorch
(torchvision's quantized network, or quantizable_nets.py's, on its checkpoint's engine), one thread, batch 1, the same photograph; int8
of the runtimes is made after training from photographs that nothing else is measured with. First it checks that all run the same network: fp32 logits
within 1e-3 of the largest, parameters and MACs equal; and prints each side's int8 agreement with its own fp32. A form of int8 whose
agreement is more than 10 points below the best peer's is named and not taken for the fastest, since its answers are of no use.
Evaluate: decode, preprocess, both networks, both EigenCAM maps at 224 and their RMSE. Composition: Pillow, the fastest runtime in
each precision, thin EigenCAM in numpy. Stock: torchvision's transforms, torch, pytorch-grad-cam. `all that a row holds` is ours
with activation statistics, raw sign, localization, SSIM, ranks and more, which no peer computes.
Explain: deletion and insertion in 100 steps, both precisions, from the file to the probabilities; each peer in whichever batch of 1,
4 or 16 a short measurement finds the fastest.
Rounds are interleaved; a time is the median of the rounds' medians, `fastest` the ratio of the fastest runs, which says more on a
busy machine; `n` is the number of rounds. Everything but the ranks is pinned to one core.
Needs torch, torchvision, onnx, onnxruntime, grad-cam, numpy, Pillow, h5py; openvino and nncf if installed; for EfficientNet-Lite0
efficientnet_lite_pytorch. QUANTCAM names the program (build/quantcam).
"""

import argparse
import functools
import glob
import json
import os
import tempfile
import time

os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')
from peers_common import ROOT, Times, bench, infer, load, machine, normalize, ours, peaks, phases, photographs, pin

BEFORE = pin()                                              # before a library counts the cores
import numpy as np
import torch
import torchvision

import peers_photo as photo
import peers_ranks
from peers_nets import Peers, draw, size
from peers_table import Table

SAME, USEFUL = 1e-3, 0.10
CALIBRATE, AGREE = 32, 64                                   # photographs, and others
# Ratios that are wanted of the fastest peer: fp32, int8, evaluate, explain.
GOALS = {'mobilenet_v2': (1.3, 1.6, 2.0, 2.35), 'efficientnet_lite0': (1.25, 1.5, 1.7, 2.2), 'mobilenet_v3_large': (1.3, 1.8, 1.8, 2.2),
         'resnet18': (1.9, 1.12, 1.85, 2.3), 'shufflenet_v2_x0_5': (1.6, 2.5, 2.8, 2.7), 'vgg16': (1.8, 1.1, None, None),
         'resnet50': (1.25, 1.1, None, None)}
NO_GOALS = (None, None, None, None)
DRAWN = ('mobilenet_v3_large', 'resnet18', 'shufflenet_v2_x0_5', 'vgg16', 'resnet50', 'densenet121', 'efficientnet_b0')
STOCK = {'mobilenet_v2': 18}                                # and of the stock script, evaluating
PRECISIONS = ('fp32', 'int8')
STUDY = ('resnet18', 'mobilenet_v2', 'mobilenet_v3_large', 'shufflenet_v2_x0_5')
PARTS = ('decode and preprocess', 'network', 'EigenCAM, 224 x 224 map', 'RMSE of the maps')
STOCK_ROUNDS = 3                                            # of the explanation, which takes long
SUSPICIOUS = 2.05                                           # no second rank makes the first one faster
WORST = 10                                                  # layers named


class Job:
    def __init__(self, name, fp32, int8):
        self.name, self.fp32, self.int8, self.model = name, fp32, int8, f'models/{name}.model'
        self.goals = GOALS.get(name, NO_GOALS)

    @functools.cached_property
    def engine(self):
        """The arithmetic of the int8 checkpoint, by what is in it."""
        return json.loads(ours('inspect', '--json', self.model, self.int8))['arithmetic'].split(',')[0]

    def words(self):
        return {'name': self.name, 'model': self.model, 'fp32': self.fp32, 'int8': self.int8}


# ---- the same network, and what int8 does to its answers ---------------------------------------------------------------


def check(job, peers, pictures, folder):
    """Exits where a peer runs another network. `agreement`: the share of equal top-1 answers, by side; `useless`: the peers whose
    share is too low."""
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
    agreement = {}
    for label, run in peers.run['int8'].items():
        y = np.concatenate([run(one[None])[0] for one in x])
        base = next(answers[k] for k in answers if label.startswith(k))
        agreement[label] = float(np.mean(y.argmax(1) == base.argmax(1)))
    best = max(agreement.values())
    useless = [label for label, share in agreement.items() if share < best - USEFUL - 1e-9]
    agreement = {'quantcam': float(np.mean(codes.argmax(1) == logits.argmax(1))), **agreement}
    print(f'\n{job.name}: {parameters} parameters, {macs} MACs, equal; fp32 logits within {max(worst.values()):.1g} of the largest;\n'
          f'  int8 top-1 equal to fp32 in {len(pictures)} photographs ({len(set(logits.argmax(1).tolist()))} different answers), none of '
          'which the runtimes\' int8 was calibrated with:')
    print('  ' + ', '.join(f'{label} {share:.0%}' for label, share in agreement.items()))
    for label in useless:
        print(f'  not taken for the fastest int8: {label}: agrees in {agreement[label]:.0%}, the best peer in {best:.0%}')
    print(flush=True)
    return {'parameters': parameters, 'macs': macs, 'logits_apart': worst, 'agreement': agreement, 'useless': useless}


# ---- one network -------------------------------------------------------------------------------------------------------


def lost(measured, peak):
    """What the layers take more than they would at the core's peak, the worst first: (ms lost, ms, GMAC/s, name)."""
    layers = [r for r in measured['layers'] if r['ms'] > 0]
    return sorted(((r['ms'] - r['multiplications'] / peak * 1e3, r['ms'], r['multiplications'] / r['ms'] / 1e6, r['name']) for r in layers), reverse=True)


def print_lost(job, precision, measured, peak):
    rows, whole = lost(measured, peak), sum(r['ms'] for r in measured['layers'])
    print(f'  {job.name} {precision}: {sum(r[0] for r in rows):.3f} of {whole:.3f} ms above the peak of {peak / 1e9:.0f} GMAC/s; '
          'most of it in')
    for away, ms, rate, name in rows[:WORST]:
        print(f'    {name:40s} {away:7.3f} of {ms:7.3f} ms, {rate:6.1f} GMAC/s')


def shares(job, precision, measured, ms, peak, rounds, table):
    """Of the core's peak, by the multiplications that are done; and both rates."""
    done, described = (measured[what] / ms / 1e6 for what in ('multiplications', 'macs'))
    table.state(f'{job.name} {precision}, share of the peak', 100 * done * 1e9 / peak,
                f'%: {done:.1f} GMAC/s are done, for {described:.1f} of the description', n=rounds)


def networks(job, peers, x, picture, useless, args, peak, table):
    """Times of every peer and ours, the labels to choose from in each precision, fastest first, and our layers."""
    times, labels, layers = Times(), {}, {}
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
            layers[precision] = min(b, layers.get(precision, b), key=lambda b: b['ms'])
    for precision, nets in peers.run.items():
        mine, every = f'{precision} quantcam', sorted(nets, key=lambda label: times.median(f'{precision} {label}'))
        labels[precision] = [label for label in every if label not in useless]
        keys = [f'{precision} {label}' for label in labels[precision]]
        table.add(f'{job.name} {precision}', times.median(mine), times.median(keys[0]), labels[precision][0],
                  min(times.least[k] for k in keys) / times.least[mine], job.goals[PRECISIONS.index(precision)], n=args.rounds)
        shares(job, precision, layers[precision], times.median(mine), peak[precision], args.rounds, table)
        if every[0] in useless:
            key = f'{precision} {every[0]}'
            table.add(f'{job.name} {precision}, useless answers', times.median(mine), times.median(key), every[0],
                      times.least[key] / times.least[mine], n=args.rounds)
    for label, row in times.table().items():
        print(f'    {label:40s} {row["median_ms"]:9.3f} ms, fastest {row["fastest_ms"]:9.3f}')
    return times, labels, layers


def evaluation(job, peers, labels, picture, args, table):
    times, chosen = Times(), [labels['fp32'][0], labels['int8'][0]]
    thin, stock = photo.composition(peers, chosen), photo.stock(peers)
    thin(picture)
    for _ in range(args.rounds):
        parts = phases(job, picture, args.repeats, False)
        mine = sum(ms for (part, _), ms in parts.items() if part in PARTS)
        times.add('quantcam', mine, mine)
        times.add('quantcam, all that a row holds', parts['evaluate', 'all'], parts['evaluate', 'all'])
        times.add('quantcam decode', parts['decode and preprocess', ''], parts['decode and preprocess', ''])
        times.run('composition', lambda: thin(picture), args.repeats)
        times.run('torchvision decode', lambda: photo.stock_photograph(picture), args.repeats)
        if stock:
            times.run('stock', lambda: stock(picture), 3)
    goal, far = job.goals[2], STOCK.get(job.name)
    for mine, label, what, wanted in (('quantcam', 'composition', 'evaluate, composition', goal),
                                      ('quantcam', 'stock', 'evaluate, stock', far),
                                      ('quantcam, all that a row holds', 'composition', 'all that a row holds', None)):
        if label in times.rounds:
            table.add(f'{job.name} {what}', times.median(mine), times.median(label),
                      ', '.join(chosen) if label == 'composition' else 'torch, pytorch-grad-cam',
                      times.least[label] / times.least[mine], wanted, n=args.rounds)
    return times


def explanation(job, peers, labels, picture, args, table):
    """Times; and what a picture took in batches."""
    best, took = photo.fastest_batches(peers, labels)
    torch_labels = {p: [label for label in nets if label.startswith('PyTorch')] for p, nets in peers.run.items()}
    stock = photo.fastest_batches(peers, torch_labels)[0] if all(torch_labels.values()) else None
    random, times = np.random.default_rng(3), Times()
    maps = {precision: random.standard_normal((7, 7)).astype(np.float32) for precision in best}
    print('    in batches, ms a picture: ' + '; '.join(f'{label} {ms:.2f}' for label, ms in took.items()), flush=True)
    for i in range(args.explain_rounds):
        parts = phases(job, picture, 1, True)
        times.add('quantcam', parts['explain', 'all'], parts['explain', 'all'])
        times.add('quantcam, every step whole', *[parts['explain, every step whole', 'all']] * 2)
        for name, chosen in (('composition', best), ('stock', stock)):
            if chosen and (name != 'stock' or i < STOCK_ROUNDS):
                nets = {precision: (f, batch) for precision, (_, batch, f) in chosen.items()}
                times.run(name, lambda nets=nets: photo.explain(nets, picture, maps), 1)
    for name, chosen, wanted in (('composition', best, job.goals[3]), ('stock', stock, None)):
        if name in times.rounds:
            table.add(f'{job.name} explain, {name}', times.median('quantcam'), times.median(name),
                      ', '.join(f'{label} ({batch})' for label, batch, _ in chosen.values()),
                      times.least[name] / times.least['quantcam'], wanted, n=len(times.rounds[name]))
    table.add(f'{job.name} explain, delta inference', times.median('quantcam'), times.median('quantcam, every step whole'),
              'ours, every step whole', times.least['quantcam, every step whole'] / times.least['quantcam'], n=args.explain_rounds)
    return {'times': times.table(), 'batches': took}


def compare(job, pictures, args, peak, table, folder):
    split = max(1, min(CALIBRATE, len(pictures) // 3))      # the rest: agreement, and the first of them for the times
    calibration, others = pictures[1:split + 1], [pictures[0], *pictures[split + 1:]]
    peers = Peers(job, infer(job, 'fp32', calibration, folder)[0], folder)
    result = {'model': job.name, 'load': load(), **check(job, peers, others, folder)}
    x = normalize(infer(job, 'fp32', others[:1], folder)[0])
    times, labels, layers = networks(job, peers, x, others[0], result['useless'], args, peak, table)
    for precision in layers:
        print_lost(job, precision, layers[precision], peak[precision])
    evaluated = evaluation(job, peers, labels, others[0], args, table)
    if args.explain_rounds:
        result['explain'] = explanation(job, peers, labels, others[0], args, table)
    result['layers'] = {precision: lost(b, peak[precision]) for precision, b in layers.items()}
    return {**result, 'alone': times.table(), 'evaluate': evaluated.table()}, times, evaluated


def maps_and_decoding(times, decoded, shape, rounds, table):
    """EigenCAM's map and sign, and decoding, which every network has alike."""
    maps = Times()
    photo.time_maps(maps, shape, 21)
    cam, sign = times.median('fp32 map'), times.median('fp32 raw sign')
    table.add('EigenCAM map of 1280 x 7 x 7', cam, maps.median('numpy thin Gram'), 'numpy thin Gram', n=rounds)
    table.limit('EigenCAM map of 1280 x 7 x 7', cam, 'ms at most', 0.1, False)
    for label in ('numpy SVD', 'pytorch-grad-cam'):
        table.add('EigenCAM map with the raw sign', cam + sign, maps.median(label), label, n=rounds)
    table.limit('raw sign', sign, 'ms at most', 1, False)
    mine, theirs = 'quantcam decode', 'torchvision decode'
    table.add('decode + preprocess, 500 x 375', decoded.median(mine), decoded.median(theirs), 'Pillow + torchvision',
              decoded.least[theirs] / decoded.least[mine], 1.7, n=rounds)
    return maps.table()


# ---- ranks -------------------------------------------------------------------------------------------------------------


def ranks(jobs, pictures, args, table, folder):
    os.sched_setaffinity(0, BEFORE)
    job, rounds = jobs[0], min(args.rounds, 3)
    best = peers_ranks.scaling(folder, job, pictures[:20], rounds, args.quick)
    for what in ('evaluate', 'explain'):
        ratio = best[1][what]['s'] / best[2][what]['s']
        table.limit(f'{job.name}: two ranks / one, {what}', ratio, 'times, at least', 1.95, True, n=rounds)
        if ratio > SUSPICIOUS:
            table.rows[-1]['verdict'] = 'SUSPICIOUS: something else ran beside one rank'
    for what, share in peers_ranks.not_computing(folder, job, pictures[:20], args.quick).items():
        table.limit(f'{what}: rows of the file and messages', 100 * share, '% of the time, at most', 1, False)
    table.state('two ranks: waiting for the other', 100 * best[2]['explain']['wait'], '% of explain', n=rounds)
    four = [job for job in jobs if job.name in STUDY]
    if four:
        megabytes = peers_ranks.memory(folder, four, pictures)
        table.limit(f'VmHWM of a rank, explain too, {len(four)} networks', megabytes, 'MB at most', 300, False)
        if len(four) < len(STUDY):
            table.rows[-1]['unit'] += f'; {", ".join(STUDY)} are wanted'
        return {'shares': best, 'memory_mb': megabytes}
    return {'shares': best}


# ---- the command ---------------------------------------------------------------------------------------------------------


def jobs_of(args, folder, pictures):
    jobs, fp32 = [], list(args.fp32)
    if args.shared:
        weights = f'{args.shared}/data/weights'
        jobs.append(Job('mobilenet_v2', f'{weights}/mobilenet_v2_coral.pth', f'{weights}/mobilenet_v2_coral_fbgemm.pth'))
        fp32 += [f'efficientnet_lite0={weights}/efficientnet-lite0-57934424.pth', f'squeezenet1_1={weights}/squeezenet1_1_ncnn.pth']
    wanted = [name for name in args.drawn or () if not args.only or name in args.only]
    fp32 += [f'{name}={draw(name, f"{folder}/{name}.pth", pictures[1:CALIBRATE + 1])}' for name in wanted]
    for name, path in (word.split('=', 1) for word in fp32):
        jobs.append(Job(name, os.path.abspath(path), f'{folder}/{name}.safetensors'))
    for path in map(os.path.abspath, args.oracle):
        found = glob.glob(f'{path}/*_fp32_zip.pth')
        if not found:
            raise SystemExit(f'{path}: no *_fp32_zip.pth: not what make_oracle.py made')
        jobs.append(Job(os.path.basename(found[0]).removesuffix('_fp32_zip.pth'), found[0], found[0].replace('_fp32_', '_int8_')))
    wanted = [job for job in jobs if not args.only or job.name in args.only]
    if not wanted:
        raise SystemExit(f'none of {", ".join(job.name for job in jobs)} is called {" or ".join(args.only)}')
    for job in wanted:
        if job.int8.startswith(folder):
            with open(f'{folder}/calibration.txt', 'w') as f:
                f.write('\n'.join(pictures[1:CALIBRATE + 1]) + '\n')
            ours('quantize', '--model', job.model, '--weights', job.fp32, '--list', f'{folder}/calibration.txt', '-o', job.int8)
    return list({job.name: job for job in reversed(wanted)}.values())[::-1]       # trained weights before random ones


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--shared', metavar='DIR', type=os.path.abspath)
    p.add_argument('--oracle', metavar='DIR', nargs='*', default=[])
    p.add_argument('--fp32', metavar='NAME=FILE', nargs='*', default=[])
    p.add_argument('--drawn', metavar='NAME', nargs='*', help='with drawn weights; without names: ' + ', '.join(DRAWN))
    p.add_argument('--only', metavar='MODEL', nargs='*', help='of these networks')
    p.add_argument('--rounds', type=int, default=7)
    p.add_argument('--repeats', type=int, default=20)
    p.add_argument('--explain-rounds', type=int, default=7, help='of the explanation; 0 = none')
    p.add_argument('--ranks', action=argparse.BooleanOptionalAction, default=True, help='two ranks beside one, memory')
    p.add_argument('--quick', action='store_true', help='a try: 2 rounds of 5, 1 of the explanation')
    p.add_argument('--json', metavar='FILE')
    p.add_argument('--resume', action='store_true', help='what --json FILE has is not measured again')
    p.add_argument('--markdown', metavar='FILE')
    args = p.parse_args()
    args.drawn = DRAWN if args.drawn == [] else args.drawn
    if not args.shared and not args.oracle and not args.fp32 and not args.drawn:
        p.error('give --shared, --oracle, --fp32 or --drawn')
    if args.resume and not args.json:
        p.error('--resume without --json FILE')
    for name in args.drawn or ():
        if not hasattr(torchvision.models, name) or not os.path.exists(f'{ROOT}/models/{name}.model'):
            p.error(f'--drawn {name}: not a network of models/ that torchvision has')
    for word in args.fp32:
        if '=' not in word or not os.path.exists(f'{ROOT}/models/{word.partition("=")[0]}.model'):
            p.error(f'--fp32 {word}: not NAME=FILE with a NAME of models/')
    if args.quick:
        args.rounds, args.repeats, args.explain_rounds = min(args.rounds, 2), min(args.repeats, 5), min(args.explain_rounds, 1)
    if args.rounds < 1 or args.repeats < 1:
        p.error('--rounds, --repeats: at least 1 is wanted')
    return args


def earlier(args, of):
    """What --json FILE has of this machine and these programs, else nothing."""
    if not args.resume or not os.path.exists(args.json):
        return {'machine': of, 'networks': [], 'seconds': 0}
    with open(args.json) as f:
        result = json.load(f)
    for what, value in of.items():
        if result['machine'].get(what) != value and what != 'peak':
            raise SystemExit(f'{args.json}: measured with another {what}: {result["machine"].get(what)}, now {value}; take another file')
    return result


def save(args, result, table):
    if args.json:
        with open(args.json + '.new', 'w') as f:
            json.dump({**result, 'table': table.rows}, f, indent=1)
        os.replace(args.json + '.new', args.json)
    if args.markdown:
        with open(args.markdown, 'w') as f:
            f.write(table.markdown())


def main():
    args, began = arguments(), time.monotonic()
    torch.set_num_threads(1)
    peak = peaks()
    result = earlier(args, {**machine(), 'peak': {p: f'{v / 1e9:.1f} GMAC/s' for p, v in peak.items()}})
    spent, table = result['seconds'], Table(result['machine'])
    table.rows = [row for one in result['networks'] for row in one['table']]
    print('\n'.join(f'{k}: {v}' for k, v in result['machine'].items()), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        pictures = photographs(args.shared, folder, CALIBRATE + AGREE + 1)
        jobs, done = jobs_of(args, folder, pictures), {one['model'] for one in result['networks']}
        for job in (job for job in jobs if job.name not in done):
            before = len(table.rows)
            one, times, evaluated = compare(job, pictures, args, peak, table, folder)
            if job.name == 'mobilenet_v2':
                result['maps'] = maps_and_decoding(times, evaluated, (1280, 7, 7), args.rounds, table)
            result['networks'].append({**one, 'table': table.rows[before:]})
            result['seconds'] = spent + time.monotonic() - began
            save(args, result, table)
        if args.ranks:
            result['ranks'] = ranks(jobs, pictures, args, table, folder)
    table.ended(load(), spent + time.monotonic() - began)
    table.show()
    save(args, result, table)


if __name__ == '__main__':
    main()
