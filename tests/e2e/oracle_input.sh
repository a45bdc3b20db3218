#!/usr/bin/env bash
# The input gradient's map, its measures and accuracy under removal against PyTorch and numpy (tests/oracles/compare_input.py).
. "$(dirname "$0")/oracle.bash"
needs "torch, h5py, numpy"
compared "$python" tests/oracles/compare_input.py "$T"
