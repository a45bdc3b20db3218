#!/usr/bin/env bash
# Lists, labels, boxes and job files as an enemy would write them: refused with one printable sentence within seconds,
# before any output exists; or, where only one picture is concerned, a bad row.
. "$(dirname "$0")/../e2e/common.bash"
small_job "$T/job.conf" 12
cp "$Q" "$T/quantcam" && Q=$T/quantcam    # the program may be built again meanwhile
longest=0

# hostile CODE PATTERN OPTION...
hostile()
{
    local expected=$1 pattern=$2 from=$SECONDS
    shift 2
    check "exit for $pattern" code "$expected" timeout 20 "$Q" run "$T/job.conf" "$@" -o "$T/never/x.h5"
    check "the sentence $pattern" grep -qE "^quantcam: .*$pattern" "$T/log"
    check "one sentence for $pattern" test "$(wc -l < "$T/log")" = 1
    check "nothing for a terminal in $pattern" test "$(LC_ALL=C tr -d '\n\40-\176' < "$T/log" | wc -c)" = 0
    check "no output for $pattern" test ! -e "$T/never"
    longest=$((SECONDS - from > longest ? SECONDS - from : longest))
}
labels() { hostile 1 "$1" --images="$T/flat" --labels="$T/labels.csv" --boxes=; }
boxes()  { hostile 1 "$1" --boxes="$T/boxes.csv"; }
many()   { head -c "$2" /dev/zero | tr '\0' "$1"; }

