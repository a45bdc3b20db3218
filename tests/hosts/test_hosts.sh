#!/usr/bin/env bash
# The job over three hosts: the result of one host; the loss of a daemon, of a link, of a rank that hangs ends the
# job by itself, soon and resumably; nothing is left beside the result but the log (and, after a loss, part and lock).
. "$(dirname "$0")/../e2e/common.bash"
export QUANTCAM_NET=q$$
hosts=$PWD/tests/hosts/three_hosts.sh
[[ $hosts != *[[:space:]:]* ]] || skip "a space or colon in the path: mpirun splits its agent there"
trap '"$hosts" stop; rm -rf "$T"' EXIT
"$hosts" start 2> "$T/log"
case $? in 0) ;; 77) skip "$(tail -1 "$T/log")" ;; *) cat "$T/log" >&2; exit 1 ;; esac
small_job "$T/job.conf" 200
check "undisturbed, one host" run 2 "$T/job.conf" --out="$T/whole.h5"
whole=$(digest "$T/whole.h5")

# As slurm/imagenet.sbatch and -j set it: a cut link is noticed after 30 s.
export OMPI_MCA_oob_tcp_keepalive_time=10 OMPI_MCA_oob_tcp_keepalive_intvl=5 OMPI_MCA_oob_tcp_keepalive_probes=4

start_job() # NAME OPTION...: in the background; $pid, $out
{
    local name=$1
    shift
    mkdir "$T/$name"
    out=$T/$name/out.h5
    "$hosts" run "$MPIRUN" -np 4 "$Q" run "$T/job.conf" -o "$out" --run.log=normal "$@" > "$T/$name.log" 2>&1 &
    pid=$!
}
files()  { (cd "$T/$1" && ls -A | tr '\n' ' '); }
rows()   { local n; n=$("$Q" verify "$out" 2> /dev/null | sed -n 's/^resumable \([0-9]*\) of.*/\1/p'); echo "${n:-0}"; }
on_host() # N PATTERN: pids on that host whose command line fits
{
    local p
    for p in $("$hosts" pids "$1"); do
        tr '\0' ' ' 2> /dev/null < "/proc/$p/cmdline" | grep -qE -- "$2" && echo "$p"
    done
}
until_rows()
{
    local i
    for ((i = 0; i < 300; i++)); do
        [ "$(rows)" -gt "$1" ] && return 0
        sleep 0.2
    done
    return 1
}
# Ends by itself within so many seconds; ranks and daemons of all hosts with it.
ends_within() # SECONDS
{
    local from=$SECONDS left
    while kill -0 $pid 2> /dev/null && ((SECONDS - from < $1)); do sleep 0.2; done
    lasted=$((SECONDS - from))
    kill -0 $pid 2> /dev/null && { echo "still running after $lasted s" >&2; return 1; }
    wait $pid
    ended=$?
    while left="$("$hosts" pids 1)$("$hosts" pids 2)$("$hosts" pids 3)" && [ -n "$left" ]; do
        ((SECONDS - from < $1)) || { echo "left on the hosts after $1 s: $left" >&2; return 1; }
        sleep 0.2
    done
    cleared=$((SECONDS - from))
}
lost() # NAME SECONDS: after a loss
{
    check "$1: ends by itself" ends_within "$2"
    check "$1: not 0" test "${ended:-0}" != 0
    check "$1: resumable" code 75 "$Q" verify "$out"
    check "$1: rows were added" code 0 "$Q" verify --resumable "$out"
    # A rank that was killed leaves its lock, free, and the progress file.
    check "$1: no litter: $(files "$1")" same "$(files "$1" | sed 's/out.h5.progress.json //; s/out.h5.lock //')" \
        "out.h5.log.jsonl out.h5.part "
    echo "count: $1: mpirun ended after $lasted s with $ended, the last process after $cleared s, $(rows) rows done"
    "$hosts" link 3 up
    check "$1: resumed on one host" run 2 "$T/job.conf" -o "$out"
    check "$1: the same digest" same "$(digest "$out")" "$whole"
    check "$1: nothing but the log beside it" same "$(files "$1")" "out.h5 out.h5.log.jsonl "
}

start_job three
check "three hosts: ends" ends_within 120
check "three hosts: 0" test "$ended" = 0
check "three hosts: they were three" grep -q '"nodes": 3, "ranks": 4' "$out.log.jsonl"
check "three hosts: the same digest" same "$(digest "$out")" "$whole"
check "three hosts: nothing but the log beside it" same "$(files three)" "out.h5 out.h5.log.jsonl "

# strike NAME COMMAND...: once rows are there
strike()
{
    local name=$1
    shift
    start_job "$name" --isa=ref --run.watchdog="${watchdog:-60}"
    check "$name: running" until_rows 60
    check "$name: $*" "$@"
}
kill_daemon() { kill -9 "$(on_host 2 '^[^ ]*orted ' | head -1)"; }
strike daemon kill_daemon
lost daemon 30

strike link "$hosts" link 3 down
lost link 90

# A rank that hangs: rank 0 names it and its host, and ends the job. 20 times the slowest step is waited for, too.
stop_rank()
{
    local p
    for p in $(on_host 3 "^$Q run "); do
        grep -qz '^OMPI_COMM_WORLD_RANK=3$' "/proc/$p/environ" && kill -STOP "$p" && return 0
    done
    return 1
}
watchdog=10 strike hang stop_rank
lost hang 80
check "hang: exit 75" same "$ended" 75
check "hang: rank and host are named" grep -q "^quantcam: rank 3 (${QUANTCAM_NET}3) has not finished a step for" "$T/hang.log"
finish
