#!/usr/bin/env bash
# `explain` says of a picture what the job stored of it; `show` prints one image's rows, the worst, CSV, in 80 columns.
. "$(dirname "$0")/common.bash"

small_job "$T/job.conf" 24
"$Q" run "$T/job.conf" 2> "$T/err" || { cat "$T/err" >&2; exit 1; }
R=$T/out.h5

# data PATH [OPTION...]: a dataset's elements as h5dump writes them; stored PATH ROW: one of them
data()   { h5dump -y -A 0 -w 0 -d "$@" "$R" | sed -n '/DATA {/,/}/p' | sed '1d;$d' | grep -v '}'; }
stored() { data "$1" -s "$2" -c 1 | tr -d ' '; }
near()   { awk -v a="$1" -v b="$2" -v e="$3" 'BEGIN { d = a - b; exit !(a != "" && b != "" && d <= e && d >= -e) }'; }

# ---- show -------------------------------------------------------------------------------------------------------
"$Q" show "$R" --worst 3 --csv > "$T/worst.csv"
check "--worst 3 --csv: a head and 3 lines a network" test "$(wc -l < "$T/worst.csv")" = 7
check "--worst: descending" awk -F, 'NR > 1 { if ($1 == net && $4 > last) bad = 1; net = $1; last = $4 } END { exit bad }' \
    "$T/worst.csv"
IMAGE=$(awk -F, '$1 == "mobile" && $3 == 1 { gsub("\r", ""); print $NF }' "$T/worst.csv")
RMSE=$(awk -F, '$1 == "mobile" && $3 == 1 { print $4 }' "$T/worst.csv")
check "--worst names an image" test -f "$T/images/$IMAGE"
for what in "" "--worst 5" "--image $IMAGE"; do
    # shellcheck disable=SC2086
    "$Q" show "$R" $what > "$T/shown"
    check "show $what: something" test "$(wc -l < "$T/shown")" -ge 8
    check "show $what: 80 columns" awk 'length($0) > 80 && !/^Answers to/ && !/^\// { print > "/dev/stderr"; bad = 1 } END { exit bad }' \
        "$T/shown"
done
"$Q" show "$R" --image "$(basename "$IMAGE")" --csv > "$T/image.csv"
for i in {10..25}; do echo "n014407$i thing $i"; done > "$T/named"
check "--image --names" test "$("$Q" show "$R" --image "$IMAGE" --names "$T/named" --csv | grep -oc 'thing [12][0-9] [0-9]')" = 4
check "--image: its RMSE" grep -qE "^mobile,int8,[0-9.]+,$RMSE," "$T/image.csv"
check "--image: both networks, both precisions" test "$(grep -cE '^(mobile|shuffle),(fp32|int8),' "$T/image.csv")" = 6
refuse "--image of nothing" 1 "^quantcam: .*no image 'none.jpg'" "$Q" show "$R" --image none.jpg
refuse "--image and --worst" 2 "^quantcam: .*--image and --worst exclude each other" "$Q" show "$R" --image "$IMAGE" --worst 2
check "--columns" test "$("$Q" show "$R" --columns=300 | wc -l)" -lt "$("$Q" show "$R" | wc -l)"
check "--csv: every table" test "$("$Q" show "$R" --csv | grep -c '^# ')" -ge 20

# ---- explain ----------------------------------------------------------------------------------------------------
PLACE=$(data /images/path | grep -oE '"[^"]+"' | grep -n "$IMAGE" | head -1 | cut -d: -f1)
ROW=$((PLACE - 1))
check "explain --job" code 0 "$Q" explain "$T/images/$IMAGE" --job "$T/job.conf" --network mobile --steps=10 \
    -o "$T/one.png"