mkdir "$T/flat"
cp "$T"/images/*/*.JPEG "$T/flat/"
good=$(cd "$T/flat" && ls | sed 's/$/,3/')
# list LINE: the good list, LINE as printf writes it, on its 13th line
# shellcheck disable=SC2059
list() { { echo "$good"; printf "$1"; } > "$T/labels.csv"; }

# ---- names in a label file ----
list '../images/boxes.csv,3\n'; labels "labels.csv:13: the name has a part '.' or '..'"
list 'a/../../b.JPEG,3\n';      labels "labels.csv:13: the name has a part '.' or '..'"
list 'a/./b.JPEG,3\n';          labels "labels.csv:13: the name has a part '.' or '..'"
list 'a//b.JPEG,3\n';           labels "labels.csv:13: the name has an empty part"
list '/etc/passwd,3\n';         labels "labels.csv:13: the name is absolute"
list 'a\033[2Jb.JPEG,3\n';      labels "labels.csv:13: the name has a control character: 'a\?\[2Jb.JPEG'"
list 'a\177.JPEG,3\n';          labels "labels.csv:13: the name has a control character"
list '\377\376.JPEG,3\n';       labels "labels.csv:13: the name is not UTF-8: '\?\?.JPEG'"
list '\355\240\200.JPEG,3\n';   labels "labels.csv:13: the name is not UTF-8"
list '"a\nb.JPEG",3\n';         labels "labels.csv:13: a field's quotes do not end where the field ends"
list 'a\000b.JPEG,3\n';         labels "labels.csv: a zero byte"
list ',3\n';                    labels "labels.csv:13: the name is empty"
list "$(many a 4096).JPEG,3\n"; labels "labels.csv:13: the name is longer than 1,024 bytes"
list "$(many a 1000000)\n";     labels "labels.csv:13: "

# ---- classes, duplicates, files that are none ----
first=${good%%,*}
list "$first,3\n";              labels "labels.csv:13: '$first' is listed twice \(first on line 1\)"
list "./$first,3\n";            labels "labels.csv:13: '$first' is listed twice"
list 'x.JPEG,-2\n';             labels "labels.csv:13: '-2' is no class index"
list 'x.JPEG,3x\n';             labels "labels.csv:13: '3x' is no class index"
list 'x.JPEG,\033[2J\n';        labels "labels.csv:13: .* is no class index"
list 'x.JPEG,99999999999999999999\n'; labels "labels.csv:13: '99999999999999999999' is no class index"
list 'x.JPEG,16\n';             labels "x.JPEG: its class is 16, but network shuffle knows 0 to 15"
seq 1 12 > "$T/labels.csv";     labels "labels.csv:1: a bare list of class numbers"
: > "$T/labels.csv";            labels "labels.csv: no pictures are listed"
cp "$T/flat/$first" "$T/labels.csv"; labels "labels.csv: a zero byte"
hostile 1 "flat: not a regular file" --images="$T/flat" --labels="$T/flat" --boxes=
mkfifo "$T/fifo"
hostile 1 "fifo: not a regular file" --images="$T/flat" --labels="$T/fifo" --boxes=
hostile 1 "/dev/zero: not a regular file" --images="$T/flat" --labels=/dev/zero --boxes=
printf 'n014407%s\n' {10..25} > "$T/synsets"
printf 'ImageId,PredictionString\n%s,n99999999 1 1 2 2\n' "${first%.*}" > "$T/labels.csv"
hostile 1 "labels.csv:2: n99999999 is not in .*synsets" --images="$T/flat" --labels="$T/labels.csv" --synsets="$T/synsets" --boxes=

# ---- names in folders ----
folder() # PATTERN NAME: a picture of that name in a class folder
{
    rm -rf "$T/folder"
    mkdir -p "$T/folder/n00"
    cp "$T/flat/$first" "$T/folder/n00/$2" && hostile 1 "$1" --images="$T/folder" --boxes=
}
folder "folder: the name has a control character: 'n00/a\?b.JPEG'" $'a\nb.JPEG'
folder "folder: the name is not UTF-8: 'n00/\?.JPEG'" $'\xff.JPEG'
rm -rf "$T/folder"
mkdir -p "$T/folder/"$'n\n00'
hostile 1 "folder: the name has a control character: 'n\?00'" --images="$T/folder" --boxes=
rm -rf "$T/folder"
mkdir -p "$T/folder/n00"
ln -s . "$T/folder/n00/again"
hostile 1 "folder.*: folders lie more than 8 deep" --images="$T/folder" --boxes=

# ---- boxes: CSV ----
name=$(sed -n '1s/,.*//p' "$T/images/boxes.csv")
# shellcheck disable=SC2059
box() { { cat "$T/images/boxes.csv"; printf "$1"; } > "$T/boxes.csv"; }
box "$name,1,2,3\n";                        boxes "boxes.csv:13: "
box "$name,1,2,x,4\n";                      boxes "boxes.csv:13: "
box "$name,1,2,99999999999999999999,4\n";   boxes "boxes.csv:13: "
box "$name,nan,2,3,4\n";                    boxes "boxes.csv:13: "
box "$name,30,20,10,40\n";                  boxes "boxes.csv:13: "
box "$name,1,2,\033[2J,4\n";                boxes "boxes.csv:13: "
box "$name,1,2,3,4,$(many 9 100000)\n";     boxes "boxes.csv:13: "
box "$name,1,2,3\000,4\n";                  boxes "boxes.csv: a zero byte"
: > "$T/boxes.csv";                         boxes "boxes.csv: no boxes are listed"
hostile 1 "fifo: not a regular file" --boxes="$T/fifo"

