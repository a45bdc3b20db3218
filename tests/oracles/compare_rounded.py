#!/usr/bin/env python3
"""Is each tensor of a rounded network what torch.fake_quantize_per_tensor_affine makes of the same input?

    tests/oracles/compare_rounded.py MODEL WEIGHTS IMAGE...       WEIGHTS: of `quantcam quantize --precision=int16`, say

Every node of `quantcam infer --tap=all` is computed here once more from the nodes before it as they stand in the file: the
engine's fp32 expression (one accumulator an output, from the bias, terms by kernel row, kernel column and channel, one fma each;
exp as src/kernel/scalar.h has it) in numpy, then rounded by torch. A node fused with its relu shows the relu's result under both names. Prints a line an image;
exits 1 where a value differs or a node is not looked at. Environment: QUANTCAM, QUANTCAM_ISA.
"""
import os
import sys
import tempfile

import h5py
import numpy as np
import torch

from oracle import ROOT, Tally, infer
from slow_model import describe, fma, windows

sys.path.insert(0, os.path.join(ROOT, 'analysis'))
from load_quantized import read, values                                       # noqa: E402

F = np.float32
LIMITS = {'relu': (0, np.inf), 'relu6': (0, 6)}


def padding(node, size, kernel, stride):
    """(before, after): TensorFlow's `same` gives the odd pixel to the end."""
    if node.at['pad'] != 'same':
        return (node.number('pad'),) * 2
    whole = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return whole // 2, whole - whole // 2


