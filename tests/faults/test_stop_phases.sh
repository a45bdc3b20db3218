#!/usr/bin/env bash
# Killed, then stopped by a signal, where each phase begins, and ended by yet another number of ranks: the same result.
. "$(dirname "$0")/../e2e/common.bash"
small_job "$T/job.conf" 12
sed -i 's/^runs = 0/runs = 2/' "$T/job.conf"
check "undisturbed" run 2 "$T/job.conf" --out="$T/whole.h5"
whole=$(digest "$T/whole.h5")
opens() { ! command -v h5dump > /dev/null || h5dump -H "$1" > /dev/null 2>&1; }

victim=0 signal=TERM
for phase in plan evaluate select explain average time reduce finish; do
    rm -f "$T"/out.h5*
    check "$phase: kill -9 of rank $victim" code 137 env QUANTCAM_FAULT=$victim:$phase "$MPIRUN" -np 2 "$Q" run "$T/job.conf"
    check "$phase: no finished file" test ! -e "$T/out.h5"
    # From evaluate on there is a file.
    [ $phase = plan ] || check "$phase: opens" opens "$T/out.h5.part"
    [ $phase = plan ] || check "$phase: resumable" code 75 "$Q" verify "$T/out.h5"
    victim=$((1 - victim))
    check "$phase: SIG$signal at rank $victim" code 75 env QUANTCAM_FAULT=$victim:$phase:$signal "$MPIRUN" -np 3 "$Q" run "$T/job.conf" --log=normal
    [ $phase = plan ] || check "$phase: says what is kept" grep -q "^$T/out.h5.part keeps what is done" "$T/log"
    check "$phase: one sentence" test "$(grep -c "^quantcam: stopped by SIG$signal" "$T/log")" = 1
    check "$phase: beside the file only the log" test "$(cd "$T" && ls out.h5* 2> /dev/null | grep -vx 'out.h5.part\|out.h5.log.jsonl')" = ""
    check "$phase: end" code 0 run 1 "$T/job.conf"
    check "$phase: the same digest" same "$(digest "$T/out.h5")" "$whole"
    check "$phase: only the log remains" test "$(cd "$T" && ls out.h5* | tr '\n' ' ')" = "out.h5 out.h5.log.jsonl "
    if [ $signal = TERM ]; then signal=USR1; else signal=TERM; fi
done

# One line a start, with the rows that were done before it.
check "a line a start" test "$(wc -l < "$T/out.h5.log.jsonl")" = 3
rows() { sed -n "s/^{\"rows\": \([0-9]*\),.*/\1/p" "$T/out.h5.log.jsonl" | sed -n "$1p"; }
check "the first starts at 0" test "$(rows 1)" = 0
check "the last finds all rows" test "$(rows 3)" -gt 36

# The launcher: the first signal lets the ranks end tidily, whichever it is and however early it comes.
for signal in INT TERM; do
    for delay in 0 1; do
        rm -f "$T"/out.h5*
        # A background child of a script ignores SIGINT; env gives it back.
        env --default-signal=INT "$Q" run "$T/job.conf" -j 2 --isa=ref > "$T/j.log" 2>&1 &
        pid=$!
        for ((i = 0; i < 500; i++)); do pgrep -P $pid > /dev/null && break; sleep 0.01; done     # mpirun is there
        sleep $delay
        kill -$signal $pid
        wait $pid
        ended=$?
        check "-j 2, SIG$signal after $delay s: 75 (0 where it was over)" test $ended = 75 -o $ended = 0
        check "-j 2, SIG$signal after $delay s: end" code 0 run 2 "$T/job.conf"
        check "-j 2, SIG$signal after $delay s: the same digest" same "$(digest "$T/out.h5")" "$whole"
    done
done
finish
