"""Compares `quantcam saliency` with numpy's forms of the definitions, with OpenCV's saliency, and with scipy.

    QUANTCAM=build/quantcam python3 tests/oracles/compare_saliency.py SHARED_DATA

Predictors: every value of sr, sr-center, itti, sr-opencv and finegrained, of pictures 320 wide, whose frame is the
picture; with opencv-contrib also cv2.saliency's. Measures: every picture's, of map files in PNG and HDF5 form, against
the definitions with numpy (and scipy's correlation) on densities of mit1003, fixations of osie-100 and masks of ecssd; the
random pixels by the rule of saliency-and-training 1.8. Lines "NAME: compared N, ..."; exit 1 where one differs.
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

EPS = 2.2204e-16
failed = 0


def say(name, count, worst, bound, unit=''):
    global failed
    good = worst <= bound
    failed += not good
    print(f"{name}: compared {count}, largest difference {worst:.3g}{unit}{'' if good else f' ABOVE {bound:g}'}")


def quantcam(*args):
    r = subprocess.run([os.environ['QUANTCAM'], 'saliency', *args], capture_output=True, text=True)
    if r.returncode:
        sys.exit(f'saliency {" ".join(args)}: {r.stderr}')
    return r.stdout


# ---- predictors -----------------------------------------------------------------------------------------------------

def grey(rgb):
    r, g, b = (rgb[..., k].astype(np.int64) for k in range(3))
    return (9798 * r + 19235 * g + 3735 * b + 16384) >> 15


def means(v, cells):
    """Area means along the first axis."""
    n = len(v)
    cover = np.zeros((cells, n))
    for i in range(cells):
        a, b = i * n / cells, (i + 1) * n / cells
        cover[i] = np.clip(np.minimum(np.arange(n) + 1, b) - np.maximum(np.arange(n), a), 0, None) / (b - a)
    return cover @ v


def bilinear(v, height, width):
    def axis(v, n):
        at = np.clip((np.arange(n) + .5) * len(v) / n - .5, 0, len(v) - 1)
        first = np.minimum(at.astype(int), max(len(v) - 2, 0))
        share = (at - first)[:, None]
        return (1 - share) * v[first] + share * v[np.minimum(first + 1, len(v) - 1)]
    return axis(axis(v, height).T, width).T


def blur(v, tap, mode='reflect'):
    r = len(tap) // 2
    p = np.pad(v, r, mode=mode) if mode == 'reflect' else np.pad(v, r)
    p = sum(t * p[:, k:k + v.shape[1]] for k, t in enumerate(tap))
    return sum(t * p[k:k + v.shape[0]] for k, t in enumerate(tap))


def gaussian(sigma, radius):
    t = np.exp(-np.arange(-radius, radius + 1.) ** 2 / (2 * sigma * sigma))
    return t / t.sum()


def spectral(small, edge, after):
    f = np.fft.fft2(small)
    log = np.log(np.abs(f) + 1e-12)
    p = np.pad(log, 1, mode=edge)
    residual = log - sum(p[i:i + 64, j:j + 64] for i in range(3) for j in range(3)) / 9
    s = after(np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(f)))))
    return s / s.max()


def sr(rgb, height):
    small = means(means(grey(rgb).astype(float), 64).T, 64).T
    return bilinear(spectral(small, 'edge', lambda s: blur(s ** 2, gaussian(2.5, 8))), height, 320)


def sr_opencv(rgb, height):
    small = bilinear(grey(rgb).astype(float), 64, 64)
    return bilinear(spectral(small, 'reflect', lambda s: blur(s, gaussian(8, 2)) ** 2), height, 320)


def centre(height, width):
    x, y = np.arange(width) - (width - 1) / 2, np.arange(height) - (height - 1) / 2
    return np.exp(-y ** 2 / (2 * (height / 4) ** 2))[:, None] * np.exp(-x ** 2 / (2 * (width / 4) ** 2))


def sr_center(rgb, height):
    return (sr(rgb, height) + .05) * centre(height, 320)


def finegrained(rgb):
    g = grey(rgb)
    for _ in range(2):
        p = np.pad(g, 1, mode='reflect')
        g = (sum(wi * wj * p[i:i + g.shape[0], j:j + g.shape[1]] for i, wi in enumerate((1, 2, 1))
                 for j, wj in enumerate((1, 2, 1))) + 8) >> 4
    h, w = g.shape
    total = np.pad(g.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    on, off = np.zeros_like(g), np.zeros_like(g)
    for n in (12, 24, 48, 28, 56, 112):
        x0, x1 = np.maximum(np.arange(w) - n + 1, 0), np.minimum(np.arange(w) + n + 1, w)
        y0, y1 = np.maximum(np.arange(h) - n + 1, 0)[:, None], np.minimum(np.arange(h) + n + 1, h)[:, None]
        others = (x1 - x0) * (y1 - y0) - 1
        mean = (total[y1, x1] + total[y0, x0] - total[y1, x0] - total[y0, x1] - g) / others
        on += np.trunc(np.maximum(g - mean, 0)).astype(int)
        off += np.trunc(np.maximum(mean - g, 0)).astype(int)
    on, off = 255 * on // on.max(), 255 * off // off.max()
    return (on + off) / max(on.max(), off.max())


def peaks_mean(v):
    p = np.pad(v, 1, constant_values=-1)
    around = np.max([p[1 + i:1 + i + v.shape[0], 1 + j:1 + j + v.shape[1]] for i in (-1, 0, 1) for j in (-1, 0, 1)], 0)
    peaks = v[(v >= around) & (v > 0)]
    return (peaks.sum() - 1) / (len(peaks) - 1) if len(peaks) > 1 else 0.


def normalized(v):
    if v.max() <= v.min():
        return np.zeros_like(v)
    v = (v - v.min()) / (v.max() - v.min())
    return v * (1 - peaks_mean(v)) ** 2


def itti(rgb):
    def pyramid(v):
        out = [v]
        for _ in range(8):
            h, w = out[-1].shape
            r = out[-1]
            for axis in (1, 0):      # mirrored for extents below the filter's, too
                n = r.shape[axis]
                at = np.array([0] * 5) if n == 1 else None
                p = 0
                for k, t in enumerate((1, 4, 6, 4, 1)):
                    i = np.arange(n) + k - 2
                    if n == 1:
                        i = np.zeros(n, int)
                    else:
                        i = np.abs(i) % (2 * n - 2)
                        i = np.where(i >= n, 2 * n - 2 - i, i)
                    p = p + t / 16 * np.take(r, i, axis)
                r = p
            out.append(r[::2, ::2])
        return out

    def gabor(v, k):
        y, x = np.mgrid[-4:5, -4:5].astype(float)
        along = x * np.cos(k * np.pi / 4) + y * np.sin(k * np.pi / 4)
        total = 0
        for phase in (0, np.pi / 2):
            f = np.exp(-(x ** 2 + y ** 2) / (2 * (7 / 3) ** 2)) * np.cos(2 * np.pi * along / 7 - phase)
            f -= f.mean()
            f /= np.abs(f).sum()

            def mirrored(n):
                i = np.abs(np.arange(-4, n + 4)) % (2 * n - 2) if n > 1 else np.zeros(n + 8, int)
                return np.where(i >= n, 2 * n - 2 - i, i)
            p = v[np.ix_(mirrored(v.shape[0]), mirrored(v.shape[1]))]
            total = total + np.abs(sum(f[i, j] * p[i:i + v.shape[0], j:j + v.shape[1]] for i in range(9) for j in range(9)))
        return total

    def differences(first, second):
        out = 0
        for c in (2, 3, 4):
            for s in (c + 3, c + 4):
                out = out + bilinear(normalized(np.abs(first[c] - bilinear(second[s], *first[c].shape))), *size)
        return out

    r, g, b = (rgb[..., k].astype(float) for k in range(3))
    light = (r + g + b) / 3
    share = np.where(light > light.max() / 10, 1 / np.maximum(light, 1e-300), 0)
    r, g, b = r * share, g * share, b * share
    intensity = pyramid(light)
    size = intensity[4].shape
    R, G, B, Y = (pyramid(np.maximum(v, 0)) for v in (r - (g + b) / 2, g - (r + b) / 2, b - (r + g) / 2,
                                                      (r + g) / 2 - np.abs(r - g) / 2 - b))
    opposed = lambda p, q: [a - b for a, b in zip(p, q)]
    colours = differences(opposed(R, G), opposed(G, R)) + differences(opposed(B, Y), opposed(Y, B))
    oriented = 0
    for k in range(4):
        levels = [None, None] + [gabor(v, k) for v in intensity[2:]]
        oriented = oriented + normalized(differences(levels, levels))
    s = (normalized(differences(intensity, intensity)) + normalized(colours) + normalized(oriented)) / 3
    return bilinear(s, *light.shape)


def predictors(folder, pictures):
    ours = {}
    for method in ('sr', 'sr-opencv', 'finegrained', 'itti', 'center', 'sr-center'):
        quantcam(folder, f'--method={method}', '-o', f'{folder}/out.h5')
        with h5py.File(f'{folder}/out.h5') as f:
            ours[method] = {p: f[p][()] for p in pictures}
        os.remove(f'{folder}/out.h5')
    forms = {'sr': sr, 'sr-opencv': sr_opencv, 'finegrained': lambda v, h: finegrained(v), 'itti': lambda v, h: itti(v),
             'center': lambda v, h: centre(h, 320), 'sr-center': sr_center}
    for method, form in forms.items():
        worst = 0
        for p in pictures:
            rgb = np.asarray(Image.open(f'{folder}/{p}').convert('RGB'))
            v = form(rgb, rgb.shape[0])
            worst = max(worst, np.abs(ours[method][p] - v).max() / v.max())
        say(f'{method} against numpy', len(pictures), worst, 1e-6)
    try:
        import cv2
        cv2.saliency.StaticSaliencyFineGrained_create()
    except (ImportError, AttributeError):
        print('skip: OpenCV (no cv2.saliency)')
        return
    for method, theirs, bound in (('sr-opencv', cv2.saliency.StaticSaliencySpectralResidual_create(), .03),
                                  ('finegrained', cv2.saliency.StaticSaliencyFineGrained_create(), 2.01 / 255)):
        worst, least = 0, 1
        for p in pictures:
            good, v = theirs.computeSaliency(cv2.imread(f'{folder}/{p}'))
            v = np.asarray(v, float) / (255 if v.dtype == np.uint8 else 1)
            mine = np.minimum(ours[method][p].astype(float), 1)
            whole = ours[method][p] <= 1        # beyond, OpenCV's bytes run over
            worst = max(worst, np.abs(mine - v)[whole].max())
            least = min(least, np.corrcoef(mine[whole], v[whole])[0, 1])
        say(f'{method} against OpenCV {cv2.__version__}', len(pictures), worst, bound, f', least correlation {least:.5f}')


# ---- measures -------------------------------------------------------------------------------------------------------

def minmax(v):
    return (v - v.min()) / (v.max() - v.min())


def of_density(s, q):
    a, b = minmax(s), minmax(q)
    p, t = s / s.sum(), q / q.sum()
    return {'sim': np.minimum(a / a.sum(), b / b.sum()).sum(), 'cc': np.corrcoef(s.ravel(), q.ravel())[0, 1],
            'kld': (t * np.log(EPS + t / (p + EPS))).sum()}


M = (1 << 64) - 1


def mix(x):
    x = ((x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9))
    x = ((x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB))
    return x ^ x >> np.uint64(31)


def numbers(seed, purpose, a, b, counter):
    g = np.uint64(0x9E3779B97F4A7C15)
    stream = np.uint64((purpose << 56) + (a << 32) + b)
    with np.errstate(over='ignore'):
        x = mix(np.array([seed], np.uint64) + g)
        x = mix(x + stream * g + g)
        return mix(x + np.asarray(counter, np.uint64) * g + g)


def auc_drawn(s, f, splits):
    n = minmax(s).ravel()
    area = []
    for drawn in splits:
        high = max(n[f].max(), n[drawn].max())
        t = [i / 10 for i in range(11) if i / 10 <= high][::-1]
        tp = [0] + [(n[f] >= x).mean() for x in t] + [1]
        fp = [0] + [(n[drawn] >= x).mean() for x in t] + [1]
        area.append(sum((fp[i + 1] - fp[i]) * (tp[i + 1] + tp[i]) / 2 for i in range(len(tp) - 1)))
    return np.mean(area)


def of_fixations(s, f, i, fixated, size):
    h, w = s.shape
    flat, n = s.ravel(), h * w
    uniform = [[int(u) * n >> 64 for u in numbers(1, 32, a, i, np.arange(len(f)))] for a in range(100)]
    others = sorted((j for j in range(len(fixated)) if j != i), key=lambda j: int(numbers(1, 33, 0, i, [j])[0]))[:10]
    pool = np.unique(np.concatenate([(2 * (fixated[j] // size[j][1]) + 1) * h // (2 * size[j][0]) * w +
                                     (2 * (fixated[j] % size[j][1]) + 1) * w // (2 * size[j][1]) for j in others]))
    pooled = [pool[np.argsort(numbers(1, 34, a, i, pool))[:len(f)]] for a in range(100)]
    levels = np.unique(flat[f])[::-1]
    tp = np.array([0] + [(flat[f] >= t).sum() for t in levels] + [len(f)])
    fp = np.array([0] + [(flat >= t).sum() for t in levels] + [n]) - tp
    a, b = minmax(s), minmax(centre(h, w).astype(np.float32).astype(float))
    a, b = (a / a.sum()).ravel()[f], (b / b.sum()).ravel()[f]
    return {'nss': ((flat[f] - flat.mean()) / flat.std(ddof=1)).mean(),
            'auc_judd': (np.diff(fp) * (tp[1:] + tp[:-1])).sum() / (2 * len(f) * (n - len(f))),
            'auc_borji': auc_drawn(s, f, uniform), 'auc_shuffled': auc_drawn(s, f, pooled),
            'gain': (np.log2(EPS + a) - np.log2(EPS + b)).mean()}


def f_and_e(taken, g):
    n, both = g.size, (taken & g).sum()
    f = 0 if both == 0 else 1.3 * (p := both / taken.sum()) * (r := both / g.sum()) / (.3 * p + r)
    a, b = taken - taken.mean(), g - g.mean()
    return f, (((2 * a * b / (a * a + b * b + EPS)) + 1) ** 2 / 4).sum() / (n - 1 + EPS)


def of_mask(s, mask):
    g, p = mask > 0, minmax(s)

    def region(y, x):
        if p[y, x].size == 0:
            return 0
        a, b, k = p[y, x], g[y, x], p[y, x].size - 1 + EPS
        cross = ((a - a.mean()) * (b - b.mean())).sum() / k
        top = 4 * a.mean() * b.mean() * cross
        low = (a.mean() ** 2 + b.mean() ** 2) * (((a - a.mean()) ** 2).sum() + ((b - b.mean()) ** 2).sum()) / k
        return (top / (low + EPS) if top else float(low == 0)) * a.size / p.size

    def thing(v):
        return 2 * v.mean() / (v.mean() ** 2 + 1 + v.std(ddof=1) + EPS)
    cy, cx = (int(v) + 1 for v in np.argwhere(g).mean(0).round())
    objects = g.mean() * thing(p[g]) + (1 - g.mean()) * thing(1 - p[~g])
    regions = sum(region(y, x) for y in (slice(0, cy), slice(cy, None)) for x in (slice(0, cx), slice(cx, None)))
    curve = np.array([f_and_e((255 * p).astype(np.uint8) >= t, g) for t in range(0, 256)])
    adaptive = f_and_e(p >= min(2 * p.mean(), 1), g)
    return {'mae': np.abs(p - g).mean(), 's_measure': max(0, (objects + regions) / 2), 'f_largest': curve[:, 0].max(),
            'f_mean': curve[:, 0].mean(), 'f_adaptive': adaptive[0], 'e_largest': curve[:, 1].max(),
            'e_mean': curve[:, 1].mean(), 'e_adaptive': adaptive[1]}


def scored(folder, pictures, *args):
    """Our rows of the maps of FOLDER/maps.h5."""
    quantcam(*pictures, '--method=file', f'--maps={folder}/maps.h5', f'--pictures={folder}/rows.csv', *args)
    with open(f'{folder}/rows.csv') as f:
        rows = [r for r in csv.DictReader(f) if r['map'] == 'file']
    return {r['image']: {k: float(v) for k, v in r.items() if k not in ('image', 'map') and v} for r in rows}


def make_maps(folder, pictures, sizes):
    """Maps of some structure, 8-bit in steps, so that there are ties, at the truths' own sizes: nothing is resized."""
    rng = np.random.default_rng(8)
    maps = {}
    with h5py.File(f'{folder}/maps.h5', 'w') as f:
        for p, (h, w) in zip(pictures, sizes):
            y, x = np.mgrid[0:h, 0:w]
            v = sum(rng.random() * np.exp(-((x - rng.random() * w) ** 2 + (y - rng.random() * h) ** 2) / (2 * (.1 + .2 * rng.random()) ** 2 * w * w)) for _ in range(4))
            maps[p] = np.round(200 * minmax(v)) + 20
            f[os.path.basename(p)] = maps[p].astype(np.uint8)
    return maps


