#!/usr/bin/env bash
# Picture-sized maps of the selected pictures (explain.methods): stored, compared, shown, foretold; the same for every rank count and
# instruction set, killed and resumed, and from another result.
. "$(dirname "$0")/common.bash"
small_job "$T/two.conf" 6
sed '/^.network mobile/,/^int8/d' "$T/two.conf" > "$T/job.conf"
maps=(--explain.methods=scorecam,rise,occlusion,gradient,smoothgrad,intgrad --explain.scorecam.channels=9 --explain.rise.masks=21 --explain.occlusion.window=64
      --explain.occlusion.stride=48 --explain.smoothgrad.samples=2 --explain.intgrad.steps=3)
job() { run "$1" "$T/job.conf" "${maps[@]}" --steps=2 --out="$T/$2.h5" "${@:3}"; }
has()    { h5ls -r "$1" | grep -qE "^$2 +Dataset \{$3\}"; }
hasnot() { h5ls -r "$1" > "$T/listed" && lacks "$T/listed" "$2"; }

check "without maps" run 1 "$T/job.conf" --steps=0 --out="$T/none.h5"
check "there are none" hasnot "$T/none.h5" "/map"
check "with maps" code 0 job 1 one --run.log=normal
check "says how many runs" grep -q "runs a selected picture and precision: scorecam 10, rise 22, occlusion 26, gradient 2, smoothgrad 3, intgrad 4$" "$T/log"
first=$(digest "$T/one.h5")
for name in scorecam rise occlusion gradient smoothgrad intgrad; do
    check "$name's maps" has "$T/one.h5" /models/shuffle/subset/int8/map_$name "3, 224, 224"
    check "$name: what shows nothing" has "$T/one.h5" /models/shuffle/subset/int8/degenerate_$name 3
    check "$name's RMSE" has "$T/one.h5" /models/shuffle/subset/int8/vs_fp32/rmse_$name 3
    check "$name's SIM" has "$T/one.h5" /models/shuffle/subset/int8/vs_fp32/sim_$name 3
    check "$name's correlation, in the summary" has "$T/one.h5" /summary/measures/int8/vs_fp32/correlation_$name/mean "1, 4"
done
check "verify computes all again" code 0 "$Q" verify "$T/one.h5"
check "shown" code 0 "$Q" show "$T/one.h5"
check "with a row" grep -q "RMSE, rise" "$T/log"
check "of the subsets" grep -q "subsets only" "$T/log"
check "3 ranks" job 3 three
check "3 ranks: the same digest" same "$(digest "$T/three.h5")" "$first"
for isa in ref avx2; do
    check "$isa" job 1 $isa --isa=$isa
    check "$isa: the same digest" same "$(digest "$T/$isa.h5")" "$first"
done
check "own class" job 1 own --cam.class=own
check "own class: verify" code 0 "$Q" verify "$T/own.h5"
check "other masks" job 1 seed --explain.seed=2
check "other masks: another digest" other "$(digest "$T/seed.h5")" "$first"

# `explain` of one picture, as the job's file says, gives what the job stored.
cat > "$T/maps.conf" <<JOB
$(sed '/^.explain/,/^steps/d' "$T/job.conf")
[explain]
scorecam.channels = 9
rise.masks = 21
smoothgrad.samples = 2
intgrad.steps = 3
JOB
data() { h5dump -y -A 0 -w 0 -d "$1" -s 0 -c 1 "$T/one.h5" | sed -n '/DATA {/,/}/p' | sed '1d;$d' | grep -v '}' | tr -d ' "'; }
image=$(h5dump -y -A 0 -w 0 -d /images/path -s "$(data /models/shuffle/subset/image)" -c 1 "$T/one.h5" | sed -n 's/^ *"\([^"\\]*\).*/\1/p')
check "explain" code 0 "$Q" explain "$T/images/$image" --job "$T/maps.conf" --methods=scorecam,rise,smoothgrad,intgrad --steps=0 -o "$T/x.png"
near() { awk -v a="$1" -v b="$2" -v e="$3" 'BEGIN { d = a - b; exit !(a != "" && b != "" && d <= e && d >= -e) }'; }
for name in scorecam rise smoothgrad intgrad; do
    said=$(awk -v label="  RMSE, $name " 'index($0, label) == 1 { print $NF }' "$T/log")
    check "explain's RMSE of $name is the job's" near "$said" "$(data /models/shuffle/subset/int8/vs_fp32/rmse_$name)" 0.0006
    check "explain draws $name" test "$(head -c 8 "$T/x-$name.png" | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a
done

# A picture's masks are its own: in another list they are the same, and so its explained rows can be taken.
check "fewer pictures" job 1 fewer --limit=4
check "from those" job 2 from --from="$T/fewer.h5"
check "from those: the same digest" same "$(digest "$T/from.h5")" "$first"

# Stopped in the middle of a picture's maps, and killed.
"$Q" run "$T/job.conf" "${maps[@]}" --steps=2 --out="$T/kill.h5" --explain.rise.masks=400 &
pid=$!
for i in $(seq 100); do grep -q '"phase": "explain"' "$T/kill.h5.progress.json" 2> /dev/null && break; sleep 0.1; done
sleep 0.3
kill -KILL $pid
wait $pid 2> /dev/null
check "killed: resumable" code 75 "$Q" verify "$T/kill.h5"
check "goes on" job 2 kill --explain.rise.masks=400
check "whole" job 1 whole --explain.rise.masks=400
check "killed: the same digest" same "$(digest "$T/kill.h5")" "$(digest "$T/whole.h5")"

check "foretold" code 0 "$Q" run "$T/job.conf" "${maps[@]}" --steps=0 --explain.rise.masks=100000 --dry-run --log=normal --out="$T/dry.h5"
check "for what it takes" awk '/^  explain / { s = $3 } END { exit !(s > 100) }' "$T/log"
refuse "masks without rise" 2 "^quantcam: .*explain.rise.masks = 7 has no effect: explain.methods has no rise$" \
    "$Q" run "$T/job.conf" --explain.methods=scorecam --explain.rise.masks=7
refuse "a seed of nothing" 2 "^quantcam: .*explain.seed = 7 has no effect" "$Q" run "$T/job.conf" --explain.methods=scorecam --explain.seed=7
refuse "gaps" 2 "^quantcam: .*explain.occlusion.stride = 16 is more than explain.occlusion.window = 8" \
    "$Q" run "$T/job.conf" --explain.methods=occlusion --explain.occlusion.window=8
finish
