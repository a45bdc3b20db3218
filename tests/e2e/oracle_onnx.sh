#!/usr/bin/env bash
# ONNX files against ONNX Runtime: networks of torchvision in real numbers, QDQ and QOperator, every tensor of codes and the
# logits (tests/oracles/compare_onnx.py), and on a CPU without VNNI what saturates there. QUANTCAM_ONNX: which, as
# "mobilenet_v2 resnet18:qdq-u8-s8-pc"; a network alone is all forms.
. "$(dirname "$0")/oracle.bash"
[ -f "$shared/oracle-tools/deployed_oracle.py" ] || skip "no $shared/oracle-tools/deployed_oracle.py"
needs "h5py, numpy, PIL, onnx, onnxruntime, onnxscript, torch, torchvision"
tool=$(dirname "$(realpath "$Q")")/tests/oracles/deployed
[ -x "$tool" ] || skip "no $tool: make tests"
wanted=${QUANTCAM_ONNX:-squeezenet1_1:dynamo shufflenet_v2_x0_5:qdq-u8-s8-pc squeezenet1_1:qop-u8-u8}
compared "$python" tests/oracles/compare_onnx.py "$shared" $wanted
