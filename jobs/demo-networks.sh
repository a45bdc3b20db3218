#!/usr/bin/env bash
# Trains the demo's networks from nothing and quantizes them: draws the pictures, trains at 112 x 112, then at 224 x 224; then MobileNetV3 by
# fake quantization, and the others are calibrated. What is there already is not made again; what was stopped goes on.
#     jobs/demo-networks.sh [NETWORK...]
# results/demo-networks/NETWORK_fp32.safetensors and NETWORK_int8.safetensors; models/demo/README.md goes on from there. About an hour of one core a network.
set -euo pipefail
cd "$(dirname "$0")/.."
Q=${QUANTCAM:-build/${V:-release}/quantcam}
OUT=results/demo-networks

draw() { # FOLDER IMAGES SEED
    if [ -e "$OUT/$1/labels.csv" ]; then return; fi
    rm -rf "${OUT:?}/$1" "${OUT:?}/$1.new"
    "$Q" synth "$OUT/$1.new" --images "$2" --seed "$3"
    mv "$OUT/$1.new" "$OUT/$1"
}
train() { # NAME NETWORK OPTIONS...
    echo "Training $1"
    ${MPIRUN:-mpirun} -np "${RANKS:-2}" "$Q" train jobs/training-synth.conf --model="models/demo/$2.model" -o "$OUT/$1.safetensors" "${@:3}"
}
quantize() { # NETWORK OPTIONS...
    "$Q" quantize --model "models/demo/$1.model" --weights "$OUT/$1_fp32.safetensors" --images $OUT/calibration -o "$OUT/$1_int8.safetensors" "${@:2}"
}
large=(--size=224 --crop.margin=16 --batch=32 --warmup-epochs=0)

mkdir -p $OUT
draw train 12000 1001
draw val 1000 2002
draw calibration 320 4
if [ $# = 0 ]; then set -- shufflenet_v2_x0_5 resnet18 mobilenet_v3_large mobilenet_v2; fi
for name in "$@"; do
    epochs=12
    case $name in shufflenet*) epochs=21 ;; esac
    train "$name-112" "$name" --epochs=$epochs
    train "${name}_fp32" "$name" "${large[@]}" --weights="$OUT/$name-112.safetensors" --rate=0.001 --epochs=3
    case $name in
    mobilenet_v3*)
        train "$name-qat" "$name" "${large[@]}" --weights="$OUT/${name}_fp32.safetensors" --rate=0.0003 --epochs=1 --preset=int8 --quantizer=affine
        cp "$OUT/$name-qat.packed.safetensors" "$OUT/${name}_int8.safetensors"
        ;;
    mobilenet_v2) quantize "$name" --engine=qnnpack ;;
    *) quantize "$name" --activation_bits=7 --observer=minmax ;;
    esac
done
