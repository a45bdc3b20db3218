#!/usr/bin/env bash
# Five precisions in one job: one digest however it is run, killed or damaged; each is named with its bits, which are its file's; one
# alone, and eight.
. "$(dirname "$0")/common.bash"
"$Q" synth "$T/calibration" --images 4 --seed 41 > /dev/null || exit 1
small_job "$T/small.conf" 16
sed -i "/^int8 = /d; s/^steps = .*/steps = 4/" "$T/small.conf"
# job_of FILE "PRECISION ..." TEXT: beside fp32 those, calibrated; TEXT: further lines
job_of()
{
    awk -v list="$2" -v folder="$T/calibration" -v more="$3" '{ print }
        /^fp32 = / { n = split(list, name, " "); for (i = 1; i <= n; i++) print name[i] " = quantize" }
        END { if (n) print "[quantize]\nimages = " folder; printf "%s", more }' "$T/small.conf" > "$1"
}
# take FROM TO: what FROM calibrated is TO's already
take() { local file; for file in "$T/$1".h5.*.safetensors; do cp "$file" "$T/$2.h5${file#"$T/$1.h5"}"; done; }
# kill_at PHASE OUT [OPTION...]: kill -9 of all ranks where rank 0 begins it, of two
kill_at()
{
    local pid
    "$MPIRUN" -np 2 "$Q" run "$T/job.conf" --out="$2" "${@:3}" > "$T/killed.log" 2>&1 &
    pid=$!
    for ((i = 0; i < 600; i++)); do
        eval "$1" && break
        sleep 0.05
    done
    # shellcheck disable=SC2046
    kill -9 $(pgrep -P $pid) 2> /dev/null
    wait $pid 2> /dev/null
    [ "$i" -lt 600 ] && [ ! -e "$2" ]
}
rows() { "$Q" verify "$1" 2> /dev/null | sed -n 's/^resumable \([0-9]*\) of.*/\1/p'; }

job_of "$T/job.conf" "int16 int8 w4a8 int4" ""
check "two ranks" run 2 "$T/job.conf" --out="$T/2.h5"
whole=$(digest "$T/2.h5")
check "complete" code 0 "$Q" verify "$T/2.h5"
check "says so" grep -qx complete "$T/log"
for how in "1 static" "3 static" "3 dynamic"; do
    out=${how/ /-}
    take 2 "$out"
    check "$how" run "${how% *}" "$T/job.conf" --out="$T/$out.h5" --schedule="${how#* }"
    check "$how: the same digest" same "$(digest "$T/$out.h5")" "$whole"
done

# What each is, said by name.
named='fp32 (real numbers), int16 (16 bits, rounded), int8 (8 bits), w4a8 (weights 4, outputs 8 bits), int4 (4 bits)'
check "show" code 0 "$Q" show "$T/2.h5"
check "show names them" grep -qF "$named" "$T/log"
check "inspect" code 0 "$Q" inspect "$T/2.h5"
for what in 'fp32 (real numbers)' 'int16 (16 bits, rounded)' 'int8 (8 bits)' 'w4a8 (weights 4, outputs 8 bits)' 'int4 (4 bits)'; do
    check "inspect names $what" grep -qF "$what" "$T/log"
done
check "report" code 0 "$Q" report "$T/2.h5" -o "$T/report"
check "the page names them" grep -qF "${named%, *} and ${named##*, }" "$T/report/report.html"

# kill -9 of all ranks: during calibration, in evaluate, in explain (evaluate has 3 * 16 rows).
check "killed while it calibrates" kill_at "[ -e $T/c.h5.shuffle.int16.safetensors ]" "$T/c.h5"
check "calibration goes on" run 1 "$T/job.conf" --out="$T/c.h5"
check "calibration: the same digest" same "$(digest "$T/c.h5")" "$whole"
for when in evaluate:0 explain:48; do
    phase=${when%:*}
    take 2 "$phase"
    check "killed in $phase" kill_at "[ \"\$(rows $T/$phase.h5)\" -gt ${when#*:} ] 2> /dev/null" "$T/$phase.h5" --isa=ref
    check "$phase: resumable" code 75 "$Q" verify "$T/$phase.h5"
    check "$phase: goes on" run 3 "$T/job.conf" --out="$T/$phase.h5"
    check "$phase: the same digest" same "$(digest "$T/$phase.h5")" "$whole"
done

