#!/usr/bin/env bash
# Whose classes the labels are: what is not certain is refused in one sentence by run and by quantize; what is taken is
# said, stored and shown; lists by their columns; names as many as classes; pictures of other kinds are counted.
. "$(dirname "$0")/common.bash"
small_job "$T/job.conf" 12
M=models/demo/shufflenet_v2_x0_5.model W=$WEIGHTS/shufflenet_v2_x0_5_fp32.pth
said() { check "$1: $2" grep -qE -- "$2" "$T/log"; }

# refused WHAT CODE PATTERN OPTION...: by run, before any output.
refused()
{
    local what=$1 expected=$2 pattern=$3
    shift 3
    check "$what" code "$expected" "$Q" run "$T/job.conf" -o "$T/bad/x.h5" --boxes= "$@"
    check "$what: $pattern" grep -qE "^quantcam: .*$pattern" "$T/log"
    check "$what: one sentence, nothing written" test "$(grep -c '^quantcam: ' "$T/log")" = 1 -a ! -e "$T/bad"
}
# dry WHAT PATTERN OPTION...: taken, and what the dry run says of it.
dry()
{
    local what=$1 pattern=$2
    shift 2
    check "$what" code 0 "$Q" run "$T/job.conf" -o "$T/bad/x.h5" --boxes= --log=normal --dry-run "$@"
    said "$what" "$pattern"
}
# tree DIR NAME...: a picture of class i of the data set in folder number i of the names.
pictures=("$T"/images/*/*.JPEG)
tree()
{
    local dir=$1 i=0 name
    shift
    mkdir -p "$dir"
    for name in "$@"; do
        mkdir -p "$dir/$name" && cp "${pictures[i]}" "$dir/$name/a.JPEG"
        i=$((i + 1))
    done
}
wnids=(n014407{10..25})
for i in {0..15}; do echo "${wnids[i]} thing $i, or whatever"; done > "$T/synsets"

# Folders.
tree "$T/some" "${wnids[2]}" "${wnids[9]}"
refused "some synsets" 1 "some: 2 class folders, network shuffle has 16 classes, so that .*--synsets=LOC_synset" --images="$T/some"
dry "some synsets, mapped" "data.classes = the folders' synsets, .*; 2 of 16 have pictures$" --images="$T/some" --synsets="$T/synsets"
said "the first picture" "^  ${wnids[2]}/a.JPEG: class 2, thing 2, or whatever$"
said "the last picture" "^  ${wnids[9]}/a.JPEG: class 9, thing 9, or whatever$"
tree "$T/number" 2 9 15
dry "some numbers" "data.classes = the folders' numbers; 3 of 16$" --images="$T/number"
said "a number's class" "^  9/a.JPEG: class 9$"
tree "$T/numbers" {0..11} && mkdir "$T"/numbers/{12..15}
refused "all numbers" 1 "16 folders named by numbers.*--folders=text .*--folders=number" --images="$T/numbers"
dry "all numbers, as they are" "^  11/a.JPEG: class 11$|^  9/a.JPEG: class 9$" --images="$T/numbers" --folders=number
dry "all numbers, as text" "^  9/a.JPEG: class 15, 9$" --images="$T/numbers" --folders=text
tree "$T/above/val" cat dog && tree "$T/above/train" cat dog
refused "a parent folder" 1 "above: 2 class folders.*\(folders of folders\).*--images=$T/above/train" --images="$T/above"
cp -r "$T/images" "$T/strange" && mkdir "$T/strange/__MACOSX"
refused "a folder too many" 1 "17 class folders, network shuffle has 16 classes \('__MACOSX' no class by its name; " --images="$T/strange"
rm -r "$T/strange/"n15*
refused "one is missing, one is strange" 1 "16 class folders.*'__MACOSX' no class by its name" --images="$T/strange"
refused "synsets that fit no folder" 1 "is|are no synset of $T/synsets" --images="$T/number" --synsets="$T/synsets"
refused "synsets that are not there" 1 "none: No such file" --images="$T/some" --synsets="$T/none"
head -15 "$T/synsets" > "$T/fifteen"
refused "a synset too few" 1 "fifteen: 15 names, but network shuffle has 16 classes" --images="$T/some" --synsets="$T/fifteen"
sed 's/\(^linear.*out\) 16/\1 17/' models/demo/mobilenet_v2.model > "$T/17.model"
refused "networks of other classes" 1 "network mobile has 17 classes and network shuffle 16: the pictures' labels" --network.mobile.model="$T/17.model"

# Lists.
mkdir "$T/flat" && for i in {0..5}; do cp "${pictures[i]}" "$T/flat/p, $i.JPEG"; done
flat=(--images="$T/flat" --labels="$T/labels")
for i in {0..5}; do echo "\"p, $i.JPEG\",${wnids[i]}"; done > "$T/labels"
dry "path,wnid" "^  p, 5.JPEG: class 5, thing 5, or whatever$" "${flat[@]}" --synsets="$T/synsets"
refused "path,wnid alone" 1 "labels: 6 different synsets, but network shuffle has 16 classes" "${flat[@]}"
for i in {0..5}; do echo "\"p, $i.JPEG\",$i"; done > "$T/labels"
refused "synsets without effect" 2 "--synsets=.* would have no effect" "${flat[@]}" --synsets="$T/synsets"
refused "folders without effect" 2 "--folders says .*--labels" "${flat[@]}" --folders=number
{ echo "class_index;file"; for i in {0..5}; do echo "$i;p, $i.JPEG"; done; } > "$T/labels"
dry "a header" "data.labels.columns = path from 'file', class from 'class_index'$" "${flat[@]}"
refused "a flat folder alone" 1 "flat: 6 pictures but no class folders: .* or data.labels = none" --images="$T/flat"
refused "classes where there are to be none" 2 "data.labels = none, but the pictures of .*some lie in class folders" --images="$T/some" --labels=none
dry "no classes" "^  p, 5.JPEG: no class$" --images="$T/flat" --labels=none
{ echo "path,x,y,width,height"; for i in {0..5}; do echo "\"p, $i.JPEG\",10.4,20.5,100,50"; done; } > "$T/boxes"
refused "boxes as labels" 1 "boxes: its header names no column of classes" --images="$T/flat" --labels="$T/boxes"
check "boxes by their columns" code 0 "$Q" run "$T/job.conf" "${flat[@]}" --boxes="$T/boxes" --steps=0 --log=normal -o "$T/flat.h5"
said "boxes by their columns" "6 of them with boxes \(6 in all\)"
check "as x0,y0,x1,y1" grep -q '10, 21, 109, 70' <(h5dump -d /images/boxes "$T/flat.h5")
for line in "data.boxes.columns = path from 'path', x0 'x', y0 'y'," "data.labels.columns = path from 'file'" "data.classes = indices"; do
    check "/provenance: $line" grep -qF "$line" <(h5dump -d /provenance "$T/flat.h5")
done
sed 's/10.4,20.5,100,50/0.1,0.2,0.5,0.6/' "$T/boxes" > "$T/parts"
refused "parts of the picture" 1 "parts:2: the box .* is in parts of the picture" "${flat[@]}" --boxes="$T/parts"
echo '{"annotations": [{"image_id": 1, "bbox": [1, 2, 3, 4]}]}' > "$T/coco.json"
refused "COCO" 1 "coco.json: JSON, as COCO's annotations are" "${flat[@]}" --boxes="$T/coco.json"

# Pictures of other kinds, and under other names.
mv "$T/some/${wnids[2]}/a.JPEG" "$T/some/${wnids[2]}/a.jfif"
printf 'RIFF....WEBPVP8 ' > "$T/some/${wnids[9]}/b.webp"
dry "other pictures" "data.left_out = 1 picture neither JPEG nor PNG, such as ${wnids[9]}/b.webp$" --images="$T/some" --synsets="$T/synsets"
said "a JPEG under another name" "^  ${wnids[2]}/a.jfif: class 2, "

# quantize.
quantize() { code "$1" "$Q" quantize --model $M --weights "$W" -o "$T/q.safetensors" "${@:2}"; }
check "quantize: some synsets" quantize 1 --images "$T/some"
said "quantize: some synsets" "2 class folders, network .* has 16 classes, so that .*--synsets=.*--list=FILE with a path a line"
check "quantize: mapped" quantize 0 --images "$T/some" --synsets "$T/synsets"
said "quantize: mapped" "^2 pictures: [0-9]+ answers changed; of 2 with a class fp32 is right in"
check "quantize: numbers" quantize 0 --images "$T/numbers" --folders=number
check "quantize: flat" quantize 0 --images "$T/flat"
said "quantize: flat" "^data.classes = none: a flat folder without labels$"
mkdir "$T/flat/cat" && cp "${pictures[0]}" "$T/flat/cat"
check "quantize: both" quantize 1 --images "$T/flat"
said "quantize: both" "6 pictures such as 'p, 0.JPEG' beside 1 folders with pictures"
check "quantize: synsets of a list" quantize 2 --list "$T/labels" --synsets "$T/synsets"

# Names.
explain() { code "$1" "$Q" explain "${pictures[0]}" --model $M --weights "$W" --steps=0 -o "$T/x.png" --names "$T/names"; }
names() { # WHAT CODE PATTERN: of explain; of show and report a result of the same networks
    check "explain: $1" explain "$2"
    said "explain: $1" "$3"
    [ "$2" = 0 ] || for command in "show --image=5.JPEG" report; do
        # shellcheck disable=SC2086
        check "$command: $1" code "$2" "$Q" $command "$T/flat.h5" --names "$T/names"
        said "$command: $1" "$3"
    done
}
{ echo background; seq -f 'thing %g' 0 15; } > "$T/names"
names "a background" 1 "names: 17 names, but network (shuffle|shufflenet_v2_x0_5) has 16 classes: .*background"
{ echo '{'; for i in {15..0}; do printf '"%s": ["%s", "thing %s"]%s\n' $i "${wnids[i]}" $i "$([ $i = 0 ] || echo ,)"; done; echo '}'; } > "$T/names"
names "imagenet_class_index.json" 0 '^ +1  thing [0-9]+ '
check "show: imagenet_class_index.json" code 0 "$Q" show "$T/flat.h5" --image="p, 0.JPEG" --names "$T/names"
said "show: imagenet_class_index.json" 'thing [0-9]+'
check "show: names without effect" code 2 "$Q" show "$T/flat.h5" --worst=1 --names "$T/names"
said "show: names without effect" "--names goes with --image"

# Real photographs: 24 of ImageNet's classes by a network of 1,000.
SHARED=${QUANTCAM_SHARED:-../shared}
coral=$SHARED/data/weights/mobilenet_v2_coral
if [ -f "$coral.pth" ] && [ -f "$SHARED/data/imagenet-sample/labels.csv" ]; then
    printf '[network m]\nmodel = models/mobilenet_v2.model\nfp32 = %s.pth\nint8 = %s_fbgemm.pth\n[time]\nruns = 0\n' "$coral" "$coral" > "$T/real.conf"
    awk -F, 'NR > 1 { known[$2] = $3 " " $4 } END { for (i = 0; i < 1000; i++) print (i in known) ? known[i] : sprintf("n9%07d none", i) }' \
        "$SHARED/data/imagenet-sample/labels.csv" > "$T/mapping"
    awk -F, 'NR > 1 && (NR - 2) % 12 == 0 && n++ < 24' "$SHARED/data/imagenet-sample/labels.csv" > "$T/chosen"
    while IFS=, read -r file index wnid _; do
        mkdir -p "$T/wnid/$wnid" "$T/index/$index"
        cp "$SHARED/data/imagenet-sample/$file" "$T/wnid/$wnid" && cp "$SHARED/data/imagenet-sample/$file" "$T/index/$index"
    done < "$T/chosen"
    check "24 of 1,000" code 1 "$Q" run "$T/real.conf" --images="$T/wnid" -o "$T/real.h5"
    said "24 of 1,000" "24 class folders, network m has 1000 classes"
    for way in wnid index; do
        mapped=() && [ $way = index ] || mapped=(--synsets="$T/mapping")
        check "24 photographs by $way" code 0 "$Q" run "$T/real.conf" --images="$T/$way" "${mapped[@]}" --steps=0 --raw=off --select.by=resolved -o "$T/real.h5"
        check "22 of 24 right by $way" grep -qE '^m +91\.667 ' <("$Q" show "$T/real.h5")
        rm -f "$T"/real.h5*
    done
    for list in imagenet-sample imagenet-val-1000; do
        images=$SHARED/data/$list
        [ ! -d "$images/images" ] || images=$images/images
        check "$list/labels.csv" code 0 "$Q" run "$T/real.conf" --images="$images" --labels="$SHARED/data/$list/labels.csv" \
            --limit=4 --dry-run -o "$T/real.h5"
    done
else
    echo "skip: $NAME real photographs (no $coral.pth)"
fi
finish
