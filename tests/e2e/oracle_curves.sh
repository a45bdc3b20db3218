#!/usr/bin/env bash
# Deletion and insertion of trained weights on a photograph against PyTorch, step by step (tests/oracles/compare_curves.py).
# QUANTCAM_PICTURES: how many photographs (1).
. "$(dirname "$0")/oracle.bash"
[ -f "$shared/data/oracle/oracle.h5" ] || skip "no $shared/data/oracle/oracle.h5"
needs "h5py, numpy, scipy, torch, torchvision"
compared "$python" tests/oracles/compare_curves.py "$shared" "${QUANTCAM_PICTURES:-1}"
