#!/usr/bin/env bash
# kill -9 in evaluate and in explain, then the same command with another number of ranks: what was done stays, the result is the same.
. "$(dirname "$0")/common.bash"
small_job "$T/job.conf" 120

check "undisturbed" run 2 "$T/job.conf" --out="$T/whole.h5"
whole=$(digest "$T/whole.h5")

# Slow kernels, so that there is time to kill: waits until more than so many rows are committed.
kill_when_rows() # VICTIM ROWS
{
    local rows=0 i pid
    "$MPIRUN" -np 2 "$Q" run "$T/job.conf" --isa=ref > "$T/killed.log" 2>&1 &
    pid=$!
    for ((i = 0; i < 600 && rows <= $2; i++)); do
        sleep 0.1
        rows=$("$Q" verify "$T/out.h5" 2> /dev/null | sed -n 's/^resumable \([0-9]*\) of.*/\1/p')
        rows=${rows:-0}
    done
    if [ "$1" = launcher ]; then kill -9 $pid; else kill -9 "$(pgrep -P $pid -f "run $T/job.conf" | head -1)"; fi
    wait $pid 2> /dev/null
    for ((i = 0; i < 100; i++)); do pgrep -f "run $T/job.conf" > /dev/null || break; sleep 0.1; done
    [ "$rows" -gt "$2" ]
}

# evaluate has 3 * 120 rows: what is more was explained.
for when in rank:0 launcher:0 rank:360; do
    victim=${when%:*} least=${when#*:}
    rm -f "$T"/out.h5*
    check "$when: rows were committed before the kill" kill_when_rows "$victim" "$least"
    check "$when: no finished file" test ! -e "$T/out.h5"
    check "$when: resumable" code 75 "$Q" verify "$T/out.h5"
    done_rows=$(sed -n 's/^resumable \([0-9]*\) of.*/\1/p' "$T/log")
    check "$when: rows done" test "${done_rows:-0}" -gt "$least"
    if command -v h5dump > /dev/null; then check "$when: h5dump opens it" code 0 h5dump -H "$T/out.h5.part"; fi
    check "$when: --resumable: rows were added" code 0 "$Q" verify --resumable "$T/out.h5"
    check "$when: resume" code 0 run 3 "$T/job.conf" --run.log=normal
    check "$when: the rows were taken up" grep -q "$done_rows of .* rows are done, going on" "$T/log"
    check "$when: the same digest" same "$(digest "$T/out.h5")" "$whole"
done

# A flipped bit in a finished row: that row is computed again.
if command -v h5dump > /dev/null; then
    flip() # inverts one byte of row 3 of the logits
    {
        local at
        at=$(h5dump -p -H -d /models/shuffle/fp32/logits "$1" | sed -n 's/.*OFFSET \([0-9]*\).*/\1/p')
        at=$((at + 3 * 16 * 4 + 2))
        # shellcheck disable=SC2059
        printf "\\x$(printf %02x $((0x$(od -An -tx1 -j $at -N 1 "$1" | tr -d ' ') ^ 0xff)))" |
            dd of="$1" bs=1 seek=$at conv=notrunc status=none
    }
    rm -f "$T"/out.h5*
    refuse "stopped by a fault" 1 "^quantcam: image 100" env QUANTCAM_FAULT=0:100 "$Q" run "$T/job.conf"
    check "flip a bit" flip "$T/out.h5.part"
    check "resume over the flipped bit" code 0 run 2 "$T/job.conf" --run.log=normal
    check "the damage was noticed" grep -q "^1 rows claimed to be done and are damaged" "$T/log"
    check "the same digest" same "$(digest "$T/out.h5")" "$whole"
else
    echo "skip: $NAME flipped bit (no h5dump)"
fi

# The same .part for another job is refused and stays as it is.
rm -f "$T"/out.h5*
refuse "stopped by a fault again" 1 "^quantcam: image 100" env QUANTCAM_FAULT=0:100 "$Q" run "$T/job.conf"
before=$(sha256sum < "$T/out.h5.part")
refuse "another job on it" 1 "^quantcam: .*another job: cam.sign is 'absmax' there, 'meanact' here" "$Q" run "$T/job.conf" --cam.sign=meanact
check "the file is untouched" same "$(sha256sum < "$T/out.h5.part")" "$before"
truncate -s -100000 "$T/out.h5.part"
before=$(sha256sum < "$T/out.h5.part")
refuse "a truncated file is refused" 1 "^quantcam: $T/out.h5.part" "$Q" run "$T/job.conf"
check "and not replaced" same "$(sha256sum < "$T/out.h5.part")" "$before"
finish
