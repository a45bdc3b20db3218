#!/usr/bin/env bash
# Full-size networks against PyTorch, every int8 code (tests/oracles/compare_codes.py). The oracles are made once, by the
# shared make_oracle.py, in $QUANTCAM_ORACLES (build/oracles): that needs PyTorch; comparing needs numpy and h5py.
. "$(dirname "$0")/oracle.bash"
oracles=${QUANTCAM_ORACLES:-build/oracles}
needs "h5py, numpy"
folders=()
for net in resnet18:fbgemm shufflenet_v2_x0_5:fbgemm mobilenet_v2:qnnpack mobilenet_v3_large:qnnpack shufflenet_v2_x1_0:fbgemm; do
    folder=$oracles/${net/:/_}
    if [ ! -f "$folder/oracle.h5" ]; then
        [ -f "$shared/oracle-tools/make_oracle.py" ] || skip "no $shared/oracle-tools and no $folder"
        needs "torch, torchvision"
        "$python" "$shared/oracle-tools/make_oracle.py" "${net%:*}" "${net#*:}" "$folder" > /dev/null || exit 1
    fi
    folders+=("$folder")
done
compared "$python" tests/oracles/compare_codes.py "${folders[@]}"