def compare(name, got, wanted):
    worst, count = {}, 0
    for p, values in wanted.items():
        for k, v in values.items():
            worst[k] = max(worst.get(k, 0), abs(got[p][k] - v) / max(1, abs(v)))
            count += 1
    say(f'{name} ({", ".join(worst)})', count, max(worst.values()), 1e-6)


def measures(data, folder):
    pictures = sorted(glob.glob(f'{data}/mit1003/images/*'))[::6]
    q = {p: np.asarray(Image.open(p.replace('/images/', '/fixation-maps/')).convert('L')).astype(float) for p in pictures}
    maps = make_maps(folder, pictures, [q[p].shape for p in pictures])
    compare('densities', scored(folder, pictures, f'--densities={data}/mit1003/fixation-maps'),
            {p: of_density(maps[p], q[p]) for p in pictures})

    pictures = sorted(glob.glob(f'{data}/osie-100/*.jpg'))[:14]
    rows = list(csv.DictReader(open(f'{data}/osie-100/fixations.csv')))
    size = [Image.open(p).size[::-1] for p in pictures]
    fixated = []
    for p, (h, w) in zip(pictures, size):
        at = np.array([[float(r['x']), float(r['y'])] for r in rows if r['image'] == os.path.basename(p)])
        x, y = (np.floor(at + .5) - 1).astype(int).T
        fixated.append(np.unique(y.clip(0, h - 1) * w + x.clip(0, w - 1)))
    maps = make_maps(folder, pictures, size)
    wanted = {}
    for i, p in list(enumerate(pictures))[::4]:
        dots = np.zeros(size[i])
        dots.ravel()[fixated[i]] = 1
        wanted[p] = of_fixations(maps[p], fixated[i], i, fixated, size)
        wanted[p].update(of_density(maps[p], blur(dots, gaussian(24, 84), 'zeros').astype(np.float32).astype(float)))
    compare('fixations', scored(folder, pictures, f'--fixations={data}/osie-100/fixations.csv'), wanted)

    pictures = sorted(glob.glob(f'{data}/ecssd/images/*'))[::20]
    q = {p: np.asarray(Image.open(p.replace('/images/', '/masks/').replace('.jpg', '.png')).convert('L')) > 128 for p in pictures}
    maps = make_maps(folder, pictures, [q[p].shape for p in pictures])
    compare('masks', scored(folder, pictures, f'--masks={data}/ecssd/masks'), {p: of_mask(maps[p], q[p]) for p in pictures})


def main():
    data = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(f'{folder}/pictures')
        source = sorted(glob.glob(f'{data}/mit1003/images/*'))[::12] + sorted(glob.glob(f'{data}/ecssd/images/*'))[::50]
        pictures = []
        for k, p in enumerate(source):
            im = Image.open(p).convert('RGB')
            im.resize((320, round(320 * im.height / im.width))).save(f'{folder}/pictures/{k}.png')
            pictures.append(f'{k}.png')
        predictors(f'{folder}/pictures', pictures)
        measures(data, folder)
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
