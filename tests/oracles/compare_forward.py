#!/usr/bin/env python3
"""Compares picture-sized maps of `quantcam run` (explain.methods) with other people's formulas on trained weights and photographs.

    tests/oracles/compare_forward.py SHARED [PICTURES]          SHARED/data as described in its README; 1 picture

squeezenet1_1 in fp32: ScoreCAM of all 512 channels by pytorch-grad-cam itself. mobilenet_v2_coral in fp32 and int8 (qnnpack), in PyTorch:
ScoreCAM of the channels of largest energy by pytorch-grad-cam's formula; RISE by its authors' (explanation.py), whose masks come from the
same random numbers, drawn here anew and enlarged by scipy; occlusion by covering window after window, averaged as captum does.
Of fp32 the gradient by the picture, SmoothGrad with the same noise and integrated gradients (middle rule, from black) by autograd, in
double: ReLUs whose input is 0 but for rounding let another gradient through here and there, in PyTorch's own f32 too, so that the RMSE
is compared, within half a step's (0.29 of 255) and twice what PyTorch's f32 is away from its double, at most 1 of 255.
A stored map is bytes: 255 times the map, rounded, so that what is compared is within half a step and 1e-4 of the map.
The pair's RMSE is computed here from PyTorch's maps, within 0.05 of 255. Environment: QUANTCAM, QUANTCAM_ISA.
"""
import copy
import hashlib
import os
import sys
import tempfile
import warnings

import h5py
import numpy as np
import torch
from scipy.ndimage import zoom

from compare_curves import EDGE, MEAN, STD, int8_network, logits_of, real_network, resize, softmax, take_pictures
from oracle import QUANTCAM, ROOT, Tally

warnings.filterwarnings('ignore')
SEED, CHANNELS, MASKS, CELLS, KEEP, WINDOW, STRIDE = 5, 12, 24, 7, 0.5, 96, 40
SAMPLES, SIGMA, STEPS = 4, 0.1, 8
M64 = (1 << 64) - 1

JOB = '''[data]
images = {images}
labels = {images}.csv
[network net]
model = models/{model}.model
{weights}
[subset]
fraction = 1
[explain]
steps = 0
{explain}
[time]
runs = 0
[store]
out = {out}
[run]
log = quiet
'''


def run(images, out, model, weights, explain):
    import subprocess
    with open(out + '.conf', 'w') as f:
        f.write(JOB.format(images=images, model=model, weights=weights, explain=explain, out=out))
    done = subprocess.run([QUANTCAM, 'run', out + '.conf', '--isa', os.environ.get('QUANTCAM_ISA', 'auto')], cwd=ROOT,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f'{QUANTCAM} run: exit {done.returncode}: {done.stderr.strip()}')


# ---- the program's random numbers, and RISE's masks ------------------------------------------------------------

def mix(x):
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & M64
    x = (x ^ x >> 27) * 0x94D049BB133111EB & M64
    return x ^ x >> 31


class Random:
    def __init__(self, seed, stream):
        self.seed, self.stream, self.counter = seed, stream, 0

    def next(self):
        golden = 0x9E3779B97F4A7C15
        self.counter += 1
        return mix((mix((mix((self.seed + golden) & M64) + self.stream * golden + golden) & M64) +
                    (self.counter - 1) * golden + golden) & M64)

    def unit(self):
        return (self.next() >> 11) * 2.0 ** -53

    def below(self, bound):
        """Lemire's multiply-shift; a rejected product is drawn again."""
        while True:
            product = (self.next() >> 32) * bound
            if product & 0xFFFFFFFF >= 2 ** 32 % bound:
                return product >> 32


