#!/usr/bin/env python3
"""Writes golden_round.h: what torch.fake_quantize_per_tensor_affine makes of random values, ties and both ends among them, at 16, 8, 7
(0..127, as study 2 ran), 4 and 2 bits.

    python3 tests/kernel/golden_round.py > tests/kernel/golden_round.h        (torch 2.15, one thread)
"""
import numpy as np
import torch

CASES = ((3.1e-4, 21003, 65535), (0.0235, 114, 255), (0.05, 31, 127), (0.4, 0, 15), (1.25, 1, 3))
VALUES = 120

rng = np.random.default_rng(8)
print('/* Made by golden_round.py with torch', torch.__version__, '*/')
print('static const struct {\n    float scale;\n    int zero_point, high;\n    float in[%d], out[%d];\n} golden_round[] = {' % (VALUES, VALUES))
for scale, zero, high in CASES:
    scale = np.float32(scale)
    code = rng.uniform(-0.1 * high, 1.1 * high, VALUES)
    code[::3] = np.floor(code[::3]) + 0.5
    x = ((code - zero) * np.float64(scale)).astype(np.float32)
    y = torch.fake_quantize_per_tensor_affine(torch.from_numpy(x), float(scale), zero, 0, high).numpy()
    print('    { %sf, %d, %d,' % (float(scale).hex(), zero, high))
    for values in (x, y):
        text = ['%sf' % float(v).hex() for v in values]
        print('      { ' + ',\n        '.join(', '.join(text[i:i + 4]) for i in range(0, VALUES, 4)) + ' },')
    print('    },')
print('};')