cp "$T/log" "$T/said"
check "explain: a picture" test "$(head -c 8 "$T/one.png" | od -An -tx1 | tr -d ' \n')" = 89504e470d0a1a0a
check "explain: 80 columns" awk 'length($0) > 80 && !/^(mobile:|  picture|[^ ]*\.pth: )/ { bad = 1 } END { exit bad }' "$T/said"
# said LABEL: the last precision's value in the line that begins with it
said() { awk -v label="  $1" 'index($0, label) == 1 && substr($0, length(label) + 1, 1) == " " { print $NF }' "$T/said"; }
check "explain: resolved RMSE as stored" near "$(said 'RMSE, resolved')" "$(stored /models/mobile/int8/vs_fp32/rmse_resolved $ROW)" 0.0006
check "explain: raw RMSE as stored" near "$(said 'RMSE, raw')" "$(stored /models/mobile/int8/vs_fp32/rmse_raw $ROW)" 0.0006
check "explain: correlation as stored" near "$(said '|correlation|')" "$(stored /models/mobile/int8/vs_fp32/correlation $ROW)" 0.0001
check "explain: IoU of the boxes as stored" near "$(said boxes)" "$(stored /models/mobile/int8/vs_fp32/box_iou $ROW)" 0.0001
check "explain: entropy of the integers as stored" near "$(said 'entropy, integers')" "$(stored /models/mobile/int8/entropy_int $ROW)" 0.0006
SUBSET=$(data /models/mobile/subset/image | grep -oE -- '-?[0-9]+' | grep -nx "$ROW" | cut -d: -f1)
for kind in deletion insertion; do
    for precision in fp32 int8; do
        AREA=$(data "/models/mobile/subset/$precision/${kind}_curve" -s "$((SUBSET - 1)),0" -c 1,11 | grep -oE '[0-9][0-9.e+-]*' |
            awk '{ s += NR == 1 || NR == 11 ? $1 / 2 : $1 } END { print 10 * s }')
        check "explain: $kind of $precision as stored" near \
            "$(awk -v k=$kind -v p=$precision '$1 == k && $2 == p { print $NF }' "$T/said")" "$AREA" 0.006
    done
done
check "explain --model, one precision" code 0 "$Q" explain "$T/images/$IMAGE" --model models/demo/mobilenet_v2.model \
    --weights "$WEIGHTS/mobilenet_v2_fp32.pth" --steps=0 -o "$T/two.png"
check "one precision: no RMSE" lacks "$T/log" RMSE
two=(--weights "$WEIGHTS/mobilenet_v2_fp32.pth" --weights "$WEIGHTS/mobilenet_v2_int8.pth")
mobile=("$Q" explain "$T/images/$IMAGE" --model models/demo/mobilenet_v2.model --steps=0 -o "$T/two.png")
check "explain --weights twice: named by what they hold" code 0 "${mobile[@]}" "${two[@]}"
check "explain --weights twice: both columns" grep -qE '^  map  +fp32  +int8$' "$T/log"
check "explain: a further precision" code 0 "${mobile[@]}" "${two[@]}" --weights "again=$WEIGHTS/mobilenet_v2_int8.pth"
check "explain: three columns" grep -qE '^  map  +fp32  +int8  +again$' "$T/log"
check "explain: the same file differs as much" grep -qE '^  RMSE, raw  +-  +([0-9.]+)  +\1$' "$T/log"
refuse "explain: two of one name" 2 "there is a precision 'int8' already; give this one a name: NAME=FILE" \
    "${mobile[@]}" "${two[@]}" --weights "$WEIGHTS/mobilenet_v2_int8.pth"
