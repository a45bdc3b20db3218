"""A slow model of quantized networks in numpy: every node's codes, of 2 to 8 bits, by the written definitions alone (no QAT states).

    codes = run('models/densenet121.model', 'int8.safetensors', pixels, 'fbgemm')      # pixels (H, W, 3) u8; name -> (C, H, W) codes

Sums of codes are exact in double. f32() and rne() round where the definition rounds; a fused step is a product and a sum in double.
"""
import json

import numpy as np

F, RELUS = np.float32, ('relu', 'relu6')


def unpack(row, bits, shape):
    """Codes of up to 4 bits, in fields of 2 or of 4, the first in the lowest bits of a byte, in two's complement."""
    width = 2 if bits == 2 else 4
    fields = (row[:, None] >> np.arange(0, 8, width)) & (1 << width) - 1
    codes = fields.reshape(-1)[:np.prod(shape)].astype(np.int64)
    return np.where(codes >= 1 << width - 1, codes - (1 << width), codes).reshape(shape)


def read(path):
    """name -> array, and the file's notes."""
    data = open(path, 'rb').read()
    size = int.from_bytes(data[:8], 'little')
    header = json.loads(data[8:8 + size])
    notes = header.pop('__metadata__', {})
    kinds = {'F64': np.float64, 'F32': np.float32, 'I64': np.int64, 'I32': np.int32, 'I8': np.int8, 'U8': np.uint8}
    tensors = {n: np.frombuffer(data[8 + size + e['data_offsets'][0]:8 + size + e['data_offsets'][1]], kinds[e['dtype']]).reshape(e['shape'])
               for n, e in header.items()}
    for name, words in ((n.removesuffix('.quantization'), v.split()) for n, v in notes.items() if n.endswith('.quantization')):
        if 'shape' in words:
            shape = [int(x) for x in words[words.index('shape') + 1].split(',')]
            tensors[name] = unpack(tensors[name], int(words[words.index('bits') + 1]), shape)
    return tensors, notes


class Node:
    def __init__(self, words, known):
        self.op, self.name = words[:2]
        rest = words[2:]
        self.inputs = []
        while rest and rest[0] in known:
            self.inputs.append(rest.pop(0))
        self.at = dict(zip(rest[::2], rest[1::2]))

    def number(self, key, default=0):
        return int(self.at.get(key, default))


def describe(path):
    nodes, marks, picture = {}, {}, None
    for line in open(path):
        words = line.split('#')[0].split()
        if not words or words[0] in ('model', 'ignore', 'also'):
            continue
        if words[0] in ('output', 'cam'):
            marks[words[0]] = words[1]
        elif words[0] == 'input':
            at = {w: i for i, w in enumerate(words)}
            picture = words[1], *([F(x) for x in words[at[k] + 1:at[k] + 1 + int(words[2])]] for k in ('mean', 'std'))
            nodes[words[1]] = Node(['input', words[1], 'quant', words[words.index('quant') + 1]], nodes)
        else:
            nodes[words[1]] = Node(words, nodes)
    return nodes, marks, picture


def quantize(x, s, z, low, high):
    return np.clip(np.rint(x * (F(1) / F(s))) + z, low, high).astype(np.int64)


def fma(a, b, c):
    return (np.asarray(a, float) * np.asarray(b, float) + np.asarray(c, float)).astype(F)


def windows(x, k, stride, pad, fill, ceil=0):
    """(C, H, W) -> (C, oh, ow, k, k)."""
    c, h, w = x.shape
    extent = [(n + 2 * pad - k + (stride - 1 if ceil else 0)) // stride + 1 for n in (h, w)]
    after = [max(0, (e - 1) * stride + k - n - pad) for e, n in zip(extent, (h, w))]
    x = np.pad(x, ((0, 0), (pad, after[0]), (pad, after[1])), constant_values=fill)
    v = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(1, 2))
    return v[:, ::stride, ::stride][:, :extent[0], :extent[1]]


