#!/usr/bin/env bash
# `make scale`: how the job behaves at ImageNet's size, on this machine, with the demo networks. Prints Markdown:
# parallel efficiency at 1 and 2 ranks, memory at a tenth of the size and at all of it, time a phase, bytes, and what
# --dry-run predicted. The large run is killed once (kill -9 of mpirun and of every rank) while it explains, and
# resumed. On a quiet machine only: it measures. What is done already is not done again (results/scale).
#     IMAGES=50000 RANKS=2 STEPS=10 jobs/scale.sh
set -euo pipefail
cd "$(dirname "$0")/.."
V=${V:-release} IMAGES=${IMAGES:-50000} RANKS=${RANKS:-2} STEPS=${STEPS:-10}
Q=${QUANTCAM:-build/$V/quantcam}
DATA=results/scale DIR=results/scale
[ "$STEPS" = 10 ] || DIR=$DATA/steps-$STEPS
SMALL=$((IMAGES < 2000 ? IMAGES : 2000))
TENTH=$((IMAGES / 10))
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1 OPENBLAS_NUM_THREADS=1
if [ "$(id -u)" = 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
grep -qs localhost /etc/hosts || export RES_OPTIONS="timeout:1 attempts:1"
mkdir -p "$DIR"
say() { echo "scale: $*" >&2; }
die() { say "$*"; exit 1; }

[ "$IMAGES" -ge 1000 ] || die "IMAGES=$IMAGES: at least 1000 (one picture of every set is bad, and 1 % may be)"

# ---- pictures: the smaller sets are the first of the large one, by hard links ---------------------------------------

draw()
{
    local from=$EPOCHREALTIME set=$DATA/images-$IMAGES
    [ ! -e "$set" ] || return 0
    say "drawing $IMAGES pictures"
    rm -rf "$set.new"
    "$Q" synth "$set.new" --images "$IMAGES" --seed 1 > /dev/null
    mv "$set.new" "$set"
    seconds "$from" > "$DATA/draw-$IMAGES.s"
}
first_of() # NUMBER
{
    local set=$DATA/images-$1 all=$DATA/images-$IMAGES file
    [ ! -e "$set" ] || return 0
    rm -rf "$set.new"
    for file in "$all"/*/; do mkdir -p "$set.new/$(basename "$file")"; done
    head -n "$1" "$all/labels.csv" | while IFS=, read -r file _; do ln "$all/$file" "$set.new/$file"; done
    head -n "$1" "$all/boxes.csv" > "$set.new/boxes.csv"
    mv "$set.new" "$set"
}

# ---- a run, watched ------------------------------------------------------------------------------------------------

seconds() { awk -v a="$1" -v b="${2:-$EPOCHREALTIME}" 'BEGIN { printf "%.1f\n", b - a }'; }
stamp()   { local line; while IFS= read -r line; do echo "$EPOCHREALTIME $line"; done; }

# Lines "seconds rank VmRSS-kB VmHWM-kB written-bytes" every second until mpirun is gone.
watch_memory() # PID
{
    local from=$EPOCHREALTIME pid rank
    while kill -0 "$1" 2> /dev/null; do
        for pid in $(pgrep -P "$1" -x quantcam); do
            rank=$({ tr '\0' '\n' < "/proc/$pid/environ"; } 2> /dev/null | sed -n 's/^OMPI_COMM_WORLD_RANK=//p') || continue
            echo "$(seconds "$from") $rank $(awk '/^VmHWM/ { h = $2 } /^VmRSS/ { r = $2 } END { print r, h }' "/proc/$pid/status" \
                2> /dev/null) $(sed -n 's/^write_bytes: //p' "/proc/$pid/io" 2> /dev/null)"
        done
        sleep 1
    done
}
job() # NUMBER RANKS OUT START: starts it; $pid. The log has the time in front of each line. A first start predicts.
{
    local predict=on
    [ "$4" = 1 ] || predict=off
    ${MPIRUN:-mpirun} -np "$2" "$Q" run jobs/scale.conf --images="$DATA/images-$1" --boxes="$DATA/images-$1/boxes.csv" --out="$3" \
        --explain.steps="$STEPS" --run.log=verbose --run.predict=$predict > /dev/null 2> >(stamp >> "$3.$4.log") &
    pid=$!
    watch_memory "$pid" >> "$3.$4.memory" &
}
whole() # NUMBER RANKS
{
    local out=$DIR/result-$1-$2.h5
    [ ! -e "$out" ] || return 0
    say "$1 pictures on $2 rank(s)"
    rm -f "$out".*
    job "$1" "$2" "$out" 1
    wait "$pid" || die "failed: see $out.1.log"
    sleep 1
}

# What a start's calibration said of a phase.
predicted_s() { awk -v want="$2" '$2 == want && $3 != "predicted" && $NF == "s" { print $(NF - 1); exit }' "$1"; }

# Seconds of a phase in a log; "" where it was not reached. A killed start ends with its last line.
phase_s() # LOG PHASE
{
    awk -v want="$2" '{ if ($2 == "phase") { if (in_it) sum += $1 - at; in_it = $3 == want; at = $1; seen += in_it } last = $1 }
        END { if (in_it) sum += last - at; if (seen) printf "%.1f", sum }' "$1" 2> /dev/null
}
killed_and_resumed()
{
    local out=$DIR/result-$IMAGES.h5 half rank
    [ ! -e "$out" ] || return 0
    rm -f "$out".*
    half=$(awk -v s="$(phase_s "$DIR/result-$SMALL-$RANKS.h5.1.log" explain)" -v n="$IMAGES" -v m="$SMALL" 'BEGIN { print s * n / m / 2 }')
    say "$IMAGES pictures on $RANKS ranks; killed when explain has run for $half s"
    job "$IMAGES" "$RANKS" "$out" 1
    until grep -q ' phase explain$' "$out.1.log" 2> /dev/null; do
        kill -0 "$pid" 2> /dev/null || die "failed: see $out.1.log"
        sleep 0.5
    done
    sleep "$half"
    rank=$(pgrep -P "$pid" -x quantcam)
    date +%s.%N > "$out.killed"
    # shellcheck disable=SC2086
    kill -9 "$pid" $rank
    wait "$pid" 2> /dev/null || true
    sleep 2
    "$Q" verify "$out" > "$out.verdict" || true
    say "killed: $(head -1 "$out.verdict")"
    job "$IMAGES" "$RANKS" "$out" 2
    wait "$pid" || die "failed: see $out.2.log"
    sleep 1
}

# ---- tables --------------------------------------------------------------------------------------------------------

cell()  { [ -n "$1" ] && echo "$1" || echo "-"; }
total() { awk -v a="${1:-0}" -v b="${2:-0}" 'BEGIN { printf "%.1f", a + b }'; }
mega()  { awk -v b="$1" 'BEGIN { printf "%.0f", b / 1e6 }'; }
peak()  { awk -v rank="$2" '$2 == rank && $4 > m { m = $4 } END { printf "%.0f", m * 1024 / 1e6 }' "$1"; }
# Resident MB of a rank at a share of the run's time.
resident_at() { awk -v rank="$2" -v at="$3" '$2 == rank { t[n] = $1; r[n++] = $3 } END { want = at * t[n - 1]; for (i = 0; i < n - 1 && t[i] < want; i++) ; printf "%.0f", r[i] * 1024 / 1e6 }' "$1"; }

print_efficiency()
{
    local phase one two a=$DIR/result-$SMALL-1.h5 b=$DIR/result-$SMALL-2.h5
    echo "Parallel efficiency, $SMALL pictures ($([ "$("$Q" verify --digest "$a" | cut -c1-64)" = "$("$Q" verify --digest "$b" | cut -c1-64)" ] &&
        echo "one digest" || echo "DIGESTS DIFFER")):"
    echo
    echo "| phase | 1 rank, s | 2 ranks, s | efficiency |"
    echo "|---|---:|---:|---:|"
    for phase in evaluate explain average; do
        one=$(phase_s "$a.1.log" $phase) two=$(phase_s "$b.1.log" $phase)
        echo "| $phase | $one | $two | $(awk -v a="$one" -v b="$two" 'BEGIN { if (b < 1) printf "-"; else printf "%.0f %%", 100 * a / b / 2 }') |"
    done
    echo
}
print_memory()
{
    local n rank file
    echo "Memory of a rank, MB: resident at shares of the run's time, and the most it ever held (VmHWM):"
    echo
    echo "| pictures | rank | 10 % | 25 % | 50 % | 75 % | 95 % | VmHWM |"
    echo "|---|---|---:|---:|---:|---:|---:|---:|"
    for n in $TENTH "$IMAGES"; do
        for file in "$DIR/result-$n-$RANKS.h5.1.memory" "$DIR/result-$n.h5".[12].memory; do
            [ -s "$file" ] || continue
            for ((rank = 0; rank < RANKS; rank++)); do
                echo "| $n$(case $file in "$DIR/result-$n.h5.1.memory") echo ", until killed" ;; "$DIR/result-$n.h5.2.memory") echo ", resumed" ;; esac)" \
                    "| $rank | $(for at in 0.1 0.25 0.5 0.75 0.95; do printf '%s | ' "$(resident_at "$file" $rank $at)"; done)$(peak "$file" $rank) |"
            done
        done
    done
    echo
}
print_phases()
{
    local out=$DIR/result-$IMAGES.h5 phase first second guess sum_first=0 sum_second=0 sum_guess=0
    echo "Time a phase, $IMAGES pictures, $RANKS ranks; killed (kill -9 of mpirun and all ranks) after" \
        "\`$(head -1 "$out.verdict")\`, then resumed to \`$("$Q" verify "$out" | head -1)\`:"
    echo
    echo "| phase | predicted, s | until killed, s | resumed, s | together, s |"
    echo "|---|---:|---:|---:|---:|"
    for phase in plan evaluate select explain average time reduce finish; do
        first=$(phase_s "$out.1.log" $phase) second=$(phase_s "$out.2.log" $phase)
        guess=$(predicted_s "$out.1.log" $phase) sum_guess=$(total "$sum_guess" "$guess")
        echo "| $phase | $(cell "$guess") | $(cell "$first") | $(cell "$second") | $(total "$first" "$second") |"
        sum_first=$(total "$sum_first" "$first") sum_second=$(total "$sum_second" "$second")
    done
    echo "| all | $sum_guess | $sum_first | $sum_second | $(total "$sum_first" "$sum_second") |"
    echo
    echo "Drawing the pictures: $(cat "$DATA/draw-$IMAGES.s" 2> /dev/null || echo "?") s on one core. The first start's plan holds the calibration for the" \
        "prediction, the second's the reading of all rows (CRC)."
    echo
    echo "Bytes: pictures $(mega "$(du -sb "$DATA/images-$IMAGES" | cut -f1)") MB, result $(mega "$(stat -c %s "$out")") MB; written to the disk by" \
        "the ranks $(cat "$out".[12].memory | awk '{ k = $2; if ($5 < was[k]) done[k] += was[k]; was[k] = $5 } END { for (k in was) s += was[k] + done[k]; printf "%.0f", s / 1e6 }') MB."
    echo
}
print_predictions()
{
    echo "Predicted from a few pictures and come true, $TENTH pictures, $RANKS ranks, not disturbed:"
    echo
    echo '```'
    sed -n 's/^[0-9.]* \( .* predicted .*\)/\1/p' "$DIR/result-$TENTH-$RANKS.h5.1.log"
    echo '```'
    [ "$STEPS" != 100 ] || return 0
    echo
    echo "\`--dry-run\` for $IMAGES pictures with curves of 100 steps, $RANKS ranks:"
    echo
    echo '```'
    "$Q" run jobs/scale.conf --images="$DATA/images-$IMAGES" --boxes="$DATA/images-$IMAGES/boxes.csv" --out="$DIR/dry.h5" \
        --explain.steps=100 --dry-run -j "$RANKS" 2>&1
    echo '```'
}

draw
first_of "$SMALL"
first_of "$TENTH"
whole "$SMALL" 1
whole "$SMALL" 2
[ "$RANKS" = 2 ] || whole "$SMALL" "$RANKS"
whole "$TENTH" "$RANKS"
killed_and_resumed
{
    echo "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), $(nproc) cores, $("$Q" version 2> /dev/null | head -1);" \
        "\`IMAGES=$IMAGES RANKS=$RANKS STEPS=$STEPS make scale\`"
    echo
    print_phases
    print_memory
    print_efficiency
    print_predictions
} | tee "$DIR/table-$IMAGES.md"
