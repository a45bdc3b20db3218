#!/usr/bin/env bash
# infer's maps by every method against torch's autograd on the same activations (tests/oracles/compare_methods.py).
. "$(dirname "$0")/oracle.bash"
needs "torch, h5py, numpy"
[ -f "$WEIGHTS/mobilenet_v3_large_int8.pth" ] || skip "no $WEIGHTS/mobilenet_v3_large_int8.pth"
"$Q" synth "$T/images" --images 3 --seed 5 > "$T/log" || exit 1
check "torch agrees" code 0 "$python" tests/oracles/compare_methods.py models/demo "$WEIGHTS" "$T"/images/*/*.JPEG
sed -n 's/^compare_methods: /torch: /p' "$T/log"
finish
