#!/usr/bin/env python3
"""Is each tensor of a rounded network what torch.fake_quantize_per_tensor_affine makes of the same input?

    tests/oracles/compare_rounded.py MODEL WEIGHTS IMAGE...       WEIGHTS: of `quantcam quantize --precision=int16`, say

Every node of `quantcam infer --tap=all` is computed here once more from the nodes before it as they stand in the file: the
engine's fp32 expression (one accumulator an output, from the bias, terms by kernel row, kernel column and channel, one fma each)
in numpy, then rounded by torch. A node fused with its relu shows the relu's result under both names. Prints a line an image;
exits 1 where a value differs or a node is not looked at. Environment: QUANTCAM, QUANTCAM_ISA.
"""
import os
import sys
import tempfile

import h5py
import numpy as np
import torch

from oracle import ROOT, Tally, infer

sys.path.insert(0, os.path.join(ROOT, 'analysis'))
from load_quantized import read, values                                       # noqa: E402

LIMITS = {'relu': (0, np.inf), 'relu6': (0, 6)}


def read_nodes(path):
    """The description's lines but its head: (op, name, inputs, attributes)."""
    nodes = []
    for words in (line.split('#')[0].split() for line in open(path)):
        if not words or words[0] in ('model', 'output', 'cam', 'ignore'):
            continue
        known = [node[1] for node in nodes]
        inputs = [w for w in words[2:] if w in known][:2 if words[0] == 'add' else 1]
        nodes.append((words[0], words[1], inputs, words[2 + len(inputs):]))
    return nodes


def attribute(words, name):
    return words[words.index(name) + 1]


def fma(total, x, w):
    """f32(total + x * w): the product of two f32 is exact in double."""
    return (total.astype(np.float64) + x.astype(np.float64) * w).astype(np.float32)


def padding(words, size, kernel, stride):
    """(before, after): TensorFlow's `same` gives the odd pixel to the end."""
    if attribute(words, 'pad') != 'same':
        return (int(attribute(words, 'pad')),) * 2
    whole = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return whole // 2, whole - whole // 2


def conv(words, x, weight, bias):
    """x (C, H, W), weight (O, C / groups, K, K) -> (O, H', W')"""
    kernel, stride, groups = (int(attribute(words, k)) for k in ('kernel', 'stride', 'groups'))
    out, per = weight.shape[0], weight.shape[1]
    padded = np.pad(x, ((0, 0), padding(words, x.shape[1], kernel, stride), padding(words, x.shape[2], kernel, stride)))
    height, width = ((n - kernel) // stride + 1 for n in padded.shape[1:])
    total = np.broadcast_to(bias[:, None, None], (out, height, width)).astype(np.float32)
    first = np.arange(out) // (out // groups) * per                           # channel that an output begins at
    for ky in range(kernel):
        for kx in range(kernel):
            seen = padded[:, ky:ky + stride * height:stride, kx:kx + stride * width:stride]
            for c in range(per):
                x_c = seen[c] if groups == 1 else seen[first + c]
                total = fma(total, x_c, weight[:, c, ky, kx][:, None, None].astype(np.float64))
    return total


def average(x):
    """Pixels one after another, then the division."""
    total = np.zeros(x.shape[0], np.float32)
    for pixel in x.reshape(x.shape[0], -1).T:
        total = total + pixel
    return (total / np.float32(x.shape[1] * x.shape[2]))[:, None, None]


def normalized(words, pixels):
    mean, std = (np.array([float(v) for v in words[words.index(k) + 1:][:3]], np.float32) for k in ('mean', 'std'))
    return ((pixels.astype(np.float32) / np.float32(255) - mean) / std).transpose(2, 0, 1)


def rounded(x, attributes):
    scale, zero_point, low, high = (attributes[k].item() for k in ('scale', 'zero_point', 'low', 'high'))
    return torch.fake_quantize_per_tensor_affine(torch.from_numpy(np.ascontiguousarray(x)), scale, zero_point, low, high).numpy()


class Network:
    def __init__(self, model, weights):
        self.nodes = read_nodes(model)
        self.tensors, self.weights = read(weights)[0], values(weights)
        self.users = {name: [n for n in self.nodes if name in n[2]] for _, name, _, _ in self.nodes}

    def compute(self, node, at, pixels):
        """What the node gives before it is rounded; `at` has the values of its inputs."""
        op, name, inputs, words = node
        x = [at[i] for i in inputs]
        if op == 'input':
            return normalized(words, pixels)
        if op == 'conv':
            layer = attribute(words, 'weight')
            return conv(words, x[0], self.weights[layer + '.weight'], self.tensors[layer + '.bias'])
        if op == 'linear':
            layer = attribute(words, 'weight')
            weight = self.weights[layer + '.weight'][:, :, None, None]
            return conv('kernel 1 stride 1 pad 0 groups 1'.split(), x[0], weight, self.tensors[layer + '.bias'])
        if op == 'add':
            return x[0] + x[1]
        if op == 'avgpool':
            return average(x[0])
        if op in LIMITS:
            return np.clip(x[0], *LIMITS[op]).astype(np.float32)
        sys.exit(f'{name}: the op {op} is not known here')

    def relu_of(self, node, stored):
        """The relu that the engine fused the node with: both show the same values."""
        users = self.users[node[1]]
        if node[0] in ('conv', 'add', 'linear') and len(users) == 1 and users[0][0] in LIMITS:
            relu = users[0]
            if dict(stored[node[1]].attrs) == dict(stored[relu[1]].attrs) and np.array_equal(stored[node[1]], stored[relu[1]]):
                return relu
        return None

    def compare(self, stored, pixels, tally):
        """Returns how many nodes of `stored`, the file's /values, were looked at."""
        at, done = {n: stored[n][()] for n in stored}, 0
        for node in self.nodes:
            if node[1] not in stored:
                continue
            fused = self.relu_of(node, stored)
            before = node[0] in LIMITS and self.relu_of(next(n for n in self.nodes if n[1] == node[2][0]), stored)
            x = at[node[1]] if before else self.compute(node, at, pixels)
            if fused:
                x = np.clip(x, *LIMITS[fused[0]]).astype(np.float32)
            tally.exact(node[1], at[node[1]], rounded(x, stored[node[1]].attrs))
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
