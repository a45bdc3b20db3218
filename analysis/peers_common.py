"""What the modules of peers.py share: timing, the machine, quantcam as a child, preprocessing as arrays."""

import glob
import importlib.metadata
import json
import os
import platform
import subprocess
import time

import h5py
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
QUANTCAM = os.environ.get('QUANTCAM', 'build/quantcam')
MEAN, STD = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
FACTOR, OFFSET = (1 / (255 * STD))[:, None, None], (-MEAN / STD)[:, None, None]
EDGE, SHORT = 224, 256
PACKAGES = ('onnxruntime', 'openvino', 'nncf', 'torch', 'torchvision', 'grad-cam', 'numpy', 'Pillow')
BUSY = 0.5


# ---- time --------------------------------------------------------------------------------------------------------


class Times:
    """Milliseconds of things measured in turn: the rounds' medians, and the fastest single run of each."""

    def __init__(self):
        self.rounds, self.least = {}, {}

    def add(self, label, median, fastest):
        self.rounds.setdefault(label, []).append(median)
        self.least[label] = min(fastest, self.least.get(label, fastest))

    def run(self, label, function, repeats):
        self.add(label, *milliseconds(function, repeats))

    def median(self, label):
        return float(np.median(self.rounds[label]))

    def fastest(self, labels):
        return min(labels, key=self.median)

    def table(self):
        return {label: {'median_ms': self.median(label), 'fastest_ms': self.least[label]} for label in self.rounds}


def milliseconds(function, repeats):
    """Median and fastest."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append((time.perf_counter() - start) * 1e3)
    return float(np.median(times)), min(times)


def pin():
    """This process and its children to one core; returns where they might run before."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    return before


def load():
    """The load average of the last minute, said aloud where it makes times doubtful."""
    now = os.getloadavg()[0]
    if now > BUSY:
        print(f'WARNING: load average {now:.2f}: something else runs here; medians are doubtful, fastest runs less so')
    return now


def machine():
    with open('/proc/cpuinfo') as f:
        names = [line.split(':')[1].strip() for line in f if line.startswith('model name')]
    version = subprocess.run([QUANTCAM, 'version'], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    packages = {}
    for package in PACKAGES:
        try:
            packages[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            packages[package] = None
    return {'cpu': names[0] if names else platform.machine(), 'cores': os.cpu_count(), 'kernel': platform.release(),
            'python': platform.python_version(), 'quantcam': version.splitlines(), 'packages': packages}


# ---- quantcam ------------------------------------------------------------------------------------------------------


def ours(*words):
    done = subprocess.run([QUANTCAM, *map(str, words)], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f'quantcam {" ".join(map(str, words))}: exit {done.returncode}: {done.stderr.strip()}')
    return done.stdout


def bench(job, precision, photograph, repeats):
    return json.loads(ours('bench', '--model', job.model, '--weights', getattr(job, precision), '--image', photograph,
                           '--repeats', repeats, '--json'))


def phases(job, photograph, repeats, explain):
    """{(part, precision): ms}"""
    lines = ours('bench', '--phases', '--model', job.model, '--weights', f'fp32={job.fp32}', '--weights', f'int8={job.int8}',
                 '--image', photograph, '--repeats', repeats, f'--explain={"on" if explain else "off"}', '--json')
    rows = map(json.loads, lines.splitlines())
    return {(row['part'], row['precision']): row['ms'] for row in rows}


def peaks():
    """{precision: this core's multiply-accumulates a second}, measured"""
    line = json.loads(ours('bench', '--kernels', '--repeats', 1, '--json').splitlines()[0])
    return {'fp32': line['peak_f32_gmac_s'] * 1e9, 'int8': line['peak_u8_gmac_s'] * 1e9}


def infer(job, precision, pictures, folder):
    """Pixels (N, 224, 224, 3) u8 and logits."""
    out = f'{folder}/infer.h5'
    ours('infer', '--model', job.model, '--weights', getattr(job, precision), '-o', out, *pictures)
    with h5py.File(out) as f:
        return f['pixels'][()], f['logits'][()]


# ---- pictures ------------------------------------------------------------------------------------------------------


def photographs(shared, folder, count):
    """Paths: of the shared photographs, the first of 500 x 375 pixels in front, or drawn by synth where there are none."""
    from PIL import Image

    if shared:
        found = sorted(glob.glob(f'{shared}/data/imagenet-sample/*.JPEG'))
    else:
        ours('synth', f'{folder}/synth', '--images', count, '--seed', 1)
        found = sorted(glob.glob(f'{folder}/synth/**/*.JPEG', recursive=True))
    if not found:
        raise SystemExit(f'{shared or folder}: no photographs')
    first = next((p for p in found if Image.open(p).size == (500, 375)), found[0])
    return [first, *(p for p in found if p != first)][:count]


def normalize(pixels):
    """(N, 224, 224, 3) u8 -> (N, 3, 224, 224) fp32"""
    return np.ascontiguousarray(((pixels / np.float32(255) - MEAN) / STD).astype(np.float32).transpose(0, 3, 1, 2))


def read_photograph(path):
    """(3, 224, 224) normalized, by Pillow and numpy, as torchvision's preset makes it; one pass over the pixels."""
    from PIL import Image

    im = Image.open(path).convert('RGB')
    scale = SHORT / min(im.size)
    im = im.resize([SHORT if s == min(im.size) else int(s * scale) for s in im.size], Image.BILINEAR)
    left, top = (round((s - EDGE) / 2) for s in im.size)
    pixels = np.asarray(im.crop((left, top, left + EDGE, top + EDGE))).transpose(2, 0, 1)
    x = np.multiply(pixels, FACTOR, out=np.empty((3, EDGE, EDGE), np.float32))
    return np.add(x, OFFSET, out=x)
