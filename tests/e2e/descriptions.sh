#!/usr/bin/env bash
# Precisions of one network with descriptions of their own: other names, another CAM layer, another input. What must not matter does not;
# what is not compared is said; every order of ranks, a resume and --from give the same bytes.
. "$(dirname "$0")/common.bash"
small_job "$T/small.conf" 8
sed -i "s/^steps = .*/steps = 4\ncross = on\nroad = on/" "$T/small.conf"
MODEL=models/demo/mobilenet_v2.model
# job NAME LINE...: small.conf with further lines for network mobile
job()
{
    local name=$1
    shift
    sed "/^\[network mobile\]/a $(printf '%s\\n' "$@")" "$T/small.conf" | sed '/^$/d' > "$T/$name.conf"
}
# go NAME RANKS [OPTION...]: its result is NAME.h5
go() { check "$1" code 0 run "$2" "$T/$1.conf" --out="$T/$1.h5" --run.log=normal "${@:3}"; cp "$T/log" "$T/$1.log"; }
sound() { check "$1: sound" code 0 "$Q" verify "$T/$1.h5"; }

check "one description" run 2 "$T/small.conf" --out="$T/one.h5"
one=$(digest "$T/one.h5")

# Nodes by other names: the same network, and so the same bytes.
awk '/^ *#/ || !NF { next } {
    for (i = 2; i <= NF; i++) if ($i ~ /^(features|classifier|avgpool|image)/ && $(i - 1) !~ /^(weight|bn|quant)$/) $i = "the." $i
    print }' "$MODEL" > "$T/renamed.model"
job renamed "int8.model = $T/renamed.model"
go renamed 2
check "names do not matter" same "$(digest "$T/renamed.h5")" "$one"
check "the plan names it" grep -q "int8 $T/renamed.model, CAM layer the.features.18.2 256 x 7 x 7" "$T/renamed.log"
"$Q" show "$T/renamed.h5" > "$T/log"
check "nothing is left out" lacks "$T/log" "another layer"

# Another CAM layer: other channels; another grid; their own axes in the file.
job layer "int8.cam.layer = features.17.conv.2"
go layer 2
sound layer
check "the plan says so" grep -q "its CAM layer is 112 x 7 x 7 and that of fp32 256 x 7 x 7: their activations are not compared$" "$T/layer.log"
job grid "int8.cam.layer = features.13.skip_add"
go grid 1
sound grid
check "and of the grid" grep -q "32 x 14 x 14 .* are not compared; its projections are resized to the other's grid" "$T/grid.log"
for how in "3 static" "3 dynamic"; do
    check "grid: $how" run "${how% *}" "$T/grid.conf" --out="$T/${how/ /-}.h5" --schedule="${how#* }"
    check "grid: $how: the same digest" same "$(digest "$T/${how/ /-}.h5")" "$(digest "$T/grid.h5")"
done
for job in layer grid; do
    "$Q" show "$T/$job.h5" > "$T/log"
    check "$job: shown without differences of activations" grep -q "another layer" "$T/log"
    check "$job: report" code 0 "$Q" report "$T/$job.h5" -o "$T/report-$job"
    check "$job: said in the report" grep -rq "their activations are not compared" "$T/report-$job/report.html"
done

# What is taken of another result is what does not hang on it.
check "from" code 0 run 2 "$T/layer.conf" --out="$T/from.h5" --from="$T/one.h5" --run.log=normal
check "fp32 is taken, int8 is not" grep -q "mobile: fp32 taken; int8 computed: network.mobile.int8.cam.layer is '' there, 'features.17.conv.2' here" "$T/log"
check "from: the same digest" same "$(digest "$T/from.h5")" "$(digest "$T/layer.h5")"

