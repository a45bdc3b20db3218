#!/usr/bin/env bash
# slurm/imagenet.sbatch with a srun and a scontrol that only say what they were asked for: which ends are requeued, how
# often, and what becomes of a TERM. What a real Slurm makes of it: test_requeue.sh.
. "$(dirname "$0")/../e2e/common.bash"
small_job "$T/job.conf" 12
mkdir "$T/bin"
cat > "$T/bin/srun" <<'STUB'
#!/bin/bash
echo "srun $*" >> "$CALLS"
shift
exec "$@"
STUB
cat > "$T/bin/mpirun" <<STUB
#!/bin/bash
echo "mpirun \$*" >> "\$CALLS"
exec "$(command -v "$MPIRUN")" -np 2 "\$@"
STUB
# RUNNING is what Slurm says of a job whose shell is still at work; \$STATE another one's.
cat > "$T/bin/scontrol" <<'STUB'
#!/bin/bash
case $* in
*"show job"*) echo "JobId=77 JobState=${STATE:-RUNNING} Reason=None" ;;
*) echo "scontrol $*" >> "$CALLS"; exit "${REFUSED:-0}" ;;
esac
STUB
chmod +x "$T"/bin/*
export CALLS=$T/calls

# script EXIT PATTERN VARIABLE=VALUE...: as Slurm starts it; its last line fits the pattern.
script()
{
    local expected=$1 pattern=$2
    shift 2
    : > "$CALLS"
    check "exit $expected, $pattern ($*)" code "$expected" env PATH="$T/bin:$PATH" SLURM_JOB_ID=77 SLURM_NTASKS=2 QUANTCAM="$Q" \
        JOB="$T/job.conf" OUT="$T/out.h5" "$@" bash slurm/imagenet.sbatch
    check "says $pattern ($*)" grep -qE "^quantcam: $pattern" <(tail -1 "$T/log")
}
requeued()     { grep -qx 'scontrol requeue 77' "$CALLS"; }
alone()        { lacks "$CALLS" '^scontrol'; }
stopped()      { rm -f "$T"/out.h5*; } # the next start is a first one
stop_at()      { echo "QUANTCAM_FAULT=0:$1:USR1"; }

# Resumable, with rows more than at the start: requeued 20 times and not once more.
for count in '' 1 19; do
    stopped
    script 75 'exit 75, requeued$' "$(stop_at explain)" SLURM_RESTART_COUNT=$count
    check "requeued after $count" requeued
done
check "by srun and pmix, as given" grep -qx "srun --mpi=pmix $Q run $T/job.conf --store.out=$T/out.h5" "$CALLS"
for count in 20 21; do
    stopped
    script 75 'exit 75 after 20 requeues' "$(stop_at explain)" SLURM_RESTART_COUNT=$count
    check "not requeued after $count" alone
done
stopped
script 75 'exit 75, but Slurm refuses to requeue' "$(stop_at explain)" REFUSED=1
check "it was asked to" requeued

# Not one row more than at its start: left alone.
script 75 'exit 75, not resumable or no row more than at this start: not requeued$' "$(stop_at select)"
check "the verdict is in the log" grep -q '^resumable ' "$T/log"
check "not requeued" alone
# Nothing there, cancelled, damaged, usage.
export ASK_PAUSE=0
stopped
script 1 'exit 1, and .*out.h5 cannot be read: not requeued; sbatch again' OPTIONS=--images="$T/none"
check "no file: not requeued" alone
check "no file: asked five times" test "$(grep -c '^cannot look: neither ' "$T/log")" = 5
stopped
script 75 'exit 75, cancelled' "$(stop_at explain)" STATE=CANCELLED
check "cancelled: not requeued" alone
printf 'x' | dd of="$T/out.h5.part" bs=1 seek=3 conv=notrunc status=none
script 1 'exit 1, not resumable'
check "damaged: not requeued" alone
# A file that cannot be read at the first two looks is asked for again.
stopped
cat > "$T/bin/away" <<'STUB'
#!/bin/bash
[ "$1" = verify ] || exec "$REAL" "$@"
echo verify >> "$CALLS"
[ "$(grep -c '^verify$' "$CALLS")" -gt 2 ] || { echo "cannot look: $3: Stale file handle"; exit 3; }
exec "$REAL" "$@"
STUB
chmod +x "$T/bin/away"
REAL=$Q script 75 'exit 75, requeued$' "$(stop_at explain)" QUANTCAM="$T/bin/away"
check "away twice: requeued" requeued
check "away twice: asked three times" test "$(grep -c '^verify$' "$CALLS")" = 3
# Another job at work.
stopped
"$Q" run "$T/job.conf" --isa=ref -o "$T/out.h5" > "$T/first.log" 2>&1 &
pid=$!
for ((i = 0; i < 400; i++)); do [ -e "$T/out.h5.part" ] && break; sleep 0.05; done
script 4 'exit 4, another job is at work on .*out.h5: not requeued$'
check "busy: not requeued" alone
check "busy: says who" grep -q "^quantcam: .*another job is at work on this result: process $pid on " "$T/log"
wait $pid
# Paths start where Slurm starts the script (--chdir), whatever folder sbatch was called in.
stopped
mkdir "$T/there"
script 0 'exit 0$' SLURM_SUBMIT_DIR="$T/there" OPTIONS=--explain.steps=2
check "in the working folder: done" code 0 "$Q" verify "$T/out.h5"
here=$PWD
check "no program in the working folder" code 2 env SLURM_JOB_ID=77 SLURM_NTASKS=2 QUANTCAM=build/none SLURM_SUBMIT_DIR="$here" \
    bash -c "cd '$T/there' && exec bash '$here/slurm/imagenet.sbatch'"
check "no program: says where" grep -q "^quantcam: no program build/none in $T/there: --chdir names" "$T/log"
stopped
script 2 'exit 2$' OPTIONS=--no-such-option
check "usage: not requeued" alone
script 0 'exit 0$' OPTIONS=--explain.steps=3
check "done: not requeued" alone
check "done: the options reached it" code 0 "$Q" verify "$T/out.h5"

# TERM or USR1 to the shell, once or again and again: one USR1 to mpirun, whose ranks end in 75.
for signals in TERM USR1 'TERM TERM USR1 TERM'; do
    stopped
    : > "$CALLS"
    env PATH="$T/bin:$PATH" SLURM_JOB_ID=77 SLURM_NTASKS=2 QUANTCAM="$Q" JOB="$T/job.conf" OUT="$T/out.h5" LAUNCH=mpirun \
        OPTIONS='--isa=ref' bash slurm/imagenet.sbatch > "$T/log" 2>&1 &
    pid=$!
    for ((i = 0; i < 400; i++)); do "$Q" verify "$T/out.h5" 2> /dev/null | grep -q '^resumable [1-9]' && break; sleep 0.05; done
    for signal in $signals; do kill "-$signal" $pid; done
    wait $pid
    check "$signals: exit 75" test $? = 75
    check "$signals: stopped by USR1" grep -q '^quantcam: stopped by SIGUSR1' "$T/log"
    check "$signals: requeued" requeued
    check "$signals: resumable" code 75 "$Q" verify "$T/out.h5"
done
finish
