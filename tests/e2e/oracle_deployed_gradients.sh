#!/usr/bin/env bash
# Gradients of deployed networks' answers against torch.autograd (tests/oracles/compare_deployed_gradients.py): by the CAM layer's
# values and by the input's, of the shared files and of small ones of rarer ops (make_tflite.py), one photograph. QUANTCAM_DEPLOYED:
# which, as a pattern of their names ("*": all).
. "$(dirname "$0")/oracle.bash"
needs "torch, h5py, numpy"
program=${B:-build/release}/tests/oracles/deployed
made=${QUANTCAM_ORACLES:-build/oracles}/deployed/made
real=(--input "resize squash bilinear mean 0 0 0 std 0.00392156862745098 0.00392156862745098 0.00392156862745098")
[ -x "$program" ] || { echo "$program is not built"; exit 1; }
"$Q" synth "$T/images" --images 4 --seed 3 > /dev/null
picture=$(find "$T/images" -name '*_000000.JPEG')
if [ ! -f "$made/apart_int8.tflite" ] && has "ai_edge_litert, flatbuffers"; then
    mkdir -p "$made" && "$python" tests/oracles/make_tflite.py "$made" 2> /dev/null || exit 1
fi
wanted=${QUANTCAM_DEPLOYED:-@(mobilenet_v1_0.25|resnet8|inception|excited|shuffled|constant|moved)*@(quant|int8)}
shopt -s extglob
all()
{
    local f rc=0 more
    for f in "$shared"/data/weights/*.tflite "$made"/*.tflite; do
        # shellcheck disable=SC2053 # a pattern
        [[ -f $f && $(basename "$f" .tflite) == $wanted ]] || continue
        more=()
        [[ $f != *float* ]] || more=("${real[@]}")
        "$python" tests/oracles/compare_deployed_gradients.py "$program" "$f" cam,input "$picture" "${more[@]}" || rc=1
    done
    return $rc
}
compared all
