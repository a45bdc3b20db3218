#!/usr/bin/env python3
"""The map of the input gradient, its measures and accuracy under removal, against PyTorch's autograd and numpy.

    compare_input.py FOLDER

A small network for 28 x 28 grey pictures is made here twice, the second with other last digits of its weights, and pictures as
an IDX file; a job runs both as precisions. Maps are made by autograd, measures by their definitions in numpy, pixels removed one
share after the other. Removal's answers may differ where two logits, or two of the map's pixels, are closer than rounding: such
pictures are counted, at most 2 %.
"""
import gzip
import os
import subprocess
import sys

import h5py
import numpy as np
import torch
from torch import nn

from oracle import QUANTCAM, ROOT, Tally

PICTURES, SIDE = 200, 28
MEAN, SD = 0.1307, 0.3081
MODEL = """model  small  for this test
input  image  1 28 28  resize squash bilinear  mean 0.1307 std 0.3081
conv    conv1  image  out 8 kernel 3 stride 1 pad 1 groups 1  weight conv1
relu    relu1  conv1
maxpool pool1  relu1  kernel 2 stride 2 pad 0
conv    conv2  pool1  out 16 kernel 3 stride 1 pad 1 groups 1  weight conv2
relu    relu2  conv2
maxpool pool2  relu2  kernel 2 stride 2 pad 0
linear  fc1    pool2  out 32  weight fc1
relu    relu3  fc1
linear  fc2    relu3  out 10  weight fc2
output fc2
cam    relu2
"""


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)
        self.fc1, self.fc2 = nn.Linear(16 * 49, 32), nn.Linear(32, 10)

    def forward(self, x):
        x = nn.functional.max_pool2d(self.conv1(x).relu(), 2)
        x = nn.functional.max_pool2d(self.conv2(x).relu(), 2)
        return self.fc2(self.fc1(x.flatten(1)).relu())


def pictures():
    """Blobs on a dark ground, so that most pixels' gradients are not 0."""
    random = np.random.default_rng(5)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    out = random.integers(0, 40, (PICTURES, SIDE, SIDE)).astype(float)
    for i in range(PICTURES):
        for _ in range(3):
            cy, cx, r = random.uniform(4, 24), random.uniform(4, 24), random.uniform(2, 5)
            out[i] += 200 * np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * r * r))
    return np.clip(out, 0, 255).astype(np.uint8)


def write_idx(path, array):
    head = bytes([0, 0, 8, array.ndim]) + b''.join(n.to_bytes(4, 'big') for n in array.shape)
    with gzip.open(path, 'wb') as f:
        f.write(head + array.tobytes())


def maps(net, x, label):
    x = x.clone().requires_grad_(True)
    net(x).gather(1, label[:, None]).sum().backward()
    g = x.grad.abs().mean(1).numpy().astype(float)
    return g / g.max(axis=(1, 2), keepdims=True)


def ssim(a, b):
    window = np.lib.stride_tricks.sliding_window_view
    u, v = (window(m, (7, 7)).reshape(-1, 49) for m in (a, b))
    mu, mv = u.mean(1), v.mean(1)
    cov = ((u - mu[:, None]) * (v - mv[:, None])).sum(1) / 48
    c1, c2 = 0.01 ** 2, 0.03 ** 2
    return (((2 * mu * mv + c1) * (2 * cov + c2)) / ((mu ** 2 + mv ** 2 + c1) * (u.var(1, ddof=1) + v.var(1, ddof=1) + c2))).mean()


def measures(first, other):
    eps = 2.2204e-16
    a, b = first.ravel(), other.ravel()
    scaled = [(m - m.min()) / (m - m.min()).sum() for m in (a, b)]
    p, q = b / b.sum(), a / a.sum()
    tenth = round(a.size / 10)
    top = [set(np.argsort(-m, kind='stable')[:tenth]) for m in (a, b)]
    return {'input_cc': np.corrcoef(a, b)[0, 1], 'input_sim': np.minimum(*scaled).sum(), 'input_kld': (q * np.log(eps + q / (p + eps))).sum(),
            'input_rmse': np.sqrt(((a - b) ** 2).mean()), 'input_ssim': ssim(first, other),
            'input_overlap': len(top[0] & top[1]) / len(top[0] | top[1])}


