#!/usr/bin/env bash
# What TFLite files become, against LiteRT's interpreter: shapes, scales, zero points, weights and biases of every layer
# (tests/oracles/compare_deployed_tables.py), of the shared networks.
. "$(dirname "$0")/oracle.bash"
python=$(python_with "numpy, ai_edge_litert") || skip "no Python with numpy and ai_edge_litert"
program=${B:-build/release}/tests/oracles/deployed
files=("$shared"/data/weights/*.tflite)
[ -f "${files[0]}" ] || skip "no $shared/data/weights/*.tflite"
[ -x "$program" ] || { echo "$program is not built"; exit 1; }
all()
{
    local f rc=0
    for f in "${files[@]}"; do
        "$python" tests/oracles/compare_deployed_tables.py "$program" "$f" "resize squash bilinear mean 0 0 0 std 1 1 1" 2> /dev/null || rc=1
    done
    return $rc
}
compared all
