#!/usr/bin/env bash
# Fake quantization in training, and the int8 network that it makes, against PyTorch's (tests/oracles/compare_fake.py).
. "$(dirname "$0")/oracle.bash"
needs "torch, h5py, numpy"
compared "$python" tests/oracles/compare_fake.py "$T"
