# What the oracle_*.sh share: Python with other people's software, the shared data. Sourced, never run.
isa=${QUANTCAM_ISA:-}
. "$(dirname "${BASH_SOURCE[0]}")/common.bash"
export QUANTCAM=$Q
[ -z "$isa" ] || export QUANTCAM_ISA=$isa
python=$(python_with "h5py, numpy") || python=${QUANTCAM_PYTHON:-python3}
shared=${QUANTCAM_SHARED:-../shared}

# Can Python import them ("h5py, numpy")? needs: else the script is skipped.
has()   { "$python" -c "import $1" 2> /dev/null; }
needs() { has "$1" || skip "$python has no $1"; }

# The script's end: what a command prints, and the sum of its "compared N" as checks.
compared()
{
    local out rc
    out=$("$@")
    rc=$?
    echo "$out"
    echo "$NAME: $(echo "$out" | sed -n 's/.*compared \([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }') checks, $rc failed"
    exit $rc
}
