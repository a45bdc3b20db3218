#!/usr/bin/env bash
# Runs suites of tests and counts: tests/run.sh style unit mpi fuzz e2e faults slurm hosts. Last line: N passed, N failed, N skipped.
#   style  tests/style/*.sh                      unit  tests/<room>/test_*.c, one process
#   mpi    tests/{comm,store,phase,train}/test_*.c on 1, 2 and 3 ranks        fuzz  tests/fuzz/fuzz_*.c
#   e2e    tests/e2e/*.sh                        faults, slurm, hosts    tests/{faults,slurm,hosts}/test_*.sh: tests/README.md
# A program exits 0 (passed), 1 (failed) or 77 (skipped: its last line says why). One that passes says so, too:
# "NAME: N checks, 0 failed". A line "skip: what (why)" counts one skipped part; lines "count: what" are shown.
# A suite has passed where its programs and checks reach tests/FLOORS.
set -u
cd "$(dirname "$0")/.." || exit 2
V=${V:-release}
B=build/$V
export V B QUANTCAM=build/$V/quantcam
export UBSAN_OPTIONS=print_stacktrace=1
# Open MPI and libcrypto keep blocks until exit: what counts as leaked is mem_live() in the tests.
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1
# More ranks than cores, and root in a container, are normal here (README, "More ranks than cores").
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1 OPENBLAS_NUM_THREADS=1
[ "$(id -u)" = 0 ] && export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# Open MPI asks for "localhost" many times; in a container without /etc/hosts a lost DNS answer would cost 5 s each time.
grep -qs localhost /etc/hosts || export RES_OPTIONS="timeout:1 attempts:1"
MPIRUN=${MPIRUN:-mpirun}
# How many tests run at once: as many as there are cores, of those that start several ranks half as many.
cores=${QUANTCAM_JOBS:-$(nproc 2> /dev/null || echo 1)}
slots=1
work=$(mktemp -d)
set -m          # each test is a process group of its own, and an interrupt means to it whatever it says
running=()      # by process: what it runs, as NUMBER NAME
trap 'kill "${!running[@]}" 2> /dev/null; rm -rf "$work"' EXIT
started=0 passed=0 failed=0 skipped=0
programs=0 checks=0     # of the suite

fail() # LOG NAME WHY
{
    failed=$((failed + 1))
    printf 'FAIL  %-44s %s\n' "$2" "$3"
    tail -30 "$1" | sed 's/^/      /'
}
# The N of the last "NAME: N checks, 0 failed" of a log, or nothing.
counted() { sed -nE 's/^[^ ]+: ([0-9]+) checks, 0 failed$/\1/p' "$1" | tail -1; }

# What a test that ended after so many seconds with this code has to say.
judge() # LOG NAME CODE SECONDS
{
    local parts count
    parts=$(grep -c '^skip: ' "$1")
    count=$(counted "$1")
    [ "$3" != 0 ] || [ "${count:-0}" -gt 0 ] || { fail "$1" "$2" 'exit 0, but no line "NAME: N checks, 0 failed"'; return; }
    case $3 in
    0)  programs=$((programs + 1)) checks=$((checks + (count < 1000 ? count : 1000)))
        passed=$((passed + 1)); skipped=$((skipped + parts))
        grep '^skip: ' "$1" | sed "s|^skip: |$2: |" >> "$work/reasons"
        printf 'ok    %-44s %s\n' "$2" "$(grep -E 'checks' "$1" | tail -1) ($4 s)"
        sed -n 's/^count: /      /p' "$1"
        sed -n '/ cases from /s/^/      /p' "$1" ;;
    77) skipped=$((skipped + 1))
        echo "$2: $(tail -1 "$1")" >> "$work/reasons"
        printf 'skip  %-44s %s\n' "$2" "$(tail -1 "$1")" ;;
    *)  fail "$1" "$2" "exit $3" ;;
    esac
}
# Until fewer than so many tests run.
settle() # MOST
{
    local process name begin log
    while :; do
        for process in "${!running[@]}"; do
            ! kill -0 "$process" 2> /dev/null || continue
            read -r log begin name <<< "${running[process]}"
            unset "running[process]"
            wait "$process"
            judge "$log" "$name" $? $((SECONDS - begin))
            rm -f "$log"
        done
        [ ${#running[@]} -ge "$1" ] || return 0
        sleep 0.05
    done
}
run_one() # NAME COMMAND...
{
    local name=$1 log=$work/$((started += 1)).log
    shift
    settle $slots
    timeout "${QUANTCAM_TEST_TIMEOUT:-400}" "$@" > "$log" 2>&1 < /dev/null &
    running[$!]="$log $SECONDS $name"
}
# Fewer programs or checks than tests/FLOORS has: something was not run. A program counts for at most 1,000 checks.
reach_floor() # SUITE
{
    local suite least_programs least_checks
    while read -r suite least_programs least_checks; do
        if [ "$suite" = "$1" ] && { [ $programs -lt "$least_programs" ] || [ $checks -lt "$least_checks" ]; }; then
            fail /dev/null "$1" "$programs programs with $checks checks passed; tests/FLOORS has $least_programs and $least_checks"
        fi
    done < tests/FLOORS
}

is_parallel() { case $1 in comm | store | phase | train) return 0 ;; esac; return 1; }

suite_style()
{
    for script in tests/style/*.sh; do run_one "style/$(basename "$script" .sh)" "$script"; done
}
suite_unit()
{
    for source in tests/*/test_*.c; do
        room=$(basename "$(dirname "$source")")
        is_parallel "$room" || run_one "$room/$(basename "$source" .c)" "$B/${source%.c}"
    done
}
suite_mpi()
{
    for source in tests/*/test_*.c; do
        room=$(basename "$(dirname "$source")")
        is_parallel "$room" || continue
        for np in 1 2 3; do run_one "$room/$(basename "$source" .c) -np $np" $MPIRUN -np $np "$B/${source%.c}"; done
    done
}
# Mutated inputs, the same ones every time; `make fuzz` runs more of them, with sanitizers.
suite_fuzz()
{
    tests/fuzz/results.sh "$QUANTCAM" build/fuzz-seeds || { failed=$((failed + 1)); echo "FAIL  fuzz: no results to mutate"; }
    for source in tests/fuzz/fuzz_*.c; do
        name=$(basename "$source" .c)
        run_one "fuzz/${name#fuzz_}" "$B/${source%.c}" --cases="${FUZZ_CASES:-1000}" --folder="$B/tests/fuzz"
    done
}
suite_e2e()
{
    for script in tests/e2e/*.sh; do run_one "e2e/$(basename "$script" .sh)" "$script"; done
}
suite_folder() # FOLDER
{
    for script in tests/"$1"/test_*.sh; do
        [ ! -e "$script" ] || run_one "$1/$(basename "$script" .sh)" "$script"
    done
}

for suite in "$@"; do
    programs=0 checks=0
    case $suite in
    style | unit | fuzz) slots=$cores; suite_$suite ;;
    mpi | e2e) slots=$(((cores + 1) / 2)); suite_$suite ;;
    faults | slurm | hosts) slots=1; suite_folder "$suite" ;;
    *) echo "tests/run.sh: unknown suite $suite (style, unit, mpi, fuzz, e2e, faults, slurm, hosts)" >&2; exit 2 ;;
    esac
    settle 1
    reach_floor "$suite"
done
if [ -s "$work/reasons" ]; then echo "Skipped:"; sed 's/^/  /' "$work/reasons"; fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $passed -gt 0 ]
