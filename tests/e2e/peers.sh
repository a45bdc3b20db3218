#!/usr/bin/env bash
# analysis/: every script is Python; peers.py and peers_train.py, where their libraries are, start, and refuse what they cannot measure.
. "$(dirname "$0")/common.bash"
P=${QUANTCAM_PYTHON:-python3}
command -v "$P" > /dev/null || skip "no Python"
for script in analysis/*.py; do
    check "$script" "$P" -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$script"
done
export PYTHONDONTWRITEBYTECODE=1 QUANTCAM=$Q
if "$P" -c 'import onnxruntime, torchvision, pytorch_grad_cam, h5py' 2> /dev/null; then
    check "peers.py --help" code 0 "$P" analysis/peers.py --help
    check "its options" test "$(grep -cE -- '^  --(quick|markdown|json|only|resume)' "$T/log")" = 5
    refuse "nothing to measure" 2 "^usage: peers.py" "$P" analysis/peers.py
    refuse "a folder of other things" 1 'not what make_oracle.py made' "$P" analysis/peers.py --oracle "$T"
else
    echo "skip: peers.py (ONNX Runtime, torchvision, grad-cam or h5py is not installed)"
fi
if "$P" -c 'import torch, h5py' 2> /dev/null; then
    check "peers_train.py --help" code 0 "$P" analysis/peers_train.py --help
    refuse "no data" 2 "mnist/train-images-idx3-ubyte.gz: not there" "$P" analysis/peers_train.py --shared "$T"
else
    echo "skip: peers_train.py (torch or h5py is not installed)"
fi
finish
