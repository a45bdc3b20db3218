#!/usr/bin/env bash
# What cannot be measured is counted and said, never a NaN and never a number that nothing measured: boxes outside
# their picture, missing, inverted or of unknown files; constant maps; no labels, one class; selections of one image;
# no good picture at all.
. "$(dirname "$0")/common.bash"
small_job "$T/both.conf" 12
sed -i '/^\[network mobile\]/,/^int8/d; s/^fraction = .*/fraction = 0.01/; s/^steps = .*/steps = 4/' "$T/both.conf"
JOB=$T/both.conf

# job NAME CODE OPTION...: runs, shows and reports; no cell may be a NaN or an infinity. table NAME PATTERN: from that
# title to the next empty line. says, silent: a line of the table matches.
job()
{
    local name=$1 expected=$2 file
    shift 2
    check "$name: run" code "$expected" "$Q" run "$@" -o "$T/$name.h5"
    cp "$T/log" "$T/$name.log"
    check "$name: show" code 0 "$Q" show "$T/$name.h5" --columns=1000
    cp "$T/log" "$T/$name.txt"
    check "$name: report" code 0 "$Q" report "$T/$name.h5"
    sed -i 's/base64,[^"]*//' "$T/$name-report/report.html"
    for file in "$T/$name.txt" "$T/$name-report"/{report.html,report.md,report.json,tables.tex,*.csv}; do
        check "$name: NaN in ${file##*/}" lacks "$file" '(^|[^A-Za-z])-?([Nn][Aa][Nn]|[Ii][Nn][Ff])([^A-Za-z]|$)'
    done
}
table()  { awk -v p="$2" '/^$/ { on = 0 } $0 ~ p { on = 1 } on' "$T/$1.txt"; }
says()   { check "$1: $2: $3" grep -qE "$3" <(table "$1" "$2"); }
silent() { table "$1" "$2" > "$T/table"; check "$1: $2: $3" lacks "$T/table" "$3"; }

# A selection of one image has values, but no interval.
job one 0 "$JOB"
says one '^Accuracy' 'shuffle +int8 +raw[a-z0-9_]* +1 +[0-9.]+ \[one image\]'
says one '^Differences' '[0-9] \[one image\]'
check "one: figure 3" test -s "$T/one-report/figure_3.png"
check "one: captions" grep -q '^- shuffle: fp32 IoU 0\.[0-9]*' "$T/one-report/report.md"
job single 0 "$JOB" --limit=1
says single '^Accuracy' 'shuffle +int8 +all +1 +[0-9.]+ \[one image\]'

