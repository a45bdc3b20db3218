#!/usr/bin/env bash
# Trained low-bit networks as integers against torch's fake quantization (tests/oracles/compare_lowbit.py): a chain and a
# network with groups on MNIST digits, and ResNet-20 on CIFAR-10 pictures, quantized without training. QUANTCAM_PICTURES: of each (the specification's table has 200 and 300).
. "$(dirname "$0")/oracle.bash"
needs "torch, h5py, numpy"
D=$shared/data
[ -d "$D/mnist" ] || skip "no $D/mnist"
n=${QUANTCAM_PICTURES:-20}
compared bash -c '"$1" tests/oracles/compare_lowbit.py chain "$2/mnist/t10k-images-idx3-ubyte.gz" "$3" &&
    "$1" tests/oracles/compare_lowbit.py groups "$2/mnist/t10k-images-idx3-ubyte.gz" "$3" &&
    "$1" tests/oracles/compare_lowbit.py resnet20 "$2/weights/resnet20_cifar10-12fca82f.th" "$2/cifar10-lossless/train_10000.bin.gz" \
        "$2/cifar10-lossless/test_10000.bin.gz" "$3"' - "$python" "$D" "$n"
