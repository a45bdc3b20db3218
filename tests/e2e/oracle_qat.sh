#!/usr/bin/env bash
# QAT states against PyTorch's convert (tests/oracles/compare_qat.py): a few configurations; without --few it makes all.
. "$(dirname "$0")/oracle.bash"
needs "torch, torchvision, h5py, numpy"
compared "$python" tests/oracles/compare_qat.py --few
