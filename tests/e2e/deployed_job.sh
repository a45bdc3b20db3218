#!/usr/bin/env bash
# Deployed files as precisions of a job: a float and an int8 TFLite file of one network, both arithmetics, with and without ranks and a
# stop, quantized further, beside a checkpoint; what is refused, and in which words.
. "$(dirname "$0")/common.bash"
SHARED=${QUANTCAM_SHARED:-../shared}/data
FLOAT=$SHARED/weights/resnet8_cifar10_float.tflite INT8=$SHARED/weights/resnet8_cifar10_int8.tflite
[ -f "$FLOAT" ] || skip "no $FLOAT"
cat > "$T/job.conf" <<JOB
[data]
images = $SHARED/cifar10-lossless/test_10000.bin.gz
limit = 24
[network resnet8]
fp32 = $FLOAT
fp32.input = resize squash bilinear mean 0 0 0 std 0.00392156862745098 0.00392156862745098 0.00392156862745098
int8 = $INT8
xnnpack = $INT8
xnnpack.engine = tflite-xnnpack
int4 = quantize
[precision xnnpack]
[quantize]
images = $SHARED/cifar10-lossless/train_10000.bin.gz
limit = 32
[cam]
method = eigen,layercam,gradcampp
[input]
map = on
[explain]
steps = 4
cross = on
road = on
[time]
runs = 2
[store]
out = $T/out.h5
[run]
log = quiet
watchdog = 600
JOB
check "two ranks" code 0 run 2 "$T/job.conf" --run.log=normal
check "the plan names file and arithmetic" grep -qE "int8 tflite-reference .*xnnpack tflite-xnnpack" "$T/log"
check "what was decided" grep -q "network.resnet8.fp32.decided = softmax at the end is taken off" "$T/log"
whole=$(digest "$T/out.h5")
check "sound" code 0 "$Q" verify "$T/out.h5"
cp "$T/out.h5.resnet8.int4.safetensors" "$T/three.h5.resnet8.int4.safetensors"
check "three ranks" run 3 "$T/job.conf" -o "$T/three.h5" --isa=ref
check "three ranks, reference kernels: the same digest" same "$(digest "$T/three.h5")" "$whole"
refuse "stopped by a fault" 1 "^quantcam: image 9" env QUANTCAM_FAULT=0:9 "$Q" run "$T/job.conf" -o "$T/stop.h5"
refuse "resumed by the other arithmetic" 1 "network.resnet8.int8.engine" "$Q" run "$T/job.conf" -o "$T/stop.h5" --network.resnet8.int8.engine=tflite-xnnpack
check "goes on" run 2 "$T/job.conf" -o "$T/stop.h5"
check "goes on: the same digest" same "$(digest "$T/stop.h5")" "$whole"
"$Q" show "$T/out.h5" > "$T/log"
check "show" grep -qF "fp32 (real numbers), int8 (8 bits), xnnpack (8 bits), int4 (4 bits)" "$T/log"
check "no activations are apart" lacks "$T/log" "another layer"
check "report" code 0 "$Q" report "$T/out.h5" -o "$T/report"
check "the two arithmetics, measured" grep -qE "TFLite's, as tflite-reference has it. xnnpack runs the same file by tflite-xnnpack: [0-9.]+ % of the logits are other codes, and [0-9.]+ % of 24 answers" "$T/report/report.md"

# Less is taken from more: a precision's values hang on its own file.
sed '/^xnnpack/d; /^\[precision xnnpack\]/d; /^int4/d; /^\[quantize\]/,/^limit = 32/d' "$T/job.conf" > "$T/two.conf"
check "from" code 0 run 2 "$T/two.conf" -o "$T/two.h5" --from="$T/out.h5" --run.log=normal
check "from: all are taken" grep -q "resnet8: fp32, int8 taken" "$T/log"

# no FOR CODE PATTERN OPTION...: refused
no() { refuse "$1" "$2" "$3" "$Q" run "$T/two.conf" -o "$T/no.h5" "${@:4}"; }
no "another runtime's arithmetic" 1 "its integers are those of TensorFlow Lite, and fbgemm is arithmetic of PyTorch" --network.resnet8.int8.engine=fbgemm
no "float pixels" 2 "network resnet8: .*its input is real numbers, and the file does not say how a picture becomes these: .*PRECISION.input" --network.resnet8.fp32.input=
no "classes" 1 "int8 has 9 classes and fp32 10: they are not of one network" --network.resnet8.int8.classes.skip=1
no "a description beside it" 2 "int8.model has no effect: .* is a TFLite file, which leaves no choice" --network.resnet8.int8.model=models/resnet18.model
no "saturation" 2 "numerics.saturate has no effect: no network's arithmetic saturates so" --numerics.saturate=ort-avx2
sed "s|^fp32 = .*|fp32 = $INT8|; /^fp32.input/d; s|^int8 = .*|int8 = quantize|" "$T/two.conf" > "$T/coded.conf"
printf '[quantize]\nimages = %s\nlimit = 4\n' "$SHARED/cifar10-lossless/train_10000.bin.gz" >> "$T/coded.conf"
refuse "an int8 file as fp32" 1 "weights of codes of integers, but network.resnet8.fp32 names it, which is of real numbers" "$Q" run "$T/coded.conf" -o "$T/no.h5"
mkdir "$T/saved" && touch "$T/saved/saved_model.pb"
no "SavedModel" 2 "is a folder, not a checkpoint: it holds a network of TensorFlow, .*; convert it \(tf.lite.TFLiteConverter\)" --network.resnet8.int8="$T/saved"

# Beside a checkpoint of its own description: another graph of the same network.
CORAL=$SHARED/weights/mobilenet_v2_coral.pth TF2=$SHARED/weights/tf2_mobilenet_v2_1.0_224_ptq.tflite
if [ -f "$CORAL" ] && [ -f "$TF2" ]; then
    cat > "$T/pair.conf" <<JOB
[data]
images = $SHARED/imagenet-val-1000/images
labels = $SHARED/imagenet-val-1000/labels.csv
limit = 6
[preprocess]
resize = squash
[network mobilenet_v2]
model = models/mobilenet_v2_same.model
fp32 = $CORAL
int8 = $TF2
[explain]
steps = 0
[time]
runs = 0
[store]
out = $T/pair.h5
JOB
    check "beside a checkpoint" code 0 run 2 "$T/pair.conf" --run.log=normal
    check "1001 classes" grep -q "1001 classes: the first, the background, is left out" "$T/log"
    "$Q" show "$T/pair.h5" > "$T/log"
    check "nearly the same maps" grep -q "mobilenet_v2 in int8. No answers changed (0.0 %); nearly the same maps" "$T/log"
    sed -i '/^\[preprocess\]/,/^resize/d' "$T/pair.conf"
    refuse "another part of the picture" 2 "fp32 \(resize 256 .*\) and int8 \(resize squash .*\) see different parts of a picture" "$Q" run "$T/pair.conf" -o "$T/no.h5"
else
    echo "skip: $NAME beside a checkpoint (no $CORAL or $TF2)"
fi
finish
