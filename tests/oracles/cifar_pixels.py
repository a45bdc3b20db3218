#!/usr/bin/env python3
"""The first pictures of CIFAR-10's binary records as /pixels (N, 32, 32, 3) u8:  cifar_pixels.py test_10000.bin.gz OUT.h5 COUNT"""
import gzip, sys
import h5py, numpy as np

count = int(sys.argv[3])
records = np.frombuffer(gzip.open(sys.argv[1]).read(3073 * count), np.uint8).reshape(count, 3073)
with h5py.File(sys.argv[2], 'w') as f:
    f['pixels'] = records[:, 1:].reshape(count, 3, 32, 32).transpose(0, 2, 3, 1)