def entropy(m):
    p = m.ravel() / m.sum()
    return -(p[p > 0] * np.log2(p[p > 0])).sum()


def removal(net, x, label, map_):
    right = np.zeros((len(x), 10), int)
    order = np.argsort(-map_.reshape(len(x), -1), axis=1, kind='stable')
    for k in range(10):
        gone = x.clone().reshape(len(x), -1)
        count = int(k * SIDE * SIDE / 10 + 0.5)
        for i in range(len(x)):
            gone[i, order[i, :count]] = x[i].flatten()[0]
        with torch.no_grad():
            right[:, k] = (net(gone.reshape(x.shape)).argmax(1) == label).numpy()
    return right


def main(folder):
    torch.manual_seed(3)
    torch.set_num_threads(1)
    tally = Tally()
    at = lambda name: os.path.join(folder, name)
    nets = [Small(), Small()]
    with torch.no_grad():
        for a, b in zip(nets[0].parameters(), nets[1].parameters()):
            b.copy_(a + 0.1 * a.std() * torch.randn_like(a))
    pixels = pictures()
    x = torch.from_numpy(((pixels / np.float32(255)).astype(np.float32) - np.float32(MEAN)) / np.float32(SD))[:, None]
    with torch.no_grad():
        label = nets[0](x).argmax(1)
    label[::5] = (label[::5] + 1) % 10                 # some answers are wrong
    write_idx(at('pictures.gz'), pixels)
    write_idx(at('labels.gz'), label.numpy().astype(np.uint8))
    for net, name in zip(nets, ('first', 'other')):
        torch.save(net.state_dict(), at(name + '.pth'))
    open(at('small.model'), 'w').write(MODEL)
    open(at('job.conf'), 'w').write(f"""[data]
images = {at('pictures.gz')}
labels = {at('labels.gz')}
[cam]
class = true
[input]
map = on
[network small]
model = {at('small.model')}
fp32 = {at('first.pth')}
other = {at('other.pth')}
[precision other]
[explain]
steps = 0
[time]
runs = 0
[store]
out = {at('out.h5')}
[run]
log = quiet
""")
    done = subprocess.run([QUANTCAM, 'run', at('job.conf')], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f'run: exit {done.returncode}: {done.stderr}')
    ours = h5py.File(at('out.h5'))['/models/small']
    theirs = [maps(net, x, label) for net in nets]
    pair = [measures(a, b) for a, b in zip(*theirs)]
    for name in pair[0]:
        stored = ours['other/vs_fp32/' + name][:]
        expected = np.array([p[name] for p in pair])
        if name == 'input_overlap':                    # a pixel at the border of the tenth may be either's
            tally.exact(f'{name}, but for {np.sum(abs(stored - expected) > 1e-6)} of {PICTURES}', np.sum(abs(stored - expected) > 0.03), 0)
        else:
            tally.close(name, stored[None], expected[None], 2e-4 if name == 'input_kld' else 2e-5)   # KLD: values beside eps
    for net, precision, m in zip(nets, ('fp32', 'other'), theirs):
        tally.close('input_entropy ' + precision, ours[precision + '/input_entropy'][:][None], np.array([entropy(v) for v in m])[None], 1e-5)
        wrong = np.sum(np.any(ours[precision + '/removal_right'][:] != removal(net, x, label, m), axis=1))
        print(f'  removal {precision}: {wrong} of {PICTURES} pictures differ in any share')
        tally.exact(f'removal {precision}', wrong <= PICTURES // 50, True)
    print(f'compared {tally.compared}, {tally.mismatches} mismatches')
    return tally.mismatches > 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
