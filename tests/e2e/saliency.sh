#!/usr/bin/env bash
# saliency: maps to a file and back, three kinds of truth, what is counted, what is refused.
. "$(dirname "$0")/common.bash"
"$Q" synth "$T/images" --images 6 --seed 3 --masks "$T/drawn" > "$T/log" || exit 1
S="$Q saliency"
picture() { ls "$T"/images/n0"$1"_*/*; }
name()    { basename "$(picture "$1")" .JPEG; }
# The value of a measure of a map in the table $T/out: value MAP MEASURE
value()   { awk -F, -v m="$1" -v k="$2" '$1 == m && $2 == k { print $3 }' "$T/out"; }
is()      { same "$(value "$1" "$2")" "$3" || { echo "$1 $2: '$(value "$1" "$2")', not '$3'" >&2; return 1; }; }
says()    { grep -qE -e "$1" "$T/log" || { cat "$T/log" >&2; return 1; }; }

# Maps to a file and back: what is read is what was predicted.
check "maps" code 0 $S "$T/images" -o "$T/maps.h5"
for k in 0 1 2 3 4; do
    mkdir -p "$T/masks" "$T/densities"
    { echo "P2 10 10 255"; for i in $(seq 100); do echo $((i > 10 * k + 20 && i <= 10 * k + 55 ? 255 : 0)); done; } > "$T/masks/$(name $k).pgm"
    { echo "P2 8 6 100"; for i in $(seq 48); do echo $(((i * 37 + k) % 101)); done; } > "$T/densities/$(name $k)_fixMap.pgm"
done
check "masks" code 0 $S "$T/images" --masks "$T/masks" --method=sr-center,file --maps "$T/maps.h5" --pictures "$T/rows.csv"
check "a picture without mask is named" says "^without masks +1, the first is n05_.*/$(name 5).JPEG$"
check "masks of another size are counted" says '^truths of another size +5$'
sed -i 's/\r$//' "$T/rows.csv"
check "rows: a line a picture and map" test "$(wc -l < "$T/rows.csv")" = 25
check "rows: all measures of masks" grep -qx 'image,map,sim,cc,kld,mae,s_measure,f_largest,f_mean,f_adaptive,e_largest,e_mean,e_adaptive' "$T/rows.csv"
check "maps come back as they were" same "$(grep ',predicted sr-center,0' "$T/rows.csv" | cut -d, -f3-)" "$(grep ',file,0' "$T/rows.csv" | cut -d, -f3-)"
check "a picture without a truth has no values" grep -qE "^n05_.*,center,+$" "$T/rows.csv"
table() { $S "$T/images" "$@" --csv | tr -d '\r' > "$T/out"; }
table --masks "$T/masks"
check "CSV" grep -qx 'map,measure,mean,sd,pictures' "$T/out"
mean=$(awk -F, '$2 == "predicted sr-center" && $6 != "" { s += $6; n++ } END { print s / n }' CONVFMT=%.12g OFMT=%.12g "$T/rows.csv")
check "the means are those of the rows" awk -v a="$mean" -v b="$(value "predicted sr-center" mae)" 'BEGIN { exit !(a > 0 && (a - b) ^ 2 < 1e-16) }'
check "rows of the centre and of another picture" test -n "$(value center cc)" -a -n "$(value shuffled f_max)"
check "JSON" code 0 $S "$T/images" --masks "$T/masks" --json

check "synth's masks are found, each of its picture's size" code 0 $S "$T/images" --masks "$T/drawn"
check "all of them" says '^pictures with masks +6$'
check "none of another size" lacks "$T/log" '^truths of another size +[1-9]'

# Densities: another name behind the picture's, maps without differences.
check "densities" code 0 $S "$T/images" --densities "$T/densities" --suffix=_fixMap
check "five of six" says '^pictures with densities +5$'
mkdir "$T/flat"
echo "P2 2 2 9 0 0 0 0" > "$T/flat/$(name 0).pgm"
echo "P2 2 2 9 4 4 4 4" > "$T/flat/$(name 1).pgm"
check "flat maps" code 0 $S "$T/images" --densities "$T/densities" --suffix=_fixMap --method=file --maps="$T/flat"
check "pictures without a map are counted" says "^without a map of --maps +4, the first is n02_.*$"
check "all 0 is counted" says '^file: all 0 +1$'
check "constant is counted" says '^file: constant +1$'
table --densities "$T/densities" --suffix=_fixMap --method=file --maps="$T/flat"
check "a flat map agrees with nothing" is file cc 0
check "flat densities are left out" code 0 $S "$(picture 0)" "$(picture 1)" "$(picture 2)" --densities "$T/flat"
check "and counted" says '^constant densities, left out +2$'

# Fixations.
{ echo "y,image,x"; for k in 0 1 2 3 4 5; do for i in $(seq 12); do echo "$((60 + 7 * i)),$(name $k).JPEG,$((50 + k * 5 + 9 * i))"; done; done; } > "$T/fixations.csv"
echo "5000,$(name 0).JPEG,12" >> "$T/fixations.csv"
table --fixations "$T/fixations.csv"
cp "$T/out" "$T/first"
for k in nss auc_judd auc_borji auc_shuffled gain cc; do check "fixations: $k" test -n "$(value "predicted sr-center" $k)"; done
table --fixations "$T/fixations.csv" --seed=2
check "the seed changes what is drawn" differ "$T/out" "$T/first"
check "and nothing else" is center nss "$(awk -F, '$1 == "center" && $2 == "nss" { print $3 }' "$T/first")"
check "fixations" code 0 $S "$T/images" --fixations "$T/fixations.csv"
check "outside of the picture" says '^fixations outside +1$'
check "both truths" code 0 $S "$T/images" --fixations "$T/fixations.csv" --densities "$T/densities" --suffix=_fixMap
check "one picture: no other" code 0 $S "$(picture 0)" --fixations "$T/fixations.csv"
check "no shuffled row" lacks "$T/log" '^shuffled'
check "no shuffled AUC" lacks "$T/log" 'auc_shuffled'

# What is refused.
refuse "nothing asked for" 2 'nothing is asked for: give -o OUT.h5' $S "$T/images"
refuse "no maps" 2 '--method=file wants --maps' $S "$T/images" --masks "$T/masks" --method=file
refuse "maps without file" 2 'maps = .*has no effect: --method has no file' $S "$T/images" --masks "$T/masks" --maps "$T/flat"
refuse "two methods to one file" 2 '-o takes the maps of one method' $S "$T/images" -o "$T/x.h5" --method=sr,itti
refuse "an unknown method" 2 "sr-centre" $S "$T/images" -o "$T/x.h5" --method=sr-centre
refuse "a seed without draws" 2 'seed = 2 has no effect' $S "$T/images" --masks "$T/masks" --seed=2
refuse "rows of nothing" 2 'pictures = .*has no effect: there is no truth' $S "$T/images" -o "$T/x.h5" --pictures="$T/r.csv"
refuse "masks of other pictures" 1 'none of the 1 pictures has a map there' $S "$(picture 5)" --masks "$T/masks"
refuse "fixations of other pictures" 1 'none of its 73 points is of a picture' $S "$0" --fixations "$T/fixations.csv"
sed 1d "$T/fixations.csv" > "$T/bare.csv"
refuse "a list without names" 1 'a list without a header has no column of pictures' $S "$T/images" --fixations "$T/bare.csv"
echo "not a picture" > "$T/bad.jpg"
refuse "a picture that is none" 1 '1 of 2 pictures could not be read, more than 1 %' $S "$(picture 0)" "$T/bad.jpg" --masks "$T/masks"
refuse "no folder and no HDF5 file" 1 'bad.jpg: .*cannot be opened' $S "$T/images" --densities "$T/bad.jpg"
cp "$(picture 1)" "$T/flat/$(name 2).jpg"
refuse "a picture in colours as a map" 1 "$(name 2).jpg: a picture in colours" $S "$T/images" --densities "$T/flat"
check "no file is left" test ! -e "$T/x.h5" -a ! -e "$T/x.h5.part"
finish
