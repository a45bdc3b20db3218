#!/usr/bin/env bash
# Ends that are not kills: a failing rank, signals, a second job on the same file.
. "$(dirname "$0")/common.bash"
small_job "$T/job.conf" 60
check "undisturbed" run 2 "$T/job.conf" --out="$T/whole.h5"
whole=$(digest "$T/whole.h5")

# Rank 1 fails at its image 31: all stop within seconds with its sentence.
start=$SECONDS
refuse "a failing rank" 1 "^quantcam: image 31.*\(rank 1\)$" env QUANTCAM_FAULT=1:31 "$MPIRUN" -np 3 "$Q" run "$T/job.conf" -o "$T/fault.h5"
check "within 10 s" test $((SECONDS - start)) -lt 10
check "one sentence names image and rank" test "$(grep -c '^quantcam: image 31.*(rank 1)$' "$T/log")" = 1
check "resumable" code 75 "$Q" verify "$T/fault.h5"
check "resume" run 2 "$T/job.conf" -o "$T/fault.h5"
check "the same digest" same "$(digest "$T/fault.h5")" "$whole"

# Starts slowly in the background, sends a signal once the file is there, returns the exit code.
stop_with() # SIGNAL OUT COMMAND...
{
    local signal=$1 out=$2 pid i
    shift 2
    "$@" --isa=ref -o "$out" > "$T/stopped.log" 2>&1 &
    pid=$!
    for ((i = 0; i < 200; i++)); do [ -e "$out.part" ] && break; sleep 0.05; done
    sleep 0.3
    kill -"$signal" $pid
    wait $pid
}
expect() { local expected=$1 got; shift; "$@"; got=$?; [ $got = "$expected" ] || { echo "exit $got, not $expected" >&2; cat "$T/stopped.log" >&2; return 1; }; }
check "SIGUSR1 to mpirun: 75" expect 75 stop_with USR1 "$T/usr1.h5" "$MPIRUN" -np 2 "$Q" run "$T/job.conf"
check "SIGTERM to one rank: 75" expect 75 stop_with TERM "$T/term.h5" "$Q" run "$T/job.conf"
check "SIGTERM to -j 2: 75" expect 75 stop_with TERM "$T/j.h5" "$Q" run "$T/job.conf" -j 2
# mpirun leaves the ranks one second, and has its own code.
check "SIGTERM to mpirun: 1" expect 1 stop_with TERM "$T/mpirun.h5" "$MPIRUN" -np 2 "$Q" run "$T/job.conf"
for what in usr1 term j mpirun; do
    check "$what: resumable" code 75 "$Q" verify "$T/$what.h5"
    check "$what: resume" run 2 "$T/job.conf" -o "$T/$what.h5"
    check "$what: the same digest" same "$(digest "$T/$what.h5")" "$whole"
done

# Two jobs on one file: the second is refused, the first is not disturbed.
"$Q" run "$T/job.conf" --isa=ref -o "$T/lock.h5" > "$T/first.log" 2>&1 &
pid=$!
for ((i = 0; i < 200; i++)); do [ -e "$T/lock.h5.part" ] && break; sleep 0.05; done
refuse "a second job" 1 "another job is at work" run 2 "$T/job.conf" -o "$T/lock.h5"
check "a second job: one sentence" test "$(grep -c '^quantcam: ' "$T/log")" = 1
check "the first job" wait $pid
check "the first job: the same digest" same "$(digest "$T/lock.h5")" "$whole"
finish
