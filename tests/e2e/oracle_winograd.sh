#!/usr/bin/env bash
# Winograd's and direct logits against PyTorch in float64 (tests/oracles/compare_winograd.py, which has more networks).
. "$(dirname "$0")/oracle.bash"
needs "torch, torchvision, h5py, numpy"
compared "$python" tests/oracles/compare_winograd.py --networks resnet18,squeezenet1_1 --images 2
