#!/usr/bin/env bash
# A rank that hangs: named, the job ends in bounded time, resumably; so does a job whose rank 0 hangs.
. "$(dirname "$0")/../e2e/common.bash"
small_job "$T/job.conf" 24
check "undisturbed" run 2 "$T/job.conf" --out="$T/whole.h5"
whole=$(digest "$T/whole.h5")
ranks_of() { pgrep -P "$1" -f "run $T/job.conf"; }

# Stops rank VICTIM of 3 once rows are being written; the exit code, and the seconds it took, in $took.
hang() # VICTIM OUT [VARIABLE=VALUE...]
{
    local victim=$1 out=$2 pid i rank code start
    shift 2
    env "$@" "$MPIRUN" -np 3 "$Q" run "$T/job.conf" --isa=ref --watchdog=2 -o "$out" > "$T/hang.log" 2>&1 &
    pid=$!
    for ((i = 0; i < 400; i++)); do "$Q" verify "$out" 2> /dev/null | grep -q '^resumable [1-9]' && break; sleep 0.05; done
    for rank in $(ranks_of $pid); do
        if tr '\0' '\n' < "/proc/$rank/environ" | grep -qx "OMPI_COMM_WORLD_RANK=$victim"; then kill -STOP "$rank"; fi
    done
    start=$SECONDS
    wait $pid
    code=$?
    took=$((SECONDS - start))
    for ((i = 0; i < 100; i++)); do pgrep -f "run $T/job.conf" > /dev/null || break; sleep 0.1; done
    return $code
}
ends() { local expected=$1 got; shift; "$@"; got=$?; [ $got = "$expected" ] || { echo "exit $got, not $expected" >&2; cat "$T/hang.log" >&2; return 1; }; }
gone() { ! pgrep -f "run $T/job.conf" > /dev/null; }

for threads in on off; do
    check "threads $threads: rank 2 stopped: 75" ends 75 hang 2 "$T/$threads.h5" QUANTCAM_THREADS=$threads
    check "threads $threads: within 30 s" test $took -lt 30
    check "threads $threads: one sentence names rank and host" \
        test "$(grep -c "^quantcam: rank 2 ($(hostname -s)) has not finished a step for" "$T/hang.log")" = 1
    check "threads $threads: nothing is left" gone
    check "threads $threads: resumable" code 75 "$Q" verify "$T/$threads.h5"
    check "threads $threads: resume" run 2 "$T/job.conf" -o "$T/$threads.h5"
    check "threads $threads: the same digest" same "$(digest "$T/$threads.h5")" "$whole"
done

check "rank 0 stopped: 75" ends 75 hang 0 "$T/first.h5"
check "rank 0 stopped: within 30 s" test $took -lt 30
check "rank 0 stopped: another says so" grep -q "^quantcam: rank [12] .* has heard nothing from rank 0" "$T/hang.log"
check "rank 0 stopped: nothing is left" gone
check "rank 0 stopped: resume" run 1 "$T/job.conf" -o "$T/first.h5"
check "rank 0 stopped: the same digest" same "$(digest "$T/first.h5")" "$whole"

# The whole job suspended and continued is no hang.
"$MPIRUN" -np 2 "$Q" run "$T/job.conf" --isa=ref --watchdog=2 -o "$T/pause.h5" > "$T/hang.log" 2>&1 &
pid=$!
for ((i = 0; i < 400; i++)); do "$Q" verify "$T/pause.h5" 2> /dev/null | grep -q '^resumable [1-9]' && break; sleep 0.05; done
# shellcheck disable=SC2046
kill -STOP $(ranks_of $pid)
sleep 6
# shellcheck disable=SC2046
kill -CONT $(ranks_of $pid)
check "suspended as a whole: goes on" wait $pid
check "suspended as a whole: the same digest" same "$(digest "$T/pause.h5")" "$whole"
finish
