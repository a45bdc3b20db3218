#!/usr/bin/env python3
"""Times quantcam beside what a careful Python user can compose, on one core, in one run.

    analysis/peers.py --shared ../shared                     MobileNetV2 with trained weights (data/weights)
    analysis/peers.py --oracle DIR...                        networks made by make_oracle.py MODEL ENGINE DIR
    --rounds 7 --repeats 20 --layers 10 --json FILE          --rounds 0: the explanation alone

The peer: torch.onnx.export opset 17, ONNX Runtime with one intra-op thread and all optimizations; int8 by quantize_static after
quant_pre_process, the fastest of QDQ and QOperator, per channel or not; batch 1. EigenCAM: centred Gram matrix of the (49, C)
activations in numpy, eigh, projection; its raw sign by numpy.linalg.svd. Rounds are interleaved; a time is the median of the rounds' medians. On a busy machine the fastest single runs, shown beside, say more; of the explanation its CPU time does.
With --shared also the explanation of one photograph (data/imagenet-sample): deletion and insertion in 100 steps, fp32 and int8, from
the file to the curves; the peer runs batches of 16 altered pictures, int8 in the form that is fastest so. Ours is the job's explain
phase on one rank; its network runs whole pictures one by one.
Needs torch, torchvision, onnx, onnxruntime, numpy, Pillow, h5py. QUANTCAM names the program (build/quantcam).
"""

import argparse
import contextlib
import glob
import io
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
import warnings

os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')
import h5py
import numpy as np
import onnxruntime as ort
import torch
import torchvision
from onnxruntime import quantization as oq
from onnxruntime.quantization.shape_inference import quant_pre_process
from PIL import Image

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
QUANTCAM = os.environ.get('QUANTCAM', 'build/quantcam')
MEAN, STD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)


class Calibration(oq.CalibrationDataReader):
    def __init__(self, count=8):
        rng = np.random.default_rng(0)
        noise = rng.integers(0, 256, (count, 1, 14, 14, 3)).astype(np.uint8).repeat(16, 2).repeat(16, 3)
        self.batches = iter(
            [
                {'x': ((b / np.float32(255) - MEAN) / STD).astype(np.float32).transpose(0, 3, 1, 2)}
                for b in noise
            ]
        )

    def get_next(self):
        return next(self.batches, None)


def session(path):
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    return ort.InferenceSession(path, options, providers=['CPUExecutionProvider'])


def export(name, weights, folder, batches=False):
    """fp32 and every int8 form, for one picture or for batches; returns {label: session}."""
    net = getattr(torchvision.models, name)(weights=None)
    net.load_state_dict(torch.load(weights, map_location='cpu', weights_only=True))
    plain, ready = f'{folder}/{name}.onnx', f'{folder}/{name}_ready.onnx'
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter('ignore')
        torch.onnx.export(
            net.eval(),
            (torch.zeros(1, 3, 224, 224),),
            plain,
            opset_version=17,
            input_names=['x'],
            output_names=['y'],
            dynamic_axes={'x': {0: 'n'}, 'y': {0: 'n'}} if batches else None,
            dynamo=False,
        )
        quant_pre_process(plain, ready)
    forms = {'fp32': session(plain)}
    for label, form in (('QDQ', oq.QuantFormat.QDQ), ('QOperator', oq.QuantFormat.QOperator)):
        for per_channel in (False, True):
            path = f'{folder}/{name}_{label}_{per_channel}.onnx'
            oq.quantize_static(
                ready,
                path,
                Calibration(),
                quant_format=form,
                per_channel=per_channel,
                activation_type=oq.QuantType.QUInt8,
                weight_type=oq.QuantType.QInt8,
            )
            forms[f'int8 {label} per {"channel" if per_channel else "tensor"}'] = session(path)
    return forms


def milliseconds(function, repeats):
    """Median and fastest."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append((time.perf_counter() - start) * 1e3)
    return float(np.median(times)), min(times)


def bench(name, weights, repeats):
    out = subprocess.run(
        [
            QUANTCAM,
            'bench',
            '--model',
            f'models/{name}.model',
            '--weights',
            weights,
            '--repeats',
            str(repeats),
            '--json',
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(out.stdout)


def thin_eigencam(act):
    """act (C, h, w) -> the projection on the first principal component, without the sign."""
    m = act.reshape(len(act), -1).T
    m = m - m.mean(axis=0)
    values, vectors = np.linalg.eigh(m @ m.T)
    return vectors[:, -1] * np.sqrt(max(values[-1], 0))


def full_eigencam(act):
    """As pytorch-grad-cam: numpy's svd, with its sign."""
    m = act.reshape(len(act), -1).T
    m = m - m.mean(axis=0)
    return m @ np.linalg.svd(m, full_matrices=True)[2][0]


