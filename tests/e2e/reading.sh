#!/usr/bin/env bash
# How checkpoints are read: what the network does not use is refused in every command, --unused, --state, --relu6 and the job's
# keys of these names, wrappers' prefixes, and all that was decided in the plan, the result and the report.
. "$(dirname "$0")/common.bash"
small_job "$T/job.conf" 6
M=models/demo/mobilenet_v2.model
fp32=$WEIGHTS/mobilenet_v2_fp32.pth int8=$WEIGHTS/mobilenet_v2_int8.pth
picture=$(find "$T/images" -name '*.JPEG' | sort | head -1)

echo "$picture" > "$T/list"

# A description that forgets a batch normalisation: its four tensors are left over.
sed 's/ bn features\.18\.1 eps [^ ]*//' $M > "$T/bare.model"
check "the description lacks it" other "$(cat "$T/bare.model")" "$(cat $M)"
unused='4 of its tensors \(features\.18\.1\.weight, features\.18\.1\.bias, features\.18\.1\.running_mean, features\.18\.1\.running_var\)'
refuse "infer" 1 "$unused" "$Q" infer --model "$T/bare.model" --weights "$fp32" -o "$T/o.h5" "$picture"
refuse "explain" 1 "$unused" "$Q" explain "$picture" --model "$T/bare.model" --weights "$fp32" -o "$T/o.png"
refuse "quantize" 1 "$unused" "$Q" quantize --model "$T/bare.model" --weights "$fp32" --list "$T/list" -o "$T/o.safetensors"
refuse "inspect" 1 "$unused" "$Q" inspect "$T/bare.model" "$fp32"
refuse "bench" 1 "$unused" "$Q" bench --model "$T/bare.model" --weights "$fp32" --repeats=1
refuse "run" 1 "$unused" "$Q" run "$T/job.conf" --network.mobile.model="$T/bare.model"
check "infer allows them" code 0 "$Q" infer --model "$T/bare.model" --weights "$fp32" -o "$T/o.h5" --unused=allow "$picture"
check "and says so" grep -q 'tensors that the network does not use, as unused = allow permits: 4' "$T/log"
check "inspect allows them" code 0 "$Q" inspect "$T/bare.model" "$fp32" --unused=allow
check "and counts them" grep -qx 'unused       4' "$T/log"
{ cat "$T/bare.model"; echo 'ignore features.18.1.*'; } > "$T/ignoring.model"
check "the description ignores them" code 0 "$Q" inspect "$T/ignoring.model" "$fp32"
check "and they and their counter are counted apart" grep -qx 'ignored      5' "$T/log"
check "none is unused" grep -qx 'unused       0' "$T/log"

# Keys of a job: of the network, of a precision, and the precision's wins.
run_with() { "$Q" run "$T/job.conf" --dry-run --log=normal --network.mobile.model="$T/bare.model" "$@"; }
check "unused = allow" code 0 run_with --network.mobile.unused=allow
check "in the plan" grep -q 'network.mobile.fp32.decided = tensors that the network does not use' "$T/log"
check "fp32.unused = allow" code 0 run_with --network.mobile.fp32.unused=allow
refuse "fp32.unused = refuse" 1 "$unused" run_with --network.mobile.unused=allow --network.mobile.fp32.unused=refuse
refuse "a state that is not there" 2 'model_ema' "$Q" run "$T/job.conf" --dry-run --network.mobile.fp32.state=model_ema
refuse "relu6 of fp32" 2 'network mobile: fp32.relu6 has no effect' "$Q" run "$T/job.conf" --dry-run --network.mobile.fp32.relu6=relu
refuse "relu6 of a network without" 2 'relu6 = clamp has no effect: .* has no relu6' \
    "$Q" run "$T/job.conf" --dry-run --network.shuffle.relu6=clamp
refuse "relu6 of fp32 weights" 2 '\-\-relu6=clamp has no effect' "$Q" infer --model $M --weights "$fp32" -o "$T/o.h5" --relu6=clamp "$picture"
refuse "--state of nothing" 2 '\-\-state' "$Q" inspect $M --state=model

# relu6 of torch's files: relu unless clamp is asked for; the two are two results, and a resume must have the same.
sed 's/^relu /relu6 /' models/demo/shufflenet_v2_x0_5.model > "$T/six.model"     # whose codes reach beyond 6
six=("$T/job.conf" --network.shuffle.model="$T/six.model")
check "run" code 0 run 2 "${six[@]}" --out="$T/relu.h5"
check "run, clamp" code 0 run 2 "${six[@]}" --out="$T/clamp.h5" --network.shuffle.relu6=clamp
check "another digest" other "$(digest "$T/relu.h5")" "$(digest "$T/clamp.h5")"
refuse "a finished result of the other" 1 'network.shuffle.relu6' run 1 "${six[@]}" --out="$T/clamp.h5"
provenance() { h5dump -d /provenance "$1"; }
if command -v h5dump > /dev/null; then
    check "relu in the result" grep -q 'network.shuffle.int8.decided = relu6 runs as relu' <(provenance "$T/relu.h5")
    check "clamp in the result" grep -q 'network.shuffle.int8.decided = relu6 clamps at 6, as relu6 = clamp says' <(provenance "$T/clamp.h5")
else
    echo "skip: /provenance (no h5dump)"
fi
check "report" code 0 "$Q" report "$T/clamp.h5" -o "$T/report"
for file in report.md report.html report.json; do
    check "$file says it" grep -q 'network.shuffle.int8.decided = relu6 clamps at 6' "$T/report/$file"
done
# What our own quantize writes says what it is.
check "quantize" code 0 "$Q" quantize --model $M --weights "$fp32" --list "$T/list" -o "$T/own.safetensors"
refuse "relu6 = relu of a file made for clamp" 1 "it notes that its relu6 is clamp, and relu6 = relu contradicts it" \
    "$Q" infer --model $M --weights "$T/own.safetensors" -o "$T/o.h5" --relu6=relu "$picture"
check "relu6 = clamp of it" code 0 "$Q" infer --model $M --weights "$T/own.safetensors" -o "$T/o.h5" --relu6=clamp "$picture"

# A training script's file: DataParallel's prefix goes and is said.
check "a prefix" code 0 "$Q" inspect tests/fixtures/tiny/tiny.model tests/fixtures/tiny/fp32-training.pth
check "is said" grep -qx 'prefix       module\.' "$T/log"
check "quantize takes it" code 0 "$Q" quantize --model tests/fixtures/tiny/tiny.model --weights tests/fixtures/tiny/fp32-training.pth \
    --list "$T/list" -o "$T/tiny.safetensors"
check "and says it" grep -q 'the prefix module. is taken off all names' "$T/log"
check "and writes clean names" code 0 "$Q" inspect tests/fixtures/tiny/tiny.model "$T/tiny.safetensors"
check "without a prefix" lacks "$T/log" '^prefix '
check "int8 too" code 0 "$Q" infer --model $M --weights "$int8" -o "$T/o.h5" "$picture"
finish
