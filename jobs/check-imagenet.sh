#!/usr/bin/env bash
# Is a folder of ILSVRC2012's validation images complete, do labels and boxes fit: looks at names and sizes alone.
set -u
usage="usage: jobs/check-imagenet.sh DIR [--labels FILE] [--synsets FILE] [--boxes PATH] [--show N]

Looks at the 50,000 validation images of ILSVRC2012 in DIR, in 1,000 class folders (n01440764/ILSVRC2012_val_00000293.JPEG)
or flat (ILSVRC2012_val_00000001.JPEG): which are missing, empty, doubled or strange; whether each has a label and boxes.
Reads names, sizes and the lists, no picture: seconds. Ends with the command that runs the study on them.

  --labels FILE   LOC_val_solution.csv, or path,class_index (0-based) or path,wnid lines; class folders need none
  --synsets FILE  LOC_synset_mapping.txt, which gives the synsets of such labels and of class folders their places
  --boxes PATH    LOC_val_solution.csv, path,x0,y0,x1,y1 lines (a header may name other columns), or the folder of XML annotations
  --show N        at most so many names of each kind [10]

Lists not named are looked for in DIR, above it, and where the ILSVRC archive puts them.
Exit codes: 0 complete, 1 something is missing or wrong, 2 usage."

die() { echo "check-imagenet: $*" >&2; exit 2; }
dir='' labels='' synsets='' boxes='' show=10
while [ $# -gt 0 ]; do
    case $1 in
    --labels=* | --synsets=* | --boxes=* | --show=*) name=${1%%=*}; name=${name#--}; printf -v "$name" %s "${1#*=}" ;;
    --labels | --synsets | --boxes | --show) [ $# -gt 1 ] || die "$1 needs a value"; name=${1#--}; printf -v "$name" %s "$2"; shift ;;
    --help | -h) echo "$usage"; exit 0 ;;
    -*) die "unknown option '$1'; --help lists them" ;;
    *) [ -z "$dir" ] || die "one folder, not '$dir' and '$1'"; dir=$1 ;;
    esac
    shift
done
[ -n "$dir" ] || { echo "$usage" >&2; exit 2; }
[[ $show =~ ^[0-9]{1,6}$ ]] || die "--show=$show is no number"
[ -d "$dir" ] || die "$dir is no folder"
dir=$(realpath -s "$dir")
for file in "$labels" "$synsets"; do [ -z "$file" ] || [ -f "$file" ] || die "$file is no file"; done
[ -z "$boxes" ] || [ -e "$boxes" ] || die "$boxes does not exist"

T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
find -L "$dir" -mindepth 1 -maxdepth 2 -type f -iregex '.*\.\(jpe?g\|png\)' -printf '%P\t%s\n' > "$T/pictures"
if [ ! -s "$T/pictures" ]; then
    echo "$dir: no pictures in it or in its folders"
    for below in val ILSVRC2012/val ILSVRC/Data/CLS-LOC/val Data/CLS-LOC/val; do
        [ ! -d "$dir/$below" ] || echo "  but there is $dir/$below: jobs/check-imagenet.sh $dir/$below"
    done
    exit 1
fi
layout=$(awk -F/ '{ n[NF > 1 && length($1) == 9 && $1 ~ /^n[0-9]+$/]++ } END { print (n[1] > n[0] ? "folders" : "flat") }' "$T/pictures")

# The lists, where they are not named: first the folder's own, then those above it.
first() { local f; for f in "$@"; do if [ -e "$f" ]; then echo "$f"; return; fi; done; }
above=$(dirname "$dir") root=$(dirname "$(dirname "$(dirname "$dir")")")
places=("$dir" "$above" "$(dirname "$root")")
if [ -z "$labels" ] && [ "$layout" = flat ]; then
    labels=$(first "${places[@]/%//LOC_val_solution.csv}" "${places[@]/%//labels.csv}" "${places[@]/%//val_labels.csv}" \
        "${places[@]/%//val_labels.txt}")
fi
[ -n "$synsets" ] || synsets=$(first "${places[@]/%//LOC_synset_mapping.txt}")
[ -n "$boxes" ] || boxes=$(first "${places[@]/%//LOC_val_solution.csv}" "${places[@]/%//boxes.csv}" \
    "$root/Annotations/CLS-LOC/val" "$above/Annotations")
