#!/usr/bin/env bash
# An option that changes nothing is refused: exit 2, one sentence that names it. The same option where it counts is taken.
. "$(dirname "$0")/common.bash"
small_job "$T/job.conf" 8
M=models/demo/shufflenet_v2_x0_5.model W=$WEIGHTS/shufflenet_v2_x0_5_fp32.pth W8=$WEIGHTS/shufflenet_v2_x0_5_int8.pth
picture=$(find "$T/images" -name '*.JPEG' | sort | head -1)
idle() { local words=$1; shift; check "$* has no effect: 2" code 2 "$Q" "$@"; check "$*: one sentence" test "$(grep -c '^quantcam: ' "$T/log") $(grep -cE "^quantcam: .*$words" "$T/log")" = "1 1"; }
idle_job() { idle "$1 = .* has no effect: $2" run "$T/job.conf" --log=quiet "${@:3}"; }

for option in deletion=blur insertion=black class=reference logits cross; do
    idle_job "explain.${option%%=*}" 'explain.steps = 0 makes no curves' --steps=0 --explain.$option
done
sed '/^boxes/d' "$T/job.conf" > "$T/boxless.conf"
idle 'wsol.frame = full has no effect: there are no data.boxes' run "$T/boxless.conf" --frame=full
idle_job run.predict 'run.dry-run predicts' --dry-run --predict
idle_job data.sample 'data.limit = 0 takes all pictures' --sample=3
idle_job run.oversubscribe 'run.ranks starts none' --oversubscribe
idle 'numerics.saturate has no effect' run "$T/job.conf" --numerics.saturate=fbgemm-avx2 --network.shuffle.engine=qnnpack --network.mobile.engine=qnnpack
# In the job file as on the line; values that are the defaults may stand.
sed 's/^steps = 10/steps = 0\ndeletion = blur/' "$T/job.conf" > "$T/idle.conf"
idle 'explain.deletion = blur has no effect' run "$T/idle.conf"
sed 's/^steps = 10/steps = 0\ndeletion = zero\nclass = own/' "$T/job.conf" > "$T/usual.conf"
# What the line alone makes idle may stand in the file; what the line sets itself may not.
sed 's/^steps = 10/steps = 10\ndeletion = blur\nclass = reference\n[run]\npredict = on/' "$T/job.conf" > "$T/curves.conf"
check "--steps=0 for a file with curves' keys" code 0 "$Q" run "$T/curves.conf" --steps=0 --dry-run --log=quiet
idle 'explain.deletion = black has no effect' run "$T/curves.conf" --steps=0 --deletion=black --log=quiet
check "defaults may stand" code 0 "$Q" run "$T/usual.conf" -o "$T/out.h5"
check "where there are curves it counts" code 0 "$Q" run "$T/job.conf" --deletion=blur --dry-run --log=quiet
# Ranks that a launcher has started already.
check "mpirun -np 2 and -j 3: 2" code 2 "$MPIRUN" -np 2 "$Q" run "$T/job.conf" -j 3 -o "$T/ranks.h5"
check "said" test "$(grep -c '^quantcam: ranks = 3 has no effect: a launcher has started 2; leave it out, or let mpirun or srun start 3$' "$T/log")" = 1
check "mpirun -np 2 and -j 2" code 0 "$MPIRUN" -np 2 "$Q" run "$T/job.conf" -j 2 -o "$T/ranks.h5"
for job in jobs/*.conf; do
    "$Q" run "$job" --dry-run --log=quiet > "$T/log" 2>&1
    check "$job sets nothing idle" test "$(grep -c 'has no effect' "$T/log")" = 0
done

infer=(infer --model $M "$picture" -o "$T/infer.h5")
idle '--engine=qnnpack has no effect: the weights are fp32' "${infer[@]}" --weights "$W" --engine=qnnpack
idle '--numerics.saturate has no effect: the weights are fp32' "${infer[@]}" --weights "$W" --numerics.saturate=fbgemm-avx2
idle "--numerics.saturate has no effect: qnnpack's sums" "${infer[@]}" --weights "$W8" --engine=qnnpack --numerics.saturate=fbgemm-avx2
check "--tap=all of int8" code 0 "$Q" "${infer[@]}" --weights "$W8" --tap=all --engine=fbgemm
for option in resize=224 filter=bicubic pillow=12; do
    idle "preprocess.${option%%=*} = .* has no effect: --pixels" infer --model $M --weights "$W" --pixels "$T/infer.h5" -o "$T/again.h5" --preprocess.$option
done
idle 'engine = qnnpack has no effect: --job' explain "$picture" --job "$T/job.conf" --engine=qnnpack
idle 'network = x has no effect: it chooses' explain "$picture" --model $M --weights "$W" --network=x
idle '--engine=qnnpack has no effect: the weights are fp32' explain "$picture" --model $M --weights "$W" --engine=qnnpack
quantize=(quantize --model $M --weights "$W" --images "$T/images" -o "$T/int8.h5")
idle 'percentile = 99 has no effect: --observer' "${quantize[@]}" --percentile=99
idle 'oversubscribe = on has no effect' "${quantize[@]}" --oversubscribe
for option in model=$M json layers repeats=3 isa=ref kernels; do idle "${option%%=*} = .* has no effect: --select" bench --select=1e4 --$option; done
for option in model=$M layers explain=off phases "image=$picture"; do idle "${option%%=*} = .* has no effect: --kernels" bench --kernels --$option; done
idle 'layers = on has no effect: --phases' bench --phases --layers
idle 'explain = off has no effect: it is of --phases' bench --model $M --explain=off
idle 'layers = on has no effect: --json' bench --json --layers
idle '--engine=fbgemm has no effect' bench --model $M --weights "$W" --engine=fbgemm --repeats=1
idle 'columns = 100 has no effect: --csv' show "$T/out.h5" --csv --columns=100
idle 'verify: --digest and --resumable exclude' verify --digest --resumable "$T/out.h5"
finish
