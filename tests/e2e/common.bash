# What the scripts of this folder share: a scratch folder, a count of checks, a small job. Sourced, never run.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
Q=$(realpath "${QUANTCAM:-build/quantcam}")
MPIRUN=${MPIRUN:-mpirun}
WEIGHTS=${QUANTCAM_DEMO_WEIGHTS:-models/demo}
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1 OPENBLAS_NUM_THREADS=1
if [ "$(id -u)" = 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
unset QUANTCAM_FAULT QUANTCAM_ISA
NAME=$(basename "$0" .sh)
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
# What Open MPI leaves of a job that was killed, hundreds of folders after a campaign, goes with the rest.
export OMPI_MCA_orte_tmpdir_base=$T OMPI_MCA_btl_vader_backing_directory=$T
checks=0 failed=0

# check WHAT COMMAND...: the command must succeed.
check()  { local what=$1; shift; checks=$((checks + 1)); "$@" || { failed=$((failed + 1)); echo "$NAME: $what: failed: $*" >&2; }; }
# refuse WHAT CODE PATTERN COMMAND...: the command must end with that code and print a line that fits, which $T/log keeps.
refuse() { check "$1" code "$2" "${@:4}"; check "$1: says '$3'" grep -qE -e "$3" "$T/log"; }
skip()   { echo "skip: $NAME ($1)"; exit 77; }
finish() { echo "$NAME: $checks checks, $failed failed"; [ $failed = 0 ] && [ $checks -gt 0 ]; exit; }

run()    { "$MPIRUN" -np "$1" "$Q" run "${@:2}"; }
digest() { "$Q" verify --digest "$1" | cut -d' ' -f1; }
# For check: two texts, neither empty. cmp's answer "other bytes", which is not its answer to a file that is missing.
same()   { [ -n "$1" ] && [ "$1" = "$2" ]; }
other()  { [ -n "$1" ] && [ -n "$2" ] && [ "$1" != "$2" ]; }
differ() { cmp -s "$1" "$2"; [ $? = 1 ] && [ -s "$1" ] && [ -s "$2" ]; }
# lacks FILE PATTERN: the file holds something, and no line of it fits.
lacks()
{
    [ -s "$1" ] || { echo "$1 is empty or absent" >&2; return 1; }
    grep -nE -e "$2" "$1" >&2
    [ $? = 1 ]
}
# The first of the Pythons that can import them ("h5py, numpy"), Debian's among them whichever comes first in PATH; else none.
python_with()
{
    local python
    for python in "${QUANTCAM_PYTHON:-python3}" /usr/bin/python3; do
        if "$python" -c "import $1" 2> /dev/null; then echo "$python"; return; fi
    done
    false
}
code()   { local expected=$1 got; shift; "$@" > "$T/log" 2>&1; got=$?; [ $got = "$expected" ] || { echo "exit $got, not $expected: $*" >&2; cat "$T/log" >&2; return 1; }; }

# Two of the demo's networks over few pictures: small_job FILE IMAGES
small_job()
{
    local file
    for file in {mobilenet_v2,shufflenet_v2_x0_5}_{fp32,int8}.pth; do
        [ -f "$WEIGHTS/$file" ] || skip "no $WEIGHTS/$file"
    done
    [ -d "$T/images" ] || "$Q" synth "$T/images" --images "$2" --seed 7 > /dev/null || exit 1
    cat > "$1" <<JOB
[data]
images = $T/images
boxes = $T/images/boxes.csv
max_bad = 50
[network shuffle]
model = models/demo/shufflenet_v2_x0_5.model
fp32 = $WEIGHTS/shufflenet_v2_x0_5_fp32.pth
int8 = $WEIGHTS/shufflenet_v2_x0_5_int8.pth
[network mobile]
model = models/demo/mobilenet_v2.model
fp32 = $WEIGHTS/mobilenet_v2_fp32.pth
int8 = $WEIGHTS/mobilenet_v2_int8.pth
[subset]
fraction = 0.2
[explain]
steps = 10
[time]
runs = 0
[store]
out = $T/out.h5
[run]
log = quiet
JOB
}
