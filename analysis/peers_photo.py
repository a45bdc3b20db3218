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

STEPS, BATCHES = 100, (1, 4, 16)
TAPS = np.array([0.0879581458, 0.0888961198, 0.0904741965, 0.0921911178, 0.0934893884, 0.0939820633], np.float32)
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
        x = read_photograph(path)[None]
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


def blur(planes):
    """RISE's, separable, by torch."""
    x, taps = torch.from_numpy(planes).view(3, 1, EDGE, EDGE), torch.from_numpy(TAPS[[0, 1, 2, 3, 4, 5, 4, 3, 2, 1, 0]])
    x = torch.nn.functional.conv2d(x, taps.view(1, 1, 1, 11), padding=(0, 5))
    return torch.nn.functional.conv2d(x, taps.view(1, 1, 11, 1), padding=(5, 0)).numpy().reshape(3, -1)


def explain(nets, path, projections):
    """{precision: both curves} of one photograph; nets: {precision: (f, batch)}, projections: of their maps, (7, 7)."""
    clean = read_photograph(path).reshape(3, -1)
    blurred = blur(clean)
    return {precision: curves(net, batch, clean, blurred, projections[precision]) for precision, (net, batch) in nets.items()}


def curves(net, batch, clean, blurred, projection):
    """201 different pictures: insertion ends with the one that deletion begins with."""
    big = torch.nn.functional.interpolate(torch.from_numpy(projection)[None, None], size=(EDGE, EDGE), mode='bilinear')
    order = np.argsort(-big.numpy().ravel(), kind='stable')
    bounds = [(2 * i * EDGE * EDGE + STEPS) // (2 * STEPS) for i in range(STEPS + 1)]
    pictures = np.empty((batch, 3, EDGE, EDGE), np.float32)
    label, shares, filled = None, [], 0

    def flush():
        nonlocal label, filled
        y = net(pictures[:filled])[0]
        label, filled = int(y[0].argmax()) if label is None else label, 0
        e = np.exp(y - y.max(axis=1, keepdims=True))
        shares.extend(e[:, label] / e.sum(axis=1))

    for now, end, last in ((clean.copy(), np.zeros_like(clean), STEPS), (blurred.copy(), clean, STEPS - 1)):
        for i in range(last + 1):
            if i > 0:
                changed = order[bounds[i - 1]:bounds[i]]
                now[:, changed] = end[:, changed]
            pictures[filled] = now.reshape(3, EDGE, EDGE)
            filled += 1
            if filled == batch:
                flush()
    if filled:
        flush()
    return [*shares, shares[0]]


def fastest_batches(peers, labels):
    """{precision: (label, batch, f)}: the fastest a picture of these labels, and what each batch took, {name: ms a picture}."""
    best, took = {}, {}
    for precision, names in labels.items():
        least = {}
        for label in names:
            for batch in BATCHES:
                net = peers.in_batches(label, batch)
                x = np.random.default_rng(1).standard_normal((batch, 3, EDGE, EDGE)).astype(np.float32)
                net(x)
                least[label, batch] = milliseconds(lambda: net(x), max(3, 16 // batch))[1] / batch
                took[f'{precision} {label}, batch {batch}'] = least[label, batch]
        label, batch = min(least, key=least.get)
        best[precision] = label, batch, peers.in_batches(label, batch)
    return best, took