# ---- boxes: XML ----
mkdir "$T/xml"
stem=$(basename "${name%.*}")
bndbox='<object><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40</ymax></bndbox></object>'
xml() { printf '%s' "$2" > "$T/xml/$stem.xml"; hostile 1 "$1" --boxes="$T/xml"; }
xml "$stem.xml:1: a document type is not taken" '<!DOCTYPE a [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><annotation>&b;</annotation>'
xml "$stem.xml:1: a document type is not taken" '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><annotation>&a;</annotation>'
xml "$stem.xml:1: " "<annotation>$bndbox"
xml "$stem.xml:1: " "<annotation>&none;$bndbox</annotation>"
xml "$stem.xml:1: <html> is no annotation" '<html></html>'
xml "$stem.xml:1: " ''
xml "$stem.xml:1: elements lie more than 64 deep" "<annotation>$(printf '<a>%.0s' {1..100})"
xml "$stem.xml:1: more than 4096 boxes" "<annotation>$(for ((i = 0; i < 4100; i++)); do printf %s "$bndbox"; done)</annotation>"
xml "$stem.xml:1: a box's edge is longer than a number" "<annotation>${bndbox/>1</>$(many 1 1000)<}</annotation>"
xml "$stem.xml:1: a box needs xmin, ymin, xmax and ymax" "<annotation>${bndbox/xmin>1/xmin>}</annotation>"
xml "$stem.xml:1: " "<annotation>${bndbox/>1</>-7x<}</annotation>"
xml "$stem.xml:1: " "$(printf '<annotation>\xff</annotation>')"
{ echo "<annotation>"; many ' ' 2000000; echo "</annotation>"; } > "$T/xml/$stem.xml"
hostile 1 "$stem.xml: 2000[0-9]* bytes, more than" --boxes="$T/xml"
rm "$T/xml/$stem.xml"
ln -s . "$T/xml/again"
hostile 1 "xml.*: folders lie more than 8 deep" --boxes="$T/xml"

# ---- job files: usage, 2 ----
job() { printf '%b' "$2" > "$T/bad.conf"; check "exit for $1" code 2 timeout 20 "$Q" run "$T/bad.conf" -o "$T/never/x.h5"
        check "the sentence $1" grep -qE "^quantcam: .*$1" "$T/log"; check "one sentence for $1" test "$(wc -l < "$T/log")" = 1
        check "nothing for a terminal in $1" test "$(LC_ALL=C tr -d '\n\40-\176' < "$T/log" | wc -c)" = 0; }
job "bad.conf" '[data]\nimages = a\0b\n'
job "bad.conf:1: " '[network ../../x]\nmodel = y\n'
job "bad.conf:1: " '[network a\033b]\nmodel = y\n'
job "bad.conf:2: " "[data]\nimages = $(many a 5000)\n"
job "bad.conf:2: " '[data]\n\377\376 = 1\n'
job "bad.conf:2: " '[data]\nimages\n'
job "bad.conf:1: " '[data\n'
job "bad.conf:" "$(for ((i = 0; i < 40; i++)); do printf '[network n%d]\\nmodel = y\\n' $i; done)"
job "bad.conf:2: " '[subset]\nfraction = 1e999999999\n'
job "bad.conf:2: " '[explain]\nsteps = 99999999999999999999\n'
refuse "a job that is a pipe" 2 "^quantcam: $T/fifo" timeout 20 "$Q" run "$T/fifo"
refuse "a job that has no end" 2 "^quantcam: /dev/zero" timeout 20 "$Q" run /dev/zero

# ---- one picture alone: a bad row ----
many a 200 > "$T/part"
deep=$(cat "$T/part")/$(cat "$T/part")/$(cat "$T/part")/$(cat "$T/part")/$(cat "$T/part")
ln -s /dev/zero "$T/flat/zero.JPEG"
ln -s nowhere "$T/flat/nowhere.JPEG"
mkfifo "$T/flat/pipe.JPEG"
mkdir "$T/flat/folder.JPEG"
printf '\377\330\377\340' > "$T/flat/start.JPEG"
name=$'\xc3\xa9\xe4\xb8\x96.JPEG'
cp "$T/flat/$first" "$T/flat/$name"
{ echo "$good"; echo "$name,3"; for bad in "$deep.JPEG" {zero,nowhere,pipe,folder,start}.JPEG; do echo "$bad,3"; done; } > "$T/labels.csv"
check "bad rows: the run goes on" code 0 timeout 60 "$Q" run "$T/job.conf" --images="$T/flat" --labels="$T/labels.csv" --boxes= \
    --run.log=normal -o "$T/rows.h5"
for bad in aaaa {zero,nowhere,pipe,folder,start}.JPEG; do check "$bad is named" grep -q "bad image $bad" "$T/log"; done
check "these six alone, not the name in UTF-8" same "$(grep -c '^bad image' "$T/log")" 6
check "complete" code 0 "$Q" verify "$T/rows.h5"
echo "count: the slowest refusal took $longest s"
finish
