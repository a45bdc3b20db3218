#!/usr/bin/env bash
# Bad jobs, models, checkpoints and lists: one sentence with the thing and the value, exit 1 or 2, before any output
# exists. Bad pictures: a status in their row, named, and the run goes on.
. "$(dirname "$0")/common.bash"
small_job "$T/job.conf" 12
W=$WEIGHTS/shufflenet_v2_x0_5

# refused CODE PATTERN OPTION...: one sentence, nothing written. refused_by RANKS: the same from several ranks.
refused() { refused_by 0 "$@"; }
refused_by()
{
    local ranks=$1 expected=$2 pattern=$3
    shift 3
    if [ "$ranks" = 0 ]; then check "exit for $pattern" code "$expected" "$Q" run "$@" -o "$T/bad/x.h5"
    else check "exit for $pattern" code "$expected" run "$ranks" "$@" -o "$T/bad/x.h5"; fi
    check "the sentence $pattern" grep -qE "^quantcam: .*$pattern" "$T/log"
    check "one sentence for $pattern" test "$(grep -c '^quantcam: ' "$T/log")" = 1
    check "no output for $pattern" test ! -e "$T/bad"
}
changed() { sed "$1" "$T/job.conf" > "$T/changed.conf"; }

# Job files and options: 2.
changed 's/^images/imags/'
refused_by 3 2 "changed.conf:2: unknown key 'imags' in \[data\] \(did you mean 'images'\?\)" "$T/changed.conf"
changed 's/\[subset\]/[subsets]/'
refused 2 "changed.conf:13: unknown section \[subsets\]" "$T/changed.conf"
changed 's/fraction = 0.2/fraction = 20 %/'
refused 2 "changed.conf:14: .*decimal number" "$T/changed.conf"
refused_by 3 2 "unknown option '--fractoin'" "$T/job.conf" --fractoin=1
refused 2 "cam.sign = absmin: one of absmax.meanact" "$T/job.conf" --cam.sign=absmin
refused_by 3 2 "no_such.conf: No such file" "$T/no_such.conf"
changed '/^int8/d; /^fp32/d'
refused 2 "network shuffle has no checkpoint: PRECISION = FILE is wanted" "$T/changed.conf"
refused 2 "instruction set|run.isa" "$T/job.conf" --isa=sse9

# Models and checkpoints: 1.
sed 's/^relu/rleu/' models/demo/shufflenet_v2_x0_5.model > "$T/bad.model"
refused_by 3 1 "bad.model:[0-9]+: unknown op 'rleu' \(did you mean 'relu'\?\)" "$T/job.conf" --network.shuffle.model="$T/bad.model"
refused 1 "no_such.model: No such file" "$T/job.conf" --network.shuffle.model="$T/no_such.model"
refused_by 3 1 "network.shuffle.fp32: .*no_such.pth: No such file" "$T/job.conf" --network.shuffle.fp32="$T/no_such.pth"
head -c 20000 "${W}_fp32.pth" > "$T/short.pth"
refused_by 3 1 "short.pth" "$T/job.conf" --network.shuffle.fp32="$T/short.pth"
: > "$T/empty.pth"
refused 1 "empty.pth" "$T/job.conf" --network.shuffle.int8="$T/empty.pth"
cp "${W}_fp32.pth" "$T/net-deadbeef.pth"
refused 1 "net-deadbeef.pth" "$T/job.conf" --network.shuffle.fp32="$T/net-deadbeef.pth"
refused 1 "shufflenet_v2_x0_5_int8.pth: .*network.shuffle.fp32" "$T/job.conf" --network.shuffle.fp32="${W}_int8.pth"
refused 1 "mobilenet_v2_fp32.pth" "$T/job.conf" --network.shuffle.fp32="$WEIGHTS/mobilenet_v2_fp32.pth"
sed 's/\(^linear.*out\) 16/\1 17/' models/demo/shufflenet_v2_x0_5.model > "$T/classes.model"
(cd "$T/images" && ls -d */*.JPEG | sed 's/$/,3/') > "$T/three.csv"
refused_by 3 1 "shufflenet_v2_x0_5_fp32.pth.*17" "$T/job.conf" --network.mobile.model="$T/classes.model" \
    --network.shuffle.model="$T/classes.model" --labels="$T/three.csv"

# Lists: 1.
refused_by 3 1 "no_such_folder" "$T/job.conf" --images="$T/no_such_folder"
mkdir "$T/nothing"
refused 1 "nothing" "$T/job.conf" --images="$T/nothing"
mkdir "$T/flat"
cp "$T"/images/*/*.JPEG "$T/flat/"
(cd "$T/flat" && ls | sed 's/$/,16/') > "$T/labels.csv"
refused 1 "(class|16)" "$T/job.conf" --images="$T/flat" --labels="$T/labels.csv" --boxes=
(cd "$T/flat" && ls | sed 's/$/,3/'; ls "$T/flat" | head -1 | sed 's/$/,4/') > "$T/labels.csv"
refused_by 3 1 "labels.csv:13" "$T/job.conf" --images="$T/flat" --labels="$T/labels.csv" --boxes=
# Names of strangers: refused with file and line, and nothing that a terminal would obey is printed.
hostile() # PATTERN NAME
{
    printf '%s,3\n%b,4\n' "$(ls "$T/flat" | head -1)" "$2" > "$T/labels.csv"
    refused 1 "labels.csv:2: .*$1" "$T/job.conf" --images="$T/flat" --labels="$T/labels.csv" --boxes=
    check "no control character for $1" test "$(tr -d '\n' < "$T/log" | LC_ALL=C tr -cd '\000-\037\177' | wc -c)" = 0
}
hostile "part '.' or '..'" '../flat/x.JPEG'
hostile "part '.' or '..'" 'a/../../x.JPEG'
hostile "absolute" '/etc/passwd'
hostile "control character" '\033[2J\033]0;title\007.JPEG'
hostile "control character" '\0302\02332J.JPEG'
hostile "not UTF-8" '\0344\0366.JPEG'
hostile "longer than 1,024 bytes" "$(printf '%04096d' 0).JPEG"
refused 1 "no_such.csv" "$T/job.conf" --boxes="$T/no_such.csv"

# Pictures: rows.
mkdir "$T/flat/zz_folder.JPEG"
first=$(ls "$T/flat" | head -1)
: > "$T/flat/aa_empty.JPEG"
echo "not a picture" > "$T/flat/ab_text.JPEG"
head -c 2000 "$T/flat/$first" > "$T/flat/ac_short.JPEG"
(cd "$T/flat" && find . -type f | sed 's|^\./||' | sort | sed 's/$/,3/') > "$T/labels.csv"
echo "ad_absent.JPEG,5" >> "$T/labels.csv"
flat=("$T/job.conf" --images="$T/flat" --labels="$T/labels.csv" --boxes= --run.log=normal)
check "bad pictures: the run goes on" code 0 run 3 "${flat[@]}" -o "$T/pictures.h5"
for name in aa_empty ab_text ac_short ad_absent; do check "$name is named" grep -q "bad image $name.JPEG: " "$T/log"; done
check "complete" code 0 "$Q" verify "$T/pictures.h5"
refuse "more than max_bad" 1 "^quantcam: .*4 of 16 images are bad" run 3 "${flat[@]}" -o "$T/too_bad.h5" --max_bad=1
check "more than max_bad: complete" code 0 "$Q" verify "$T/too_bad.h5"
check "the same digest" same "$(digest "$T/too_bad.h5")" "$(digest "$T/pictures.h5")"
finish
