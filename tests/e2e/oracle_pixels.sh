#!/usr/bin/env bash
# Decoding and preprocessing against Pillow and torchvision, byte by byte (tests/oracles/compare_pixels.py): kinds of
# pictures made on the fly, random sizes, the shared photographs where they are; and infer's /pixels in every setting.
. "$(dirname "$0")/oracle.bash"
pixels=${B:-build/release}/tests/oracles/pixels
photographs=$shared/data/imagenet-sample
infer=(--infer "$Q" --model models/demo/mobilenet_v2.model)
"$python" -c 'import sys, numpy, PIL; sys.exit(int(PIL.__version__.split(".")[0]) < 13)' 2> /dev/null ||
    skip "$python has no numpy and Pillow 13"
[ -x "$pixels" ] || { echo "$pixels is not built"; exit 1; }
more=()
if [ -d "$photographs" ]; then more+=(--photographs "$photographs" --every "${EVERY:-4}"); else echo "skip: photographs (no $photographs)"; fi
weights=$WEIGHTS/mobilenet_v2_fp32.pth
if [ -f "$weights" ] && has h5py; then more+=("${infer[@]}" --weights "$weights")
else echo "skip: infer's /pixels (no $weights, or $python has no h5py)"; fi
out=$("$python" tests/oracles/compare_pixels.py --pixels "$pixels" --pictures "${PICTURES:-6}" --seed "${SEED:-7}" "${more[@]}")
rc=$?
echo "$out"
echo "oracle_pixels: $(echo "$out" | tail -1 | awk '{ gsub(",", ""); print $3 }') checks, $rc failed"
exit $rc
