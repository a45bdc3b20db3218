#!/usr/bin/env bash
# slurm/imagenet.sbatch on a Slurm of two nodes on this host: each way in which a start ends early is followed by a
# requeue that goes on where it stopped, to the same digest; a job that gets nowhere, or was cancelled, is left alone.
. "$(dirname "$0")/../e2e/common.bash"
. tests/slurm/cluster.bash
why=$(cluster_missing) && skip "$why"
CLUSTER=$(mktemp -d /tmp/quantcam.XXXXXX)
trap 'cluster_stop; rm -rf "$T" "$CLUSTER"' EXIT
cluster_start "$CLUSTER" > "$T/cluster.log" 2>&1 || { cat "$T/cluster.log" >&2; skip "no Slurm comes up here"; }
srun -N1 -n1 --mpi=pmix true 2> "$T/log" || { cat "$T/log" >&2; skip "srun --mpi=pmix does not work here"; }
small_job "$T/job.conf" 200
check "undisturbed" run 2 "$T/job.conf" --out="$T/whole.h5"
whole=$(digest "$T/whole.h5")

# The first start takes its time (20 to 50 s); later ones do not. With CRAWL it stands still four fifths of the time,
# so that on no machine it ends before a minute.
cat > "$T/quantcam" <<WRAP
#!/bin/sh
if [ "\$1" = run ] && [ "\${SLURM_RESTART_COUNT:-0}" = 0 ]; then
    set -- "\$@" --isa=ref
    # signals go to all of a step's processes: the loop ignores them, lest the program never goes on
    [ -z "\$CRAWL" ] || (trap '' USR1 TERM
        while kill -STOP \$\$; do sleep 0.4; kill -CONT \$\$; sleep 0.1; done 2> /dev/null) &
fi
exec "$Q" "\$@"
WRAP
chmod +x "$T/quantcam"

# submit NAME OPTION-OF-SBATCH...: $job, $out and $log afterwards. Variables of the environment reach the script.
submit()
{
    local name=$1
    shift
    began=$SECONDS
    out=$T/$name.h5 log=$T/$name.log
    job=$(QUANTCAM=$T/quantcam JOB=$T/job.conf OUT=$out OPTIONS=--run.log=normal \
        sbatch --parsable --ntasks-per-node=2 --output="$log" "$@" slurm/imagenet.sbatch)
}
rows()     { local n; n=$("$Q" verify "$out" 2> /dev/null | sed -n 's/^resumable \([0-9]*\) of.*/\1/p'); echo "${n:-0}"; }
state()    { scontrol -o show job "$job" 2> /dev/null | grep -o 'JobState=[A-Z_]*' | cut -d= -f2; }
restarts() { scontrol -o show job "$job" | grep -o 'Restarts=[0-9]*' | cut -d= -f2; }
until_rows() # NUMBER: more than so many are done
{
    local i
    for ((i = 0; i < 300; i++)); do
        [ "$(rows)" -gt "$1" ] && return 0
        sleep 0.2
    done
    echo "no $1 rows after 60 s" >&2
    cat "$log" >&2
    return 1
}
until_state() # STATE SECONDS
{
    local i
    for ((i = 0; i < $2 * 4; i++)); do
        [ "$(state)" = "$1" ] && return 0
        sleep 0.25
    done
    echo "job $job is $(state) after $2 s, not $1" >&2
    cat "$log" >&2
    return 1
}
# Requeued at least once and at most so often, with the end of the start named; went on from its rows; and the result
# is the same.
ended_well() # NAME MOST-RESTARTS PATTERN
{
    local again
    check "$1: completed" until_state COMPLETED 180
    again=$(restarts)
    check "$1: requeued $again times" test "$again" -ge 1 -a "$again" -le "$2"
    check "$1: the script says how it ended" grep -qE "^quantcam: exit ($3), requeued" "$log"
    check "$1: went on" grep -qE ': [1-9][0-9,]* of .* rows are done, going on' "$log"
    check "$1: a line a start" same "$(wc -l < "$out.log.jsonl")" $((again + 1))
    check "$1: the same digest" same "$(digest "$out")" "$whole"
    echo "count: $1: $((SECONDS - began)) s, the start that was stopped left $(sed -n 's/^resumable //p' "$log" | head -1)"
}

# The time limit: Slurm's clock ticks every 30 s, USR1 comes 10 to 40 s after the start, of a second one, too.
CRAWL=1 submit limit --time=1 --signal=B:USR1@20
check "limit: submitted" test -n "$job"
check "limit: requeued before the limit" until_state PENDING 60
ended_well limit 5 75

# scancel --signal=TERM: to the ranks (srun), to the shell (mpirun over both nodes).
submit term
check "term: running" until_rows 100
check "term: sent" scancel --signal=TERM "$job"
ended_well term 1 75

# Two nodes that are one host: Open MPI's shared memory has one name a host and place on its node.
LAUNCH=mpirun OMPI_MCA_btl=self,tcp submit shell --nodes=2
check "shell: running" until_rows 100
check "shell: sent" scancel --signal=TERM --batch "$job"
ended_well shell 1 75
check "shell: on two nodes" grep -q '"nodes": 2, "ranks": 4' "$out.log.jsonl"

# A rank dies, under srun and under mpirun.
for launch in srun mpirun; do
    LAUNCH=$launch submit "$launch"
    check "$launch: running" until_rows 100
    victim=$(pgrep -f -- "$Q run $T/job.conf --store.out=$out" | while read -r pid; do
        grep -qzE '^(OMPI_COMM_WORLD|PMIX)_RANK=1$' "/proc/$pid/environ" 2> /dev/null && echo "$pid"
    done | head -1)
    check "$launch: a rank killed" kill -9 "$victim"
    ended_well "$launch" 1 '1|137|143'
done

# Cancelled by its user: no requeue, though Slurm would do it; by hand it goes on.
submit cancelled
check "cancelled: running" until_rows 100
check "cancelled: scancel" scancel "$job"
check "cancelled: stays so" until_state CANCELLED 30
check "cancelled: the script says so" grep -q '^quantcam: exit .*, cancelled' "$log"
check "cancelled: resumable" code 75 "$Q" verify "$out"
check "cancelled: by hand" run 1 "$T/job.conf" -o "$out"
check "cancelled: the same digest" same "$(digest "$out")" "$whole"

# It fails at image 120: requeued once for its new rows, then not again.
QUANTCAM_FAULT=0:120 submit nowhere --ntasks-per-node=1
check "nowhere: failed" until_state FAILED 60
check "nowhere: requeued once" same "$(restarts)" 1
check "nowhere: says why not again" grep -q 'no row more than at this start: not requeued' "$log"
check "nowhere: names the image" grep -q 'image 120: failure asked for' "$log"
check "nowhere: no result" test ! -e "$out"

# A job that cannot start at all is not repeated.
submit usage --export=ALL,LAUNCH=nothing
check "usage: failed" until_state FAILED 20
check "usage: not requeued" same "$(restarts)" 0
finish
