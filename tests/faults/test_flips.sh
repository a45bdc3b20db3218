#!/usr/bin/env bash
# Bits flipped in the data and in the metadata of a partial and of a finished result, and results cut short: what is
# damaged is computed again, or refused with one sentence; nothing is ever silently wrong, and nothing crashes. Of the
# partial file the same command is run, of the finished one verify, show and report.
# QUANTCAM_FLIPS (100; torture 1000) of each kind, QUANTCAM_CUTS (25; 250) cut; QUANTCAM_SEED; QUANTCAM_JOBS
# at a time.
. "$(dirname "$0")/common.bash"
FLIPS=$(amount FLIPS 100 1000)
CUTS=$(amount CUTS 25 250)
SEED=${QUANTCAM_SEED:-1}
command -v h5dump > /dev/null || skip "no h5dump"
PYTHON=${PYTHON:-python3}
"$PYTHON" -c '' 2> /dev/null || skip "no python3"
fault_job "$T/job.conf" 8 2 shufflenet_v2_x0_5
SETTINGS=("$T/job.conf" --log=quiet --time.runs=0)
work_here() # in $T
{
    OUT=$T/out.h5
    JOB=("${SETTINGS[@]}" -o "$OUT")
}
work_here
TOP=$T

check "undisturbed" code 0 "$Q" run "${JOB[@]}"
whole=$(digest "$OUT")
check "its digest" test -n "$whole"
mv "$OUT" "$T/whole.h5"
mv "$OUT.log.jsonl" "$T/whole.jsonl" # the page of a report says how the job went

# A job killed while it explains: every kind of row is there, done and missing.
made=
for ((try = 0; try < 20 && ${#made} == 0; try++)); do
    rm -f "$OUT"*
    "$Q" run "${JOB[@]}" --isa=ref 2> /dev/null &
    pid=$!
    for ((i = 0; i < 3000; i++)); do
        rows=$("$Q" verify "$OUT" 2> /dev/null | sed -n 's/^resumable \([0-9]*\) of.*/\1/p')
        [ "${rows:-0}" -le 16 ] || break
    done
    kill -KILL $pid
    wait $pid 2> /dev/null
    [ ! -e "$OUT.part" ] || [ "${rows:-0}" -le 16 ] || made=$rows
done
check "a job was killed in explain: $made rows" test "${made:-0}" -gt 16
mv "$OUT.part" "$T/mid.part"
rm -f "$OUT"*
"$PYTHON" $FAULTS/flips.py map "$T/mid.part" > "$T/mid.map"
"$PYTHON" $FAULTS/flips.py map "$T/whole.h5" > "$T/whole.map"
check "data of the files found" test "$(wc -l < "$T/mid.map")" -gt 100

wrong() { check "$1" false; head -5 "$T/log" >&2; }

# The same command on a damaged partial file.
flip_part() # KIND NUMBER
{
    local what rc
    rm -f "$OUT"*
    what="partial file, $("$PYTHON" $FAULTS/flips.py damage "$TOP/mid.part" "$TOP/mid.map" "$OUT.part" "$1" "$SEED" "$2")" || what=
    check "damaged" test -n "$what"
    sum=$(sha256sum < "$OUT.part")
    timeout -k 5 60 "$Q" run "${JOB[@]}" > "$T/log" 2>&1
    rc=$?
    if [ $rc = 0 ]; then
        if ! same "$(digest "$OUT")" "$whole"; then wrong "$what: SILENTLY WRONG"; return; fi
        add "part $1 repaired"
        code 0 "$Q" verify "$OUT" || wrong "$what: not sound at the end"
        return
    fi
    add "part $1 refused"
    [ $rc = 1 ] && one_sentence "$T/log" || wrong "$what: exit $rc, not one sentence"
    [ "$(sha256sum < "$OUT.part")" = "$sum" ] || wrong "$what: refused, but changed"
    checks=$((checks + 1))
}
# Exit 1 with one sentence, or 0 with the undamaged output. Sets `refused`.
refuses() # WHAT REFERENCE OUTPUT COMMAND...
{
    local what=$1 reference=$2 output=$3 rc
    shift 3
    timeout -k 5 60 "$@" > "$T/stdout" 2> "$T/log"
    rc=$?
    checks=$((checks + 1)) refused=
    if [ $rc = 0 ]; then
        diff -rq "$reference" "$output" > /dev/null || wrong "$what: SILENTLY WRONG"
    else
        refused=yes
        [ $rc = 1 ] && one_sentence "$T/log" || wrong "$what: exit $rc, not one sentence"
    fi
}
flip_out() # KIND NUMBER
{
    local what rc
    rm -rf "$T/report"
    cp "$TOP/whole.jsonl" "$OUT.log.jsonl"
    what="result, $("$PYTHON" $FAULTS/flips.py damage "$TOP/whole.h5" "$TOP/whole.map" "$OUT" "$1" "$SEED" "$2")" || what=
    check "damaged" test -n "$what"
    timeout -k 5 60 "$Q" verify "$OUT" > "$T/log" 2>&1
    rc=$?
    checks=$((checks + 1))
    if [ $rc = 0 ]; then
        add "out $1 sound"
        same "$(digest "$OUT")" "$whole" || wrong "$what: SILENTLY WRONG"
        [ "$1" = metadata ] || wrong "$what: verify calls it complete"
    elif [ $rc = 1 ] && [ "$(grep -c . "$T/log")" = 1 ] && grep -q '^damaged: ' "$T/log"; then
        add "out $1 damaged"
    else
        wrong "$what: verify: exit $rc"
    fi
    refuses "$what: show" "$T/whole.txt" "$T/stdout" "$Q" show "$OUT"
    add "show $1 ${refused:-equal}"
    if [ $(($2 % 4)) = 0 ]; then
        refuses "$what: report" "$T/whole-report" "$T/report" "$Q" report "$OUT" -o "$T/report"
        add "report $1 ${refused:-equal}"
    fi
}

amount_of() { if [ "$1" = cut ]; then echo "$CUTS"; else echo "$FLIPS"; fi; }
some_flips() # WORKER
{
    local kind i most
    work_here
    # What the undamaged result gives in this place.
    cp "$TOP/whole.h5" "$OUT"
    cp "$TOP/whole.jsonl" "$OUT.log.jsonl"
    check "its report" code 0 "$Q" report "$OUT" -o "$T/report"
    mv "$T/report" "$T/whole-report"
    "$Q" show "$OUT" > "$T/whole.txt" || check "its tables" false
    for kind in data metadata cut; do
        most=$(amount_of $kind)
        for ((i = $1; i < most; i += JOBS)); do
            flip_part $kind $i
            flip_out $kind $i
            if [ $((i / JOBS % 125)) = 124 ]; then echo "worker $1: $kind $i, $checks checks, $failed failed" >&2; fi
        done
    done
}
side_by_side some_flips

for kind in data metadata cut; do
    most=$(amount_of $kind)
    count "$kind $most: partial file: computed again or harmless $(of "part $kind repaired"), refused $(of "part $kind refused");" \
        "result: verify says damaged $(of "out $kind damaged"), harmless $(of "out $kind sound")"
    count "$kind: show refused $(of "show $kind yes"), equal $(of "show $kind equal"); report refused $(of "report $kind yes"), equal $(of "report $kind equal")"
    check "$kind: all were looked at" test $(($(of "out $kind damaged") + $(of "out $kind sound"))) = "$most"
done
check "cut files are refused" test "$(of "part cut refused")" = "$CUTS"
finish
