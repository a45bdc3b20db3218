#!/usr/bin/env bash
# A partial result that somebody else has prepared: links to other files, data outside, sizes without end, a job's text
# that is none, loops. The same command refuses it with one sentence and leaves it as it is, or computes what is missing
# to the right digest; verify and show end in one sentence, too; no file elsewhere is made.
. "$(dirname "$0")/common.bash"
[ -n "$PYTHON" ] || skip "no python3 with h5py"
fault_job "$T/job.conf" 6 2 shufflenet_v2_x0_5
JOB=("$T/job.conf" --log=quiet --time.runs=0)
OUT=$T/out.h5
check "undisturbed" code 0 "$Q" run "${JOB[@]}"
whole=$(digest "$OUT")
rm -f "$OUT"*
check "stopped" code 75 env QUANTCAM_FAULT=0:average:USR1 "$Q" run "${JOB[@]}"
mv "$OUT.part" "$T/mid.part"

forged() # WHAT EXPECTED
{
    local what=$1 expected=$2 before
    rm -f "$OUT"*
    check "forge $what" "$PYTHON" $FAULTS/forge.py object "$T/mid.part" "$OUT.part" "$what"
    before=$(sha256sum < "$OUT.part")
    timeout 20 "$Q" verify "$OUT" > "$T/log" 2>&1
    check "$what: verify: a verdict ($?)" test "$(grep -cE '^(damaged: |resumable )' "$T/log")/$(wc -l < "$T/log")" = 1/1
    timeout 20 "$Q" show "$OUT.part" > "$T/shown" 2> "$T/log"
    check "$what: show: ends well, or in one sentence ($?)" test "$(wc -l < "$T/log")" -le 1 -a "$(grep -vc '^quantcam: ' "$T/log")" = 0
    check "$what: run: exit $expected" code "$expected" timeout 60 "$Q" run "${JOB[@]}"
    if [ "$expected" = 0 ]; then
        check "$what: the same digest" same "$(digest "$OUT")" "$whole"
        return
    fi
    check "$what: one sentence that names it" grep -q "^quantcam: $OUT.part" "$T/log"
    check "$what: one sentence" test "$(wc -l < "$T/log")" = 1
    check "$what: left as it was" same "$(sha256sum < "$OUT.part")" "$before"
    check "$what: nothing elsewhere" test -z "$(cd "$T" && ls ./*.victim 2> /dev/null)"
}
refused=(external virtual outside text long absent chunked alias endless names empty)
harmless=(loop link claims places)
for what in "${refused[@]}"; do forged "$what" 1; done
for what in "${harmless[@]}"; do forged "$what" 0; done
count "partial results forged: refused ${#refused[@]}, harmless ${#harmless[@]}"
finish
