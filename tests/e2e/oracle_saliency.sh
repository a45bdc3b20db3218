#!/usr/bin/env bash
# saliency's maps and measures against numpy's forms of the definitions and OpenCV's (tests/oracles/compare_saliency.py).
. "$(dirname "$0")/oracle.bash"
needs "h5py, numpy, PIL"
[ -d "$shared/data/osie-100" ] || skip "no $shared/data/osie-100"
compared "$python" tests/oracles/compare_saliency.py "$shared/data"
