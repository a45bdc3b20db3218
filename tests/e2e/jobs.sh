#!/usr/bin/env bash
# Every job of jobs/ passes --dry-run, on a few drawn pictures and the demo's networks in place of the full-size ones;
# the descriptions and weights that it names are there, or can be fetched. Those of training: on black pictures, from scratch.
. "$(dirname "$0")/common.bash"
[ -f "$WEIGHTS/resnet18_int8.pth" ] || skip "no $WEIGHTS"
"$Q" synth "$T/images" --images 24 --seed 7 --masks "$T/masks" > /dev/null || exit 1

# "network model": of every section [network NAME].
networks() { awk '/^\[/ { name = ($1 == "[network") ? $2 : ""; sub(/\]/, "", name) } name && $1 == "model" { print name, $3 }' "$1"; }
# "network node": of every section that names a CAM layer of its own.
layers() { awk '/^\[/ { name = ($1 == "[network") ? $2 : ""; sub(/\]/, "", name) } name && $1 == "cam.layer" { print name, $3 }' "$1"; }
# "network precision": of every section that names deployed files beside fp32 and int8.
further() { awk '/^\[/ { name = ($1 == "[network") ? $2 : ""; sub(/\]/, "", name) } name && $3 ~ /[.](tflite|onnx)$/ && $1 !~ /^(fp32|int8)$/ { print name, $1 }' "$1"; }
# Options that put a demo network in the place of each: of the same name, or resnet18; with the description's CAM layer.
stand_ins()
{
    local name model file
    networks "$1" | while read -r name model; do
        file=$(basename "$model" .model)
        [ -f "models/demo/$file.model" ] || file=resnet18
        echo "--network.$name.model=models/demo/$file.model --network.$name.fp32=$WEIGHTS/${file}_fp32.pth --network.$name.int8=$WEIGHTS/${file}_int8.pth"
    done
    layers "$1" | while read -r name _; do echo "--network.$name.cam.layer="; done
    further "$1" | while read -r name precision; do
        echo "--network.$name.$precision=$WEIGHTS/resnet18_int8.pth --network.$name.$precision.engine=auto --network.$name.$precision.model=models/demo/resnet18.model"
    done
}

# Pictures to calibrate on, where a precision is `quantize`.
"$Q" synth "$T/others" --images 4 --seed 9 > "$T/log" 2>&1

{ printf '\0\0\10\3\0\0\0\2\0\0\0\34\0\0\0\34'; head -c 1568 /dev/zero; } > "$T/two-images-idx3-ubyte"
printf '\0\0\10\1\0\0\0\2\0\0' > "$T/two-labels-idx1-ubyte"
head -c 6146 /dev/zero > "$T/two.bin"
# Two black pictures of the form that the job takes; of a folder the drawn ones.
pictures()
{
    case $(sed -nE 's/^(train|images) = ([^ ]+).*/\2/p' "$1") in
    *.bin) echo "$T/two.bin" ;;
    */train) echo "$T/images" ;;
    *) echo "$T/two-images-idx3-ubyte" ;;
    esac
}
training()
{
    local pictures more=()
    pictures=$(pictures "$1")
    if [ -d "$pictures" ]; then more=(--max_bad=5); fi
    check "$1" code 0 "$Q" train "$1" --dry-run --data.train="$pictures" --data.test="$pictures" --weights= -o "$T/out.safetensors" "${more[@]}"
    check "$1: its plan" grep -q "values to learn" "$T/log"
}

# Of rows that jobs/train-rows.sh makes: one network, trained on two black pictures, in the place of all.
judged()
{
    local name model row pictures options=()
    pictures=$(pictures "$1")
    if [ "$pictures" != "$T/two.bin" ]; then options=(--labels="$T/two-labels-idx1-ubyte"); fi
    while read -r name model; do
        [ -e "$T/$(basename "$model").safetensors" ] || check "$1: $model" code 0 "$Q" train jobs/training-demo.conf --model="$model" \
            --data.train="$pictures" --epochs=1 -o "$T/$(basename "$model").safetensors"
        for row in fp32 longer seed 4-bit mixed 2-bit; do options+=("--network.$name.$row=$T/$(basename "$model").safetensors"); done
    done < <(networks "$1")
    check "$1" code 0 "$Q" run "$1" --dry-run --images="$pictures" -o "$T/out.h5" "${options[@]}"
}

for job in jobs/*.conf; do
    case $job in
    jobs/training-*) training "$job"; continue ;;
    jobs/demo-training.conf | jobs/study-*) judged "$job"; continue ;;
    esac
    check "$job has networks" test -n "$(networks "$job")"
    others=()
    if grep -q "^\[quantize\]" "$job"; then others=(--quantize.images="$T/others"); fi
    if grep -q "^masks = " "$job"; then others+=(--saliency.masks="$T/masks"); fi
    # shellcheck disable=SC2046  # words
    check "$job" code 0 "$Q" run "$job" --dry-run --images="$T/images" --boxes="$T/images/boxes.csv" -o "$T/out.h5" "${others[@]}" $(stand_ins "$job")
    check "$job: predicted" grep -q "^predicted for 1 rank" "$T/log"
    while read -r name node; do
        check "$job: $name has $node" grep -qE "^[a-z0-9_]+ +${node//./\\.} " "$(networks "$job" | sed -n "s/^$name //p")"
    done < <(layers "$job")
    for model in $(networks "$job" | cut -d' ' -f2); do check "$job: $model" test -f "$model"; done
    for file in $(sed -n 's/^\(fp32\|int8\) = weights\///p' "$job"); do
        case $file in
        *.pth) check "$job: $file can be fetched" grep -qE "[ /]$file " jobs/weights.txt ;;
        *.tflite | *.onnx) check "$job: whose $file is" grep -q "^#.*your converter" "$job" ;;
        *)     check "$job: says how $file is made" grep -qE '^#.*-o weights/.*\.safetensors$' "$job" ;;
        esac
    done
done
finish
