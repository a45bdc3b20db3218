#!/usr/bin/env bash
# quantize.sensitivity: a phase of a job that says which layer moves the map: the numbers of `quantize --sensitivity`, one digest on
# any number of ranks and after a kill; in show and in the report; a job without it is as it was.
. "$(dirname "$0")/common.bash"
M=models/demo/resnet18.model
W=$WEIGHTS/resnet18_fp32.pth
[ -f "$W" ] || skip "no $W"
"$Q" synth "$T/images" --images 6 --seed 31 > "$T/log" || exit 1
"$Q" synth "$T/other" --images 5 --seed 77 > "$T/log" || exit 1
cat > "$T/job.conf" << EOF
[data]
images = $T/images
[network n]
model = $M
fp32 = $W
[quantize]
images = $T/other
sensitivity = on
sensitivity.pictures = 4
[explain]
steps = 0
[time]
runs = 0
[store]
out = $T/one.h5
EOF
check "a job" code 0 "$Q" run "$T/job.conf"
check "it is whole" code 0 "$Q" verify "$T/one.h5"
check "quantize" code 0 "$Q" quantize --model $M --weights "$W" --images "$T/other" --sensitivity --trials 4 --csv "$T/alone.csv" -o "$T/x.safetensors"
column() # NAME: of the job, a number a line
{
    h5dump -y -w 1 -m %.9g -d "/models/n/sensitivity/$1" "$T/one.h5" | sed -n '/DATA {/,/}/p' | grep -oE '^ *(-?[0-9.e-]+|inf),?$' | tr -d ' ,' |
        sed 's/^inf$//' | sort
}
of_csv() { awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at }' "$T/alone.csv" | sort; }
for pair in alone_drift:alone_drift alone_rmse:alone_rmse alone_changed:alone_changed alone_sqnr:alone_sqnr_db others_drift:others_drift \
    others_rmse:others_rmse others_changed:others_changed others_sqnr:others_sqnr_db; do
    check "$pair" same "$(column "${pair%%:*}")" "$(of_csv "${pair##*:}")"
done
check "a line a layer" test "$(column alone_drift | wc -l)" = "$(($(wc -l < "$T/alone.csv") - 1))"
check "time is noted" test "$(h5dump -y -w 1 -d /timing/phase "$T/one.h5" | grep -c '^ *"[a-z]*\\000')" = 9

check "three ranks" code 0 run 3 "$T/job.conf" --out="$T/three.h5"
check "the same digest" same "$(digest "$T/one.h5")" "$(digest "$T/three.h5")"
code 137 env QUANTCAM_FAULT=0:time:KILL "$Q" run "$T/job.conf" --out="$T/killed.h5" || true
check "goes on" code 0 "$Q" run "$T/job.conf" --out="$T/killed.h5"
check "the same digest again" same "$(digest "$T/one.h5")" "$(digest "$T/killed.h5")"
if "$Q" run "$T/job.conf" --isa=avx2 --out="$T/isa.h5" > "$T/log" 2>&1; then
    check "the digest of avx2" same "$(digest "$T/one.h5")" "$(digest "$T/isa.h5")"
fi

worst=$(sed -n 2p "$T/alone.csv" | cut -d, -f1 | tr -d '"')
check "show" code 0 "$Q" show "$T/one.h5" --columns 200
check "the worst layer stands first" test "$(sed '1,/^network *layer/d' "$T/log" | awk '$1 == "n" { print $2; exit }')" = "$worst"
check "report" code 0 "$Q" report "$T/one.h5" -o "$T/report"
check "a table" grep -q "Which layer moves the map" "$T/report/report.html"
check "its rows" test "$(wc -l < "$T/report/sensitivity.csv")" = 13
check "a chart of the layers alone, and one of the others" test "$(find "$T/report/figures" -name 'sensitivity_*.svg' | wc -l)" = 2

check "without it" code 0 "$Q" run "$T/job.conf" --quantize.sensitivity=off --out="$T/off.h5"
h5ls -r "$T/off.h5" > "$T/list"
check "nothing of it" lacks "$T/list" "sensitivity|/layer "
check "eight phases" test "$(h5dump -y -w 1 -d /timing/phase "$T/off.h5" | grep -c '^ *"[a-z]*\\000')" = 8
mkdir "$T/empty"
refuse "empty pictures, before any work" 1 "no class folders" "$Q" run "$T/job.conf" --quantize.images="$T/empty" --out="$T/no.h5"
check "nothing was begun" test ! -e "$T/no.h5.part"
sed -i '/^images = .*other/d' "$T/job.conf"
refuse "no pictures" 2 "quantize.images is not set: quantize.sensitivity runs on them" "$Q" run "$T/job.conf" --out="$T/no.h5"
sed -i 's/^sensitivity = on//' "$T/job.conf"
refuse "nothing to run" 2 "quantize.sensitivity.pictures = 4 has no effect: quantize.sensitivity is off" "$Q" run "$T/job.conf" --out="$T/no.h5"
finish
