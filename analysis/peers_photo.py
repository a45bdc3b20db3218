"""One photograph, as the peers do it: evaluated, explained, decoded, mapped."""

import contextlib
import io

import numpy as np
import torch
import torchvision.transforms as T
from PIL import Image
from pytorch_grad_cam import EigenCAM
from pytorch_grad_cam.utils.image import scale_cam_image
from pytorch_grad_cam.utils.svd_on_activations import get_2d_projection

from peers_common import EDGE, MEAN, SHORT, STD, milliseconds, read_photograph
from peers_nets import LAST, WithMap, runner

STEPS, BATCH = 100, 16
TAPS = np.array([0.0879581458, 0.0888961198, 0.0904741965, 0.0921911178, 0.0934893884, 0.0939820633])
STOCK = T.Compose([T.Resize(SHORT), T.CenterCrop(EDGE), T.ToTensor(), T.Normalize(MEAN.tolist(), STD.tolist())])


def stock_photograph(path):
    """(1, 3, 224, 224) by Pillow and torchvision."""
    return STOCK(Image.open(path).convert('RGB'))[None]


# ---- maps ----------------------------------------------------------------------------------------------------------


def thin_eigencam(act):
    """act (C, h, w) -> the projection on the first principal component, without the sign."""
    m = act.reshape(len(act), -1).T
    m = m - m.mean(axis=0)
    values, vectors = np.linalg.eigh(m @ m.T)
    return (vectors[:, -1] * np.sqrt(max(values[-1], 0))).reshape(act.shape[1:])


def full_eigencam(act):
    """numpy's full SVD, with its sign."""
    m = act.reshape(len(act), -1).T
    m = m - m.mean(axis=0)
    return m @ np.linalg.svd(m, full_matrices=True)[2][0]


def finish(projection):
    """(h, w) -> (224, 224) in 0..1"""
    p = np.maximum(projection, 0)
    p = (p - p.min()) / (1e-7 + p.max() - p.min())
    return np.asarray(Image.fromarray(p.astype(np.float32)).resize((EDGE, EDGE), Image.BILINEAR))


def time_maps(times, shape, repeats):
    act = np.random.default_rng(2).random(shape).astype(np.float32)
    times.run('numpy thin Gram', lambda: thin_eigencam(act), repeats)
    times.run('numpy SVD', lambda: full_eigencam(act), 3)
    times.run('pytorch-grad-cam', lambda: get_2d_projection(act[None]), 3)


# ---- evaluate --------------------------------------------------------------------------------------------------------


def rmse(a, b):
    return float(np.sqrt(np.mean((a - b) ** 2)))


def composition(peers, labels):
    """f(path): Pillow, the runtimes of those two labels, the thin EigenCAM."""
    nets = [peers.with_map(label) for label in labels]

    def evaluate(path):
        x = np.ascontiguousarray(read_photograph(path).transpose(2, 0, 1))[None]
        return rmse(*(finish(thin_eigencam(net(x)[1][0])) for net in nets))

    return evaluate


def stock(peers):
    """f(path): torchvision's transforms, torch's networks, pytorch-grad-cam; None where torch has no int8 form."""
    if not peers.torch['int8']:
        return None
    fp32, last = peers.torch['fp32'], LAST[peers.job.name]
    cam = EigenCAM(fp32, [dict(fp32.named_modules())[last]])
    int8 = runner(WithMap(peers.torch['int8'], last))

    def evaluate(path):
        x = stock_photograph(path)
        with contextlib.redirect_stdout(io.StringIO()):
            first = cam(input_tensor=x, targets=[lambda y: y.max()])[0]
        second = scale_cam_image(np.maximum(get_2d_projection(int8(x.numpy())[1]), 0), (EDGE, EDGE))[0]
        return rmse(first, second)

    return evaluate


# ---- explain ---------------------------------------------------------------------------------------------------------


def blur(picture):
    """RISE's, separable."""
    for axis in (1, 0):
        wide = np.pad(picture.astype(np.float64), [(5, 5) if k == axis else (0, 0) for k in range(3)])
        picture = sum(TAPS[min(t, 10 - t)] * np.take(wide, range(t, t + EDGE), axis) for t in range(11))
    return picture.astype(np.float32)


def explain(net, path, projection):
    """Both curves of one photograph in batches; the order of the pixels is that of a map (7, 7)."""
    clean = read_photograph(path)
    big = torch.nn.functional.interpolate(torch.from_numpy(projection)[None, None], size=(EDGE, EDGE), mode='bilinear')
    order = np.argsort(-big.numpy().ravel(), kind='stable')
    label, curves, batch = None, [], []

    def flush():
        nonlocal label
        y = net(np.ascontiguousarray(np.stack(batch).transpose(0, 3, 1, 2)))[0].astype(np.float64)
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
    if batch:
        flush()
    return curves


def batch_runners(peers):
    """Per precision, the peer that is fastest in batches: {precision: (label, f)}; and PyTorch's two."""
    x = np.random.default_rng(1).standard_normal((BATCH, 3, EDGE, EDGE)).astype(np.float32)
    best, torch_two = {}, {}
    for precision, nets in peers.run.items():
        made = {label: peers.in_batches(label, BATCH) for label in nets}
        least = {}
        for label, net in made.items():
            net(x)
            least[label] = milliseconds(lambda net=net: net(x), 3)[1]
        label = min(least, key=least.get)
        best[precision] = label, made[label]
        torch_two.update({precision: (k, f) for k, f in made.items() if k.startswith('PyTorch')})
    return best, torch_two
