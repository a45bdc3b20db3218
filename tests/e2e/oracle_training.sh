#!/usr/bin/env bash
# Gradients of networks in training against torch.autograd (tests/oracles/compare_training.py): one of each op, ResNet-20, the network of
# saliency-guided training, PACT and SAWB of 4 and 2 bits.
. "$(dirname "$0")/oracle.bash"
needs "torch, numpy"
program=${B:-build/release}/tests/oracles/train_step
[ -x "$program" ] || { echo "$program is not built"; exit 1; }
compared "$python" tests/oracles/compare_training.py "$program"
