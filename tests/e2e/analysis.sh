#!/usr/bin/env bash
# analysis/: read_result.py, figures.py and join.py on two small results, against what show and report say
# (tests/oracles/check_analysis.py), and what they refuse.
. "$(dirname "$0")/common.bash"
python=$(python_with 'h5py, pandas, matplotlib, PIL') || skip "no Python with h5py, pandas, matplotlib and Pillow"
export PYTHONDONTWRITEBYTECODE=1
script() { local name=$1; shift; "$python" "analysis/$name.py" "$@"; }
said()   { grep -qE "$1" "$T/log" || { echo "not said: $1" >&2; cat "$T/log" >&2; return 1; }; }
says()   { grep -qaE "$2" <(pdftotext "$1" -); }

# A: 24 pictures, two of them cut short (one by synth). B: 20 of them, `mobile` with int8 weights of 7 bits, a larger selection.
small_job "$T/job.conf" 24
bad=$(cd "$T/images" && LC_ALL=C ls -d */*.JPEG | head -1)
head -c 700 "$T/images/$bad" > "$T/short" && mv "$T/short" "$T/images/$bad"
check "job A" code 0 "$Q" run "$T/job.conf" --out="$T/a.h5"
check "7 bits" code 0 "$Q" quantize --model models/demo/mobilenet_v2.model --weights "$WEIGHTS/mobilenet_v2_fp32.pth" \
    --images "$T/images" --limit 6 --activation-bits=7 -o "$T/mobile7.safetensors"
sed "s|^int8 = .*mobilenet_v2_int8.pth|int8 = $T/mobile7.safetensors|" "$T/job.conf" > "$T/b.conf"
check "job B" code 0 "$Q" run "$T/b.conf" --limit=20 --subset.fraction=0.4 --out="$T/b.h5"
check "report" code 0 "$Q" report "$T/a.h5" -o "$T/report"

check "read_result" code 0 script read_result "$T/a.h5" --csv "$T/csv"
check "read_result: its first line" said \
    "^$T/a.h5: quantcam [0-9.]+; 24 images, 22 read, 2 bad; fp32, int8; selections raw[_0-9a-z]*, aligned[_0-9a-z]*, control$"
check "read_result: the bad picture" said "^  $bad: .*"
check "read_result: a line a quantity" said "^RMSE int8, aligned sign +[0-9]+\.[0-9]{3} "
check "figures" code 0 script figures "$T/a.h5" -o "$T/figures" --dpi 150
check "figures: the caption is printed" cmp "$T/log" "$T/figures/captions.txt"
if command -v pdftotext > /dev/null; then
    check "figure 2's text" says "$T/figures/figure_2.pdf" "Dice [0-9]+\.[0-9]{3} %"
    check "figure 3's text" says "$T/figures/figure_3.pdf" "IoU [0-9]\.[0-9]{3}"
else
    echo "skip: $NAME: the PDF's text (no pdftotext)"
fi
other=$(cd "$T/images" && LC_ALL=C ls -d */*.JPEG | sed -n 7p)
check "a chosen picture and network" code 0 script figures "$T/a.h5" -o "$T/chosen" --dpi 100 --networks mobile --image "${other#*/}" \
    --images "$T/images" --width 120
check "the chosen picture" said "^mobile: fp32 .*, int8 .*, $other$"
check "no other network" lacks "$T/log" ^shuffle
check "join" code 0 script join "$T/a.h5" "$T/b.h5" --csv "$T/joined"
check "join: the lists" said "^20 images in both lists$"
check "join: the missing" said "^only in A: 4 \(.* and 1 more\); without a result in A: 2 \($bad, .*\)$"
check "join: the settings" said "^  subset.fraction: 0.2 in A, 0.4 in B$"
check "join: the weights" said "^  network.mobile.int8.sha256: [0-9a-f]{12} in A, [0-9a-f]{12} in B$"
check "join with itself" code 0 script join "$T/a.h5" "$T/a.h5" --networks mobile
check "join with itself: nothing differs" said "^the jobs differ in nothing that is recorded$"
check "join with itself: all bits" said \
    "int8: another answer in 0 of 22 images, other five in 0; equal bit for bit: logits of 22, maps of 22;"
check "against the report" code 0 "$python" tests/oracles/check_analysis.py "$T"
sed -n 's/^check_analysis: /numbers: /p' "$T/log"

refuse "no such file" 1 "none.h5: no such file" script read_result "$T/none.h5"
check "in one sentence" test "$(cat "$T/log")" = "read_result.py: $T/none.h5: no such file or directory"
refuse "usage of figures" 2 "arguments are required: -o" script figures "$T/a.h5"
refuse "usage of join" 2 "arguments are required: B.h5" script join "$T/a.h5"
check "a job under way" code 0 script read_result "$T/stopped.h5.part"
check "a job under way: it is said" said "^The job has not finished"
finish