class Model:
    def __init__(self, description, weights, engine):
        self.nodes, self.marks, self.picture = describe(description)
        (self.t, notes), self.fbgemm = read(weights), engine == 'fbgemm'
        self.clamps = notes.get('quantcam.relu6') == 'clamp'
        users = {n: [m for m in self.nodes.values() for i in m.inputs if i == n] for n in self.nodes}
        self.relu = {n: users[n][0].op for n, node in self.nodes.items() if node.op in ('conv', 'linear', 'batchnorm', 'add', 'mul') and
                     n not in self.marks.values() and len(users[n]) == 1 and users[n][0].op in RELUS}
        self.q, self.codes = {}, {}

    def params(self, node):
        """scale, zero point, lowest and highest code of the output."""
        if node.op == 'sigmoid':
            high = self.q[node.inputs[0]][3]
            return 1 / (high + 1), 0, 0, high
        prefix = node.at.get('quant', node.at.get('weight'))
        if node.op in (*RELUS, 'maxpool', 'avgpool', 'avgpool2d', 'shortcut'):
            return self.q[node.inputs[0]]
        low, high = self.t.get(f'{prefix}.codes', (0, 255))
        return float(self.t[f'{prefix}.scale']), int(self.t[f'{prefix}.zero_point']), int(low), int(high)

    def ends(self, node, relu):
        """The least and the largest code behind a relu or relu6, or neither."""
        s, z, low, high = self.q[node.name]
        six = quantize(F(6), s, z, low, high) if relu == 'relu6' and self.clamps else high
        return (z if relu else low), six

    def requantize(self, acc, node):
        """(oc, positions) exact sums."""
        p = node.at['weight']
        sw = self.t[f'{p}.weight.scale'].astype(float).reshape(-1, 1)
        b, (sx, _, _, _), (so, zo, _, _) = self.t[f'{p}.bias'].reshape(-1, 1), self.q[node.inputs[0]], self.q[node.name]
        t = F(sx) * sw.astype(F)
        if self.fbgemm:
            v = acc.astype(F) + (b / t).astype(F) if len(sw) > 1 else fma(b, (1 / t.astype(float)).astype(F), acc.astype(F))
            r = np.rint(v * (t / F(so)))
        else:
            bias = np.rint(b * (F(1) / (sw * sx).astype(F)))
            r = np.clip(np.rint((acc + bias).astype(F) * (t * (F(1) / F(so)))), -32768, 32767)
        return np.clip(r + zo, *self.ends(node, self.relu.get(node.name)))

    def layer(self, node, x):
        w = self.t[f'{node.at["weight"]}.weight'].astype(float)
        if node.op == 'linear':
            return self.requantize(w @ (x.reshape(-1, 1) - self.q[node.inputs[0]][1]), node)[:, :, None]
        v = windows(x - self.q[node.inputs[0]][1], node.number('kernel'), node.number('stride'), node.number('pad'), 0)
        groups, (c, oh, ow) = node.number('groups'), v.shape[:3]
        v = v.transpose(0, 3, 4, 1, 2).reshape(groups, -1, oh * ow).astype(float)
        acc = np.matmul(w.reshape(groups, len(w) // groups, -1), v).reshape(len(w), -1)
        return self.requantize(acc, node).reshape(-1, oh, ow)

    def average(self, node, v, n):
        s, z, _, _ = self.q[node.name]
        factor = F(s) / (F(s) * F(n)) if node.op == 'avgpool' and not self.fbgemm else F(1) / F(n)
        return np.clip(np.rint((v.sum((3, 4)) - z * n).astype(F) * factor) + z, 0, 255)

    def batchnorm(self, node, x):
        p, (si, zi, _, _), (so, zo, _, _) = node.at['weight'], self.q[node.inputs[0]], self.q[node.name]
        gamma, beta, mean, var = (self.t[f'{p}.{k}'] for k in ('weight', 'bias', 'running_mean', 'running_var'))
        r = F(1) / np.sqrt(var + F(float(node.at['eps'])))
        a, b = ((r * gamma).astype(float) * (si / so)).astype(F), (beta - mean * r * gamma) / F(so)
        v = fma(a[:, None, None], x - zi, b[:, None, None])
        return np.clip(np.rint(v) + zo, *self.ends(node, self.relu.get(node.name)))

    def add(self, node, x, y):
        (sa, za, _, _), (sb, zb, _, _), (so, zo, _, _) = *(self.q[i] for i in node.inputs), self.q[node.name]
        low, high = self.ends(node, self.relu.get(node.name))
        if not self.fbgemm:
            alpha, beta = F(sa) / F(so), F(sb) / F(so)
            shift = 21 - int(np.floor(np.log2(max(alpha, beta))))
            v = int(np.rint(np.ldexp(alpha, shift))) * (x - za) + int(np.rint(np.ldexp(beta, shift))) * (y - zb)
            r = (v >> shift) + ((v & (1 << shift) - 1) - (v < 0) > ((1 << shift) - 1) >> 1)
            return np.clip(r + zo, low, high)
        vectors = fma(F(sa), x, -(F(sa) * F(za))) + fma(F(sb), y, -(F(sb) * F(zb)))
        scalar = F(sa) * (x - za).astype(F) + F(sb) * (y - zb).astype(F)
        last = np.arange(x.size).reshape(x.shape[1:] + x.shape[:1]).transpose(2, 0, 1) >= x.size - x.size % 64     # in channels_last
        v = np.where(last, scalar, vectors)
        return quantize(np.maximum(v, 0) if node.name in self.relu else v, so, zo, low, high)

    def mul(self, node, x, y):
        (sa, za, _, _), (sb, zb, _, _), (so, zo, low, high) = *(self.q[i] for i in node.inputs), self.q[node.name]
        m = F(sa) * F(sb) * (F(1) / F(so))
        return np.clip(np.rint(((x - za) * (y - zb)).astype(F) * m) + zo, low, high)

    def gate(self, node, x):
        s, z, _, _ = self.q[node.inputs[0]]
        v = (F(s) * (np.arange(256) - z).astype(F)).astype(float)
        with np.errstate(over='ignore'):
            y = ((v if node.op == 'silu' else 1.0) / (1 + np.exp(-v))).astype(F)
        return quantize(y, *self.q[node.name])[x]

    def cat(self, node, *x):
        parts, q = [], self.q[node.name]
        for i, codes in zip(node.inputs, x):
            s, z, _, _ = self.q[i]
            parts.append(codes if self.q[i] == q else quantize(F(s) * (codes - z).astype(F), *q))
        return np.concatenate(parts)

    def shortcut(self, node, x):
        s, begin = node.number('stride'), node.number('begin')
        x = x[:, ::s, ::s]
        out = np.full((node.number('out'), *x.shape[1:]), self.q[node.name][1])
        out[begin:begin + len(x)] = x
        return out

    def one(self, node, *x):
        if node.op in ('conv', 'linear'):
            return self.layer(node, *x)
        if node.op in RELUS:
            return x[0] if node.inputs[0] in self.relu else np.clip(x[0], *self.ends(node, node.op))
        if node.op == 'maxpool':
            return windows(x[0], *(node.number(k) for k in ('kernel', 'stride', 'pad')), 0, node.number('ceil')).max((3, 4))
        if node.op == 'avgpool':
            return self.average(node, x[0][:, None, None], x[0][0].size)
        if node.op == 'avgpool2d':
            return self.average(node, windows(x[0], node.number('kernel'), node.number('stride'), 0, 0), node.number('kernel') ** 2)
        return {'batchnorm': self.batchnorm, 'add': self.add, 'mul': self.mul, 'cat': self.cat, 'shortcut': self.shortcut,
                'silu': self.gate, 'sigmoid': self.gate}[node.op](node, *x)

    def run(self, pixels):
        name, mean, std = self.picture
        for node in self.nodes.values():
            self.q[node.name] = self.params(node)
            if node.op == 'input':
                real = np.stack([(pixels[:, :, c].astype(F) / F(255) - mean[c]) / std[c] for c in range(3)])
                self.codes[name] = quantize(real, *self.q[name])
            else:
                self.codes[node.name] = self.one(node, *(self.codes[i] for i in node.inputs)).astype(np.int64)
        return self.codes


def run(description, weights, pixels, engine):
    return Model(description, weights, engine).run(pixels)
