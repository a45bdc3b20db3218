#!/usr/bin/env bash
# numerics.saturate: the job, infer and bench imitate fbgemm's 16-bit sums alike (tests/engine/test_saturate.c: against PyTorch).
. "$(dirname "$0")/common.bash"
tiny=tests/fixtures/tiny
# values FILE SET: the bytes of a dataset, without attributes.
values() { h5dump -d "$2" -b LE -o "$T/values" "$1" > /dev/null && sha256sum < "$T/values"; }
"$Q" synth "$T/images" --images 6 --seed 5 > "$T/log" || exit 1
mapfile -t pictures < <(sed 's/,.*//' "$T/images/labels.csv" | sed "s|^|$T/images/|")
sed 's/,.*/,1/' "$T/images/labels.csv" > "$T/labels.csv"
cat > "$T/job.conf" <<JOB
[data]
images = $T/images
labels = $T/labels.csv
[network tiny]
model = $tiny/tiny.model
fp32 = $tiny/fp32.pth
int8 = $tiny/saturating.pth
[explain]
steps = 2
[time]
runs = 0
[run]
log = quiet
JOB
for mode in off fbgemm-avx2 fbgemm-vnni; do
    check "infer, $mode" code 0 "$Q" infer --model $tiny/tiny.model --weights $tiny/saturating.pth --tap=all \
        --numerics.saturate=$mode -o "$T/infer_$mode.h5" "${pictures[@]}"
    check "the job, $mode" code 0 run 2 "$T/job.conf" --numerics.saturate=$mode --out="$T/job_$mode.h5"
    check "the same logits, $mode" same "$(values "$T/infer_$mode.h5" /logits)" "$(values "$T/job_$mode.h5" /models/tiny/int8/logits)"
    check "bench, $mode" code 0 "$Q" bench --model $tiny/tiny.model --weights $tiny/saturating.pth --repeats=2 \
        --numerics.saturate=$mode
done
for set in /logits /codes/conv1; do
    check "another $set" other "$(values "$T/infer_off.h5" $set)" "$(values "$T/infer_fbgemm-avx2.h5" $set)"
done
check "no layer is depthwise" same "$(values "$T/infer_off.h5" /codes/conv1)" "$(values "$T/infer_fbgemm-vnni.h5" /codes/conv1)"
for command in run infer bench; do
    "$Q" $command --help > "$T/help"
    check "the help of $command names both" grep -q 'off|fbgemm-avx2|fbgemm-vnni' "$T/help"
done
check "another result" other "$(digest "$T/job_off.h5")" "$(digest "$T/job_fbgemm-avx2.h5")"
refuse "qnnpack does not saturate" 2 "^quantcam: --numerics.saturate has no effect: qnnpack's sums do not saturate" \
    "$Q" infer --model $tiny/tiny.model --weights $tiny/per_tensor.pth --numerics.saturate=fbgemm-avx2 -o "$T/b.h5" "${pictures[0]}"
finish
