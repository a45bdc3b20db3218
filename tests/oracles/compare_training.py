#!/usr/bin/env python3
"""Are the gradients of networks in training autograd's?

    tests/oracles/compare_training.py PROGRAM          PROGRAM: tests/oracles/train_step.c, built

One batch of a description with random weights: every parameter's gradient of two branches, running statistics, logits, and the input's
gradient in eval mode, beside torch in double (quantized: in f32, whose codes must be ours). Prints compared N; exit 1 where a value is
further off than 1e-5 of its tensor's largest. Dropout's masks are drawn by their keys here, too. Batches are small: of many values one
lies so near to a relu's 0 that f32 and double take its two sides.
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torch.nn.functional as F

from oracle import ROOT, Tally
from slow_model import Node, read

SEED, EPOCH, CHUNK = 20261201, 3, 8
GOLDEN, MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1
SAWB = {2: (3.12, -2.064), 4: (12.68, -12.80)}
OPS = '''model ops all kinds of ops
input image 3 13 13 resize squash bilinear mean 0 0 0 std 1 1 1
conv c1 image out 8 kernel 3 stride 2 pad same groups 1 weight c1 bn b1 eps 1e-05
hardswish a1 c1
conv c2 a1 out 8 kernel 3 stride 1 pad 1 groups 8 weight c2 bn b2 eps 1e-05
relu6 a2 c2
avgpool s1 a2
linear s2 s1 out 4 weight s2
relu s3 s2
linear s4 s3 out 8 weight s4
hardsigmoid s5 s4
mul m a2 s5
conv c3 m out 12 kernel 3 stride 2 pad 1 groups 2 weight c3
silu a3 c3
shortcut sc m stride 2 begin 2 out 12
add ad a3 sc
relu ar ad
shuffle sh ar groups 3
slice sl sh begin 2 out 6
batchnorm bnorm sl weight bn eps 1e-03
sigmoid sg bnorm
cat ct ar sg
maxpool mp ct kernel 3 stride 1 pad 1
avgpool2d ap mp kernel 2 stride 1
dropout dr ap rate 0.3
conv c4 dr out 20 kernel 2 stride 1 pad 1 groups 1 weight c4
relu a4 c4
add a5 a4 a4
mul a6 a5 a4
linear fc a6 out 5 weight fc
output fc
cam ar
'''


def describe(path):
    """Nodes by name, what `output` and `cam` say, and the input's shape."""
    nodes, marks, shape = {}, {}, None
    for line in open(path):
        words = line.split('#')[0].split()
        if not words or words[0] == 'model':
            continue
        if words[0] in ('output', 'cam'):
            marks[words[0]] = words[1]
        elif words[0] == 'input':
            nodes[words[1]], shape = Node(words[:2], {}), tuple(int(x) for x in words[2:5])
        else:
            nodes[words[1]] = Node(words, nodes)
    return nodes, marks, shape


def mix(x):
    x = ((x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9))
    x = ((x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB))
    return x ^ x >> np.uint64(31)


def numbers(stream, count):
    with np.errstate(over='ignore'):
        golden = np.uint64(GOLDEN)
        state = mix(mix(np.uint64(SEED) + golden) + np.uint64(stream) * golden + golden)
        return mix(state + np.arange(1, count + 1, dtype=np.uint64) * golden)


def kept(layer, branch, sample, shape, rate):
    """(C, H, W) of a map that is drawn (H, W, C)."""
    c, h, w = shape
    u = numbers((64 + 2 * layer + branch) << 56 | EPOCH << 32 | sample, c * h * w)
    return ((u >> np.uint64(11)).astype(np.float64) * 2.0 ** -53 >= rate).reshape(h, w, c).transpose(2, 0, 1)


