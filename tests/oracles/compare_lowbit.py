#!/usr/bin/env python3
"""Trained low-bit networks as integers against torch's float forward with fake quantization (saliency-and-training 2.3, 2.4, 2.9).

    tests/oracles/compare_lowbit.py chain   MNIST_IMAGES.gz PICTURES           conv 1->32->64->64, random weights, 2, 4 and 8 bits
    tests/oracles/compare_lowbit.py groups  MNIST_IMAGES.gz PICTURES           with depthwise and grouped layers and two layers added, 2 and 4 bits
    tests/oracles/compare_lowbit.py resnet20 WEIGHTS.th CIFAR_TRAIN.gz CIFAR_TEST.gz PICTURES     4 bits, and 4/2; not trained

Quantizes weights by SAWB without a zero level and starts PACT's alphas by least squares, layer by layer, on 16 pictures; writes the
checkpoint itself, as include/weight.h and include/quant_lowbit.h say; and asks quantcam for the codes behind every PACT. From equal input
codes: against torch's f32 forward at most 1 step, up to 4 bits at most 1e-5 of the codes (or one; a sum that a flat part of a
picture repeats counts once), each within 1e-4 of a half; against the written definition (integer sums,
constants in double) none. Along the network, from the picture: a count of pictures. A table of these; exits 1 where a bound is not
kept. Environment: QUANTCAM, QUANTCAM_ISA.
"""
import gzip
import json
import os
import sys
import tempfile

import h5py
import numpy as np
import torch
import torch.nn.functional as T

from oracle import ROOT, Tally, infer
from slow_model import describe, fma

F = np.float32
SAWB = {2: (3.12, -2.064), 3: (7.509, -6.892), 4: (12.68, -12.80), 5: (17.74, -18.64), 8: (31.76, -35.04)}
CALIBRATION, STARTS, BATCH, HALF, MOST = 16, 46, 50, 1e-4, 1e-5
CHAIN = """model chain  three convolutions and a mean
input image 1 28 28 resize squash bilinear mean 0.1307 std 0.3081 quant quant
conv conv1 image out 32 kernel 3 stride 1 pad 1 groups 1 weight conv1
relu relu1 conv1
conv conv2 relu1 out 64 kernel 3 stride 1 pad 1 groups 1 weight conv2
relu relu2 conv2
conv conv3 relu2 out 64 kernel 3 stride 1 pad 1 groups 1 weight conv3
relu relu3 conv3
maxpool pool relu3 kernel 7 stride 7 pad 0
avgpool mean pool
linear fc mean out 10 weight fc
output fc
cam pool
"""
GROUPS = """model groups  depthwise, grouped, and two layers that are added
input image 1 28 28 resize squash bilinear mean 0.1307 std 0.3081 quant quant
conv conv1 image out 32 kernel 3 stride 1 pad 1 groups 1 weight conv1
relu relu1 conv1
conv conv2 relu1 out 32 kernel 3 stride 2 pad 1 groups 32 weight conv2
relu relu2 conv2
conv conv3 relu2 out 48 kernel 1 stride 1 pad 0 groups 1 weight conv3
relu relu3 conv3
conv conv4 relu3 out 48 kernel 3 stride 1 pad 1 groups 4 weight conv4
conv conv5 relu3 out 48 kernel 1 stride 1 pad 0 groups 1 weight conv5
add sum conv4 conv5
relu relu4 sum
conv conv6 relu4 out 48 kernel 5 stride 1 pad 2 groups 48 weight conv6
relu relu5 conv6
maxpool pool relu5 kernel 7 stride 7 pad 0
avgpool mean pool
linear fc mean out 10 weight fc
output fc
cam pool
"""


# ---- the quantizers and the file ------------------------------------------------------------------------------------------------

def sawb(w, bits):
    """The signed codes u of w and a_w; a level is 2u + 1."""
    flat = w.astype(np.float64).ravel()
    c1, c2 = SAWB[bits]
    a = F(c1 * np.sqrt(np.mean(flat ** 2)) + c2 * np.mean(np.abs(flat)))
    a = a if a > 0 else F(np.abs(w).max())
    n = 2 ** bits - 1
    q = np.rint((np.clip(w / a, F(-1), F(1)) + F(1)) / F(2) * F(n))
    return (q - 2 ** (bits - 1)).astype(np.int8), a


