#!/usr/bin/env bash
# jobs/check-imagenet.sh on 50,000 stand-ins under the real names: whole, and with faults that it has to name.
. "$(dirname "$0")/common.bash"
says() { grep -q -- "$1" "$T/log"; }
look() { jobs/check-imagenet.sh "$@"; }
root=$T/archive
val=$root/ILSVRC/Data/CLS-LOC/val
mkdir -p "$val" "$T/byclass"
yes x | head -50000 | (cd "$val" && split -l 1 -a 8 --numeric-suffixes=1 --additional-suffix=.JPEG - ILSVRC2012_val_)
# Class i % 1000 and one or two boxes for picture i; synsets n02000000 to n02000999.
seq 0 999 | awk '{ printf "n02%06d thing %d, another word\n", $1, $1 }' > "$root/LOC_synset_mapping.txt"
seq 50000 | awk 'BEGIN { print "ImageId,PredictionString" } { w = sprintf("n02%06d", $1 % 1000)
    printf "ILSVRC2012_val_%08d,%s 1 2 30 40 %s\n", $1, w, $1 % 2 ? "" : w " 5 6 70 80 " }' > "$root/LOC_val_solution.csv"

check "the archive's layout" code 0 look "$val"
check "counted" says "^50000 of 50000 images, 50000 of them with a label, of 1000 classes; 50000 of them with boxes (75000 in all)$"
check "complete" says "^complete$"
check "the command" says "run jobs/imagenet.conf --images=$val --labels=$root/LOC_val_solution.csv --synsets=$root/LOC_synset_mapping.txt --boxes="
refuse "the folder above" 1 "but there is $val" look "$root"

seq 50000 | awk '{ printf "ILSVRC2012_val_%08d.JPEG,%d\n", $1, $1 % 1000 }' > "$T/labels.csv"
seq 50000 | awk '{ printf "ILSVRC2012_val_%08d.JPEG,1,2,30,40\n", $1 }' > "$T/boxes.csv"
check "plain lists" code 0 look "$val" --labels "$T/labels.csv" --boxes="$T/boxes.csv"
check "counted" says "with boxes (50000 in all)"
awk -F, 'BEGIN { print "\"class_index\";\"name\";\"file\"" } { printf "%s;\"a;b\";\"%s\"\r\n", $2, $1 }' "$T/labels.csv" > "$T/header.csv"
awk -F, 'BEGIN { print "x,y,width,height,ImageId" } { sub(/[.].*/, "", $1); print "1,2,29,39," $1 }' "$T/boxes.csv" > "$T/sizes.csv"
check "columns by their names" code 0 look "$val" --labels "$T/header.csv" --boxes="$T/sizes.csv"
check "counted" says "50000 of them with a label, of 1000 classes; 50000 of them with boxes (50000 in all)$"
check "synsets without effect" lacks "$T/log" "--synsets"
echo path,x,y > "$T/unknown.csv" && sed 's/$/,3/' "$T/labels.csv" >> "$T/unknown.csv"
check "columns that are not known" code 1 look "$val" --labels "$T/unknown.csv" --boxes="$T/sizes.csv"
check "says so" says "a header of the labels that does not name path and class_index"
sed 's/,\(.*\)/,"\1"/' "$root/LOC_val_solution.csv" > "$T/quoted.csv"
check "quoted" code 0 look "$val" --labels "$T/quoted.csv" --boxes="$T/quoted.csv"
check "counted" says "^50000 of 50000 images, 50000 of them with a label, of 1000 classes; 50000 of them with boxes (75000 in all)$"
awk -F'[, ]' 'NR > 1 { print $1 ".JPEG," $2 }' "$root/LOC_val_solution.csv" > "$T/wnids.csv"
check "path,wnid" code 0 look "$val" --labels "$T/wnids.csv" --boxes="$T/boxes.csv"
check "with their mapping" says "--synsets=$root/LOC_synset_mapping.txt"
sed 's/^/val\//' "$T/labels.csv" > "$T/above.csv"
refuse "paths of the folder above" 1 "\(paths start at the folder\): 50000" look "$val" --labels "$T/above.csv" --show 2
check "two names" test "$(grep -c '^    val/' "$T/log")" = 2
check "and how many more" says "and 49998 more"
check "from above they fit" code 0 look "$(dirname "$val")" --labels "$T/above.csv" --boxes "$T/boxes.csv"
seq 50000 > "$T/numbers"
refuse "a bare list of numbers" 1 "in the labels, not a validation image by its name: 50000$" look "$val" --labels "$T/numbers"

rm "$val"/ILSVRC2012_val_0000{0007,1234}.JPEG
: > "$val/ILSVRC2012_val_00000009.JPEG"
echo > "$val/cat.jpg"
sed -i '/_00000012,/d' "$root/LOC_val_solution.csv"
refuse "faults" 1 "^not complete$" look "$val"
for what in "49998 of 50000 images" "missing: 2$" "    ILSVRC2012_val_00000007$" "    ILSVRC2012_val_00001234$" "  empty: 1$" \
    "    ILSVRC2012_val_00000009.JPEG$" "    cat.jpg$" "without a label: 1$" "without a box: 1$" "    n02000012 49$"; do
    check "$what" says "$what"
done

(cd "$T" && seq 0 999 | awk '{ printf "byclass/n02%06d\n", $1 }' | xargs mkdir)
yes x | head -50000 | (cd "$T/byclass/n02000000" && split -l 1 -a 8 --numeric-suffixes=1 --additional-suffix=.JPEG - ILSVRC2012_val_)
for i in $(seq 1 999); do
    printf -v folder 'n02%06d' "$i"
    names=()
    for j in $(seq 0 49); do printf -v name 'ILSVRC2012_val_%08d.JPEG' $((i * 50 + 1 + j)); names+=("$T/byclass/n02000000/$name"); done
    mv -t "$T/byclass/$folder" "${names[@]}"
done
check "class folders" code 0 look "$T/byclass" --boxes "$T/boxes.csv"
check "counted" says "^50000 of 50000 images in 1000 class folders; 50000 of them with boxes"
sed 's/^n02000007/n02999999/' "$root/LOC_synset_mapping.txt" > "$T/other.txt"
check "a folder that the mapping lacks" code 1 look "$T/byclass" --boxes "$T/boxes.csv" --synsets "$T/other.txt"
check "named" says "    n02000007$"
rm "$T/boxes.csv"
mv "$T/byclass/n02000500/ILSVRC2012_val_00025001.JPEG" "$T/byclass/n02000000/"
cp "$T/byclass/n02000001/ILSVRC2012_val_00000051.JPEG" "$T/byclass/n02000002/"
mv "$T/byclass/n02000900" "$T/byclass/others"
refuse "a picture in the wrong folder, one twice, a strange folder" 1 "^not complete$" look "$T/byclass"
for what in "    n02000500 49$" "    n02000000 51$" "there twice: 1$" "no synset such as n01440764: 50$" "no boxes: localization"; do
    check "$what" says "$what"
done

refuse "no folder" 2 "^check-imagenet: $T/none is no folder" look "$T/none"
refuse "two folders" 2 "^check-imagenet: one folder, not '$val' and '$T'" look "$val" "$T"
refuse "unknown option" 2 "^check-imagenet: unknown option '--fast'" look "$val" --fast
mkdir "$T/empty"
refuse "an empty folder" 1 "no pictures in it" look "$T/empty"
finish
