#!/usr/bin/env bash
# Trained weights on photographs against PyTorch and pytorch-grad-cam (tests/oracles/compare_real.py).
. "$(dirname "$0")/oracle.bash"
[ -f "$shared/data/oracle/oracle.h5" ] || skip "no $shared/data/oracle/oracle.h5"
needs "h5py, numpy"
compared "$python" tests/oracles/compare_real.py "$shared"