# No boxes, boxes of files that are not there, boxes outside the picture: no IoU, and how many pictures.
boxes=$(ls "$T"/images/*/*.JPEG | sed "s|^$T/images/||")
sed 's/$/,5000,5000,5010,5010/' <<< "$boxes" > "$T/outside.csv"
sed 's|/img_|/other_|; s/$/,1,1,250,250/' <<< "$boxes" > "$T/unknown.csv"
job nobox 0 "$JOB" --boxes=
job outside 0 "$JOB" --boxes="$T/outside.csv"
check "unknown: run" code 1 "$Q" run "$JOB" --boxes="$T/unknown.csv" -o "$T/unknown.h5"
check "unknown: said" grep -q 'unknown.csv: none of its 12 boxes is of a picture of the list, whose first is ' "$T/log"
for name in nobox outside; do
    says $name '^Table 10, WSOL' 'shuffle +no boxes +- +- +no boxes'
    says $name '^Localization' "shuffle's images$|images 12 have no true box"
    silent $name '^Localization' '^shuffle .*[0-9]\.[0-9]'
    check "$name: no figure 3" grep -q 'There is no figure 3: no image of .* has a true box' "$T/$name-report/report.md"
done
# One picture has its box, one's lies outside, one's reaches beyond the edge, the others have none: two count.
{ head -1 "$T/images/boxes.csv"; sed -n 2p "$T/outside.csv"; sed -n '3s/$/,10,10,9999,9999/p' <<< "$boxes"; head -2 "$T/unknown.csv"; } > "$T/mixed.csv"
job mixed 0 "$JOB" --boxes="$T/mixed.csv" --log=normal
check "mixed: unknown ones are counted" grep -q '2 boxes are of files that are not in the list' "$T/mixed.log"
says mixed '^Localization' 'int8 +aligned +all .* 2$'
awk -F, '{ print $1 "," $4 "," $5 "," $2 "," $3 }' "$T/images/boxes.csv" > "$T/inverted.csv"
refuse "inverted: run" 1 'inverted.csv:1: the box .* is empty' "$Q" run "$JOB" --boxes="$T/inverted.csv" -o "$T/inverted.h5"

# No labels; every picture of one class; not one good picture.
mkdir "$T/flat" "$T/bad"
cp "$T"/images/*/*.JPEG "$T/flat/"
(cd "$T/flat" && ls | sed 's/$/,-1/') > "$T/none.csv"
(cd "$T/flat" && ls | sed 's/$/,3/') > "$T/three.csv"
job nolabel 0 "$JOB" --images="$T/flat" --labels="$T/none.csv" --explain.class=true
says nolabel '^Table 1\. ' 'shuffle  no labels'
says nolabel '^Table 6\. ' 'shuffle +no labels +- +- +no labels +no labels'
says nolabel '^Localization' 'aligned +all .*no labels +no labels'
says nolabel '^Agreement' 'no labels'
says nolabel '^Differences' "McNemar's p +int8 +no labels"
job oneclass 0 "$JOB" --images="$T/flat" --labels="$T/three.csv" --boxes=
says oneclass '^Table 1\. ' 'shuffle +[0-9]'
for i in 1 2 3; do echo "no picture" > "$T/bad/$i.JPEG"; echo "$i.JPEG,3"; done > "$T/bad.csv"
job allbad 1 "$JOB" --images="$T/bad" --labels="$T/bad.csv" --boxes=
says allbad '^Table 3\.' 'shuffle +no images +- +- +no images'
says allbad '^Maps and answers' 'RMSE, raw +int8( +no images){4}'
silent allbad '^Table (4|5|10|11)' '^shuffle .*[0-9]\.[0-9]'

# No raw sign was asked for: no reading of it.
job rawless 0 "$JOB" --cam.raw=off
says rawless '^Table 3\.' 'shuffle +undefined +- +- +[0-9.]+ +undefined'

# Pictures of one colour through unpadded convolutions: constant maps, by every method.
tiny=tests/fixtures/tiny
sed 's/pad 1/pad 0/; s/3 8 8  resize 8 bilinear  crop 8/3 16 16  resize 16 bilinear  crop 16/' \
    $tiny/tiny.model > "$T/tiny.model"
mkdir "$T/uniform"
dot() { base64 -d <<< "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4n$2" > "$T/uniform/$1.png"; }
dot grey GOIqjgBAALKAZt/AAz2AAAAAElFTkSuQmCC
dot black GNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC
dot white GP4//8/AAX+Av4N70a4AAAAAElFTkSuQmCC
printf '%s\n' grey.png,0 black.png,1 white.png,2 > "$T/uniform.csv"
cat > "$T/tiny.conf" <<JOB
[data]
images = $T/uniform
labels = $T/uniform.csv
[network tiny]
model = $T/tiny.model
fp32 = $tiny/fp32.pth
int8 = $tiny/per_tensor.pth
[cam]
method = eigen,cam,layercam,gradcampp,hirescam,eigengrad,ablation,uncentred
[subset]
fraction = 0.5
[explain]
steps = 4
[time]
runs = 0
[run]
log = quiet
JOB
job constant 0 "$T/tiny.conf"
says constant '^Table 3\.' 'tiny +undefined +- +- +0\.000 +undefined'
says constant '^Maps and answers' 'RMSE, aligned +int8 +0\.000 '
finish
