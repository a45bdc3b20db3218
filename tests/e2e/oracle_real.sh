#!/usr/bin/env bash
# Trained weights on photographs against PyTorch and pytorch-grad-cam (tests/oracles/compare_real.py).
set -u
cd "$(dirname "$0")/../.." || exit 2
export QUANTCAM=${QUANTCAM:-build/quantcam}
python=${QUANTCAM_PYTHON:-python3}
shared=${QUANTCAM_SHARED:-../shared}

skip() { echo "$1"; exit 77; }
[ -f "$shared/data/oracle/oracle.h5" ] || skip "no $shared/data/oracle/oracle.h5"
"$python" -c 'import h5py, numpy' 2> /dev/null || skip "$python has no numpy and h5py"
out=$("$python" tests/oracles/compare_real.py "$shared")
rc=$?
echo "$out"
echo "oracle_real: $(echo "$out" | sed -n 's/.*compared \([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }') checks"
exit $rc
