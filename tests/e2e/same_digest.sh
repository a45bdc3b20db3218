#!/usr/bin/env bash
# Any number of ranks, any instruction set, any start: one digest.
. "$(dirname "$0")/common.bash"
small_job "$T/job.conf" 12

check "one rank, without mpirun" "$Q" run "$T/job.conf" --out="$T/1.h5"
first=$(digest "$T/1.h5")
check "the digest is a SHA-256" test ${#first} = 64
for np in 2 3 4; do
    check "$np ranks" run $np "$T/job.conf" --out="$T/$np.h5"
    check "$np ranks: the same digest" same "$(digest "$T/$np.h5")" "$first"
done
for threads in on off; do
    check "dynamic, threads $threads" env QUANTCAM_THREADS=$threads "$MPIRUN" -np 3 "$Q" run "$T/job.conf" --out="$T/dynamic-$threads.h5" --schedule dynamic
    check "dynamic, threads $threads: the same digest" same "$(digest "$T/dynamic-$threads.h5")" "$first"
done
check "dynamic, one rank" "$Q" run "$T/job.conf" --out="$T/dynamic-1.h5" --schedule=dynamic
check "dynamic, one rank: the same digest" same "$(digest "$T/dynamic-1.h5")" "$first"
check "more ranks than images" run 3 "$T/job.conf" --out="$T/few.h5" --limit=2
for isa in ref avx2 avx512vnni; do
    "$Q" run "$T/job.conf" --dry-run --isa=$isa > /dev/null 2>&1 || { echo "skip: $NAME $isa (not on this machine)"; continue; }
    check "$isa" run 2 "$T/job.conf" --out="$T/$isa.h5" --isa=$isa
    check "$isa: the same digest" same "$(digest "$T/$isa.h5")" "$first"
done
check "QUANTCAM_ISA=ref" env QUANTCAM_ISA=ref "$Q" run "$T/job.conf" --out="$T/env.h5"
check "QUANTCAM_ISA=ref: the same digest" same "$(digest "$T/env.h5")" "$first"
# The images lie elsewhere and the job is typed otherwise: the same bytes.
cp -r "$T/images" "$T/moved"
check "moved images" run 2 "$T/job.conf" --out="$T/moved.h5" --images="$T/moved" --boxes="$T/moved/boxes.csv" --subset.fraction=0.200
check "moved images: the same digest" same "$(digest "$T/moved.h5")" "$first"
check "another fraction" run 2 "$T/job.conf" --out="$T/other.h5" --fraction=0.5
check "another fraction: another digest" other "$(digest "$T/other.h5")" "$first"

other=(--explain.deletion=black --explain.insertion=mean --explain.class=true --explain.logits=on)
check "other curves" run 1 "$T/job.conf" --out="$T/curves1.h5" "${other[@]}" --isa=ref
check "other curves, 3 ranks" run 3 "$T/job.conf" --out="$T/curves3.h5" "${other[@]}"
check "other curves: the same digest" same "$(digest "$T/curves1.h5")" "$(digest "$T/curves3.h5")"
check "no curves and no maps" run 2 "$T/job.conf" --out="$T/none.h5" --steps=0 --explain.maps=off
check "no curves: complete" code 0 "$Q" verify "$T/none.h5"
"$Q" show "$T/none.h5" > "$T/shown"
check "no curves: no table of them" lacks "$T/shown" "Deletion and insertion"

check "a finished job again: exit 0" code 0 run 2 "$T/job.conf" --out="$T/2.h5" --run.log=normal
check "a finished job again: says so" grep -q "nothing to do" "$T/log"
check "verify" code 0 "$Q" verify "$T/2.h5"
check "verify: complete" grep -qx complete "$T/log"
check "only the log remains beside it" test "$(cd "$T" && ls 2.h5* | tr '\n' ' ')" = "2.h5 2.h5.log.jsonl "
check "-j 2" "$Q" run "$T/job.conf" -j 2 --out="$T/j.h5"
check "-j 2: the same digest" same "$(digest "$T/j.h5")" "$first"
check "--dry-run" code 0 run 2 "$T/job.conf" --out="$T/dry.h5" --dry-run
check "--dry-run leaves nothing" test -z "$(ls -d "$T"/dry.h5* 2> /dev/null)"
finish
