#!/usr/bin/env bash
# Networks of the second study with random weights against PyTorch, real and int8 (tests/oracles/compare_networks.py, which has more of
# them and takes longer).
. "$(dirname "$0")/oracle.bash"
needs "torch, torchvision, h5py, numpy"
compared bash -c '"$1" tests/oracles/compare_networks.py --networks squeezenet1_1,efficientnet_b0 --images 1 &&
    "$1" tests/oracles/compare_networks.py --networks resnet20_cifar10 --images 1 --all' - "$python"
