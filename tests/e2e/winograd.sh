#!/usr/bin/env bash
# numerics.winograd: fp32's 3 x 3 layers by another expression, equal on every instruction set and any number of ranks; off: direct, as
# before. Codes do not depend on it. What would mix the two, or another version of the numerics, is refused with the reason.
. "$(dirname "$0")/common.bash"
M=models/demo/resnet18.model W=$WEIGHTS/resnet18_fp32.pth W8=$WEIGHTS/resnet18_int8.pth
for file in "$W" "$W8"; do [ -f "$file" ] || skip "no $file"; done
# values FILE SET: the bytes of a dataset, without attributes.
values() { h5dump -d "$2" -b LE -o "$T/values" "$1" > /dev/null && sha256sum < "$T/values"; }
"$Q" synth "$T/images" --images 6 --seed 5 > "$T/log" || exit 1
mapfile -t pictures < <(find "$T/images" -name '*.JPEG' | sort)
cat > "$T/job.conf" <<JOB
[data]
images = $T/images
[network resnet]
model = $M
fp32 = $W
int8 = $W8
[explain]
steps = 3
[time]
runs = 0
[run]
log = quiet
JOB
check "the job" code 0 "$Q" run "$T/job.conf" --out="$T/on.h5"
check "direct" code 0 "$Q" run "$T/job.conf" --numerics.winograd=off --out="$T/off.h5"
check "another result" other "$(digest "$T/on.h5")" "$(digest "$T/off.h5")"
check "other logits" other "$(values "$T/on.h5" /models/resnet/fp32/logits)" "$(values "$T/off.h5" /models/resnet/fp32/logits)"
check "the same codes' logits" same "$(values "$T/on.h5" /models/resnet/int8/logits)" "$(values "$T/off.h5" /models/resnet/int8/logits)"
check "3 ranks on avx2" code 0 run 3 "$T/job.conf" --isa=avx2 --out="$T/three.h5"
check "the same digest" same "$(digest "$T/three.h5")" "$(digest "$T/on.h5")"
check "2 ranks on ref" code 0 run 2 "$T/job.conf" --isa=ref --out="$T/ref.h5"
check "the same digest" same "$(digest "$T/ref.h5")" "$(digest "$T/on.h5")"
for how in on off; do
    check "infer, $how" code 0 "$Q" infer --model $M --weights "$W" --numerics.winograd=$how -o "$T/infer_$how.h5" "${pictures[@]}"
    check "the job's logits, $how" same "$(values "$T/infer_$how.h5" /logits)" "$(values "$T/$how.h5" /models/resnet/fp32/logits)"
    check "explain, $how" code 0 "$Q" explain "${pictures[0]}" --model $M --weights "$W" --weights "$W8" --numerics.winograd=$how -o "$T/$how.png"
    check "bench, $how" code 0 "$Q" bench --model $M --weights "$W" --repeats=1 --json --numerics.winograd=$how
    sed -n 's/^.*"macs": \([0-9]*\), "multiplications": \([0-9]*\), "cam.*/\1 \2/p' "$T/log" > "$T/$how.macs"
done
check "direct: what the description says is done" awk '{ exit $1 != $2 || NF != 2 }' "$T/off.macs"
check "less is done" awk '{ exit !($2 < 0.6 * $1 && $2 > 0.2 * $1) }' "$T/on.macs"

refuse "stopped by a fault" 1 "^quantcam: image 4" env QUANTCAM_FAULT=0:4 "$Q" run "$T/job.conf" --out="$T/part.h5"
refuse "going on with the other" 1 "numerics.winograd" "$Q" run "$T/job.conf" --out="$T/part.h5" --numerics.winograd=off
check "going on" code 0 "$Q" run "$T/job.conf" --out="$T/part.h5"
check "the same digest" same "$(digest "$T/part.h5")" "$(digest "$T/on.h5")"
check "--from the other" code 0 "$Q" run "$T/job.conf" --out="$T/from.h5" --from="$T/off.h5" --run.log=normal
check "says why not" grep -q "numerics.winograd is 'off' there, 'on' here" "$T/log"
check "the same digest" same "$(digest "$T/from.h5")" "$(digest "$T/on.h5")"
if python=$(python_with h5py); then
    # A result of an older version: its text says so, and lacks the key.
    older() { "$python" -c "
import h5py, sys
with h5py.File(sys.argv[1], 'r+') as f:
    text = f['job'].asstr()[0]
    old = ''.join(l for l in text.splitlines(True) if 'winograd' not in l).replace('numerics.version = 3', 'numerics.version = 2')
    f['job'][0] = old
    print(text != old)" "$1"; }
    refuse "stopped by a fault" 1 "^quantcam: image 4" env QUANTCAM_FAULT=0:4 "$Q" run "$T/job.conf" --out="$T/older.h5"
    check "older" test "$(older "$T/older.h5.part")" = True
    refuse "going on from an older version" 1 "older.h5.part was made with version 2 of the numerics, and this program has version 3" \
        "$Q" run "$T/job.conf" --out="$T/older.h5"
else
    echo "skip: $NAME older version (no h5py)"
fi
for command in infer bench; do
    refuse "$command: no effect on codes" 2 "^quantcam: --numerics.winograd=off has no effect: no weights are fp32" \
        "$Q" $command --model $M --weights "$W8" --numerics.winograd=off $([ $command = bench ] || echo "-o $T/no.h5 ${pictures[0]}")
done
sed '/^fp32/d' "$T/job.conf" > "$T/codes.conf"
refuse "a job of codes alone" 2 "^quantcam: numerics.winograd = off has no effect: no precision is of real values" \
    "$Q" run "$T/codes.conf" --numerics.winograd=off --out="$T/no.h5"
refuse "--job says it" 2 "numerics.winograd = off has no effect: --job" "$Q" explain "${pictures[0]}" --job "$T/job.conf" --numerics.winograd=off
finish