def compare(name, fp32, int8, args):
    with tempfile.TemporaryDirectory() as folder:
        forms = export(name, fp32, folder)
        x = {'x': np.random.default_rng(1).standard_normal((1, 3, 224, 224)).astype(np.float32)}
        for s in forms.values():
            milliseconds(lambda s=s: s.run(None, x), 3)
        rounds = {label: [] for label in forms}
        ours = {'fp32': [], 'int8': []}
        for _ in range(args.rounds):
            for label, s in forms.items():
                rounds[label].append(milliseconds(lambda s=s: s.run(None, x), args.repeats))
            ours['fp32'].append(bench(name, fp32, args.repeats))
            ours['int8'].append(bench(name, int8, args.repeats))
    theirs = {label: float(np.median([t[0] for t in times])) for label, times in rounds.items()}
    best = {label: min(t[1] for t in times) for label, times in rounds.items()}
    fastest = min((label for label in theirs if label != 'fp32'), key=theirs.get)
    result = {'model': name, 'onnxruntime': ort.__version__, 'theirs_ms': theirs, 'theirs_fastest_ms': best, 'fastest_int8': fastest}
    print(f'{name} ({ours["fp32"][0]["isa"]}), batch 1, median of {args.rounds} rounds, ONNX Runtime {ort.__version__}')
    for precision, label in (('fp32', 'fp32'), ('int8', fastest)):
        ms = float(np.median([b['ms'] for b in ours[precision]]))
        least = min(b['ms_fastest'] for b in ours[precision])
        result[f'ours_{precision}_ms'], result[f'ours_{precision}_fastest_ms'] = ms, least
        print(f'  {precision}: ours {ms:.2f} ms, ONNX Runtime {theirs[label]:.2f} ms ({label}): ours takes {ms / theirs[label]:.2f} of it; '
              f'fastest runs {least:.2f} and {best[label]:.2f} ms: {least / best[label]:.2f}')
    for label, ms in theirs.items():
        print(f'    {label:24s} {ms:8.2f} ms, fastest {best[label]:8.2f} ms')
    for precision, runs in ours.items():
        layers = sorted(runs[0]['layers'], key=lambda layer: -layer['ms'])[: args.layers]
        for layer in layers:
            print(
                f'    {precision} {layer["name"]:32s} {layer["ms"]:8.4f} ms  {layer["macs"] / max(layer["ms"], 1e-6) / 1e6:8.1f} GMAC/s'
            )
    cam(result, ours['fp32'][0])
    return result


def cam(result, ours):
    act = np.random.default_rng(2).random((1280, 7, 7)).astype(np.float32)
    (thin, _), (full, _) = milliseconds(lambda: thin_eigencam(act), 101), milliseconds(lambda: full_eigencam(act), 5)
    result.update(
        numpy_thin_cam_ms=thin,
        numpy_svd_cam_ms=full,
        ours_cam_ms=ours['cam_map_ms'],
        ours_sign_ms=ours['cam_raw_sign_ms'],
    )
    print(
        f'  EigenCAM: ours {ours["cam_map_ms"]:.3f} ms (raw sign {ours["cam_raw_sign_ms"]:.3f} ms more); numpy on 1280 x 7 x 7: '
        f'thin {thin:.3f} ms, full svd {full:.1f} ms'
    )


# ---- one photograph's explanation ------------------------------------------------------------------------------

STEPS, EDGE, BATCH = 100, 224, 16
TAPS = np.array([0.0879581458, 0.0888961198, 0.0904741965, 0.0921911178, 0.0934893884, 0.0939820633])
JOB = '''[data]
images = {folder}/images
[network n]
model = models/{name}.model
fp32 = {fp32}
int8 = {int8}
[cam]
raw = off
[subset]
fraction = 1
[explain]
steps = {steps}
[time]
runs = 0
[store]
out = {folder}/out.h5
[run]
log = quiet
'''


def read_photograph(path):
    """(224, 224, 3) normalized, as torchvision's preset makes it."""
    im = Image.open(path).convert('RGB')
    scale = 256 / min(im.size)
    im = im.resize([256 if s == min(im.size) else int(s * scale) for s in im.size], Image.BILINEAR)
    left, top = (round((s - EDGE) / 2) for s in im.size)
    pixels = np.asarray(im.crop((left, top, left + EDGE, top + EDGE)))
    return (pixels / np.float32(255) - MEAN) / STD


def blur(picture):
    """RISE's, separable."""
    for axis in (1, 0):
        wide = np.pad(picture.astype(np.float64), [(5, 5) if k == axis else (0, 0) for k in range(3)])
        picture = sum(TAPS[min(t, 10 - t)] * np.take(wide, range(t, t + EDGE), axis) for t in range(11))
    return picture.astype(np.float32)


