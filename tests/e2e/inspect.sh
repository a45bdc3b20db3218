#!/usr/bin/env bash
# inspect: networks, checkpoints and results as tables, CSV and JSON; totals; what is not to be inspected.
. "$(dirname "$0")/common.bash"

L=tests/fixtures/lite
Y=tests/fixtures/tiny
python=$(python_with json) || python=python3
if ! "$python" -c pass 2> /dev/null; then echo "skip: JSON ($python does not run)"; python=true; fi

# No line is longer than 110 columns or ends in a blank.
narrow() { lacks "$1" '.{111}| $'; }
total()  { awk '$1 == "total" { print $2 "|" $3 "|" $4 }' "$1"; }
listed() { "$Q" inspect "$@" > "$T/out" 2> "$T/err" && [ ! -s "$T/err" ]; }

# torchvision's parameters and operations, the bytes of fp32 once folded
published()
{
    check "$1 is listed" listed "models/$1.model"
    check "$1 is narrow" narrow "$T/out"
    check "$1: totals" test "$(total "$T/out")" = "$2"
}
lacks_index() { ! "$Q" inspect "$1" > "$T/out" 2> "$T/err" && grep -q 'give fp32-shards.safetensors.index.json' "$T/err"; }
published resnet18 "11,689,512|1,814,073,344|46,738,848"
published resnet50 "25,557,032|4,089,184,256|102,121,888"
published mobilenet_v2 "3,504,872|300,774,272|13,951,264"
published mobilenet_v3_large "5,483,032|216,589,760|21,883,328"
published shufflenet_v2_x0_5 "1,366,792|40,476,448|5,451,264"
published shufflenet_v2_x1_0 "2,278,604|144,907,992|9,082,056"
published squeezenet1_1 "1,235,496|349,151,936|4,941,984"
published efficientnet_lite0 "4,652,008|385,187,552|18,524,000"

# With a checkpoint: what it says of the nodes.
check "an int8 network" listed $L/lite.model $L/lite_fbgemm.pth
check "an int8 network is narrow" narrow "$T/out"
check "its precision" grep -qx 'precision    codes, weights of 8 bits per channel, outputs of 8 bits' "$T/out"
check "its relu6" grep -qx 'relu6        runs as relu' "$T/out"
check "its container" grep -qx 'container    torch, legacy' "$T/out"
check "its hash" grep -qx "sha256       $(sha256sum $L/lite_fbgemm.pth | cut -d' ' -f1)" "$T/out"
check "scale and zero point of every node" test "$(grep -cE '0\.[0-9]+ +[0-9]+$' "$T/out")" = 23
check "uneven padding is said" grep -qE '^conv +a1 +20x9x9 +5x5/2 dw same ' "$T/out"
check "ceil is said" grep -qE '^maxpool  pool1 .* 3x3/2 ceil$' <("$Q" inspect $L/fire.model)
check "the same as CSV" listed --csv $L/lite.model $L/lite_fbgemm.pth
check "CSV: heads" test "$(head -1 "$T/out" | tr -d '\r')" = \
    "op,node,channels,height,width,kernel,stride,pad,groups,parameters,macs,bytes,scale,zero_point"
check "CSV: 24 lines of 14 fields" test "$(awk -F, 'NF == 14' "$T/out" | wc -l)" = 24
check "the same as JSON" listed --json $L/lite.model $L/lite_fbgemm.pth
check "JSON: it is, and its total is the sum" "$python" -c '
import json, sys
j = json.load(open(sys.argv[1]))
for key in ("parameters", "macs", "bytes"):
    assert j["total"][key] == sum(n.get(key, 0) for n in j["nodes"]) > 0, key
assert len(j["nodes"]) == 23 and j["nodes"][1]["pad"] == "same" and j["classes"] == 7' "$T/out"

# Checkpoints: every container, strides, quantization.
for f in $Y/per_channel.pth $Y/per_channel_legacy.pth $L/lite_qnnpack.pth "$WEIGHTS/mobilenet_v3_large_int8.pth"; do
    check "$f is listed" listed "$f"
    check "$f is narrow" narrow "$T/out"
    check "$f has tensors" test "$(grep -cE ' (f32|s8|s64) ' "$T/out")" -gt 10
