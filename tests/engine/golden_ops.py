#!/usr/bin/env python3
"""Writes golden_ops.h: what PyTorch's quantized add, add_relu, mul, hardswish, hardsigmoid, average and mean give, for both engines.

    python3 tests/engine/golden_ops.py > tests/engine/golden_ops.h        (torch 2.15, one thread)

Inputs are not stored: code i of input j is (i * 73 + i * i * 31 / 7 + j * 57) % 256 (integer division), laid out channels_last.
None of these operations sums in 16 bits, so the CPU does not matter; fbgemm's vectors of add are 64 codes on every x86.
"""
import warnings
import numpy as np, torch
warnings.filterwarnings('ignore')
torch.set_num_threads(1)


def codes(count, j):
    i = np.arange(count, dtype=np.int64)
    return ((i * 73 + i * i * 31 // 7 + j * 57) % 256).astype(np.uint8)


def tensor(c, h, w, j, scale, zero_point):
    raw = torch.from_numpy(codes(c * h * w, j).reshape(1, h, w, c)).permute(0, 3, 1, 2)
    return torch._make_per_tensor_quantized_tensor(raw.contiguous(memory_format=torch.channels_last), scale, zero_point)


def f32(x):
    return float(np.float32(x))


def flat(t):
    return t.int_repr().permute(0, 2, 3, 1).contiguous().numpy().ravel()


def emit(name, values):
    print(f'static const uint8_t {name}[{len(values)}] = {{')
    for k in range(0, len(values), 20):
        print('    ' + ', '.join(str(int(v)) for v in values[k:k + 20]) + ',')
    print('};')


QA, QB, QO = (f32(.031), 118), (f32(.0155), 131), (f32(.031), 120)
print('/* Made by golden_ops.py with torch', torch.__version__, '*/')
print('#include <stdint.h>')
for what, (s, z) in (('A', QA), ('B', QB), ('O', QO)):
    print(f'static const struct quant_params golden_{what.lower()} = {{ {s!r}, {z}, 0, 255, 0 }};')
for engine in ('fbgemm', 'qnnpack'):
    torch.backends.quantized.engine = engine
    a, b = tensor(10, 5, 7, 0, *QA), tensor(10, 5, 7, 1, *QB)
    row = tensor(10, 1, 1, 2, *QB)
    emit(f'golden_{engine}_add', flat(torch.ops.quantized.add(a, b, *QO)))
    emit(f'golden_{engine}_add_relu', flat(torch.ops.quantized.add_relu(a, b, *QO)))
    emit(f'golden_{engine}_mul', flat(torch.ops.quantized.mul(a, b, *QO)))
    emit(f'golden_{engine}_mul_row', flat(torch.ops.quantized.mul(a, row, *QO)))
    every = torch._make_per_tensor_quantized_tensor(torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16), *QA)
    emit(f'golden_{engine}_hardswish', flat(torch.ops.quantized.hardswish(every, *QO)))
    emit(f'golden_{engine}_hardsigmoid', flat(torch.nn.functional.hardsigmoid(every)))
    for size in (7, 14, 28):
        t = tensor(6, size, size, 3, *QA)
        emit(f'golden_{engine}_average_{size}', flat(torch.nn.functional.adaptive_avg_pool2d(t, 1)))
        emit(f'golden_{engine}_mean_{size}', flat(t.mean([2, 3]).reshape(1, 6, 1, 1)))
    emit(f'golden_{engine}_cat', flat(torch.ops.quantized.cat([a, b], 1, *QO)))
