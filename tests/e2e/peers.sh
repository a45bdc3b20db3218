#!/usr/bin/env bash
# analysis/: every script is Python; peers.py, peers_train.py and peers_deployed.py, where their libraries are, start, and refuse what they cannot measure;
# train_peer.py compares two trainers' accuracies, worked by hand.
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
    mkdir "$T/theirs" "$T/ours"
    echo row,epochs,loss,test_accuracy,seconds > "$T/theirs/rows.csv"
    for seed in 1 2 3; do
        printf '%s\n' "plain-$seed-fp32,5,0.2,0.9,1" "sgt-$seed-4-bit,3,0.2,0.8,1" >> "$T/theirs/rows.csv"
        for row in "plain-$seed-fp32 0.9$seed" "sgt-$seed-4-bit 0.80$((4 - seed))"; do
            touch "$T/ours/${row% *}.safetensors"
            printf 'epoch,test_accuracy\n1,0.5\n2,%s\n' "${row#* }" > "$T/ours/${row% *}.safetensors.curve.csv"
        done
    done
    # 1, 2, 3 points: mean 2, deviation 1, 4.303 / sqrt(3) = 2.48; 0.3, 0.2, 0.1: 0.2, 0.25
    check "other trainers' accuracies" code 1 "$P" analysis/train_peer.py compare "$T/theirs" "$T/ours"
    check "too far apart" grep -qE "^plain fp32 +3 +92.00 +90.00 +\+2.00 \+- 2.48  MISSED  \(\+1.00, \+2.00, \+3.00\)$" "$T/log"
    check "near" grep -qE "^sgt 4-bit +3 +80.20 +80.00 +\+0.20 \+- 0.25  met  " "$T/log"
    check "not there" grep -qE "^sgt fp32 +0$" "$T/log"
    refuse "no data" 2 "mnist/train-images-idx3-ubyte.gz: not there" "$P" analysis/peers_train.py --shared "$T"
else
    echo "skip: peers_train.py (torch or h5py is not installed)"
fi
if "$P" -c 'import ai_edge_litert, h5py' 2> /dev/null; then
    net=tests/fixtures/deployed/constant_int8.tflite
    check "peers_deployed.py" code 0 "$P" analysis/peers_deployed.py --quick "$net" --json "$T/deployed.json"
    check "both readings" grep -q '"what": "constant_int8.tflite, tflite-reference"' "$T/deployed.json"
    refuse "another file" 2 "README.md: no .tflite or .onnx file there" "$P" analysis/peers_deployed.py README.md
else
    echo "skip: peers_deployed.py (LiteRT or h5py is not installed)"
fi
finish
