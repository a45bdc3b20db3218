#!/usr/bin/env python3
"""Are infer's gradients of a deployed file's answer autograd's, given the same forward values?

    compare_deployed_gradients.py PROGRAM FILE NODES IMAGE... [--input=PIPELINE]     NODES: by whose values; "cam", "input"

PROGRAM is build/release/tests/oracles/deployed: the description and the tensors that FILE becomes. As compare_gradients.py does it:
every node's stored values or codes from `infer --tap=all`, walked back from the logit op by op, each by torch.autograd in double. A
conversion to codes or back passes all that its quantizer passes; a clip, what lies between its ends. Prints compared N; exit 1 where
a value is further off than 1e-4 of the largest. Environment: QUANTCAM.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import torch
import torch.nn.functional as F

from compare_gradients import SCALED, affine, alike, double, read
from oracle import ROOT, Tally
from slow_model import Node, RELUS

MOVES = ('maxpool', 'slice', 'shortcut', 'shuffle', 'pad', 'dropout')


def sides(node, extent):
    """Top, left, bottom, right."""
    if node.at['pad'] != 'same':
        pad = [int(x) for x in node.at['pad'].split(',')]
        return pad if len(pad) == 4 else pad * 4
    stride = node.number('stride', 1)
    whole = [max((-(-n // stride) - 1) * stride + k - n, 0) for n, k in zip(extent, kernel(node))]
    return whole[0] // 2, whole[1] // 2, whole[0] - whole[0] // 2, whole[1] - whole[1] // 2


def kernel(node):
    k = [int(x) for x in node.at['kernel'].split('x')]
    return k if len(k) == 2 else k * 2


def padded(x, pad, value=0.0):
    return F.pad(x, (pad[1], pad[3], pad[0], pad[2]), value=value)


class Deployed:
    def __init__(self, program, file, pipeline, folder):
        weights = os.path.join(folder, 'w.safetensors')
        text = subprocess.run([program, file, weights, *([pipeline] if pipeline else [])], check=True, capture_output=True, text=True).stdout
        self.nodes, self.marks = {}, {}
        for words in (line.split('#')[0].split() for line in text.splitlines()):
            if words and words[0] in ('output', 'cam'):
                self.marks[words[0]] = words[1]
            elif words and words[0] == 'input':
                self.marks['input'] = words[1]
                self.nodes[words[1]] = Node(['input', words[1], *(words[-2:] if words[-2] == 'quant' else [])], self.nodes)
            elif len(words) > 2 and words[2] in self.nodes:
                self.nodes[words[1]] = Node(words, self.nodes)
        found, scales = read(weights)[:2]
        self.state = {}
        for name, v in found.items():
            if name in scales:
                shape = [-1] + [1] * (v.ndim - 1)
                scale, zero = (np.asarray(x, np.float64).reshape(shape) for x in scales[name])
                v = (v.astype(np.float64) - zero) * scale
            self.state[name] = double(v)

    def forward(self, node, x):
        op, x0 = node.op, x[0]
        if op in ('add', 'sub', 'mul') and 'weight' in node.at:
            x = [x0, self.state[node.at['weight'] + '.weight'].view(1, -1, 1, 1)]
        if op == 'linear':
            return F.linear(x0.reshape(1, -1), self.state[node.at['weight'] + '.weight']).view(1, -1, 1, 1)
        if op == 'conv':
            weight = self.state[node.at['weight'] + '.weight']
            weight = weight.view(*weight.shape, 1, 1) if weight.ndim == 2 else weight
            return F.conv2d(padded(x0, sides(node, x0.shape[2:])), weight, None, node.number('stride'), 0, 1, node.number('groups'))
        if op == 'batchnorm':
            scale, shift = affine(self.state, node.at['weight'], float(node.at['eps']))
            return x0 * scale.view(1, -1, 1, 1) + shift.view(1, -1, 1, 1)
        if op in ('gelu', 'layernorm'):
            return alike(self.state, node, x0)
        if op in ('maxpool', 'avgpool2d'):
            return self.pool(node, x0, torch.Size(node.shape))
        if op == 'slice':
            return x0[:, node.number('begin'):node.number('begin') + node.number('out')]
        if op == 'pad':
            return padded(x0, sides(node, None))
        if op == 'shortcut':
            return x0[:, :, ::node.number('stride'), ::node.number('stride')]
        if op == 'shuffle':
            return F.channel_shuffle(x0, node.number('groups'))
        return {'avgpool': lambda: x0.mean((2, 3), keepdim=True), 'mean': lambda: x0.mean((2, 3), keepdim=True), 'add': lambda: x0 + x[1], 'sub': lambda: x0 - x[1],
                'mul': lambda: x0 * x[1], 'cat': lambda: torch.cat(x, 1), 'silu': lambda: F.silu(x0), 'hardswish': lambda: F.hardswish(x0),
                'hardsigmoid': lambda: F.hardsigmoid(x0), 'sigmoid': lambda: torch.sigmoid(x0), 'tanh': lambda: torch.tanh(x0),
                'leakyrelu': lambda: F.leaky_relu(x0, float(node.at['slope']))}.get(op, lambda: x0 * 1)()

    def pool(self, node, x, shape):
        """The map with what its windows reach, the last of which may hang over the end."""
        k, stride = kernel(node), node.number('stride')
        pad = list(sides(node, x.shape[2:])) if 'pad' in node.at else [0] * 4
        over = [max((o - 1) * stride + w - n - pad[i] - pad[i + 2], 0) for i, (o, w, n) in enumerate(zip(shape[1:], k, x.shape[2:]))]
        more = [pad[0], pad[1], pad[2] + over[0], pad[3] + over[1]]
        cut = [slice(None)] * 2 + [slice(o) for o in shape[1:]]
        if node.op == 'maxpool':
            return F.max_pool2d(padded(x, more, -np.inf), k, stride)[cut]
        counts = padded(padded(torch.ones_like(x), pad, float(node.number('count'))), [0, 0, *over])
        return (F.avg_pool2d(padded(x, more), k, stride) / F.avg_pool2d(counts, k, stride))[cut]

    def back(self, node, x, g):
        x = [t.clone().requires_grad_() for t in x]
        return torch.autograd.grad(self.forward(node, x), x, g)

    def has_quantizer(self, name):
        node = self.nodes[name]
        return node.op not in MOVES and (node.op in SCALED or node.op == 'quantize' or 'quant' in node.at)

    def passes(self, name, cuts, quantized):
        """Where the gradient passes what cuts (a node: a relu, a clip, or neither) and the quantizer of `name`."""
        v, p = self.at[name], self.q[name]
        ends = {'relu': (0, np.inf), 'relu6': (0, 6)}.get(cuts.op, (-np.inf, np.inf))
        if cuts.op == 'clip':
            ends = float(cuts.at['low']), float(cuts.at['high'])
        if p is None:
            return (v > ends[0]) & (v < ends[1])
        code = torch.round(v / np.float64(np.float32(p['scale']))) + p['zero_point']
        low, high = (np.clip(np.rint(e / p['scale']) + p['zero_point'], p['low'], p['high']) if np.isfinite(e) else e for e in ends)
        low, high = (max(low, p['low']), min(high, p['high'])) if quantized else (low, high)
        return (code > low) & (code < high)

    def walk(self, stored, answer, to):
        self.at, self.q = {}, {}
        for name, v in [*stored.get('codes', {}).items(), *stored.get('values', {}).items()]:
            raw, a = v[()].astype(np.float64), v.attrs
            coded = v.name.startswith('/codes')
            self.q[name] = {k: a[k].item() for k in ('scale', 'zero_point', 'low', 'high')} if coded else None
            self.at[name] = double(np.float64(np.float32(a['scale'].item())) * (raw - a['zero_point'].item()) if coded else raw)[None]
            self.nodes[name].shape = v.shape
        users = {name: [n for n in self.nodes.values() if name in n.inputs] for name in self.nodes}
        free, name = [], self.marks['output']
        while not free or not self.has_quantizer(free[-1]):
            free.append(name)
            name = self.nodes[name].inputs[0] if self.nodes[name].inputs else name
        output = self.marks['output']
        g = {output: torch.zeros_like(self.at[output])}
        g[output][0, answer] = 1
        fused = {}
        for name in reversed(self.nodes):
            node = self.nodes[name]
            if name not in g or node.op == 'input':
                continue
            base = node.inputs[0]
            coded = self.q[name] is not None
            if node.op in RELUS and 'quant' not in node.at and len(users[base]) == 1 and base not in self.marks.values() and \
                    self.nodes[base].op in ('conv', 'linear', 'batchnorm', 'add', 'mul'):
                fused[base] = g[base] = g[name] * self.passes(name, node, coded and base not in free)
                continue
            own = coded and name not in free and self.has_quantizer(name)
            inner = g[name] if name in fused or node.op == 'cat' else g[name] * self.passes(name, node, own)
            for i, (source, part) in enumerate(zip(node.inputs, self.back(node, [self.at[s] for s in node.inputs], inner))):
                if node.op == 'cat' and coded and self.q[source] != self.q[name]:
                    first = sum(self.at[s].shape[1] for s in node.inputs[:i])
                    part = part * self.passes(name, node, True)[:, first:first + part.shape[1]]
                g[source] = g[source] + part if source in g else part
        return {name: g[name] for name in to}


def main():
    p = argparse.ArgumentParser()
    for name in ('program', 'file', 'nodes'):
        p.add_argument(name)
    p.add_argument('images', nargs='+'), p.add_argument('--input')
    args = p.parse_args()
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        network = Deployed(args.program, args.file, args.input, folder)
        to = [network.marks.get(n, n) for n in args.nodes.split(',')]
        for picture in args.images:
            theirs = None
            for node in to:
                out = os.path.join(folder, 'out.h5')
                done = subprocess.run([os.environ.get('QUANTCAM', 'build/quantcam'), 'infer', '--model', args.file, '-o', out, '--tap=all',
                                       '--gradient', node, *(['--input=' + args.input] if args.input else []), picture],
                                      cwd=ROOT, capture_output=True, text=True)
                if done.returncode:
                    sys.exit(done.stderr.strip())
                with h5py.File(out) as file:
                    theirs = theirs or network.walk(file, int(np.argmax(file['logits'][0])), to)
                    tally.close(f'{os.path.basename(args.file)} {node}', file['gradient'][()], theirs[node])
    print(f'compared {tally.compared} gradients, {tally.elements} values, mismatches {tally.mismatches}')
    sys.exit(tally.mismatches > 0)


if __name__ == '__main__':
    main()
