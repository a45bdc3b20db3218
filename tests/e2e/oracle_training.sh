#!/usr/bin/env bash
# Gradients of networks in training against torch.autograd (tests/oracles/compare_training.py): one of each op, ResNet-20, the network of
# saliency-guided training, PACT and SAWB of 4 and 2 bits.
. "$(dirname "$0")/oracle.bash"
needs "torch, numpy"
program=build/release/tests/oracles/train_step
[ -x $program ] || make $program > "$T/log" 2>&1 || { cat "$T/log"; exit 1; }
compared "$python" tests/oracles/compare_training.py $program
