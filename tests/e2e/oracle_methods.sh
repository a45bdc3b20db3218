#!/usr/bin/env bash
# infer's maps by every method against torch's autograd on the same activations (tests/oracles/compare_methods.py).
. "$(dirname "$0")/common.bash"
python=${QUANTCAM_PYTHON:-python3}
"$python" -c 'import torch, h5py, numpy' 2> /dev/null || skip "$python has no torch, h5py and numpy"
[ -f "$WEIGHTS/mobilenet_v3_large_int8.pth" ] || skip "no $WEIGHTS/mobilenet_v3_large_int8.pth"
"$Q" synth "$T/images" --images 3 --seed 5 > "$T/log" || exit 1
check "torch agrees" code 0 env QUANTCAM="$Q" "$python" tests/oracles/compare_methods.py models/demo "$WEIGHTS" "$T"/images/*/*.JPEG
sed -n 's/^compare_methods: /torch: /p' "$T/log"
finish
