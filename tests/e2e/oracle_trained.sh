#!/usr/bin/env bash
# Trainings of a small network against PyTorch (tests/oracles/compare_trained.py): every optimizer, guided and plain, of all quantizers.
. "$(dirname "$0")/oracle.bash"
needs "torch, numpy"
compared "$python" tests/oracles/compare_trained.py "$T"
