#!/usr/bin/env bash
# Deletion and insertion of trained weights on a photograph against PyTorch, step by step (tests/oracles/compare_curves.py).
# QUANTCAM_PICTURES: how many photographs (1).
set -u
cd "$(dirname "$0")/../.." || exit 2
export QUANTCAM=${QUANTCAM:-build/quantcam}
python=${QUANTCAM_PYTHON:-python3}
shared=${QUANTCAM_SHARED:-../shared}

skip() { echo "$1"; exit 77; }
[ -f "$shared/data/oracle/oracle.h5" ] || skip "no $shared/data/oracle/oracle.h5"
"$python" -c 'import h5py, numpy, scipy, torch, torchvision' 2> /dev/null || skip "$python has no numpy, scipy, h5py and torch"
out=$("$python" tests/oracles/compare_curves.py "$shared" "${QUANTCAM_PICTURES:-1}")
rc=$?
echo "$out"
echo "oracle_curves: $(echo "$out" | sed -n 's/.*compared \([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }') checks"
exit $rc
