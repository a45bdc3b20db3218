#!/usr/bin/env bash
# ROAD of trained weights on a photograph against pytorch-grad-cam and PyTorch (tests/oracles/compare_controls.py).
# QUANTCAM_PICTURES: how many photographs (1).
. "$(dirname "$0")/oracle.bash"
[ -f "$shared/data/oracle/oracle.h5" ] || skip "no $shared/data/oracle/oracle.h5"
needs "h5py, numpy, scipy, torch, torchvision, pytorch_grad_cam"
compared "$python" tests/oracles/compare_controls.py "$shared" "${QUANTCAM_PICTURES:-1}"