done
listed $Y/fp32-ema.pth
check "which state dict" grep -qx 'state  *model' "$T/out"
check "and what lies beside it" grep -qx 'other states  *model_ema' "$T/out"
check "shards are listed" listed $Y/fp32-shards.safetensors.index.json
check "shards are one checkpoint" grep -qx 'tensors  *16' "$T/out"
check "a shard alone is none" lacks_index $Y/fp32-shards-00001-of-00002.safetensors
listed $Y/per_channel.pth
check "zip" grep -qx 'container  *torch, zip' "$T/out"
check "channels_last strides, per channel" grep -qE '^conv1.weight +4x3x3x3 +s8 +27,1,9,3 +per channel +8 +0 +108$' "$T/out"
check "a number's value" grep -qE '^conv1.zero_point +scalar +s64 +[0-9]+ +8$' "$T/out"
check "a checkpoint as JSON" listed --json $Y/per_channel.pth
check "JSON: it is, and its total is the sum" "$python" -c '
import json, sys
j = json.load(open(sys.argv[1]))
assert j["total"]["bytes"] == sum(t["bytes"] for t in j["tensors"]) and j["container"] == "torch, zip"' "$T/out"
check "a checkpoint as CSV" listed --csv $Y/fp32.pth
check "CSV: a line a tensor" test "$(wc -l < "$T/out")" = "$(("$("$Q" inspect $Y/fp32.pth | sed -n 's/^tensors *//p')" + 1))"

# A layer whose bias is lost: said, by every command that reads weights.
"$python" -c '
import json, struct, sys
data = open(sys.argv[1], "rb").read()
size = struct.unpack("<Q", data[:8])[0]
head, data = json.loads(data[8:8 + size]), data[8 + size:]
begin, end = head.pop("fc.bias")["data_offsets"]
for t in head.values():
    if t.get("data_offsets", [0])[0] >= end:
        t["data_offsets"] = [at - end + begin for at in t["data_offsets"]]
head = json.dumps(head).encode()
open(sys.argv[2], "wb").write(struct.pack("<Q", len(head)) + head + data[:begin] + data[end:])' $Y/fp32.safetensors "$T/no-bias.safetensors"
if [ "$python" != true ]; then
    check "without a bias" listed $Y/tiny.model "$T/no-bias.safetensors"
    check "inspect says it" grep -qx 'no bias      1' "$T/out"
    check "infer" code 0 "$Q" infer --model $Y/tiny.model --weights "$T/no-bias.safetensors" -o "$T/o.h5" tests/image/data/420.jpg
    check "infer says which" grep -q 'fc has no bias: taken as 0$' "$T/log"
fi
check "with all" listed $Y/tiny.model $Y/fp32.safetensors
check "there is nothing to say" lacks "$T/out" '^no bias'

# A reader that has seen enough.
check "a pipe to head" test "$("$Q" inspect models/mobilenet_v3_large.model 2> "$T/err" | head -1)" = "model        mobilenet_v3_large"
check "a pipe to head: no complaint" test ! -s "$T/err"

# Refusals: one sentence, naming what is wrong.
refused() { refuse "$2" "$1" "^quantcam: $3" "$Q" inspect "${@:4}"; check "$2: one line" test "$(wc -l < "$T/log")" = 1; }
refused 1 "nothing" "$T/none: No such file" "$T/none"
refused 1 "a picture" "tests/image/data/420.jpg" tests/image/data/420.jpg
refused 1 "other weights" "$L/fire_fp32.pth: tensor stem.weight is \(10, 3, 3, 3\) f32, but .* needs \(12, 3, 3, 3\)" $L/lite.model $L/fire_fp32.pth
refused 2 "a checkpoint of a checkpoint" "$L/lite_fp32.pth is no network description" $L/lite_fp32.pth $L/lite_fp32.pth
refused 2 "two forms" "--csv, --json, --as-model and --as-names exclude one another" --csv --json $L/lite.model
printf 'model m\nimput i 3 8 8\n' > "$T/bad.model"
refused 1 "a bad description" ".*bad.model:2: unknown op 'imput' \(did you mean 'input'\?\)" "$T/bad.model"
finish
