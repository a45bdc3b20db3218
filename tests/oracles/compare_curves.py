#!/usr/bin/env python3
"""Compares deletion and insertion of `quantcam run` with PyTorch on trained weights and photographs.

    tests/oracles/compare_curves.py SHARED [PICTURES]          SHARED/data as described in its README; 5 pictures

mobilenet_v2_coral in fp32, fbgemm and qnnpack, 100 steps, every picture selected. Both sides take the pixel order from the result
file's projections, the other precision's too (explain.cross), resized here by the program's formula in float32; that order and that resize are checked apart against scipy.
Substrates are computed here in numpy (DESIGN 7.3), the blur with scipy's taps and checked against scipy's two-dimensional
convolution. int8 logits must be equal at every step, fp32 curves within 1e-4, all curves within 1e-6 of the softmax of the logits.
Under fbgemm some outputs of depthwise layers saturate (compare_real.py): where int8 logits differ, the run is repeated imitating
saturation and reported apart.
Environment: QUANTCAM the program (build/quantcam), QUANTCAM_ISA the instruction set (auto).
"""
import os
import shutil
import subprocess
import sys
import tempfile
import warnings

import h5py
import numpy as np
import torch
from scipy.ndimage import gaussian_filter, zoom
from scipy.signal import convolve2d

from oracle import QUANTCAM, ROOT, Tally

warnings.filterwarnings('ignore')
STEPS, EDGE, BATCH = 100, 224, 16
MEAN, STD = (np.array(v, np.float32) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))

JOB = '''[data]
images = {images}
labels = {images}.csv
[network fb]
model = models/mobilenet_v2.model
fp32 = {weights}/mobilenet_v2_coral.pth
int8 = {weights}/mobilenet_v2_coral_fbgemm.pth
engine = fbgemm
[network qn]
model = models/mobilenet_v2.model
fp32 = {weights}/mobilenet_v2_coral.pth
int8 = {weights}/mobilenet_v2_coral_qnnpack.pth
engine = qnnpack
[subset]
fraction = 1
[explain]
steps = {steps}
logits = on
cross = on
[time]
runs = 0
[store]
out = {out}
[run]
log = quiet
'''


def run(images, data, out, *more):
    job = out + '.conf'
    with open(job, 'w') as f:
        f.write(JOB.format(images=images, weights=f'{data}/weights', steps=STEPS, out=out))
    done = subprocess.run([QUANTCAM, 'run', job, '--isa', os.environ.get('QUANTCAM_ISA', 'auto'), *more], cwd=ROOT,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f'{QUANTCAM} run: exit {done.returncode}: {done.stderr.strip()}')


# ---- the networks ----------------------------------------------------------------------------------------------

def real_network(path):
    from torchvision.models import mobilenet_v2
    net = mobilenet_v2().eval()
    net.load_state_dict(torch.load(path))
    return net


def int8_network(path, engine):
    import torch.ao.quantization as aq
    from torchvision.models.quantization import mobilenet_v2
    torch.backends.quantized.engine = engine
    net = mobilenet_v2(weights=None, quantize=False).eval()
    net.fuse_model()
    net.qconfig = aq.get_default_qconfig(engine)
    if engine == 'qnnpack':
        net.qconfig = aq.QConfig(activation=aq.default_observer, weight=aq.default_weight_observer)
    aq.prepare(net, inplace=True)
    aq.convert(net, inplace=True)
    net.load_state_dict(torch.load(path, weights_only=False))
    return net


def logits_of(net, pictures):
    out = []
    with torch.no_grad():
        for i in range(0, len(pictures), BATCH):
            x = torch.from_numpy(np.stack(pictures[i:i + BATCH]).transpose(0, 3, 1, 2).copy())
            out.append(net(x).numpy())
    return np.concatenate(out)


# ---- order and substrates --------------------------------------------------------------------------------------

def resize(values, edge):
    """The program's cam_resize, operation by operation in float32."""
    one = np.float32(1)

    def axis(n):
        at = ((np.arange(edge) + 0.5) * (n / edge) - 0.5).astype(np.float32)
        low = np.floor(at)
        part = at - low
        low = low.astype(int)
        outside = (low < 0) | (low >= n - 1)
        return np.clip(low, 0, n - 1), np.where(outside, np.float32(0), part)
    h, w = values.shape
    x, px = axis(w)
    y, py = axis(h)
    across = values[:, x] * (one - px) + values[:, np.minimum(x + 1, w - 1)] * px
    return across[y] * (one - py)[:, None] + across[np.minimum(y + 1, h - 1)] * py[:, None]


def order_of(projection, tally, what):
    big = resize(projection, EDGE)
    assert big.dtype == np.float32
    far = zoom(projection.astype(np.float64), EDGE / projection.shape[0], order=1, mode='nearest', grid_mode=True)
    tally.close(f'{what}: resized', big[None], far[None], 1e-5)
    order = np.argsort(-big.ravel(), kind='stable')
    fall = np.diff(far.ravel()[order])
    tally.exact(f'{what}: the order descends', (fall > 1e-5 * np.abs(far).max()).sum(), 0)
    return order


