#!/usr/bin/env bash
# --dry-run foretells times, memory and bytes for any number of ranks and leaves nothing; run.predict keeps what it said.
. "$(dirname "$0")/common.bash"
small_job "$T/job.conf" 24
sed -i 's/^log = quiet/log = normal/; s/^runs = 0/runs = 10/' "$T/job.conf"
mkdir "$T/tmp"
export TMPDIR=$T/tmp
foretold() { sed -n "s/^  $1  *[0-9:]*  *\([0-9.]*\) s.*/\1/p" "$T/log"; }
positive() { awk -v x="$1" 'BEGIN { exit !(x > 0) }'; }

check "a dry run for 7 ranks" code 0 "$Q" run "$T/job.conf" --dry-run --ranks 7
check "for 7 ranks" grep -q "^predicted for 7 ranks, from 16 pictures .* by each of 1 rank," "$T/log"
seven=$(foretold explain)
check "says what it assumes" grep -q "if each of the 7 ranks has a core" "$T/log"
check "a dry run for its own rank" code 0 "$Q" run "$T/job.conf" --dry-run
for phase in evaluate explain time all; do check "$phase takes time" positive "$(foretold $phase)"; done
for phase in average reduce; do check "$phase has its line, be it 0.0 s" test -n "$(foretold $phase)"; done
# Two calibrations of a few rows each: on a busy machine one alone says little.
longer() { [ -n "$1" ] && [ -n "$2" ] && awk -v a="$1" -v b="$2" 'BEGIN { exit !(a > 2 * b) }'; }
one=$(foretold explain)
for try in 1 2 3 4; do
    longer "$one" "$seven" && break
    code 0 "$Q" run "$T/job.conf" --dry-run --ranks 7 && seven=$(foretold explain)
    code 0 "$Q" run "$T/job.conf" --dry-run && one=$(foretold explain)
done
check "one rank explains longer than seven" longer "$one" "$seven"
mb=$(sed -n 's/.* s; \([0-9.]*\) MB in the file.*/\1/p' "$T/log")
plans() { sed -n 's/^  mobile .* fp32 \([0-9.]*\) MB, int8 .* \([0-9.]*\) MB$/\1 \2/p' "$T/log"; }
more() { awk -v a="$1" -v b="$2" 'BEGIN { split(a, x, " "); split(b, y, " "); exit !(x[2] > 0 && y[1] > x[1] && y[2] > x[2]) }'; }
without=$(plans)
check "a dry run with gradients" code 0 "$Q" run "$T/job.conf" --dry-run --cam.method=eigen,gradcampp
check "their plans and states count" more "$without" "$(plans)"
check "nothing is left of dry runs" test -z "$(ls -A "$T/tmp")$(ls -d "$T"/out.h5* 2> /dev/null)"

check "plain" code 0 run 2 "$T/job.conf" -o "$T/plain.h5"
check "with a prediction" code 0 run 2 "$T/job.conf" --predict
check "the end compares" grep -q "^  explain   predicted .* s, took .* s" "$T/log"
check "the log holds it" grep -q '"predicted_s": .*"predicted_bytes": [0-9]' "$T/out.h5.log.jsonl"
check "the same digest" same "$(digest "$T/out.h5")" "$(digest "$T/plain.h5")"
check "bytes are foretold" test -n "$mb"
check "bytes as foretold" awk -v mb="$mb" -v size="$(stat -c %s "$T/out.h5")" 'BEGIN { d = size / 1e6 - mb; exit !(d >= -0.1 && d < 4) }'
if command -v h5dump > /dev/null; then
    check "the result holds it" positive "$(h5dump -y -d /timing/predicted_s "$T/out.h5" | tr ',' '\n' | sed -n '/DATA {/,/}/p' | grep -Eo '[0-9.]+' | sed -n 2p)"
fi
finish
