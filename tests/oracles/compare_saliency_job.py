"""Recomputes what a job's maps are beside what people see, from its result file, with numpy and Pillow.

    QUANTCAM=build/quantcam python3 tests/oracles/compare_saliency_job.py

A job of the demo's networks on drawn pictures, squashed, with the objects' masks, drawn fixations and predicted saliency in
turn: every truth_*, sim_*, cc_*, kld_* of its rows, the baselines, and the means and best thresholds of its summary, by
the definitions of compare_saliency.py. Lines "NAME: compared N, ..."; exit 1 where one differs.
"""
import csv
import glob
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np
from PIL import Image

import compare_saliency as of

METHODS = {'eigen': 'cam', 'cam': 'cam_cam'}
NETS = ('shuffle', 'mobile')
DEMO = {'shuffle': 'shufflenet_v2_x0_5', 'mobile': 'mobilenet_v2'}


def minmax(v):
    return (v - v.min()) / (v.max() - v.min()) if v.max() > v.min() else np.zeros_like(v)


def compared(projection, height, width):
    """ReLU, between 0 and 1, Pillow's bicubic of floats, between 0 and 1."""
    v = minmax(np.maximum(projection, np.float32(0)))
    return minmax(np.asarray(Image.fromarray(v, mode='F').resize((width, height), Image.BICUBIC))).astype(float)


def run(folder, name, *args):
    with open(f'{folder}/job.conf', 'w') as f:
        f.write(f'[data]\nimages = {folder}/images\n')
        for net in NETS:
            f.write(f'[network {net}]\nmodel = models/demo/{DEMO[net]}.model\n')
            for p in ('fp32', 'int8'):
                f.write(f'{p} = models/demo/{DEMO[net]}_{p}.pth\n')
        f.write('[explain]\nsteps = 0\nmaps = off\n[time]\nruns = 0\n[run]\nlog = quiet\n[saliency]\ncompare = on\n'
                '[cam]\nmethod = eigen,cam\nresize = bicubic\n[preprocess]\nresize = squash\n[subset]\nfraction = 0.3\n')
    subprocess.run([os.environ['QUANTCAM'], 'run', f'{folder}/job.conf', '-o', f'{folder}/{name}.h5', *args], check=True)
    return h5py.File(f'{folder}/{name}.h5')


class Worst:
    def __init__(self, name):
        self.name, self.worst, self.count = name, {}, 0

    def add(self, what, got, wanted):
        self.worst[what] = max(self.worst.get(what, 0), abs(got - wanted) / max(1, abs(wanted)))
        self.count += 1

    def say(self):
        of.say(f'{self.name} ({", ".join(self.worst)})', self.count, max(self.worst.values()), 1e-6)


def rows(name, f, truths, measures, keep=None):
    """truths: {picture: truth}; measures(map, truth, picture) -> {name: value}: every precision's and method's rows."""
    worst = Worst(name)
    for net in NETS:
        for p in ('fp32', 'int8'):
            for method, cam in METHODS.items():
                for i, t in truths.items():
                    got = measures(compared(f[f'models/{net}/{p}/{cam}'][i], *t.shape), t, i)
                    for k, v in got.items():
                        if keep is None or k in keep:
                            worst.add(k, f[f'models/{net}/{p}/truth_{k}_{method}'][i], v)
    worst.say()


def baselines(name, f, truths, shuffled, measures):
    worst = Worst(name)
    for i, t in truths.items():
        h, w = t.shape
        for which, m in (('center', of.centre(h, w)), ('shuffled', of.bilinear(shuffled(i), h, w))):
            for k, v in measures(m.astype(np.float32).astype(float), t, i).items():
                worst.add(f'{which} {k}', f[f'images/saliency/{which}/truth_{k}'][i], v)
    worst.say()