def blur(picture):
    line, square = np.zeros(11), np.zeros((11, 11))
    line[5] = square[5, 5] = 1
    taps, kernel = gaussian_filter(line, 5), gaussian_filter(square, 5)

    def along(a, axis):
        wide = np.pad(a, [(5, 5) if k == axis else (0, 0) for k in range(3)])
        total = np.zeros_like(a)
        for t in range(11):
            total = total + taps[t] * np.take(wide, range(t, t + a.shape[axis]), axis)
        return total
    out = along(along(picture.astype(np.float64), 1), 0).astype(np.float32)
    plain = np.stack([convolve2d(picture[..., c].astype(np.float64), kernel, 'same') for c in range(3)], axis=-1)
    assert np.abs(out - plain).max() < 1e-6
    return out


def altered(start, end, order):
    """The pictures of all steps, from `start` to `end`."""
    out = []
    for i in range(STEPS + 1):
        picture = start.reshape(-1, 3).copy()
        first = order[:(2 * i * EDGE * EDGE + STEPS) // (2 * STEPS)]
        picture[first] = end.reshape(-1, 3)[first]
        out.append(picture.reshape(start.shape))
    return out


def softmax(logits):
    e = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


# ---- comparison ------------------------------------------------------------------------------------------------

def compare(f, name, precision, net, pictures, worst):
    group = f[f'/models/{name}']
    image, paths = group['subset/image'][:], [p.decode().rstrip('\0') for p in f['/images/path'][:]]
    other = {'fp32': 'int8', 'int8': 'fp32'}[precision]
    label_of, tally = group['subset'][precision]['class'], Tally()
    for place in np.flatnonzero(image >= 0):
        picture = pictures[os.path.basename(paths[image[place]])]
        what = f'{name} {precision} {os.path.basename(paths[image[place]])}'
        maps = [(precision, '', 1), (other, f'_on_{precision}', 1)]
        if group[precision]['raw_sign'][image[place]] < 0:    # else a copy: check_result.py
            maps.append((precision, '_raw', -1))
        for source, suffix, sign in maps:
            rows = group['subset'][source]
            order = order_of(sign * group[source]['cam'][image[place]], tally, what + suffix)
            for kind, start, end in (('deletion', picture, np.zeros_like(picture)), ('insertion', blur(picture), picture)):
                theirs = logits_of(net, altered(start, end, order))
                curve = rows[f'{kind}_curve{suffix}'][place]
                label = int(np.argmax(theirs[0 if kind == 'deletion' else -1]))
                tally.exact(f'{what}: class', label_of[place], label)
                probability = softmax(theirs)[:, label]
                gap = np.abs(curve - probability).max()
                worst[0] = max(worst[0], gap)
                bound = 1e-4 if precision == 'fp32' else 1e-6
                tally.exact(f'{what}: {kind}{suffix} within {bound:g} ({gap:.2g})', gap <= bound, True)
                if suffix == '_raw':
                    continue
                ours = rows[f'{kind}_logits{suffix}'][place]
                tally.exact(f'{what}: {kind}{suffix}: the curve is the logits\' softmax',
                            np.abs(curve - softmax(ours)[:, label]).max() <= 1e-6, True)
                if precision != 'fp32':
                    tally.exact(f'{what}: {kind}{suffix} logits', ours, theirs)
    return tally


def all_forms(out, data, pictures, engines, more):
    bad = []
    with h5py.File(out) as f:
        for name, engine in engines:
            for precision in ('fp32', 'int8'):
                if precision == 'fp32' and (name != 'fb' or more):
                    continue                      # the same network once
                net = (real_network(f'{data}/weights/mobilenet_v2_coral.pth') if precision == 'fp32' else
                       int8_network(f'{data}/weights/mobilenet_v2_coral_{engine}.pth', engine))
                worst = [0.0]
                tally = compare(f, name, precision, net, pictures, worst)
                print(f'{name} {precision} {" ".join(more)}: {len(pictures)} pictures, compared {tally.compared} ({tally.elements} '
                      f'values), curves within {worst[0]:.2g}, mismatches {tally.mismatches}')
                if tally.mismatches:
                    bad.append((name, precision))
    return bad


def take_pictures(data, count, images):
    """The first `count` pictures of oracle.h5 into a new folder, without classes; by name, as networks see them."""
    os.makedirs(images)
    pictures = {}
    with h5py.File(f'{data}/oracle/oracle.h5') as oracle:
        for name, pixels in zip(oracle['file'][:count], oracle['pixels_u8_nhwc'][:count]):
            shutil.copy(f'{data}/imagenet-sample/{name.decode()}', images)
            pictures[os.path.basename(name.decode())] = (pixels.astype(np.float32) / np.float32(255) - MEAN) / STD
    with open(f'{images}.csv', 'w') as labels:
        labels.writelines(f'{name},-1\n' for name in pictures)
    return pictures


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1].startswith('-'):
        sys.exit(__doc__)
    torch.set_num_threads(1)
    data, count = os.path.abspath(sys.argv[1]) + '/data', int(sys.argv[2]) if len(sys.argv) > 2 else 5
    engines = [('fb', 'fbgemm'), ('qn', 'qnnpack')]
    with tempfile.TemporaryDirectory() as scratch:
        images = f'{scratch}/images'
        pictures = take_pictures(data, count, images)
        run(images, data, f'{scratch}/out.h5')
        bad = all_forms(f'{scratch}/out.h5', data, pictures, engines, ())
        if bad == [('fb', 'int8')]:
            print('  again, imitating saturation:')
            more = ('--numerics.saturate=fbgemm-avx2',)
            run(images, data, f'{scratch}/again.h5', *more)
            bad = all_forms(f'{scratch}/again.h5', data, pictures, engines[:1], more)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
