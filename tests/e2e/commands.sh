#!/usr/bin/env bash
# Every command has its --help; unknown words are refused with 2; stdout carries results only.
. "$(dirname "$0")/common.bash"

check "--help" code 0 "$Q" --help
for c in run infer explain saliency show report inspect synth verify bench version; do
    check "--help lists $c" grep -qE "^  $c " "$T/log"
done
for c in run infer explain saliency show report inspect synth verify bench version; do
    check "$c --help" code 0 "$Q" $c --help
    check "$c --help says something" grep -q "usage: quantcam $c" "$T/log"
    "$Q" $c --help > "$T/out" 2> "$T/err"
    check "$c --help goes to stdout" test -s "$T/out" -a ! -s "$T/err"
    "$Q" --help > "$T/log"
done
refuse "no command" 2 "^usage: quantcam COMMAND" "$Q"
refuse "an unknown command" 2 "^quantcam: unknown command 'rum' \(did you mean 'run'\?\)" "$Q" rum
refuse "an unknown option" 2 "^quantcam: unknown option '--digset' \(did you mean '--digest'\?\)" "$Q" verify --digset x.h5
refuse "run without a job" 2 "^quantcam: too few arguments; usage: quantcam run JOB.conf" "$Q" run
refuse "verify of nothing" 3 "^cannot look: neither $T/none.h5 nor its .part exists" "$Q" verify "$T/none.h5"
cp "$0" "$T/half.h5.part"
refuse "show of an unfinished result" 1 "half.h5: not finished yet" "$Q" show "$T/half.h5"
check "run --help under mpirun: once" test "$("$MPIRUN" -np 2 "$Q" run --help | grep -c 'usage:')" = 1
small_job "$T/job.conf" 12
check "a run" code 0 "$Q" run "$T/job.conf"
"$Q" show "$T/out.h5" > "$T/out" 2> "$T/err"
check "show" grep -q "Table 3" "$T/out"
check "show: nothing on stderr" test ! -s "$T/err"
check "inspect a result" code 0 "$Q" inspect "$T/out.h5"
check "inspect a model" code 0 "$Q" inspect models/demo/resnet18.model
check "inspect a checkpoint" code 0 "$Q" inspect "$WEIGHTS/mobilenet_v2_fp32.pth"
selected() { sed -n 's/^select  4,980 of 100,000 values .* threshold \(.*\)/\1/p' "$1"; }
check "bench --select on one rank" code 0 "$Q" bench --select=1e5
one=$(selected "$T/log")
check "bench --select on three" code 0 "$MPIRUN" -np 3 "$Q" bench --select=1e5
check "bench --select: the same threshold and places" same "$(selected "$T/log")" "$one"
"$Q" run "$T/job.conf" --log=normal -o "$T/again.h5" > "$T/out" 2> "$T/err"
check "run: nothing on stdout" test ! -s "$T/out"
check "run: the last line says where the result is" test "$(tail -1 "$T/err")" = "the result is $T/again.h5"
"$Q" run "$T/job.conf" --preprocess.resize=232 --filter=bicubic --limit=4 -o "$T/other.h5" > "$T/out" 2> "$T/err"
check "the job's preprocessing goes before the descriptions'" test \
    "$(h5dump -d /provenance "$T/other.h5" | grep -cE 'pipeline = resize 232 bicubic')" -ge 1
"$Q" bench --kernels --repeats=1 --json > "$T/out" 2> "$T/err"
check "bench --kernels: the peak first" grep -qE '"peak_f32_gmac_s": [1-9]' <(head -1 "$T/out")
check "bench --kernels: a line a kernel and shape" test "$(grep -cE '^\{"kernel".*"rate": [0-9.]+.*\}$' "$T/out")" = 55
"$Q" bench --phases --model models/demo/shufflenet_v2_x0_5.model --weights "$WEIGHTS/shufflenet_v2_x0_5_fp32.pth" \
    --weights "$WEIGHTS/shufflenet_v2_x0_5_int8.pth" --repeats=1 > "$T/out" 2> "$T/err"
check "bench --phases" test "$(grep -c ' ms$' "$T/out")" = 23
check "bench --phases: both ways of a curve" grep -q "both curves, what changed alone *int8" "$T/out"
"$Q" bench --phases --explain=off --model models/demo/shufflenet_v2_x0_5.model --repeats=1 > "$T/out" 2> "$T/err"
check "bench --phases --explain=off" test "$(grep -c ' ms$' "$T/out")" = 16
refuse "bench --image of no picture" 1 "^quantcam: $T/none.jpg: No such file" "$Q" bench --model models/demo/resnet18.model --repeats=1 --image "$T/none.jpg"
refuse "bench --phases of no picture" 1 "^quantcam: $T/none.jpg: No such file" "$Q" bench --phases --model models/demo/resnet18.model --image "$T/none.jpg"
finish
