# What the fault campaigns share: the scratch folder and checks of tests/e2e/common.bash, jobs, counts. Sourced, never run.
. "$(dirname "${BASH_SOURCE[0]}")/../e2e/common.bash"
FAULTS=tests/faults
TORTURE=${QUANTCAM_TORTURE:-}

# amount NAME SMALL LARGE: how many; QUANTCAM_NAME wins.
amount() { local set="QUANTCAM_$1"; if [ -n "${!set:-}" ]; then echo "${!set}"; elif [ -n "$TORTURE" ]; then echo "$3"; else echo "$2"; fi; }
count()  { echo "count: $*"; }

# What was counted: add WHAT [HOW-MANY], of WHAT.
declare -A n=()
add() { n[$1]=$((${n[$1]:-0} + ${2:-1})); }
of()  { echo "${n[$1]:-0}"; }

# How many cases are tried at a time: one a core, at most four.
JOBS=${QUANTCAM_JOBS:-$(($(nproc) < 4 ? $(nproc) : 4))}
# side_by_side FUNCTION: FUNCTION 0, FUNCTION 1, ... up to JOBS at a time, each in a shell of its own with a scratch
# folder $T and counts of its own; afterwards their counts are added to those of this shell.
side_by_side()
{
    local worker value what pids=()
    for ((worker = 0; worker < JOBS; worker++)); do
        (
            T=$T/worker$worker checks=0 failed=0 n=()
            mkdir -p "$T"
            "$1" $worker
            n[checks]=$checks n[failed]=$failed
            for what in "${!n[@]}"; do echo "${n[$what]} $what"; done > "$T/counts"
        ) &
        pids+=($!)
    done
    for ((worker = 0; worker < JOBS; worker++)); do
        wait "${pids[worker]}"
        check "worker $worker of $JOBS comes to its end" test -s "$T/worker$worker/counts"
        while read -r value what; do
            case $what in
            checks) checks=$((checks + value)) ;;
            failed) failed=$((failed + value)) ;;
            *) add "$what" "$value" ;;
            esac
        done < "$T/worker$worker/counts"
        rm -f "$T/worker$worker/counts"
    done
}

# A random number below $1, from $RANDOM: seed it.
below() { REPLY=$(((RANDOM * 32768 + RANDOM) % $1)); }
now_us() { REPLY=${EPOCHREALTIME/[.,]/}; }

PYTHON=$(python_with "h5py, numpy")

# fault_job FILE IMAGES STEPS NETWORK...: a job over demo networks, result $T/out.h5.
fault_job()
{
    local file=$1 images=$2 steps=$3 net form
    shift 3
    "$Q" synth "$T/images" --images "$images" --seed 7 > /dev/null || exit 1
    cat > "$file" << JOB
[data]
images = $T/images
boxes = $T/images/boxes.csv
max_bad = 50
[subset]
fraction = 0.2
[explain]
steps = $steps
[time]
runs = 3
[store]
out = $T/out.h5
[run]
log = verbose
JOB
    for net in "$@"; do
        for form in fp32 int8; do
            [ -f "$WEIGHTS/${net}_$form.pth" ] || skip "no $WEIGHTS/${net}_$form.pth"
        done
        printf '[network %s]\nmodel = models/demo/%s.model\n' "$net" "$net" >> "$file"
        printf 'fp32 = %s\nint8 = %s\n' "$WEIGHTS/${net}_fp32.pth" "$WEIGHTS/${net}_int8.pth" >> "$file"
    done
}

# One sentence for a failure: exactly one line "quantcam: ..." in the log.
one_sentence() { [ "$(grep -c '^quantcam: ' "$1")" = 1 ]; }
# The rows of the last start in OUT.log.jsonl.
logged_rows() { sed -n 's/^{"rows": \([0-9]*\).*/\1/p' "$1.log.jsonl" | tail -1; }
no_litter()   { [ ! -e "$1.part" ] && [ ! -e "$1.part.creating" ] && [ ! -e "$1.lock" ] && [ ! -e "$1.progress.json" ]; }