def rise_masks(key):
    """generate_masks of explanation.py: skimage's resize (order 1, reflect) is scipy's zoom mirrored at the cells' centres."""
    masks, cell = np.empty((MASKS, EDGE, EDGE)), -(-EDGE // CELLS)
    for n in range(MASKS):
        r = Random(SEED, (128 << 56) + (n << 32) + key)
        grid = np.array([r.unit() < KEEP for _ in range(CELLS * CELLS)], float).reshape(CELLS, CELLS)
        x, y = r.below(cell), r.below(cell)
        big = zoom(grid, (CELLS + 1) * cell / CELLS, order=1, mode='mirror', grid_mode=True)
        assert big.shape == ((CELLS + 1) * cell,) * 2
        masks[n] = big[x:x + EDGE, y:y + EDGE]
    return masks


# ---- the maps --------------------------------------------------------------------------------------------------

def scaled(values):
    """ReLU and scaling of values of the picture's size."""
    v = np.maximum(values, 0)
    return (v - v.min()) / (v.max() - v.min()) if v.max() > v.min() else np.zeros_like(v)


def finished(values):
    """pytorch-grad-cam's scale_cam_image: at the layer's size, resized, scaled again."""
    def scale(v):
        v = v - v.min()
        return v / (1e-7 + v.max())
    return scale(resize(scale(np.maximum(values, 0)).astype(np.float32), EDGE))


def layer_of(net, x):
    kept = []
    layer = net.features[-1]
    hook = (layer[-1] if hasattr(layer, '__getitem__') else layer).register_forward_hook(lambda m, i, o: kept.append(o))
    with torch.no_grad():
        net(x)
    hook.remove()
    act = kept[0]
    return (act.dequantize() if act.is_quantized else act)


def scorecam(net, picture, label):
    """ScoreCAM.get_cam_weights of pytorch-grad-cam 1.5.7, of the channels of largest energy."""
    x = torch.from_numpy(picture.transpose(2, 0, 1)[None].copy())
    act = layer_of(net, x)
    energy = (act.double() ** 2).sum((0, 2, 3)).numpy()
    chosen = np.sort(np.argsort(-energy, kind='stable')[:CHANNELS])
    up = torch.nn.UpsamplingBilinear2d(size=(EDGE, EDGE))(act[:, chosen])
    flat = up.view(1, len(chosen), -1)
    low, high = flat.min(-1)[0][..., None, None], flat.max(-1)[0][..., None, None]
    masks = (up - low) / (high - low + 1e-8)
    scores = logits_of(net, [(x * m).numpy()[0].transpose(1, 2, 0) for m in masks[0]])[:, label]
    w = torch.softmax(torch.from_numpy(scores.copy()), -1).numpy()
    return finished(np.einsum('k,khw->hw', w.astype(np.float64), act[0, chosen].numpy().astype(np.float64)))


def rise(net, picture, label, key):
    masks = rise_masks(key)
    p = softmax(logits_of(net, [picture * m.astype(np.float32)[..., None] for m in masks]))[:, label]
    return scaled(np.einsum('n,nhw->hw', p, masks) / MASKS / KEEP)


def occlusion(net, picture, label):
    clean = softmax(logits_of(net, [picture]))[0, label]
    total, weight, covered = np.zeros((EDGE, EDGE)), np.zeros((EDGE, EDGE)), []
    starts = [k * STRIDE for k in range(1 + -(-(EDGE - WINDOW) // STRIDE))]
    for y in starts:
        for x in starts:
            altered = picture.copy()
            altered[y:y + WINDOW, x:x + WINDOW] = 0
            covered.append(altered)
    p = iter(softmax(logits_of(net, covered))[:, label])
    for y in starts:
        for x in starts:
            total[y:y + WINDOW, x:x + WINDOW] += clean - next(p)
            weight[y:y + WINDOW, x:x + WINDOW] += 1
    return scaled(total / weight)


def gradient_at(net, picture, label):
    """(H, W, channels)"""
    picture = picture.astype(np.float32).transpose(2, 0, 1)[None].copy()      # what our network sees
    x = torch.from_numpy(picture).to(next(net.parameters()).dtype).requires_grad_()
    net(x)[0, label].backward()
    return x.grad[0].numpy().transpose(1, 2, 0).astype(np.float64)


def noise(key, n, shape):
    """Normal numbers by Box and Muller's cosine, two draws each."""
    golden, count = 0x9E3779B97F4A7C15, int(np.prod(shape))
    base = mix((mix((SEED + golden) & M64) + ((129 << 56) + (n << 32) + key) * golden + golden) & M64)
    with np.errstate(over='ignore'):
        x = np.uint64(base) + np.arange(2 * count, dtype=np.uint64) * np.uint64(golden) + np.uint64(golden)
        x = (x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        x = x ^ x >> np.uint64(31)
    unit = (x >> np.uint64(11)).astype(np.float64) * 2.0 ** -53
    return (np.sqrt(-2 * np.log(1 - unit[0::2])) * np.cos(2 * np.pi * unit[1::2])).reshape(shape)


def smoothgrad(net, picture, label, key):
    deviation = SIGMA * (float(picture.max()) - float(picture.min()))
    return scaled(np.abs(sum(gradient_at(net, picture + deviation * noise(key, n, picture.shape), label)
                             for n in range(SAMPLES))).sum(2))


def intgrad(net, picture, label):
    way = picture.astype(np.float64) + MEAN.astype(np.float64) / STD        # from black
    return scaled((way * sum(gradient_at(net, picture - way + (k + 0.5) / STEPS * way, label) for k in range(STEPS))).sum(2))


def by_gradient(net, picture, label, key):
    return {'gradient': scaled(np.abs(gradient_at(net, picture, label)).sum(2)),
            'smoothgrad': smoothgrad(net, picture, label, key), 'intgrad': intgrad(net, picture, label)}


def rms(x):
    return np.sqrt(np.mean(x ** 2))


# ---- comparison ------------------------------------------------------------------------------------------------

def close(tally, what, stored, theirs):
    gap = np.abs(stored.astype(float) - 255 * theirs).max()
    tally.exact(f'{what}: within half a step and 1e-4 ({gap:.3f} of 255)', gap <= 0.5 + 255e-4, True)
    print(f'  {what}: within {gap:.3f} of 255')


def rows(f, pictures):
    group, paths = f['/models/net'], [p.decode().rstrip('\0') for p in f['/images/path'][:]]
    for place, image in enumerate(group['subset/image'][:]):
        if image >= 0:
            yield place, os.path.basename(paths[image]), pictures[os.path.basename(paths[image])], group['fp32/top5'][image, 0]


def compare_library(scratch, images, data, pictures, tally):
    from pytorch_grad_cam import ScoreCAM, score_cam
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
    from torchvision.models import squeezenet1_1
    score_cam.tqdm.tqdm = lambda batches: batches
    weights = f'{data}/weights/squeezenet1_1_ncnn.pth'
    run(images, f'{scratch}/squeeze.h5', 'squeezenet1_1', f'fp32 = {weights}', 'methods = scorecam')
    net = squeezenet1_1().eval()
    net.load_state_dict(torch.load(weights, weights_only=False))
    with h5py.File(f'{scratch}/squeeze.h5') as f:
        for place, name, picture, label in rows(f, pictures):
            x = torch.from_numpy(picture.transpose(2, 0, 1)[None].copy())
            theirs = ScoreCAM(net, [net.features[-1]])(x, [ClassifierOutputTarget(int(label))])[0]
            close(tally, f'squeezenet1_1 fp32 {name}: scorecam, the library', f['/models/net/subset/fp32/map_scorecam'][place], theirs)


def compare_formulas(scratch, images, data, pictures, tally):
    weights = {p: f'{data}/weights/mobilenet_v2_coral{end}.pth' for p, end in (('fp32', ''), ('int8', '_qnnpack'))}
    run(images, f'{scratch}/mobile.h5', 'mobilenet_v2', '\n'.join(f'{p} = {w}' for p, w in weights.items()) + '\nengine = qnnpack',
        f'methods = scorecam,rise,occlusion,gradient,smoothgrad,intgrad\nsmoothgrad.samples = {SAMPLES}\n'
        f'smoothgrad.sigma = {SIGMA}\nintgrad.steps = {STEPS}\nseed = {SEED}\nscorecam.channels = {CHANNELS}\nrise.masks = {MASKS}\n'
        f'rise.cells = {CELLS}\nrise.keep = {KEEP}\nocclusion.window = {WINDOW}\nocclusion.stride = {STRIDE}')
    nets = {'fp32': real_network(weights['fp32']), 'int8': int8_network(weights['int8'], 'qnnpack')}
    with h5py.File(f'{scratch}/mobile.h5') as f:
        for place, name, picture, label in rows(f, pictures):
            with open(f'{images}/{name}', 'rb') as file:
                key = int(hashlib.sha256(file.read()).hexdigest()[:8], 16)
            maps = {}
            for precision, net in nets.items():
                maps[precision] = {'scorecam': scorecam(net, picture, label), 'rise': rise(net, picture, label, key),
                                   'occlusion': occlusion(net, picture, label)}
                for method, theirs in maps[precision].items():
                    close(tally, f'mobilenet_v2 {precision} {name}: {method}',
                          f[f'/models/net/subset/{precision}/map_{method}'][place], theirs)
            real = by_gradient(nets['fp32'], picture, label, key)
            double = by_gradient(copy.deepcopy(nets['fp32']).double(), picture, label, key)
            for method in real:
                stored = f[f'/models/net/subset/fp32/map_{method}'][place].astype(float)
                theirs, ours = rms(255 * (real[method] - double[method])), rms(stored - 255 * double[method])
                tally.exact(f'{name}: {method} ({ours:.3f})', ours <= min(0.3 + 2 * theirs, 1), True)
                print(f'  mobilenet_v2 fp32 {name}: {method}: RMSE {ours:.3f} of 255, torch in f32 {theirs:.3f}')
            for method in maps['fp32']:
                theirs = rms(255 * (maps['int8'][method] - maps['fp32'][method]))
                gap = abs(f[f'/models/net/subset/int8/vs_fp32/rmse_{method}'][place] - theirs)
                tally.exact(f'{name}: RMSE of {method} within 0.05 ({gap:.2g} of {theirs:.4g})', gap <= 0.05, True)


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1].startswith('-'):
        sys.exit(__doc__)
    torch.set_num_threads(1)
    data, count, tally = os.path.abspath(sys.argv[1]) + '/data', int(sys.argv[2]) if len(sys.argv) > 2 else 1, Tally()
    with tempfile.TemporaryDirectory() as scratch:
        images = f'{scratch}/images'
        pictures = take_pictures(data, count, images)
        compare_library(scratch, images, data, pictures, tally)
        compare_formulas(scratch, images, data, pictures, tally)
    print(f'compare_forward: compared {tally.compared} ({len(pictures)} pictures), mismatches {tally.mismatches}')
    return tally.mismatches > 0 or tally.compared == 0


if __name__ == '__main__':
    sys.exit(main())