if [ -d "$boxes" ]; then
    find -L "$boxes" -maxdepth 2 -name '*.xml' -printf '%f\n' > "$T/boxes"
    kind=xml
elif [ -n "$boxes" ]; then cat "$boxes" > "$T/boxes" || exit 1; kind=list
else : > "$T/boxes"; kind=none; fi
cat ${labels:+"$labels"} /dev/null > "$T/labels" || exit 1
cat ${synsets:+"$synsets"} /dev/null > "$T/synsets" || exit 1

echo "$dir: $([ "$layout" = folders ] && echo "class folders" || echo "a flat folder")"
[ "$layout" = folders ] || echo "labels: ${labels:-none found}"
echo "boxes: ${boxes:-none found}"
# shellcheck disable=SC2016
awk -v layout="$layout" -v show="$show" -v kind=$kind -v labels="$labels" -v boxes="$boxes" '
function stem_of(path) { sub(/.*\//, "", path); sub(/\.[A-Za-z]+$/, "", path); return path }
function is_val(stem) { return length(stem) == 23 && stem ~ /^ILSVRC2012_val_[0-9]+$/ && substr(stem, 16) + 0 >= 1 && substr(stem, 16) + 0 <= 50000 }
function is_wnid(word) { return length(word) == 9 && word ~ /^n[0-9]+$/ }
function fault(kind, name) { if (!(kind in count)) order[++kinds] = kind; if (++count[kind] <= show) names[kind] = names[kind] "\n    " name }
# The cells of a line, quotes taken off; a line of blanks is cut at the last one.
function cells(line, cell,    n, i, c, quoted, text) {
    if (separator == " ") { n = match(line, /[ \t][^ \t]*$/); cell[1] = n ? substr(line, 1, n - 1) : line; cell[2] = n ? substr(line, n + 1) : ""; return n ? 2 : 1 }
    n = 0; text = ""; quoted = 0
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        if (c == "\"") quoted = !quoted
        else if (c == separator && !quoted) { cell[++n] = text; text = "" }
        else text = text c
    }
    cell[++n] = text
    return n
}
# The first line of a list: which separator, and whose cells are path and class where it names them; 1 = it does.
function head(line,    n, i, cell, name, rank) {
    separator = index(line, ",") ? "," : index(line, ";") ? ";" : line ~ /\t.*\t/ ? "\t" : " "
    at_path = 1; at_class = 2
    if (line ~ /ILSVRC2012_val_/ || line !~ /[A-Za-z]/) return 0
    n = cells(line, cell); at_path = at_class = 0; rank = 9
    for (i = 1; i <= n; i++) {
        name = tolower(cell[i]); gsub(/[-_ .]/, "", name)
        if (!at_path && name ~ /^(path|filepath|imagepath|file|filename|imagename|image|imageid)$/) at_path = i
        if (name ~ /^(class|label)(index|idx|id)$/ && rank > 1) { at_class = i; rank = 1 }
        if (name ~ /^(class|label|wnid|synset|predictionstring)$/ && rank > 2) { at_class = i; rank = 2 }
    }
    return 1
}
{ sub(/\r$/, "") }
FILENAME ~ /\/pictures$/ {
    split($0, field, "\t"); path = field[1]; stem = stem_of(path)
    if (!is_val(stem)) { fault("not a validation image by its name", path); next }
    if (field[2] == 0) fault("empty", path)
    if (layout == "folders") {
        folder = path; sub(/\/.*/, "", folder)
        if (folder == path) { fault("beside the class folders", path); next }
        if (!is_wnid(folder)) fault("in a folder that is no synset such as n01440764", path)
        else folders_of[folder] = 1
        per_folder[folder]++
    }
    if (stem in have) fault("there twice", path)
    else { have[stem] = path; pictures++ }
    next
}
FILENAME ~ /\/synsets$/ { if ($1 != "" && !is_wnid($1)) fault("no synset id in the mapping", $0); else if ($1 != "") { known[$1] = 1; synsets++ } next }
FILENAME ~ /\/labels$/ {
    if ($0 == "") next
    if (FNR == 1 && head($0)) { if (!at_path || !at_class) fault("a header of the labels that does not name path and class_index, label or wnid", $0); next }
    if (!at_path || !at_class) next
    n = cells($0, cell); path = cell[at_path]; word = n >= at_class ? cell[at_class] : ""
    sub(/ .*/, "", word); stem = stem_of(path)
    if (!is_val(stem)) { fault("in the labels, not a validation image by its name", path); next }
    if (is_wnid(word)) { if (synsets && !(word in known)) fault("in the labels, with a synset that the mapping lacks", path " " word) }
    else if (word !~ /^[0-9]+$/ || word + 0 > 999) { fault("in the labels, without a class of 0 to 999", $0); next }
    else if ((stem in have) && path != have[stem]) fault("in the labels by another path than in the folder (paths start at the folder)", path)
    if (stem in label) fault("in the labels twice", path)
    else { label[stem] = 1; if (stem in have) labelled++; per_class[word]++ }
    next
}
FILENAME ~ /\/boxes$/ {
    if ($0 == "") next
    path = $0; row = ""
    if (kind == "list") {
        if (FNR == 1 && head($0)) { if (!at_path) fault("a header of the boxes that does not name path, file or image", $0); next }
        if (!at_path) next
        n = cells($0, cell); path = cell[at_path]; row = n == 2 ? cell[3 - at_path] : ""
    }
    stem = stem_of(path)
    if (!is_val(stem)) { fault("in the boxes, not a validation image by its name", path); next }
    if (row ~ /^n[0-9]+ /) total += int((split(row, w, " ") + 1) / 5)
    else total++
    if (!(stem in boxed)) { boxed[stem] = 1; if (stem in have) with_boxes++ }
}
END {
    for (i = 1; i <= 50000; i++) {
        stem = sprintf("ILSVRC2012_val_%08d", i)
        if (!(stem in have)) fault("missing", stem)
        else if (layout == "flat" && labels != "" && !(stem in label)) fault("without a label", have[stem])
        if (boxes != "" && !(stem in boxed)) fault("without a box", stem)
    }
    for (folder in folders_of) if (synsets && !(folder in known)) fault("class folders that the mapping lacks", folder)
    for (folder in per_folder) { folders++; if (per_folder[folder] != 50) fault("class folders without exactly 50 images", folder " " per_folder[folder]) }
    for (word in per_class) { classes++; if (per_class[word] != 50) fault("classes without exactly 50 labels", word " " per_class[word]) }
    if (layout == "folders" && folders != 1000) fault("class folders", folders + 0 " in place of 1000")
    if (layout == "flat" && labels == "") fault("no labels", "accuracy would be unknown: --labels names LOC_val_solution.csv, or path,class_index lines")
    else if (layout == "flat" && classes != 1000) fault("classes in the labels", classes + 0 " in place of 1000")
    printf "%d of 50000 images", pictures
    if (layout == "folders") printf " in %d class folders", folders
    else printf ", %d of them with a label, of %d classes", labelled, classes
    if (boxes != "") printf "; %d of them with boxes (%d %s)", with_boxes, total, kind == "xml" ? "files" : "in all"
    print ""
    for (k = 1; k <= kinds; k++) {
        printf "  %s: %d%s\n", order[k], count[order[k]], names[order[k]]
        if (count[order[k]] > show) printf "    ... and %d more\n", count[order[k]] - show
    }
    if (boxes == "") print "  no boxes: localization would not be measured; --boxes names LOC_val_solution.csv or the XML folder"
    print kinds ? "not complete" : "complete"
    exit kinds > 0
}' "$T/pictures" "$T/synsets" "$T/labels" "$T/boxes"
rc=$?
if [ $rc = 0 ]; then
    [ "$layout" = flat ] || labels=''
    grep -qE '(^|[^[:alnum:]])n[0-9]{8}([^[:alnum:]]|$)' "$T/labels" || synsets=''
    [ -n "$labels" ] || synsets=''
    printf 'mpirun -np 4 build/quantcam run jobs/imagenet.conf --images=%q' "$dir"
    for name in labels synsets boxes; do [ -z "${!name}" ] || printf ' --%s=%q' $name "${!name}"; done
    echo
fi
exit $rc
