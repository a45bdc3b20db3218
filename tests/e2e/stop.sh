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
check "SIGHUP to -j 2: 75" expect 75 stop_with HUP "$T/jHUP.h5" "$Q" run "$T/job.conf" -j 2
for signal in HUP USR2 XCPU; do
    check "SIG$signal to one rank: 75" expect 75 stop_with $signal "$T/one$signal.h5" "$Q" run "$T/job.conf"
    check "SIG$signal: resumable" code 75 "$Q" verify "$T/one$signal.h5"
    check "SIG$signal: named" grep -q "^quantcam: stopped by SIG$signal" "$T/stopped.log"
done
check "SIGHUP that nohup ignores" expect 0 stop_with HUP "$T/nohup.h5" nohup "$Q" run "$T/job.conf" --limit=6
# mpirun leaves the ranks one second, and has its own code.
check "SIGTERM to mpirun: 1" expect 1 stop_with TERM "$T/mpirun.h5" "$MPIRUN" -np 2 "$Q" run "$T/job.conf"
for what in usr1 term j mpirun jHUP; do
    check "$what: resumable" code 75 "$Q" verify "$T/$what.h5"
    check "$what: resume" run 2 "$T/job.conf" -o "$T/$what.h5"
    check "$what: the same digest" same "$(digest "$T/$what.h5")" "$whole"
done

# A limit of a file's size: nothing half made at the start; later the rows that are there are kept.
limited() { (ulimit -Sf "$1"; PMIX_MCA_gds=hash "${@:2}"); }    # Open MPI's own memory is a file, too
check "a file that may not be so large, from the start: 1" code 1 limited 100 "$Q" run "$T/job.conf" -o "$T/limit.h5"
check "said" grep -qE "^quantcam: .*: [0-9,]+ bytes are needed, but files may have at most 102,400 here \(ulimit -f\)" "$T/log"
check "nothing is left" test ! -e "$T/limit.h5.part"
stop_with USR1 "$T/limit.h5" "$Q" run "$T/job.conf"
check "at a resume: 75" code 75 limited 300 "$Q" run "$T/job.conf" -o "$T/limit.h5"
check "said" grep -q "^quantcam: stopped by SIGXFSZ, a file at its size limit" "$T/log"
check "resumable" code 75 "$Q" verify "$T/limit.h5"
check "resume without it" run 2 "$T/job.conf" -o "$T/limit.h5"
check "the same digest" same "$(digest "$T/limit.h5")" "$whole"

# Ctrl-Z and fg through -j: the ranks stand still, longer than the watchdog's patience, and go on.
"$Q" run "$T/job.conf" -j 2 --isa=ref --watchdog=1 -o "$T/stop.h5" > "$T/stopped.log" 2>&1 &
pid=$!
for ((i = 0; i < 200; i++)); do [ -e "$T/stop.h5.part" ] && break; sleep 0.05; done
ranks() { pgrep -f "^$(realpath "$Q") run $T/job.conf .*stop.h5"; }
states() { local p; for p in $(ranks); do sed 's/.*) \(.\).*/\1/' "/proc/$p/stat"; done | sort | tr -d '\n'; }
kill -TSTP $pid
sleep 0.5
check "Ctrl-Z: launcher and ranks have stopped" same "$(states)" TTT
rows=$("$Q" verify "$T/stop.h5")
sleep 3
check "no row is added" same "$("$Q" verify "$T/stop.h5")" "$rows"
kill -CONT $pid
check "fg: ends" wait $pid
check "the same digest" same "$(digest "$T/stop.h5")" "$whole"

# Two jobs on one file: the second is refused, the first is not disturbed.
"$Q" run "$T/job.conf" --isa=ref -o "$T/lock.h5" > "$T/first.log" 2>&1 &
pid=$!
for ((i = 0; i < 200; i++)); do [ -e "$T/lock.h5.part" ] && break; sleep 0.05; done
refuse "a second job" 4 "another job is at work" run 2 "$T/job.conf" -o "$T/lock.h5"
check "a second job: one sentence says who is at work" \
    test "$(grep -cE "^quantcam: $T/lock.h5: another job is at work on this result: process $pid on $(hostname), since 20" "$T/log")" = 1
ln -s lock.h5 "$T/name.h5"
refuse "a second job by another name" 4 "another job is at work" run 1 "$T/job.conf" -o "$T/name.h5"
check "the first job" wait $pid
check "the first job: the same digest" same "$(digest "$T/lock.h5")" "$whole"

# OUT that is a link, here to a file that is still to be made: all files lie beside the target.
mkdir "$T/far"
ln -s far/real.h5 "$T/link.h5"
ln -s link.h5 "$T/second.h5"
check "a link that leads nowhere yet" code 75 env QUANTCAM_FAULT=0:explain:USR1 "$Q" run "$T/job.conf" -o "$T/second.h5" --log=normal
check "a link: says where the rows are" grep -q "^$T/far/real.h5.part keeps what is done" "$T/log"
check "a link: beside the target" test -e "$T/far/real.h5.part" -a -e "$T/far/real.h5.log.jsonl" -a ! -e "$T/second.h5.part"
check "a link: verify" code 75 "$Q" verify "$T/link.h5"
check "a link: verify --resumable" code 0 "$Q" verify --resumable "$T/second.h5"
refuse "a link: show names the file" 1 "link.h5: not finished yet: .*$T/far/real.h5.part" "$Q" show "$T/link.h5"
check "a link: goes on by another name" code 0 run 2 "$T/job.conf" -o "$T/link.h5"
check "a link: the same digest" same "$(digest "$T/second.h5")" "$whole"
check "a link: still a link" test -L "$T/link.h5" -a -f "$T/far/real.h5" -a ! -L "$T/far/real.h5"
check "a link: nothing to do" code 0 "$Q" run "$T/job.conf" -o "$T/far/../second.h5"
ln -s round.h5 "$T/round.h5"
refuse "a link to itself" 1 "^quantcam: $T/round.h5: more than 40 links" "$Q" run "$T/job.conf" -o "$T/round.h5"

# A finished result in a folder that may only be read.
nobody=(setpriv --reuid=65534 --clear-groups env HOME=/ TMPDIR="$T/nobody" OMPI_MCA_orte_tmpdir_base="$T/nobody"
    OMPI_MCA_btl_vader_backing_directory="$T/nobody")
if [ "$(id -u)" = 0 ] && chmod 711 "$T" && install -d -o 65534 "$T/nobody" && "${nobody[@]}" test -r "$WEIGHTS" -a -x "$Q" 2> /dev/null; then
    mkdir "$T/only"
    cp "$T/whole.h5" "$T/only/"
    check "a read-only folder: found" code 0 "${nobody[@]}" "$Q" run "$T/job.conf" -o "$T/only/whole.h5" --log=normal
    check "a read-only folder: says so" grep -q "whole.h5 is there already, made by the same job: nothing to do" "$T/log"
    check "a read-only folder: nothing but the result" test "$(ls "$T/only")" = whole.h5
    refuse "a read-only folder without a result" 1 "^quantcam: $T/only/none.h5.lock: Permission denied" "${nobody[@]}" "$Q" run "$T/job.conf" \
        -o "$T/only/none.h5"
else
    echo "skip: a result in a read-only folder ($NAME: no other user to be)"
fi
finish
