#!/usr/bin/env python3
"""Random weights of a small residual network: its description, an fp32 checkpoint, and low-bit ones of the same weights.

    tests/e2e/make_lowbit.py FOLDER        net.model, fp32.safetensors, 2bit.safetensors, 4bit.safetensors, 8bit.safetensors

Needs nothing beside Python. Weights are levels without a zero (include/weight.h: odd), PACTs as include/quant_lowbit.h has them; alphas are
fixed, and nothing is trained.
"""
import json
import random
import struct
import sys

MODEL = """model small  for tests
input image 3 64 64 resize squash bilinear mean 0.5 0.5 0.5 std 0.25 0.25 0.25
conv conv1 image out 16 kernel 3 stride 2 pad 1 groups 1 weight conv1 bn bn1 eps 1e-5
relu relu1 conv1
maxpool pool relu1 kernel 2 stride 2 pad 0
conv conv2 pool out 32 kernel 3 stride 1 pad 1 groups 1 weight conv2 bn bn2 eps 1e-5
relu relu2 conv2
conv conv3 relu2 out 32 kernel 3 stride 1 pad 1 groups 1 weight conv3 bn bn3 eps 1e-5
add sum conv3 relu2
relu relu3 sum
avgpool mean relu3
linear fc mean out 16 weight fc
output fc
cam relu3
"""
LAYERS = {'conv1': (16, 3, 3, 3), 'conv2': (32, 16, 3, 3), 'conv3': (32, 32, 3, 3), 'fc': (16, 32)}


def save(path, tensors, notes):
    """tensors: name -> (type, shape, bytes), wide elements first."""
    header, data = {'__metadata__': notes} if notes else {}, b''
    for name, (kind, shape, content) in sorted(tensors.items(), key=lambda e: -int(e[1][0][1:])):
        header[name] = {'dtype': kind, 'shape': shape, 'data_offsets': [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    open(path, 'wb').write(struct.pack('<Q', len(text)) + text + data)


def floats(values, shape):
    return 'F32', shape, struct.pack(f'<{len(values)}f', *values)


def pack(codes, bits):
    per = 8 // bits
    return bytes(sum((c & (1 << bits) - 1) << bits * j for j, c in enumerate(codes[i:i + per])) for i in range(0, len(codes), per))


def low(weights, real, bits):
    tensors, notes = dict(real), {'quantcam.arithmetic': 'pact', 'quantcam.model': 'small'}
    for name, w in weights.items():
        shape, n, most = LAYERS[name], 2 ** bits - 1, 1.2 * (sum(x * x for x in w) / len(w)) ** .5 if bits < 8 else max(map(abs, w))
        codes = [round((min(max(x / most, -1), 1) + 1) / 2 * n) - 2 ** (bits - 1) for x in w]
        words = f' bits {bits} shape {",".join(map(str, shape))}' if bits < 8 else ''
        tensors[f'{name}.weight'] = ('U8', [(len(w) * bits + 7) // 8], pack(codes, bits)) if bits < 8 else ('I8', list(shape), pack(codes, 8))
        tensors |= {f'{name}.weight.scale': ('F64', [1], struct.pack('<d', most / n)), f'{name}.weight.zero_point': ('I64', [1], bytes(8))}
        notes[f'{name}.weight.quantization'] = 'per_tensor odd' + words
    for relu, alpha in (('relu1', 3.0), ('relu2', 2.5), ('relu3', 4.0)):
        tensors |= {f'{relu}.alpha': floats([alpha], []), f'{relu}.codes': ('I32', [2], struct.pack('<2i', 0, 2 ** bits - 1))}
    return tensors, notes


def main():
    draw = random.Random(3)
    folder = sys.argv[1]
    weights = {}
    for name, shape in LAYERS.items():
        fan, count = shape[1] * (9 if len(shape) == 4 else 1), shape[0] * shape[1] * (9 if len(shape) == 4 else 1)
        weights[name] = [draw.gauss(0, (2 / fan) ** .5) for _ in range(count)]
    real = {'fc.bias': floats([draw.gauss(0, .3) for _ in range(16)], [16])}
    for i, channels in ((1, 16), (2, 32), (3, 32)):
        for part, centre, spread in (('weight', 1, .2), ('bias', .2, .1), ('running_mean', 0, .2), ('running_var', 1, .2)):
            real[f'bn{i}.{part}'] = floats([centre + spread * draw.uniform(-1, 1) for _ in range(channels)], [channels])
    open(f'{folder}/net.model', 'w').write(MODEL)
    save(f'{folder}/fp32.safetensors', real | {f'{n}.weight': floats(w, list(LAYERS[n])) for n, w in weights.items()}, {})
    for bits in (2, 4, 8):
        save(f'{folder}/{bits}bit.safetensors', *low(weights, real, bits))


if __name__ == '__main__':
    main()
