#!/usr/bin/env bash
# Selections, readings, tables and pictures of a result against numpy (tests/oracles/check_result.py), activation
# statistics, comparisons of maps, histograms and stored layers too (check_measures.py), for each store.activations.
. "$(dirname "$0")/oracle.bash"
needs "h5py, numpy"
small_job "$T/job.conf" 32
check "a run" code 0 run 3 "$T/job.conf" --cross=on
check "numpy agrees" code 0 "$python" tests/oracles/check_result.py "$T/out.h5"
sed -n 's/^check_result: /numpy: /p' "$T/log"
if has cv2; then
    check "OpenCV agrees on localization" code 0 "$python" tests/oracles/check_wsol.py "$T/out.h5" 8
    sed -n 's/^check_wsol: /opencv: /p' "$T/log"
else
    echo "skip: localization against OpenCV ($python has no cv2)"
fi
check "numpy agrees on differences" code 0 "$python" tests/oracles/check_differences.py "$T/out.h5"
sed -n 's/^check_differences: /numpy: /p' "$T/log"
model=shufflenet_v2_x0_5
check "numpy measures activations and pairs of maps alike" code 0 "$python" tests/oracles/check_measures.py "$T/out.h5" "$Q" \
    "$T/images" shuffle models/demo/$model.model "$WEIGHTS/${model}_fp32.pth" "$WEIGHTS/${model}_int8.pth"
sed -n 's/^check_measures: /numpy: /p' "$T/log"

# The other two settings of store.activations: the same summary, bit for bit, from rows or by running the networks again.
for kept in mean full; do
    check "activations=$kept" code 0 run 2 "$T/job.conf" --activations=$kept --cross=on --out="$T/$kept.h5"
    check "numpy agrees with activations=$kept" code 0 "$python" tests/oracles/check_measures.py "$T/$kept.h5" "$Q" "$T/images" shuffle \
        models/demo/$model.model "$WEIGHTS/${model}_fp32.pth" "$WEIGHTS/${model}_int8.pth"
    check "activations=$kept: the summary" "$python" - "$T/out.h5" "$T/$kept.h5" << 'PYTHON'
import sys, h5py, numpy as np
a, b = (h5py.File(p)["summary"] for p in sys.argv[1:])
names = []
a.visititems(lambda name, x: names.append(name) if isinstance(x, h5py.Dataset) else None)
assert len(names) > 100 and all(np.array_equal(a[n][()], b[n][()]) for n in names), [n for n in names if not np.array_equal(a[n][()], b[n][()])]
PYTHON
done
finish