def pairs(f):
    worst = Worst('pairs')
    for net in NETS:
        for method, cam in METHODS.items():
            for i in range(len(f['image'])):
                a, b = (compared(f[f'models/{net}/{p}/{cam}'][i], 224, 224) for p in ('fp32', 'int8'))
                for k, v in of.of_density(b, a).items():
                    worst.add(k, f[f'models/{net}/int8/vs_fp32/{k}_{method}'][i], v)
    worst.say()


def summary(f):
    worst = Worst('summary')
    state = np.isin(f['images/saliency/state_masks'][()], (1, 2))
    for n, net in enumerate(NETS):
        for p in ('fp32', 'int8'):
            for method in METHODS:
                at = f[f'models/{net}/{p}/truth_mae_{method}'][()][state].astype(float)
                group = f[f'summary/measures/{p}/truth_mae_{method}']
                worst.add('mean', group['mean'][n, 0], at.mean())
                worst.add('median', group['median'][n, 0], np.median(at))
                worst.add('sd', group['sd'][n, 0], at.std(ddof=1))
                for c in 'fe':
                    curve = f[f'models/{net}/{p}/{c}_curve_{method}'][()][state].astype(float).mean(0)
                    worst.add(f'{c}_max', f[f'summary/saliency/{p}/{c}_max_{method}'][n, 0], curve.max())
    worst.say()


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([os.environ['QUANTCAM'], 'synth', f'{folder}/images', '--images', '4', '--seed', '5',
                        f'--masks={folder}/masks'], check=True, capture_output=True)
        pictures = sorted(glob.glob(f'{folder}/images/*/*.JPEG'))
        stems = [os.path.basename(p)[:-5] for p in pictures]
        size = [Image.open(p).size[::-1] for p in pictures]
        rng = np.random.default_rng(4)
        fixated = []
        with open(f'{folder}/seen.csv', 'w', newline='') as out:
            lines = csv.writer(out)
            lines.writerow(['image', 'x', 'y'])
            for stem, (h, w) in zip(stems, size):
                x, y = rng.integers(1, w + 1, 20), rng.integers(1, h + 1, 20)
                lines.writerows([stem, a, b] for a, b in zip(x, y))
                fixated.append(np.unique((y - 1) * w + x - 1))
        masks = {i: (np.asarray(Image.open(f'{folder}/masks/{s}.png').convert('L')) > 128).astype(float)
                 for i, s in enumerate(stems)}

        def density(i):
            dots = np.zeros(size[i])
            dots.ravel()[fixated[i]] = 1
            return of.blur(dots, of.gaussian(24, 84), 'zeros').astype(np.float32).astype(float)
        densities = {i: density(i) for i in range(len(pictures))}
        following = lambda v: lambda i: v[(i + 1) % len(pictures)]
        with run(folder, 'seen', f'--saliency.fixations={folder}/seen.csv', f'--saliency.masks={folder}/masks') as f:
            rows('densities of fixations', f, densities, lambda m, t, i: of.of_density(m, t))
            rows('fixations', f, {i: densities[i] for i in (0, 3)},
                 lambda m, t, i: of.of_fixations(m, fixated[i], i, fixated, size))
            rows('masks', f, masks, lambda m, t, i: of.of_mask(m, t))
            baselines('baselines of densities', f, densities, following(densities), lambda m, t, i: of.of_density(m, t))
            baselines('baselines of masks', f, masks, following(masks), lambda m, t, i: of.of_mask(m, t))
            pairs(f)
            summary(f)
        predicted = {}
        for i, p in enumerate(pictures):
            rgb = np.asarray(Image.open(p).convert('RGB'))
            predicted[i] = of.sr_center(rgb, round(320 * rgb.shape[0] / rgb.shape[1])).astype(np.float32).astype(float)
        with run(folder, 'predicted') as f:
            rows('predicted saliency', f, predicted, lambda m, t, i: of.of_density(m, t))
            baselines('its baselines', f, predicted, following(predicted), lambda m, t, i: of.of_density(m, t))
    return of.failed > 0


if __name__ == '__main__':
    sys.exit(main())