def explain_theirs(s, path, projection):
    """Both curves of one photograph on one session; the order of the pixels is that of a map (7, 7). Returns seconds, CPU seconds."""
    begun = time.perf_counter(), time.process_time()
    clean = read_photograph(path)
    big = torch.nn.functional.interpolate(torch.from_numpy(projection)[None, None], size=(EDGE, EDGE), mode='bilinear')
    order = np.argsort(-big.numpy().ravel(), kind='stable')
    label, curves, batch = None, [], []

    def flush():
        nonlocal label
        y = s.run(None, {'x': np.ascontiguousarray(np.stack(batch).transpose(0, 3, 1, 2))})[0].astype(np.float64)
        batch.clear()
        label = int(np.argmax(y[0])) if label is None else label
        e = np.exp(y - y.max(axis=1, keepdims=True))
        curves.extend(e[:, label] / e.sum(axis=1))

    for start, end in ((clean, np.zeros_like(clean)), (blur(clean), clean)):
        picture, before = start.reshape(-1, 3).copy(), 0
        for i in range(STEPS + 1):
            now = (2 * i * EDGE * EDGE + STEPS) // (2 * STEPS)
            picture[order[before:now]] = end.reshape(-1, 3)[order[before:now]]
            before = now
            batch.append(picture.reshape(clean.shape).copy())
            if len(batch) == BATCH:
                flush()
    flush()
    assert len(curves) == 2 * STEPS + 2
    return time.perf_counter() - begun[0], time.process_time() - begun[1]


def explain_ours(folder):
    for leftover in glob.glob(f'{folder}/out.h5*'):
        os.remove(leftover)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([QUANTCAM, 'run', f'{folder}/job.conf'], cwd=ROOT, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    with h5py.File(f'{folder}/out.h5') as f:
        seconds = float(f['/timing/phase_s'][list(f['/timing/phase'][:]).index(b'explain')])
    return seconds, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def explain(name, fp32, int8, photograph, args):
    """Seconds for both precisions; rounds are interleaved."""
    projection = np.random.default_rng(3).standard_normal((7, 7)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(f'{folder}/images/all')
        shutil.copy(photograph, f'{folder}/images/all')
        with open(f'{folder}/job.conf', 'w') as f:
            f.write(JOB.format(folder=folder, name=name, fp32=fp32, int8=int8, steps=STEPS))
        forms = export(name, fp32, folder, batches=True)
        x = {'x': np.random.default_rng(1).standard_normal((BATCH, 3, EDGE, EDGE)).astype(np.float32)}
        batch = {label: milliseconds(lambda s=s: s.run(None, x), 5)[1] / BATCH for label, s in forms.items()}
        fastest = min((label for label in batch if label != 'fp32'), key=batch.get)
        ours, theirs = [], {'fp32': [], fastest: []}
        for _ in range(args.explain_rounds):
            ours.append(explain_ours(folder))
            for label, times in theirs.items():
                times.append(explain_theirs(forms[label], photograph, projection))
    print(f'{name}: one photograph explained, fp32 + int8, {2 * STEPS + 2} pictures each, {args.explain_rounds} rounds, ONNX Runtime '
          f'{ort.__version__} in batches of {BATCH}')
    for what, column, pick in (('median', 0, np.median), ('fastest', 0, min), ('CPU time, ours with start and evaluation', 1, min)):
        a, parts = float(pick([t[column] for t in ours])), {k: float(pick([t[column] for t in v])) for k, v in theirs.items()}
        b = sum(parts.values())
        print(f'  {what}: ours {a:.2f} s, ONNX Runtime {b:.2f} s ({", ".join(f"{k} {v:.2f}" for k, v in parts.items())}): '
              f'ours takes {a / b:.2f} of it')
    for label, ms in batch.items():
        print(f'    {label:24s} {ms:8.2f} ms a picture in a batch, fastest')
    return {'model': name, 'explain_ours_s': ours, 'explain_theirs_s': theirs, 'batch_ms': batch}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--shared', metavar='DIR')
    p.add_argument('--oracle', metavar='DIR', nargs='*', default=[])
    p.add_argument('--rounds', type=int, default=7)
    p.add_argument('--repeats', type=int, default=20)
    p.add_argument('--explain-rounds', type=int, default=3, help='of the explanation; 0 = none')
    p.add_argument('--layers', type=int, default=10)
    p.add_argument('--json', metavar='FILE')
    args = p.parse_args()
    torch.set_num_threads(1)
    jobs = []
    if args.shared:
        weights = os.path.abspath(args.shared) + '/data/weights/mobilenet_v2_coral'
        jobs.append(('mobilenet_v2', f'{weights}.pth', f'{weights}_fbgemm.pth'))
    for folder in map(os.path.abspath, args.oracle):
        fp32 = glob.glob(f'{folder}/*_fp32_zip.pth')[0]
        jobs.append(
            (os.path.basename(fp32).removesuffix('_fp32_zip.pth'), fp32, fp32.replace('_fp32_', '_int8_'))
        )
    if not jobs:
        p.error('give --shared or --oracle')
    results = [compare(*job, args) for job in jobs] if args.rounds else []
    if args.shared and args.explain_rounds:
        photograph = sorted(glob.glob(os.path.abspath(args.shared) + '/data/imagenet-sample/*.JPEG'))[0]
        results.append(explain(*jobs[0], photograph, args))
    if args.json:
        with open(args.json, 'w') as f:
            json.dump(results, f, indent=1)


if __name__ == '__main__':
    main()