def pack(codes, bits):
    """A row of bytes, the first code in the lowest bits; I8 as they are from 5 bits on."""
    if bits > 4:
        return codes
    width = 2 if bits == 2 else 4
    fields = (codes.ravel().astype(np.int64) & (1 << width) - 1)
    fields = np.concatenate([fields, np.zeros(-len(fields) % (8 // width), np.int64)]).reshape(-1, 8 // width)
    return (fields << np.arange(0, 8, width)).sum(1).astype(np.uint8)


def write(path, tensors, quantized):
    """tensors: name -> array; quantized: name -> (codes, bits, step)."""
    notes, all_of = {'quantcam.arithmetic': 'pact'}, dict(tensors)
    for name, (codes, bits, step) in quantized.items():
        shape = f' bits {bits} shape {",".join(map(str, codes.shape))}' if bits <= 4 else f' bits {bits}' if bits < 8 else ''
        notes[name + '.quantization'] = 'per_tensor odd' + shape
        all_of |= {name: pack(codes, bits), name + '.scale': np.array([step]), name + '.zero_point': np.array([0], np.int64)}
    kinds = {'float64': 'F64', 'float32': 'F32', 'int64': 'I64', 'int32': 'I32', 'int8': 'I8', 'uint8': 'U8'}
    header, data = {'__metadata__': notes}, b''
    for name, x in sorted(all_of.items(), key=lambda e: -e[1].itemsize):
        header[name] = {'dtype': kinds[x.dtype.name], 'shape': list(x.shape), 'data_offsets': [len(data), len(data) + x.nbytes]}
        data += x.tobytes()
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    open(path, 'wb').write(len(text).to_bytes(8, 'little') + text + data)


# ---- the float forward ----------------------------------------------------------------------------------------------------------

class Network:
    """A description and its real weights, quantized: bits(i, last) gives layer i's bits, or an activation's."""

    def __init__(self, model, weights, bits):
        self.nodes, self.marks, self.picture = describe(model)
        self.weights, self.codes, self.steps, self.n, self.alpha = weights, {}, {}, {}, {}
        layers = [n for n in self.nodes.values() if n.op in ('conv', 'linear')]
        relus = [n for n in self.nodes.values() if n.op == 'relu']
        for i, node in enumerate(layers):
            name = node.at['weight'] + '.weight'
            width = bits(i, i == len(layers) - 1)
            u, a = sawb(weights[name], width)
            self.codes[name], self.steps[name] = (u, width), (F(a) / F(2 ** width - 1), float(a) / (2 ** width - 1))
        for i, node in enumerate(relus):
            self.n[node.name] = 2 ** bits(i, False) - 1
        self.follows = {n.inputs[0]: n.name for n in relus}                   # a layer's or an addition's PACT

    def levels(self, layer):
        return 2 * self.codes[layer + '.weight'][0].astype(np.int64) + 1

    def save(self, path):
        tensors = {n: x for n, x in self.weights.items() if n not in self.codes}
        for name, n in self.n.items():
            tensors |= {name + '.alpha': np.array(self.alpha[name], F), name + '.codes': np.array([0, n], np.int32)}
        write(path, tensors, {n: (u, width, self.steps[n][1]) for n, (u, width) in self.codes.items()})

    def real(self, name, codes):
        """What a node's codes, or the normalized picture, stand for."""
        if self.nodes[name].op == 'input':
            return codes
        return codes * (self.alpha[name] / F(self.n[name]))

    def layer(self, node, x):
        return self.torch_layer(node, torch.from_numpy(x)).numpy()

    def torch_layer(self, node, x):
        """conv or linear in f32, as torch computes it, with batch normalisation in eval mode."""
        w = torch.from_numpy(self.levels(node.at['weight']).astype(F) * self.steps[node.at['weight'] + '.weight'][0])
        bias = self.weights.get(node.at['weight'] + '.bias')
        bias = None if bias is None else torch.from_numpy(bias)
        if node.op == 'linear':
            return T.linear(x.flatten(1), w, bias)
        y = T.conv2d(x, w, bias, node.number('stride', 1), node.number('pad'), 1, node.number('groups', 1))
        if 'bn' in node.at:
            gamma, beta, mean, var = (torch.from_numpy(self.weights[f'{node.at["bn"]}.{k}'])
                                      for k in ('weight', 'bias', 'running_mean', 'running_var'))
            y = T.batch_norm(y, mean, var, gamma, beta, False, 0, float(node.at['eps']))
        return y

    def gradient(self, name, codes, classes):
        """Straight-through, by the values of a PACT: a code at 0 or n lets nothing through (DESIGN 7.13)."""
        with torch.enable_grad():
            start = torch.from_numpy(self.real(name, codes[name])).requires_grad_()
            at, names = {name: start}, list(self.n)
            for relu in names[names.index(name) + 1:]:
                layers, other, move = self.parts(relu)
                y = 0
                for layer in layers:
                    x = layer.inputs[0]
                    if x not in at:                                            # a branch that `name` does not reach
                        at[x] = torch.from_numpy(self.real(x, codes[x]))
                    y = y + self.torch_layer(layer, at[x])
                if other:
                    y = y + move(at[other] if other in at else torch.from_numpy(self.real(other, codes[other])))
                inside = torch.from_numpy(((codes[relu] > 0) & (codes[relu] < self.n[relu])).astype(F))
                at[relu] = torch.from_numpy(self.real(relu, codes[relu])) + (y - y.detach()) * inside
            last, move = self.source(self.marks['cam'])
            logits = self.torch_layer(self.nodes[self.marks['output']], move(at[last]).mean((2, 3)))
            logits[torch.arange(len(classes)), torch.from_numpy(classes)].sum().backward()
        return start.grad.numpy()

    def shortcut(self, node, x):
        begin, stride = node.number('begin'), node.number('stride')
        return T.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, begin, node.number('out') - begin - x.shape[1]))

    def source(self, name):
        """The PACT whose codes a node has, and what moves them there, of torch's arrays."""
        node = self.nodes[name]
        if node.op == 'shortcut':
            return node.inputs[0], lambda x: self.shortcut(node, x)
        if node.op == 'maxpool':
            return node.inputs[0], lambda x: T.max_pool2d(x, node.number('kernel'), node.number('stride'), node.number('pad'))
        return name, lambda x: x

    def parts(self, relu):
        """A PACT's layer, or two that are added; of a layer and codes the node of these, and their move."""
        before = self.nodes[self.nodes[relu].inputs[0]]
        if before.op != 'add':
            return [before], None, None
        first, second = (self.nodes[name] for name in before.inputs)
        return ([first, second], None, None) if second.op == 'conv' else ([first], *self.source(second.name))

    def before(self, relu, at):
        """The real values that a PACT gets; at: node -> codes."""
        layers, other, move = self.parts(relu)
        y = sum(self.layer(layer, self.real(layer.inputs[0], at[layer.inputs[0]])) for layer in layers)
        return y + self.real(other, move(torch.from_numpy(at[other])).numpy()) if other else y

    def pact(self, relu, y):
        a = F(self.alpha[relu])
        return np.rint(np.clip(y, F(0), a) * (F(self.n[relu]) / a))

    def start(self, x):
        """Least squares: the first pictures layer by layer in forward order."""
        at = {self.picture[0]: x}
        for relu, n in self.n.items():
            y = self.before(relu, at)
            best = None
            for i in range(STARTS):
                a = F((.1 + .02 * i) * y.max())
                error = np.sum((np.rint(np.clip(y, F(0), a) * (F(n) / a)) * (a / F(n)) - np.maximum(y, 0)).astype(float) ** 2)
                best = (error, a) if best is None or error < best[0] else best
            self.alpha[relu] = best[1] * F(.9973)                              # a share of a sum itself would make of others exact halves
            at[relu] = self.pact(relu, y).astype(F)

    def logits(self, codes):
        """Of the codes of the last PACT."""
        last, move = self.source(self.marks['cam'])
        return self.layer(self.nodes[self.marks['output']], self.real(last, move(torch.from_numpy(codes)).numpy()).mean((2, 3)))

    # ---- the written definition: integer sums, constants in double

    def constants(self, node, before, behind):
        w = node.at['weight']
        gamma, h = 1.0, self.weights.get(w + '.bias', np.zeros(node.number('out'), F)).astype(float)
        if 'bn' in node.at:
            g, beta, mean, var = (self.weights[f'{node.at["bn"]}.{k}'].astype(float)
                                  for k in ('weight', 'bias', 'running_mean', 'running_var'))
            gamma = g / np.sqrt(var + float(node.at['eps']))
            h = beta + (h - mean) * gamma
        m = self.steps[w + '.weight'][1] * before * gamma / behind
        return np.broadcast_to(m, h.shape).astype(F), (h / behind).astype(F)

    def exact(self, relu, at):
        layers, other, move = self.parts(relu)
        step = {name: float(self.alpha[name]) / self.n[name] for name in self.n}
        v = F(0)
        for layer in layers:
            x = layer.inputs[0]
            m, b = self.constants(layer, step[x], step[relu])
            acc = T.conv2d(torch.from_numpy(at[x].astype(float)), torch.from_numpy(self.levels(layer.at['weight']).astype(float)),
                           None, layer.number('stride', 1), layer.number('pad'), 1, layer.number('groups', 1)).numpy()
            v = v + fma(acc.astype(F), m[:, None, None], b[:, None, None])
        if other:
            v = fma(move(torch.from_numpy(at[other])).numpy(), F(step[other] / step[relu]), v)
        return np.clip(np.rint(v), 0, self.n[relu])

    def exact_logits(self, codes):
        node, (last, move) = self.nodes[self.marks['output']], self.source(self.marks['cam'])
        codes = move(torch.from_numpy(codes)).numpy()
        m, b = self.constants(node, float(self.alpha[last]) / self.n[last] / np.prod(codes.shape[2:]), 1.0)
        acc = codes.astype(np.int64).sum((2, 3)) @ self.levels(node.at['weight']).T
        return fma(acc.astype(F), m, b)


# ---- comparing ------------------------------------------------------------------------------------------------------------------

def batches(function, *arrays):
    return np.concatenate([function(*(a[i:i + BATCH] for a in arrays)) for i in range(0, len(arrays[0]), BATCH)])


def normalized(network, pixels):
    _, mean, std = network.picture
    c = pixels.shape[3]
    return np.ascontiguousarray(((pixels.astype(F) / F(255) - np.array(mean[:c])) / np.array(std[:c])).transpose(0, 3, 1, 2))


def ask(model, network, pixels, room):
    """Every PACT's codes, the gradients by the first one's, and the logits: quantcam stores all nodes of a run's first picture."""
    path, images, out = (os.path.join(room, n) for n in ('net.safetensors', 'pixels.h5', 'out.h5'))
    isa = [f'--isa={os.environ["QUANTCAM_ISA"]}'] if 'QUANTCAM_ISA' in os.environ else []
    codes, gradients, logits = {name: [] for name in network.n}, [], []
    network.save(path)
    for picture in pixels:
        with h5py.File(images, 'w') as f:
            f['pixels'] = picture[None]
        infer(model, path, out, '--pixels', images, '--tap=all', '--cam=gradcam', '--gradient', next(iter(network.n)), *isa)
        with h5py.File(out) as f:
            for name, of in codes.items():
                of.append(f[f'codes/{name}'][()].astype(F))
            gradients.append(f['gradient'][0])
            logits.append(f['logits'][0])
    return {name: np.stack(of) for name, of in codes.items()}, np.stack(gradients), np.stack(logits), os.path.getsize(path)


def compare(what, model, network, pixels, room, tally):
    """Every PACT's codes, and the logits, of all pictures."""
    x = normalized(network, pixels)
    all_codes, gradient, logits, size = ask(model, network, pixels, room)
    at, along, diverged, lines = {network.picture[0]: x}, {network.picture[0]: x}, np.zeros(len(x), bool), []
    total = [0, 0, 0.0, 0, 0]                                                  # codes, differing, worst share, steps, by definition
    for relu, n in network.n.items():
        ours = all_codes[relu]
        layers, other, _ = network.parts(relu)
        names = list({layer.inputs[0]: 1 for layer in layers} | ({other: 1} if other else {}))
        y, z = (batches(lambda *a: network.before(relu, dict(zip(names, a))), *(codes[s] for s in names)) for codes in (at, along))
        theirs, chained = network.pact(relu, y), network.pact(relu, z)
        wrong = theirs != ours
        v = y[wrong] * (n / float(network.alpha[relu]))
        share, steps, defined = wrong.mean(), int(np.abs(theirs - ours).max()), None
        far = np.abs(v - np.floor(v) - .5).max(initial=0)
        if names[0] != network.picture[0]:
            codes = batches(lambda *a: network.exact(relu, dict(zip(names, a))), *(at[s] for s in names))
            defined = int((codes != ours).sum())
            total[4] += defined
            tally.exact(f'{what} {relu} by definition', ours, codes)
        tally.compared += 1
        bad = int(steps > 1 or far > HALF or (n <= 15 and len(np.unique(v)) > max(1, MOST * wrong.size)))
        tally.mismatches += bad
        lines.append(f'  {relu}: {ours.size} codes, {int(wrong.sum())} differ ({share:.1e}), by {steps} at most, {far:.1e} from a half; '
                     f'by definition {"-" if defined is None else defined}; along {int((chained != ours).sum())}{"  MISMATCH" if bad else ""}')
        total = [total[0] + ours.size, total[1] + int(wrong.sum()), max(total[2], share), max(total[3], steps), total[4]]
        diverged |= (chained != ours).any(axis=(1, 2, 3))
        at[relu], along[relu] = ours, chained.astype(F)
    last, first = network.source(network.marks['cam'])[0], next(iter(network.n))
    theirs = batches(lambda *a: network.gradient(first, dict(zip(network.n, a)), a[-1]), *(at[r] for r in network.n), logits.argmax(1))
    gradients = tally.close(f'{what} gradient by {first}', gradient, theirs, 1e-5)
    tally.exact(f'{what} logits by definition', logits, network.exact_logits(at[last]))
    chained = batches(network.logits, along[last])
    apart, answers = np.abs(logits - chained).max(axis=1), int((logits.argmax(1) != chained.argmax(1)).sum())
    print(f'{what}: {len(x)} pictures, {total[0]} codes from equal ones: {total[1]} differ (worst layer {total[2]:.1e}), by {total[3]} at most; '
          f'from the definition {total[4]}; along the network {int(diverged.sum())} pictures differ, {answers} answers, '
          f'logits by {np.median(apart):.1e} (median), {apart.max():.2g}; gradients by {gradients:.1e} of the largest; {size} bytes')
    print('\n'.join(lines))
    return logits


def small(name, text, sizes, widths, images, count, room, tally):
    """A network of random weights on MNIST's digits."""
    model = os.path.join(room, f'{name}.model')
    pixels = np.frombuffer(gzip.open(images).read()[16:], np.uint8).reshape(-1, 28, 28, 1)
    random = np.random.default_rng(1)
    weights = {f'{n}.weight': (random.standard_normal(s) * np.sqrt(2 / np.prod(s[1:]))).astype(F) for n, s in sizes.items()}
    weights['fc.bias'] = random.standard_normal(10).astype(F)
    open(model, 'w').write(text)
    for bits in widths:
        network = Network(model, weights, lambda i, last: bits)
        network.start(normalized(network, pixels[-CALIBRATION:]))
        compare(f'{name}, {bits} bits', model, network, pixels[:count], room, tally)


def chain(*args):
    small('chain', CHAIN, {'conv1': (32, 1, 3, 3), 'conv2': (64, 32, 3, 3), 'conv3': (64, 64, 3, 3), 'fc': (10, 64)}, (2, 4, 8), *args)


def groups(*args):
    small('groups', GROUPS, {'conv1': (32, 1, 3, 3), 'conv2': (32, 1, 3, 3), 'conv3': (48, 32, 1, 1), 'conv4': (48, 12, 3, 3),
                             'conv5': (48, 48, 1, 1), 'conv6': (48, 1, 5, 5), 'fc': (10, 48)}, (2, 4), *args)


def cifar(path):
    rows = np.frombuffer(gzip.open(path).read(), np.uint8).reshape(-1, 3073)
    return rows[:, 0], np.ascontiguousarray(rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))


def resnet20(checkpoint, train, test, count, room, tally):
    model = os.path.join(ROOT, 'models/resnet20_cifar10.model')
    state = torch.load(checkpoint, map_location='cpu', weights_only=True)['state_dict']
    weights = {k.removeprefix('module.'): v.numpy() for k, v in state.items()}
    labels, pixels = cifar(test)
    first = normalized(Network(model, weights, lambda i, last: 4), cifar(train)[1][:CALIBRATION])
    for what, bits in (('4 bits', lambda i, last: 4), ('8 bits', lambda i, last: 8), ('4/2 bits', lambda i, last: 4 if i == 0 or last else 2)):
        network = Network(model, weights, bits)
        network.start(first)
        logits = compare(f'resnet20, {what}', model, network, pixels[:count], room, tally)
        print(f'  right: {int((logits.argmax(1) == labels[:count]).sum())} of {count}, not trained')


def main():
    tally = Tally()
    if len(sys.argv) not in (4, 6):
        sys.exit(__doc__)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as room, torch.no_grad():
        globals()[sys.argv[1]](*sys.argv[2:-1], int(sys.argv[-1]), room, tally)
    print(f'{sys.argv[1]}: compared {tally.compared}, {tally.mismatches} mismatches')
    sys.exit(tally.mismatches > 0)


if __name__ == '__main__':
    main()
