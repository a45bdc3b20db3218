#!/usr/bin/env bash
# Checkpoints as training scripts and other tools write them, made with PyTorch (tests/oracles/compare_containers.py): read as the
# plain file is, or refused as what they are.
. "$(dirname "$0")/oracle.bash"
needs "h5py, numpy, torch"
compared "$python" tests/oracles/compare_containers.py
