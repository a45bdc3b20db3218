#!/usr/bin/env bash
# A small job whose n-th write, sync, rename or open of its result kills the rank, or answers ENOSPC or EIO: for every n
# (torture) or some (otherwise). A failing call must end the job with one sentence and 1; after either the same command
# must go on to the digest of a run nobody disturbed. QUANTCAM_CASES (70; torture: all) of them, evenly spread;
# QUANTCAM_SHARE=2/5 the second fifth of them; QUANTCAM_JOBS at a time. Skipped where ptrace is not allowed.
. "$(dirname "$0")/common.bash"
command -v strace > /dev/null || skip "no strace"
strace -qq -o /dev/null -e trace=openat -e inject=openat:error=ENOENT:when=100 true 2> /dev/null || skip "ptrace is not allowed"
fault_job "$T/job.conf" 3 2 shufflenet_v2_x0_5
SETTINGS=("$T/job.conf" --log=quiet --time.runs=0 --select.by=raw --fraction=0.3)
CALLS=(openat pwrite64 fsync fdatasync rename fallocate write ftruncate unlink)
# Only the calls in question stop the rank, not all. Not for kills: strace 6.1 sends no signal with it.
FAST=
strace -f -qq --seccomp-bpf -o /dev/null true 2> /dev/null && FAST=--seccomp-bpf
work_here() # in $T
{
    OUT=$T/out.h5
    JOB=("${SETTINGS[@]}" -o "$OUT")
    PATHS=(-P "$OUT" -P "$OUT.part" -P "$OUT.part.creating" -P "$OUT.lock" -P "$OUT.log.jsonl" -P "$T")
}
work_here

# traced RANK STRACE-OPTION...: the job on two ranks, one of them under strace; its exit code.
traced()
{
    local rank=$1 fast=$FAST
    shift
    [[ $* != *:signal=* ]] || fast=
    # shellcheck disable=SC2016
    timeout -k 5 60 "$MPIRUN" -np 2 bash -c \
        'rank=$0; while [ "$1" != :: ]; do option+=("$1"); shift; done; shift
         [ "$OMPI_COMM_WORLD_RANK" = "$rank" ] || exec "$@"
         exec strace -f -qq "${option[@]}" "$@"' "$rank" $fast "${PATHS[@]}" "$@" :: "$Q" run "${JOB[@]}" > "$T/log" 2>&1
}

check "undisturbed" run 2 "${JOB[@]}"
whole=$(digest "$OUT")
check "its digest" test -n "$whole"

# Every call of every rank on the result's files.
cases=()
for rank in 0 1; do
    rm -f "$OUT"*
    check "counted" traced $rank -o "$T/trace" -e trace="$(IFS=,; echo "${CALLS[*]}")"
    for call in "${CALLS[@]}"; do
        made=$(grep -c "^[0-9]* *$call(" "$T/trace")
        [ "$made" = 0 ] || counts+="${counts:+, }rank $rank $call $made"
        for ((i = 1; i <= made; i++)); do
            for fault in signal=KILL error=ENOSPC error=EIO; do cases+=("$rank $call $i $fault"); done
        done
    done
done
wanted=$(amount CASES 70 ${#cases[@]})
[ "$wanted" -le ${#cases[@]} ] || wanted=${#cases[@]}
share=${QUANTCAM_SHARE:-1/1}
count "calls: $counts; ${#cases[@]} cases"

# The cases in even steps; rare calls, which are more telling, all in the first round.
rare=() often=()
for ((i = 0; i < ${#cases[@]}; i++)); do
    case ${cases[i]} in *pwrite64*) often+=("${cases[i]}") ;; *) rare+=("${cases[i]}") ;; esac
done
chosen=()
spread() # COUNT LIST...
{
    local wanted=$1 i
    shift
    local list=("$@")
    [ "$wanted" -le ${#list[@]} ] || wanted=${#list[@]}
    for ((i = 0; i < wanted; i++)); do chosen+=("${list[i * ${#list[@]} / wanted]}"); done
}
half=$((wanted / 2 < ${#rare[@]} ? wanted / 2 : ${#rare[@]}))
spread $half "${rare[@]}"
spread $((wanted - half)) "${often[@]}"

one_case() # RANK CALL N FAULT
{
    local what="rank $1, $2 number $3, $4" rc start=$SECONDS before=$failed
    rm -f "$OUT"*
    traced "$1" -o /dev/null -e trace="$2" -e "inject=$2:$4:when=$3"
    rc=$?
    check "$what: ends" test $((SECONDS - start)) -lt 40
    if [ $rc = 0 ]; then
        # HDF5 tries openat of a new file first without O_CREAT, and the log is closed unread: what failed did not matter
        add harmless
    else
        add "${4#*=}"
        if [ "$4" != signal=KILL ]; then
            check "$what: exit $rc" test $rc = 1
            check "$what: one sentence" one_sentence "$T/log"
        fi
    fi
    if [ -e "$OUT.part" ]; then
        check "$what: h5dump opens it" code 0 h5dump -H "$OUT.part"
        check "$what: resumable" code 75 "$Q" verify "$OUT"
    fi
    cp "$T/log" "$T/faulty.log" 2> /dev/null
    check "$what: the same command goes on" code 0 run $((1 + $3 % 3)) "${JOB[@]}"
    if same "$(digest "$OUT")" "$whole"; then add equal; else check "$what: the same digest" false; fi
    check "$what: no litter" no_litter "$OUT"
    [ $failed = $before ] || { echo "--- $what" >&2; head -20 "$T/faulty.log" >&2; }
}
mine=()
for ((i = 0; i < ${#chosen[@]}; i++)); do
    [ $((i % ${share#*/})) != $((${share%/*} - 1)) ] || mine+=("${chosen[i]}")
done
some_cases() # WORKER
{
    local i
    work_here
    for ((i = $1; i < ${#mine[@]}; i += JOBS)); do
        # shellcheck disable=SC2086
        one_case ${mine[i]}
        add cases
        if [ $(($(of cases) % 50)) = 0 ]; then echo "worker $1: $(of cases) cases, $checks checks, $failed failed" >&2; fi
    done
}
side_by_side some_cases
done_cases=$(of cases)

count "cases $done_cases: killed $(of KILL), ENOSPC $(of ENOSPC), EIO $(of EIO), without effect $(of harmless)"
count "digest equal after the next start: $(of equal) of $done_cases"
check "cases" test $done_cases -ge $(((wanted + ${share#*/} - 1) / ${share#*/} - 1))
check "faults that stopped the job" test $(($(of KILL) + $(of ENOSPC) + $(of EIO))) -ge $((done_cases * 9 / 10))
finish
