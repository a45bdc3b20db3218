#!/usr/bin/env bash
# Full-size networks against PyTorch, every int8 code (tests/oracles/compare_codes.py). The oracles are made once, by the
# shared make_oracle.py, in $QUANTCAM_ORACLES (build/oracles): that needs PyTorch; comparing needs numpy and h5py.
set -u
cd "$(dirname "$0")/../.." || exit 2
export QUANTCAM=${QUANTCAM:-build/quantcam}
python=${QUANTCAM_PYTHON:-python3}
shared=${QUANTCAM_SHARED:-../shared}
oracles=${QUANTCAM_ORACLES:-build/oracles}

skip() { echo "$1"; exit 77; }
"$python" -c 'import h5py, numpy' 2> /dev/null || skip "$python has no numpy and h5py"
folders=()
for net in resnet18:fbgemm shufflenet_v2_x0_5:fbgemm mobilenet_v2:qnnpack mobilenet_v3_large:qnnpack shufflenet_v2_x1_0:fbgemm; do
    folder=$oracles/${net/:/_}
    if [ ! -f "$folder/oracle.h5" ]; then
        [ -f "$shared/oracle-tools/make_oracle.py" ] || skip "no $shared/oracle-tools and no $folder"
        "$python" -c 'import torch, torchvision' 2> /dev/null || skip "$python has no torch to make $folder"
        "$python" "$shared/oracle-tools/make_oracle.py" "${net%:*}" "${net#*:}" "$folder" > /dev/null || exit 1
    fi
    folders+=("$folder")
done
out=$("$python" tests/oracles/compare_codes.py "${folders[@]}")
rc=$?
echo "$out"
echo "oracle_codes: $(echo "$out" | sed -n 's/.*compared \([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }') checks"
exit $rc