# Another input: the same part of a picture in fewer pixels; maps are as large as the first's.
sed 's/3 224 224  resize 256 bilinear  crop 224/3 192 192  resize 219 bilinear  crop 192/' "$MODEL" > "$T/192.model"
job less "int8.model = $T/192.model"
go less 2 --cam.method=eigen,layercam
sound less
check "said" grep -q "int8.decided = it sees pictures of 192 x 192 pixels: its maps are made as large as those of fp32, 224 x 224" "$T/less.log"
check "report" code 0 "$Q" report "$T/less.h5" -o "$T/report-less"
refuse "maps of the picture's size" 2 "int8 sees 192 x 192 pixels and fp32 224 x 224: the maps of input.map" "$Q" run "$T/less.conf" --out="$T/no.h5" --input.map
job stop "int8.model = $T/192.model"
refuse "stopped by a fault" 1 "^quantcam: image 5" env QUANTCAM_FAULT=0:5 "$Q" run "$T/stop.conf" --out="$T/stop.h5" --cam.method=eigen,layercam
sed "s/^# the logits.*/# other/" "$T/192.model" > "$T/other.model"
sed -i "s/192.model/other.model/" "$T/stop.conf"
refuse "resumed with another description" 1 "network.mobile.int8.model.sha256" "$Q" run "$T/stop.conf" --out="$T/stop.h5" --cam.method=eigen,layercam
check "goes on" run 3 "$T/less.conf" --out="$T/stop.h5" --cam.method=eigen,layercam
check "goes on: the same digest" same "$(digest "$T/stop.h5")" "$(digest "$T/less.h5")"

# A pipeline in the job's words: the description's own changes nothing, other numbers do, another part of the picture is refused.
rest="mean 0.485 0.456 0.406 std 0.229 0.224 0.225"
job said "int8.input = resize 256 bilinear crop 224 $rest"
go said 2
check "as the description says it" same "$(digest "$T/said.h5")" "$one"
job mean "int8.input = resize 256 bilinear crop 224 mean 0.5 0.5 0.5 std 0.5 0.5 0.5"
go mean 2
check "another mean" other "$(digest "$T/mean.h5")" "$one"
job squash "int8.input = resize squash bilinear $rest"
refuse "another part" 2 "network mobile: fp32 \(resize 256 .*\) and int8 \(resize squash .*\) see different parts of a picture" "$Q" run "$T/squash.conf" --out="$T/no.h5"
check "squashed for all" run 2 "$T/squash.conf" --out="$T/squash.h5" --preprocess.resize=squash
check "all squash" run 2 "$T/small.conf" --out="$T/all.h5" --preprocess.resize=squash
check "the job's squash is over both" same "$(digest "$T/squash.h5")" "$(digest "$T/all.h5")"
job words "int8.input = resize 256 bilinear crop 200 $rest"
refuse "a crop that is not the input's" 2 "network mobile: input = .*crop is 200x200" "$Q" run "$T/words.conf" --out="$T/no.h5"

# Calibrated: the first's description, the CAM layer may be another.
"$Q" synth "$T/calibration" --images 4 --seed 41 > /dev/null || exit 1
job made "int8.cam.layer = features.17.conv.2"
printf '[quantize]\nimages = %s\n' "$T/calibration" >> "$T/made.conf"
sed -i "s/^int8 = .*/int8 = quantize/" "$T/made.conf"
go made 2
job file "int8.cam.layer = features.17.conv.2"
sed -i "/^int8 = .*shuffle/s|=.*|= $T/made.h5.shuffle.int8.safetensors|; /^int8 = .*mobile/s|=.*|= $T/made.h5.mobile.int8.safetensors|" "$T/file.conf"
go file 2
check "as its file" same "$(digest "$T/file.h5")" "$(digest "$T/made.h5")"
sed "s/^int8.cam.layer.*/int8.model = ${T//\//\\/}\/renamed.model/" "$T/made.conf" > "$T/no.conf"
refuse "calibrated by another description" 2 "int8.model has no effect: what is calibrated has the description of fp32" "$Q" run "$T/no.conf" --out="$T/no.h5"

# Every precision has one, none is idle.
job both "fp32.model = $T/renamed.model" "int8.model = $T/renamed.model"
refuse "nobody reads the network's" 2 "network mobile: model has no effect: every precision has its own" "$Q" run "$T/both.conf" --out="$T/no.h5"
sed -i "/^\[network mobile\]/,/^\[/{/^model = /d}" "$T/both.conf"
check "without it" run 2 "$T/both.conf" --out="$T/both.h5"
check "without it: the same digest" same "$(digest "$T/both.h5")" "$one"
sed -i "/^int8.model/d" "$T/both.conf"
refuse "none" 2 "network mobile: model is not set: a description is wanted where int8 is no TFLite or ONNX file" "$Q" run "$T/both.conf" --out="$T/no.h5"
sed 's/out 16  weight classifier.1/out 15  weight classifier.1/' "$MODEL" > "$T/classes.model"
job classes "int8.model = $T/classes.model"
refuse "other classes" 1 "network mobile: int8 has 15 classes and fp32 16: they are not of one network" "$Q" run "$T/classes.conf" --out="$T/no.h5"
finish