def conv(x, weight, bias, stride, groups, pads):
    """x (C, H, W), weight (O, C / groups, K, K), pads of rows and columns -> (O, H', W')"""
    out, per, kernel = weight.shape[:3]
    padded = np.pad(x, ((0, 0), *pads))
    height, width = ((n - kernel) // stride + 1 for n in padded.shape[1:])
    total = np.broadcast_to(bias[:, None, None], (out, height, width)).astype(F)
    first = np.arange(out) // (out // groups) * per                           # channel that an output begins at
    for ky in range(kernel):
        for kx in range(kernel):
            seen = padded[:, ky:ky + stride * height:stride, kx:kx + stride * width:stride]
            for c in range(per):
                total = fma(seen[c] if groups == 1 else seen[first + c], weight[:, c, ky, kx][:, None, None], total)
    return total


def average(x):
    """Of windows (C, H, W, N): pixels one after another, then the division."""
    total = np.zeros(x.shape[:3], F)
    for i in range(x.shape[3]):
        total = total + x[..., i]
    return total / F(x.shape[3])


def exp(x):
    """Cephes' expf: 2^n (1 + r + r^2 p(r)), r = x - n ln 2 in two steps."""
    x = np.clip(x, F(-87.3), F(89))
    n = fma(x, F(1.44269504088896341), F(12582912)) - F(12582912)                # 1.5 * 2^23: to the nearest whole number
    r = fma(n, F(-1.42860682030941723e-6), fma(n, F(-0.693145751953125), x))
    total = F(1.9875691500e-4)
    for term in (1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1):
        total = fma(total, r, F(term))
    return np.ldexp(fma(total, r * r, r) + F(1), n.astype(int)).astype(F)


def sigmoid(x):
    return F(1) / (F(1) + exp(F(0) - x))


def silu(x):
    return x / (F(1) + exp(F(0) - x))


def shortcut(x, stride, begin, channels):
    x = x[:, ::stride, ::stride]
    out = np.zeros((channels, *x.shape[1:]), F)
    out[begin:begin + len(x)] = x
    return out


def normalized(picture, pixels):
    _, mean, std = picture
    return ((pixels.astype(F) / F(255) - np.array(mean)) / np.array(std)).transpose(2, 0, 1)


def rounded(x, attributes):
    scale, zero_point, low, high = (attributes[k].item() for k in ('scale', 'zero_point', 'low', 'high'))
    return torch.fake_quantize_per_tensor_affine(torch.from_numpy(np.ascontiguousarray(x)), scale, zero_point, low, high).numpy()


class Network:
    def __init__(self, model, weights):
        self.nodes, _, self.picture = describe(model)
        self.tensors, self.weights = read(weights)[0], values(weights)
        self.users = {name: [n for n in self.nodes.values() if name in n.inputs] for name in self.nodes}

    def compute(self, node, at, pixels):
        """What the node gives before it is rounded; `at` has the values of its inputs."""
        x = [at[i] for i in node.inputs]
        if node.op == 'input':
            return normalized(self.picture, pixels)
        if node.op in ('conv', 'linear'):
            layer, stride, pads = node.at['weight'], node.number('stride', 1), ((0, 0),) * 2
            weight = self.weights[layer + '.weight']
            if node.op == 'linear':
                weight = weight.reshape(len(weight), *x[0].shape)
            else:
                pads = [padding(node, size, weight.shape[2], stride) for size in x[0].shape[1:]]
            return conv(x[0], weight, self.tensors[layer + '.bias'], stride, node.number('groups', 1), pads)
        if node.op == 'add':
            return x[0] + x[1]
        if node.op == 'batchnorm':
            gamma, beta, mean, var = (self.tensors[f'{node.at["weight"]}.{k}'] for k in ('weight', 'bias', 'running_mean', 'running_var'))
            r = F(1) / np.sqrt(var + F(float(node.at['eps'])))
            return fma(x[0], (r * gamma)[:, None, None], (beta - mean * r * gamma)[:, None, None])
        if node.op == 'avgpool':
            return average(x[0].reshape(len(x[0]), 1, 1, -1))
        if node.op == 'avgpool2d':
            v = windows(x[0], node.number('kernel'), node.number('stride'), 0, 0)
            return average(v.reshape(*v.shape[:3], -1))
        if node.op == 'maxpool':
            return windows(x[0], *(node.number(k) for k in ('kernel', 'stride', 'pad')), -np.inf, node.number('ceil')).max((3, 4))
        if node.op == 'cat':
            return np.concatenate(x)
        if node.op == 'shortcut':
            return shortcut(x[0], *(node.number(k) for k in ('stride', 'begin', 'out')))
        if node.op in ('silu', 'sigmoid', 'mul'):
            return {'silu': silu, 'sigmoid': sigmoid, 'mul': np.multiply}[node.op](*x)
        if node.op in LIMITS:
            return np.clip(x[0], *LIMITS[node.op]).astype(F)
        sys.exit(f'{node.name}: the op {node.op} is not known here')

    def relu_of(self, node, stored):
        """The relu that the engine fused the node with: both show the same values."""
        users = self.users[node.name]
        if node.op in ('conv', 'add', 'linear', 'batchnorm') and len(users) == 1 and users[0].op in LIMITS:
            relu, own = stored[users[0].name], stored[node.name]
            if dict(own.attrs) == dict(relu.attrs) and np.array_equal(own, relu):
                return users[0]
        return None

    def compare(self, stored, pixels, tally):
        """Returns how many nodes of `stored`, the file's /values, were looked at."""
        at, done = {n: stored[n][()] for n in stored}, 0
        for node in self.nodes.values():
            if node.name not in stored:
                continue
            fused = self.relu_of(node, stored)
            before = node.op in LIMITS and self.relu_of(self.nodes[node.inputs[0]], stored)
            x = at[node.name] if before else self.compute(node, at, pixels)
            if fused:
                x = np.clip(x, *LIMITS[fused.op]).astype(F)
            tally.exact(node.name, at[node.name], rounded(x, stored[node.name].attrs))
            done += 1
        return done


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    network, tally, unseen = Network(*sys.argv[1:3]), Tally(), 0
    for image in sys.argv[3:]:
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, 'out.h5')
            infer(sys.argv[1], sys.argv[2], out, '--tap=all', '--isa', os.environ.get('QUANTCAM_ISA', 'auto'), image)
            with h5py.File(out) as file:
                done = network.compare(file['values'], file['pixels'][0], tally)
        unseen += len(network.nodes) - done
        print(f'{os.path.basename(image)}: {done} of {len(network.nodes)} tensors')
    print(f'compared {tally.elements} values of {tally.compared} tensors, not looked at {unseen}, differ {tally.wrong}')
    sys.exit(1 if tally.wrong or unseen else 0)


if __name__ == '__main__':
    main()