refuse "explain: one name twice" 2 "^quantcam: weights = a=.*: 'a' stands twice" "${mobile[@]}" --weights a=x --weights a=y
for i in {10..25}; do echo "n014407$i thing $i, or whatever"; done > "$T/names"
check "explain --names" code 0 "$Q" explain "$T/images/$IMAGE" --job "$T/job.conf" --steps=0 --names "$T/names" -o "$T/x.png"
check "explain: names without synsets" test "$(grep -cE '^ +[1-5]  thing [12][0-9], or' "$T/log")" = 10
sed "s|^\[data\]|&\nsynsets = $T/names|" "$T/job.conf" > "$T/named.conf"
check "explain: a job's own names" code 0 "$Q" explain "$T/images/$IMAGE" --job "$T/named.conf" --steps=0 -o "$T/x.png"
check "explain: the same names" test "$(grep -cE '^ +[1-5]  thing [12][0-9], or' "$T/log")" = 10
mkdir "$T/a.b"
check "explain: names by -o" code 0 "$Q" explain "$T/images/$IMAGE" --job "$T/job.conf" --steps=0 -o "$T/a.b/out"
check "explain: a point in a folder's name ends nothing" test -s "$T/a.b/out-mobile.png" -a -s "$T/a.b/out-shuffle.png"
check "explain: a picture a network" test -s "$T/x-mobile.png" -a -s "$T/x-shuffle.png"
# Further methods, the saliency beside them, and a row of agreement a picture.
mapfile -t pictures < <(ls "$T"/images/*/*.JPEG | head -2)
sed "s|= models/|= $PWD/models/|" "$T/job.conf" > "$T/far.conf"     # for another folder, where the PNGs go
several=("$Q" explain "${pictures[@]}" --job "$T/far.conf" --network mobile --steps=0)
edges() { od -An -tu4 --endian=big -j 16 -N 8 "$1" | tr -s ' '; }
mkdir "$T/c.d"
check "explain: two pictures, three methods" code 0 bash -c 'cd "$1" && shift && "$@"' - "$T/c.d" "${several[@]}" --cam.method=eigen,layercam,gradcampp \
    --csv="$T/agree.csv"
check "explain: a PNG a picture" test "$(ls "$T"/c.d/*-mobile.png | wc -l)" = 2
# Crop, two precisions and the saliency wide, three methods high, gaps between them.
check "explain: the panels" awk '{ w = $1; h = $2 } END { g = (w - 4 * 224) / 3; exit g <= 0 || h != 3 * 224 + 2 * g }' \
    <(edges "$(ls "$T"/c.d/*-mobile.png | head -1)")
check "explain: agreement: a head and a row a picture" test "$(wc -l < "$T/agree.csv")" = 3
check "explain: agreement: columns" awk -F, 'NF != 2 + 3 * 9 { bad = 1 } END { exit bad }' "$T/agree.csv"
column() { awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i } NR > 1 && at { print $at }' "$2"; }
sed 's/^\[run\]/[cam]\nmethod = eigen,layercam\n[saliency]\ncompare = on\n&/' "$T/job.conf" > "$T/truth.conf"
check "a job with saliency" "$Q" run "$T/truth.conf" --explain.steps=0 --out="$T/truth.h5"
R=$T/truth.h5
ROWS=$(data /images/path | grep -oE '"[^"]+"' | grep -n "$(basename "${pictures[0]}")" | head -1 | cut -d: -f1)
for what in sim_layercam cc_eigen kld_layercam; do
    check "explain: $what with the saliency is the job's" near "$(column "int8_$what" "$T/agree.csv" | head -1)" \
        "$(stored "/models/mobile/int8/truth_$what" $((ROWS - 1)))" 0.0001
    check "explain: $what of the pair is the job's" near "$(column "int8_vs_fp32_$what" "$T/agree.csv" | head -1)" \
        "$(stored "/models/mobile/int8/vs_fp32/$what" $((ROWS - 1)))" 0.0001
done
mkdir "$T/dense"
cp "$T/c.d/$(basename "${pictures[0]}" .JPEG)-mobile.png" "$T/dense/$(basename "${pictures[0]}" .JPEG)_x.png"
refuse "explain: a density with colours" 1 "colours" "$Q" explain "${pictures[0]}" --job "$T/job.conf" --network mobile --steps=0 \
    --densities="$T/dense" --suffix=_x -o "$T/x.png"
refuse "explain: --suffix of nothing" 2 "suffix = _x has no effect" "${several[@]}" --suffix=_x
refuse "explain: one name, two pictures" 2 "--output names one picture, and there are 2" "${several[@]}" -o "$T/x.png"
refuse "explain: without eigen" 2 "eigen must be in the list" "${several[@]}" --cam.method=layercam
refuse "explain of nothing" 1 "^quantcam: $T/none.jpg: No such file" "$Q" explain "$T/none.jpg" --job "$T/job.conf"
refuse "explain without a network" 2 "either --job, or --model and --weights" "$Q" explain "$T/images/$IMAGE"
refuse "explain: an unknown network" 2 "mobil" "$Q" explain "$T/images/$IMAGE" --job "$T/job.conf" --network mobil
finish