class Pact(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, alpha, bits, through):
        n = np.float32(2 ** bits - 1)
        a = np.float32(alpha.item())
        y = torch.round(torch.clamp(x, 0, float(a)) * float(n / a)) * float(a / n)
        ctx.save_for_backward(x, y)
        ctx.alpha, ctx.through = float(a), through
        return y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        inside = (x >= 0) & (x < ctx.alpha)
        slope = (x >= ctx.alpha).double() + (inside * (y - x).double() / ctx.alpha if ctx.through else 0)
        return g * inside, (g.double() * slope).sum().to(g.dtype).reshape(()), None, None


class Weights(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w, bits):
        c1, c2 = SAWB[bits]
        d = w.double()
        a = np.float32(c1 * torch.sqrt((d * d).mean()).item() + c2 * d.abs().mean().item())
        n = np.float32(2 ** bits - 1)
        q = torch.round((torch.clamp(w / float(a), -1, 1) + 1) / 2 * float(n))
        return (2 * q - float(n)) * float(a / n)

    @staticmethod
    def backward(ctx, g):
        return g, None


class Network:
    def __init__(self, text, state, quant, dtype):
        self.nodes, self.marks, _ = describe(text)
        self.p = {k: torch.tensor(v, dtype=dtype, requires_grad='running' not in k) for k, v in state.items()}
        self.bits, self.pact, self.through, self.chunked = quant
        self.dtype = dtype

    def norm(self, x, name, eps, train):
        p = [self.p[f'{name}.{part}'] for part in ('running_mean', 'running_var', 'weight', 'bias')]
        if not train or not self.chunked:
            return F.batch_norm(x, *p, train, 0.1, eps)
        out, moved, start = [], [0, 0], [t.clone() for t in p[:2]]
        for part in x.split(CHUNK):
            own = [t.clone() for t in start]
            out.append(F.batch_norm(part, *own, *p[2:], True, 0.1, eps))
            moved = [m + o * len(part) / len(x) for m, o in zip(moved, own)]
        for t, m in zip(p[:2], moved):
            t.copy_(m.detach())
        return torch.cat(out)

    def weight(self, node):
        w = self.p[node.at['weight'] + '.weight']
        return Weights.apply(w, self.bits) if self.bits else w

    def layer(self, node, x, train):
        w, bias = self.weight(node), self.p.get(node.at['weight'] + '.bias')
        if node.op == 'linear':
            return F.linear(x.flatten(1), w, bias)[..., None, None]
        stride, kernel, pad = node.number('stride', 1), w.shape[2], 0
        if node.at['pad'] == 'same':
            whole = [max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in x.shape[2:]]
            x = F.pad(x, (whole[1] // 2, whole[1] - whole[1] // 2, whole[0] // 2, whole[0] - whole[0] // 2))
        else:
            pad = node.number('pad')
        y = F.conv2d(x, w, bias, stride, pad, 1, node.number('groups', 1))
        return self.norm(y, node.at['bn'], float(node.at['eps']), train) if 'bn' in node.at else y

    def run(self, image, train, branch):
        at, dropouts = {}, 0
        for name, node in self.nodes.items():
            x = [at[i] for i in node.inputs]
            op = node.op
            if op == 'input':
                y = image
            elif op in ('conv', 'linear'):
                y = self.layer(node, x[0], train)
            elif op == 'batchnorm':
                y = self.norm(x[0], node.at['weight'], float(node.at['eps']), train)
            elif op in ('relu', 'relu6') and self.pact:
                y = Pact.apply(x[0], self.p[name + '.alpha'], self.pact, self.through)
            elif op == 'maxpool':
                y = F.max_pool2d(x[0], node.number('kernel'), node.number('stride'), node.number('pad'), 1, bool(node.number('ceil')))
            elif op == 'avgpool2d':
                y = F.avg_pool2d(x[0], node.number('kernel'), node.number('stride'))
            elif op == 'slice':
                y = x[0][:, node.number('begin'):node.number('begin') + node.number('out')]
            elif op == 'shortcut':
                stride, begin = node.number('stride'), node.number('begin')
                y = F.pad(x[0][:, :, ::stride, ::stride], (0, 0, 0, 0, begin, node.number('out') - begin - x[0].shape[1]))
            elif op == 'shuffle':
                y = F.channel_shuffle(x[0], node.number('groups'))
            elif op == 'dropout':
                rate, y = float(node.at['rate']), x[0]
                if train:
                    mask = np.stack([kept(dropouts, branch, 1000 + 7 * i, y.shape[1:], rate) for i in range(len(y))])
                    y = y * torch.tensor(mask, dtype=self.dtype) * float(np.float32(1 / (1 - rate)))
                dropouts += 1
            else:
                y = {'avgpool': lambda: x[0].mean((2, 3), keepdim=True), 'mean': lambda: x[0].mean((2, 3), keepdim=True),
                     'add': lambda: x[0] + x[1], 'mul': lambda: x[0] * x[1], 'cat': lambda: torch.cat(x, 1), 'silu': lambda: F.silu(x[0]),
                     'hardswish': lambda: F.hardswish(x[0]), 'hardsigmoid': lambda: F.hardsigmoid(x[0]),
                     'sigmoid': lambda: torch.sigmoid(x[0]), 'relu': lambda: F.relu(x[0]), 'relu6': lambda: F.relu6(x[0])}[op]()
            at[name] = y
        return at[self.marks['output']].flatten(1)


def write(path, tensors, notes):
    header, at = {'__metadata__': notes}, 0
    for name, t in tensors.items():
        header[name] = {'dtype': 'F32', 'shape': list(t.shape), 'data_offsets': [at, at + t.nbytes]}
        at += t.nbytes
    text = json.dumps(header).encode()
    with open(path, 'wb') as f:
        f.write(len(text).to_bytes(8, 'little') + text)
        for t in tensors.values():
            f.write(np.ascontiguousarray(t, dtype=np.float32).tobytes())


def state_of(path, rng, pact):
    """Random parameters; (name -> array, the input's shape, classes)."""
    nodes, marks, image = describe(path)
    state, shape = {}, {}
    for name, node in nodes.items():
        first = shape[node.inputs[0]] if node.inputs else None
        shape[name] = shape_of(node, [shape[i] for i in node.inputs]) if node.inputs else image
        if node.op in ('conv', 'linear'):
            c, h, w = first
            k = node.number('kernel', 1)
            dim = (node.number('out'), c // node.number('groups', 1), k, k) if node.op == 'conv' else (node.number('out'), c * h * w)
            bound = (3.0 / np.prod(dim[1:])) ** 0.5
            state[node.at['weight'] + '.weight'] = rng.uniform(-bound, bound, dim)
            if 'bn' not in node.at:
                state[node.at['weight'] + '.bias'] = rng.uniform(-.2, .2, dim[:1])
        bn = node.at.get('bn') or (node.at['weight'] if node.op == 'batchnorm' else None)
        if bn:
            c = shape[name][0]
            state.update({bn + '.weight': rng.uniform(.5, 1.5, c), bn + '.bias': rng.uniform(-.3, .3, c),
                          bn + '.running_mean': rng.uniform(-.2, .2, c), bn + '.running_var': rng.uniform(.5, 1.5, c)})
        if node.op in ('relu', 'relu6') and pact:
            state[name + '.alpha'] = np.array(rng.uniform(.8, 1.5))
    return {k: np.asarray(v, np.float32) for k, v in state.items()}, image, shape[marks['output']][0]


def shape_of(node, x):
    c, h, w = x[0]
    out = node.number('out', c)
    if node.op in ('conv', 'maxpool', 'avgpool2d'):
        k, stride = node.number('kernel'), node.number('stride')
        if node.at.get('pad') == 'same':
            return out, -(-h // stride), -(-w // stride)
        pad = 2 * node.number('pad', 0)
        return out, (h + pad - k) // stride + 1, (w + pad - k) // stride + 1
    if node.op == 'shortcut':
        return out, -(-h // node.number('stride')), -(-w // node.number('stride'))
    if node.op in ('avgpool', 'mean', 'linear'):
        return out, 1, 1
    return (sum(s[0] for s in x), h, w) if node.op == 'cat' else (out, h, w)


def one(program, path, name, samples, quant, tally, folder):
    bits, pact, through, chunked = quant
    rng = np.random.default_rng(1)
    state, (c, h, w), classes = state_of(path, rng, pact)
    x, masked = (rng.standard_normal((samples, c, h, w)).astype(np.float32) for _ in range(2))
    d = [(rng.standard_normal((samples, classes)) / samples).astype(np.float32) for _ in range(3)]
    given = {**state, 'input.x': x.transpose(0, 2, 3, 1), 'input.masked': masked.transpose(0, 2, 3, 1), 'input.dlogits': d[0],
             'input.dmasked': d[1], 'input.deval': d[2]}
    settings = f'0 {bits} 0 {pact} {int(through)} {int(chunked)} {SEED} {EPOCH}'
    write(f'{folder}/in.safetensors', given, {'settings': settings})
    files = []
    for isa in ('ref', 'avx2', 'avx512vnni'):
        out = f'{folder}/{isa}.safetensors'
        done = subprocess.run([program, path, f'{folder}/in.safetensors', out, isa], capture_output=True, text=True)
        if 'this machine does not have it' in done.stderr:
            continue
        if done.returncode:
            sys.exit(f'{name} {isa}: exit {done.returncode}: {done.stderr}')
        files.append(open(out, 'rb').read())
        if samples > 16:
            break
    tally.exact(f'{name}: instruction sets', [files[0] == f for f in files], [True] * len(files))
    ours = read(f'{folder}/ref.safetensors')[0]
    dtype = torch.float32 if bits or pact else torch.float64
    net = Network(path, state, quant, dtype)
    eval_x = torch.tensor(x, dtype=dtype, requires_grad=True)
    logits = net.run(eval_x, False, 0)
    tally.close(f'{name} eval', ours['output.eval'], logits.detach().numpy(), 1e-5)
    dx, = torch.autograd.grad(logits, eval_x, torch.tensor(d[2], dtype=dtype))
    tally.close(f'{name} dx', ours['output.dx'].transpose(0, 3, 1, 2)[None], dx.numpy()[None], 1e-5)
    both = [net.run(torch.tensor(t, dtype=dtype), True, b) for b, t in enumerate((x, masked))]
    for b in range(2):
        tally.close(f'{name} logits {b}', ours[f'output.logits{b}'][None], both[b].detach().numpy()[None], 1e-5)
    sum((t * torch.tensor(g, dtype=dtype)).sum() for t, g in zip(both, d)).backward()
    for key, p in net.p.items():
        theirs = (p.grad if p.requires_grad else p).detach().numpy()
        tally.close(f'{name} {key}', ours[key].reshape(1, -1), theirs.reshape(1, -1), 1e-5)


def main():
    program, tally = os.path.abspath(sys.argv[1]), Tally()
    models = os.path.join(ROOT, 'models')
    with tempfile.TemporaryDirectory() as folder:
        ops = f'{folder}/ops.model'
        with open(ops, 'w') as f:
            f.write(OPS)
        real = (0, 0, False, False)
        one(program, ops, 'ops', 11, real, tally, folder)
        one(program, ops, 'ops by chunks', 11, (0, 0, False, True), tally, folder)
        one(program, f'{models}/smallcnn.model', 'smallcnn', 11, real, tally, folder)
        one(program, f'{models}/smallcnn.model', 'smallcnn 4 bits', 11, (4, 4, False, False), tally, folder)
        one(program, f'{models}/smallcnn.model', 'smallcnn 2 bits, learned scale', 11, (2, 2, True, False), tally, folder)
        one(program, f'{models}/sgtcnn.model', 'sgtcnn', 20, real, tally, folder)
        one(program, f'{models}/resnet20_cifar10.model', 'resnet20', 9, real, tally, folder)
    print(f'training: compared {tally.compared} arrays, {tally.elements} values, {tally.mismatches} mismatches')
    sys.exit(tally.mismatches > 0)


main()