# One byte of a row of int4: that row is computed again.
if command -v h5dump > /dev/null; then
    take 2 flip
    refuse "stopped by a fault" 1 "^quantcam: image 12" env QUANTCAM_FAULT=0:12 "$Q" run "$T/job.conf" --out="$T/flip.h5"
    at=$(h5dump -p -H -d /models/shuffle/int4/logits "$T/flip.h5.part" | sed -n 's/.*OFFSET \([0-9]*\).*/\1/p')
    at=$((at + 3 * 16 * 4 + 2))
    # shellcheck disable=SC2059
    printf "\\x$(printf %02x $((0x$(od -An -tx1 -j $at -N 1 "$T/flip.h5.part" | tr -d ' ') ^ 0xff)))" |
        dd of="$T/flip.h5.part" bs=1 seek=$at conv=notrunc status=none
    check "goes on" code 0 run 2 "$T/job.conf" --out="$T/flip.h5" --run.log=normal
    check "the damage was noticed" grep -q "^1 rows claimed to be done and are damaged" "$T/log"
    check "flipped byte: the same digest" same "$(digest "$T/flip.h5")" "$whole"
else
    echo "skip: $NAME flipped byte (no h5dump)"
fi

# A file is what it says, whatever its name: own_of BITS-OF-SHUFFLE BITS-OF-MOBILE SECTION
own_of()
{
    awk -v shuffle="own = $T/2.h5.shuffle.$1.safetensors" -v mobile="own = $T/2.h5.mobile.$2.safetensors" '{ print }
        /^fp32 = / { print /mobile/ ? mobile : shuffle }' "$T/small.conf"
    printf '[precision own]\n%s\n' "$3"
}
own_of int4 int4 "" > "$T/own.conf"
check "a name of its own" run 2 "$T/own.conf" --out="$T/own.h5"
"$Q" show "$T/own.h5" > "$T/log"
check "has its file's bits" grep -qF "fp32 (real numbers), own (4 bits)" "$T/log"
# The gallery shows what differs most in the first precision that selects, not in the second.
if command -v h5dump > /dev/null; then
    gallery() { for i in 1 2 3 4; do h5dump -y -d "/gallery/shuffle_top0${i}_$2" "$T/$1.h5" | awk '/DATA [{]/ { on = 1 } on; on && /[}]/ { exit }'; done; }
    take 2 chosen
    check "int4 selects" run 2 "$T/job.conf" --out="$T/chosen.h5" --subset.select.of=int4
    check "its gallery is that of int4 alone" same "$(gallery chosen int4)" "$(gallery own own)"
    check "and not the second's" other "$(gallery chosen int4)" "$(gallery 2 int4)"
fi
own_of int16 int16 "arithmetic = integer" > "$T/own.conf"
refuse "another form" 1 "weights of rounded numbers, but network.shuffle.own names it, which is of codes of integers" "$Q" run "$T/own.conf" --out="$T/no.h5"
own_of int4 int4 "preset = int8" > "$T/own.conf"
refuse "other bits" 1 "weights of 4 bits and outputs of 4, but network.shuffle.own names it, which has 8 and 8: give" "$Q" run "$T/own.conf" --out="$T/no.h5"
own_of int4 w4a8 "" > "$T/own.conf"
refuse "other bits than another network" 1 "weights of 4 bits and outputs of 8, but network.mobile.own names it, which has 4 and 4 in network shuffle" "$Q" run "$T/own.conf" --out="$T/no.h5"
own_of int8 int16 "" > "$T/own.conf"
refuse "another form than another network" 1 "weights of rounded numbers, but network.mobile.own names it, which is of codes of integers" "$Q" run "$T/own.conf" --out="$T/no.h5"

job_of "$T/one.conf" "" ""
check "one precision" run 2 "$T/one.conf" --out="$T/one.h5" --limit=4
check "one precision: complete" code 0 "$Q" verify "$T/one.h5"
check "one precision: show" code 0 "$Q" show "$T/one.h5"
job_of "$T/eight.conf" "int16 int8 w4a8 int4 int2 w4a2 paper2" ""
take 2 eight
check "eight" run 2 "$T/eight.conf" --out="$T/eight.h5" --limit=4
check "eight: complete" code 0 "$Q" verify "$T/eight.h5"
check "eight: show" code 0 "$Q" show "$T/eight.h5"
check "eight: names the last" grep -qF "paper2 (weights 8, outputs 7 bits, rounded)" "$T/log"
finish
