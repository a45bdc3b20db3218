#!/usr/bin/env bash
# The report of a job that compares maps with truths: every number and statement worked out again from the rows
# (tests/oracles/check_saliency.py), the figures, and the same from predicted saliency alone.
. "$(dirname "$0")/common.bash"
python=$(python_with "h5py, numpy") || skip "no Python with h5py, numpy"
"$Q" synth "$T/images" --images 21 --seed 7 --masks "$T/masks" > /dev/null || exit 1
"$Q" synth "$T/calibration" --images 4 --seed 41 > /dev/null || exit 1
small_job "$T/small.conf" 21
# Three networks by names of the study's, which the job vouches for: its numbers, marks and order stand beside them.
sed "s/^.network shuffle./[network vgg16]/; s/^.network mobile./[network mobilenet_v2]/; s/^steps = .*/steps = 0/; s/^fraction = .*/&\nselect.by = aligned/
    s|^.subset.|[network resnet50]\nmodel = models/demo/resnet18.model\nfp32 = $WEIGHTS/resnet18_fp32.pth\nint8 = $WEIGHTS/resnet18_int8.pth\n&|" \
    "$T/small.conf" | sed "s/^int8 = .*/&\nint16 = quantize\npaper2 = quantize\npublished = on/" > "$T/job.conf"
cat >> "$T/job.conf" << JOB
[quantize]
images = $T/calibration
[cam]
method = eigen,gradcampp,gradcampp-torchcam
raw = off
[saliency]
compare = on
density = sr-center
masks = $T/masks
JOB
check "a job with masks and predicted saliency" code 0 run 2 "$T/job.conf"
check "its report" code 0 "$Q" report "$T/out.h5" -o "$T/report"
check "numpy agrees" code 0 "$python" tests/oracles/check_saliency.py "$T/out.h5" "$T/report"
sed -n 's/^check_saliency: /numpy: /p' "$T/log"
check "the figure" test -s "$T/report/gaze_4.png"
check "box plots" test -s "$T/report/figures/truth_18.svg"
for table in truth_density truth_masks map_pairs blank_maps; do check "$table" test -s "$T/report/$table.csv"; done
check "the study's numbers" grep -q '^vgg16,.*,0.694 +- 0.269 \[a\],-,' "$T/report/kerkouri2024_int8_gt.csv"
check "why they cannot be" grep -qF '[a] cannot be: SIM jumps' "$T/report/report.html"
check "its order" grep -q '^rank correlation,,[-0-9.]*,,[-0-9.]*,,' "$T/report/kerkouri2024_sensitivity.csv"
check "in words" grep -q 'rank correlation with the study' "$T/report/report.md"
check "no fixations, no table of them" test ! -e "$T/report/truth_fixations.csv"
check "the page names what it compares with" grep -q 'Maps (gradcampp) and predicted saliency (sr-center)' "$T/report/report.html"
check "the terminal, too" code 0 "$Q" show "$T/out.h5"
check "says it" grep -q 'Maps (gradcampp) and predicted saliency (sr-center)' "$T/log"
finish
