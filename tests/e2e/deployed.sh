#!/usr/bin/env bash
# Deployed files in the commands: one file is description and weights; what it leaves open has options; what is damaged or
# not wanted ends in one sentence.
. "$(dirname "$0")/common.bash"
D=tests/fixtures/deployed
"$Q" synth "$T/images" --images 3 --seed 5 > /dev/null || exit 1
picture=$(find "$T/images" -name '*.JPEG' | sort | head -1)
listed() { "$Q" inspect "$@" > "$T/out" 2> "$T/err" && [ ! -s "$T/err" ]; }
quiet()  { "$Q" "$@" > "$T/said" 2> "$T/err"; }
infer()  { "$Q" infer "$picture" -o "$T/out.h5" "$@" 2> "$T/err" > "$T/said"; }

# inspect: as a description with its weights, and as the description itself.
for f in "$D"/*.tflite; do
    name=$(basename "$f" .tflite)
    check "$name is listed" listed "$f"
    check "$name: its kind" grep -qx 'container *TFLite' "$T/out"
    check "$name: nothing is unused" grep -qx 'unused *0' "$T/out"
    grep -E '^(input|conv|linear|mean|cat) ' "$T/out" | awk '{ print $1, $3 }' > "$T/nodes"
    check "$name as a model" "$Q" inspect --as-model "$f" > "$T/$name.model"
    check "$name as a model is listed" listed "$T/$name.model"
    grep -E '^(input|conv|linear|mean|cat) ' "$T/out" | awk '{ print $1, $3 }' > "$T/again"
    check "$name: the same nodes" cmp "$T/nodes" "$T/again"
done
check "--as-model: the picture's own codes" grep -q '^input input  3 17 17  resize squash bilinear  mean 0.5019' "$T/excited_uint8.model"
check "--classes.skip" grep -qx 'output classes' <("$Q" inspect --as-model --classes.skip=1 "$D/excited_uint8.tflite")

# infer: either option names the file, whatever it is called; both readings; the input's own pixels by default.
check "infer --model" infer --model "$D/excited_uint8.tflite"
check "infer: what is said" grep -q 'softmax at the end is taken off' "$T/err"
check "infer: TFLite's reference arithmetic is the default" grep -q ' int8 tflite-reference ' "$T/said"
cp "$T/out.h5" "$T/first.h5"
cp "$D/excited_uint8.tflite" "$T/some.file"
check "infer --weights" infer --weights "$T/some.file"
check "infer: XNNPACK" infer --weights "$D/excited_uint8.tflite" --engine=tflite-xnnpack
check "infer: is said" grep -q ' int8 tflite-xnnpack ' "$T/said"
own="resize squash bilinear mean 0.50196078431372548 0.50196078431372548 0.50196078431372548"
own="$own std 0.50196078431372548 0.50196078431372548 0.50196078431372548"
check "infer --input: the default, said" infer --model "$D/excited_uint8.tflite" --input "$own"
check "infer --input: the same bytes" cmp "$T/first.h5" "$T/out.h5"
check "infer --input: another one" infer --model "$D/excited_uint8.tflite" --input "resize 20 bicubic crop 17 ${own#*bilinear }"
check "infer --input: other bytes" differ "$T/first.h5" "$T/out.h5"
check "infer --cam.layer" infer --model "$D/excited_uint8.tflite" --cam.layer=stem
check "infer: gradients" infer --model "$D/excited_uint8.tflite" --cam=gradcam
check "explain: one file" quiet explain "$picture" --model "$D/excited_uint8.tflite" --steps 4 -o "$T/one.png"
check "explain: its answers" grep -q '^  answers   int8' "$T/said"
check "explain: two files" quiet explain "$picture" --weights u="$D/excited_uint8.tflite" --weights s="$D/shuffled_uint8.tflite" --steps 4 -o "$T/two.png"
check "bench" quiet bench --model "$D/excited_uint8.tflite" --repeats 2

# Names behind the network, as TFLite's metadata are written: what explain prints, and what reports can be given.
if python=$(python_with zipfile); then
    cp "$D/excited_uint8.tflite" "$T/named.tflite"
    "$python" - "$T/named.tflite" << 'PYTHON'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'a') as z:
    z.writestr('labels.txt', '\n'.join('thing %d' % i for i in range(10)))
PYTHON
    check "names are explain's" quiet explain "$picture" --model "$T/named.tflite" --steps 0 -o "$T/one.png"
    check "names: they are printed" grep -qE '^ +1  thing [0-9] ' "$T/said"
    check "inspect --as-names" test "$("$Q" inspect --as-names "$T/named.tflite" | tail -1)" = "thing 9"
    check "inspect says so" grep -q 'the names of its 10 classes are in the file' <("$Q" inspect "$T/named.tflite")
else
    echo "skip: names (no Python with zipfile)"
fi
refuse "--as-names without any" 1 'it has no list of names for its 10 classes' "$Q" inspect --as-names "$D/excited_uint8.tflite"

# What is not wanted.
refuse "another engine" 1 'fbgemm is arithmetic of PyTorch' "$Q" infer "$picture" --model "$D/excited_uint8.tflite" --engine=fbgemm -o "$T/no.h5"
refuse "--model beside it" 2 '^quantcam: --model has no effect' "$Q" infer "$picture" --model models/demo/mobilenet_v2.model --weights "$D/excited_uint8.tflite" -o "$T/no.h5"
refuse "--state" 2 'has no state dicts' "$Q" infer "$picture" --model "$D/excited_uint8.tflite" --state x -o "$T/no.h5"
refuse "--input of others" 2 '^quantcam: .*--input and --classes.skip are of TFLite and ONNX files' "$Q" inspect models/demo/mobilenet_v2.model --input x
refuse "--as-model of others" 2 'as-model is of TFLite and ONNX files' "$Q" inspect models/demo/mobilenet_v2.model --as-model
refuse "a checkpoint beside it" 2 'has its weights' "$Q" inspect "$D/excited_uint8.tflite" "$D/excited_int8.tflite"
refuse "a broken pipeline" 1 "unknown filter 'linear'" "$Q" infer "$picture" --model "$D/excited_uint8.tflite" --input "resize squash linear mean 0 0 0 std 1 1 1" -o "$T/no.h5"
head -c 3000 "$D/excited_uint8.tflite" > "$T/cut.tflite"
refuse "a cut file" 1 '^quantcam: .*cut.tflite: .*byte' "$Q" inspect "$T/cut.tflite"
finish
