#!/usr/bin/env bash
# A job that compares its maps with what people see: the same for every rank count and instruction set, killed and gone on
# with, taken from another result; truths that are missing or odd, settings without an effect.
. "$(dirname "$0")/common.bash"
small_job "$T/job.conf" 8
rm -rf "$T/images"
"$Q" synth "$T/images" --images 8 --seed 7 --masks="$T/masks" > /dev/null || exit 1
mapfile -t pictures < <(cd "$T/images" && LC_ALL=C ls -d */*.JPEG)
{
    echo image,x,y
    for i in 0 1 2 4 5 7; do
        for k in 1 2 3 4 5 6 7; do echo "${pictures[i]},$(((i * 53 + k * 37) % 220 + 1)),$(((i * 29 + k * 61) % 170 + 1))"; done
    done
    echo "${pictures[0]},900,20"
} > "$T/seen.csv"
compare="--saliency.compare --explain.steps=0 --explain.maps=off --store.activations=mean"
all="$compare --cam.resize=bicubic --cam.method=eigen,cam --saliency.fixations=$T/seen.csv --saliency.masks=$T/masks"

has()    { h5ls -r "$1" | grep -qE "^$2 +Dataset \{$3\}"; }
values() { h5dump -y -w 0 -d "$2" "$1" | sed -n '/DATA {/,/}/p' | sed '/}/q' | tr -d ' \n' | sed 's/DATA{//; s/}//'; }

# ---- one result, whoever makes it
check "a job" "$Q" run "$T/job.conf" $all
first=$(digest "$T/out.h5")
check "verify" code 0 "$Q" verify "$T/out.h5"
check "3 ranks, dynamic, ref" run 3 "$T/job.conf" $all --schedule=dynamic --isa=ref --out="$T/ranks.h5"
check "3 ranks: the same digest" same "$(digest "$T/ranks.h5")" "$first"
check "rows of masks" has "$T/out.h5" /models/mobile/int8/truth_mae_cam 8
check "rows of fixations" has "$T/out.h5" /models/shuffle/fp32/truth_auc_shuffled_eigen 8
check "curves" has "$T/out.h5" /models/mobile/int8/f_curve_cam "8, 256"
check "pairs" has "$T/out.h5" /models/shuffle/int8/vs_fp32/kld_eigen 8
check "a baseline" has "$T/out.h5" /images/saliency/shuffled/truth_nss 8
check "its summary" has "$T/out.h5" /summary/baselines/center/truth_nss/mean "2, 4"
check "largest of mean curves" has "$T/out.h5" /summary/saliency/int8/f_max_eigen "2, 4"
check "states" same "$(values "$T/out.h5" /images/saliency/state_fixations)" 1,1,1,0,1,1,0,1
check "whose truth is shuffled's" same "$(values "$T/out.h5" /images/saliency/next_fixations | cut -d, -f1-3)" 1,2,4
check "dropped" same "$(values "$T/out.h5" /images/saliency/dropped | cut -d, -f1-3)" 1,0,0
check "show" "$Q" show "$T/out.h5" > "$T/shown"
check "tables of the measures" grep -q "SIM" "$T/shown"
check "inspect" "$Q" inspect "$T/out.h5" > "$T/inspected"
check "what a dataset is" grep -q "/images/saliency/center/truth_sim" "$T/inspected"

# ---- killed, and gone on with
code 137 env QUANTCAM_FAULT=0:select:KILL "$Q" run "$T/job.conf" $all --out="$T/killed.h5" || true
check "a killed one is resumable" code 75 "$Q" verify "$T/killed.h5"
check "gone on with, by 2 ranks" run 2 "$T/job.conf" $all --out="$T/killed.h5"
check "gone on with: the same digest" same "$(digest "$T/killed.h5")" "$first"

# ---- from another result: the same truths at the same places
check "all taken" "$Q" run "$T/job.conf" $all --from="$T/out.h5" --out="$T/taken.h5" --log=normal 2> "$T/said"
check "all taken: it says so" grep -q "fp32, int8 taken" "$T/said"
check "all taken: the same digest" same "$(digest "$T/taken.h5")" "$first"
cp -r "$T/masks" "$T/others" && cp "$T/masks/$(ls "$T/masks" | head -1)" "$T/others/$(ls "$T/masks" | tail -1)"
check "other masks" "$Q" run "$T/job.conf" $all --masks="$T/others" --from="$T/out.h5" --out="$T/others.h5" --log=normal 2> "$T/said"
check "other masks: it says so" grep -q "what saliency.masks names is another" "$T/said"
check "other masks: another digest" other "$(digest "$T/others.h5")" "$first"
refuse "a resume with other masks" 1 "data.saliency.masks.sha256" "$Q" run "$T/job.conf" $all --masks="$T/others"
check "predicted" "$Q" run "$T/job.conf" $compare --limit=4 --out="$T/few.h5"
check "predicted, of more pictures" "$Q" run "$T/job.conf" $compare --out="$T/all.h5"
check "predicted, taken" "$Q" run "$T/job.conf" $compare --from="$T/few.h5" --out="$T/more.h5" --log=normal 2> "$T/said"
check "predicted, taken: it says so" grep -q "4 of 8 pictures are there.*fp32, int8 taken" "$T/said"
check "predicted, taken: the same digest" same "$(digest "$T/more.h5")" "$(digest "$T/all.h5")"

# ---- odd truths
mkdir "$T/odd"
for i in 0 1 2; do cp "$T/masks/$(ls "$T/masks" | sed -n "$((i + 1))p")" "$T/odd/"; done
printf 'P2 4 2 9 0 0 9 9 0 0 9 9' > "$T/odd/$(basename "${pictures[3]}" .JPEG).pgm"
printf 'no map' > "$T/odd/$(basename "${pictures[4]}" .JPEG).png"
printf 'P2 2 1 9 5 5' > "$T/odd/$(basename "${pictures[5]}" .JPEG).pgm"
check "odd densities" "$Q" run "$T/job.conf" $compare --saliency.density="$T/odd" --out="$T/odd.h5" --log=normal 2> "$T/said"
check "their states" same "$(values "$T/odd.h5" /images/saliency/state_density)" 1,1,1,2,6,4,0,0
check "unreadable, named" grep -q "density of 1 of 8 pictures: unreadable, the first is ${pictures[4]}" "$T/said"
check "missing, named" grep -q "density of 2 of 8 pictures: none, the first is ${pictures[6]}" "$T/said"
check "counted" same "$(values "$T/odd.h5" /summary/saliency/state_density | cut -d, -f1-7)" 2,3,1,0,1,0,1
check "odd densities: sound" code 0 "$Q" verify "$T/odd.h5"

# ---- settings
refuse "nothing to compare" 2 "saliency.sigma = 9 has no effect: saliency.compare is off" "$Q" run "$T/job.conf" --saliency.sigma=9
refuse "no fixations" 2 "saliency.origin = 0 has no effect: there are no saliency.fixations" "$Q" run "$T/job.conf" $compare --saliency.origin=0
refuse "no density of fixations" 2 "saliency.sigma = 9 has no effect: no density is made of fixations" \
    "$Q" run "$T/job.conf" $compare --saliency.fixations="$T/seen.csv" --saliency.density=sr --saliency.sigma=9
refuse "no maps" 2 "saliency.suffix = _x has no effect" "$Q" run "$T/job.conf" $compare --saliency.suffix=_x
refuse "a resize of nothing" 2 "cam.resize = bicubic has no effect" "$Q" run "$T/job.conf" --cam.resize=bicubic
refuse "masks of none" 1 "saliency: .*none of the 8 pictures has a map there" "$Q" run "$T/job.conf" $compare --saliency.masks="$T" --out="$T/none.h5"
refuse "no folder" 1 "saliency: .*nowhere" "$Q" run "$T/job.conf" $compare --saliency.masks="$T/nowhere" --out="$T/none.h5"
sed 's/resize 256/resize 300/' models/demo/mobilenet_v2.model > "$T/wide.model"
refuse "two frames" 2 "networks shuffle and mobile see different parts of a picture" "$Q" run "$T/job.conf" $compare --network.mobile.model="$T/wide.model" --out="$T/none.h5"
check "squashed, they see one" "$Q" run "$T/job.conf" $compare --network.mobile.model="$T/wide.model" --preprocess.resize=squash --limit=3 --out="$T/squash.h5"
check "a dry run" "$Q" run "$T/job.conf" $all --out="$T/dry.h5" --dry-run --log=normal 2> "$T/said"
check "a dry run predicts" grep -q "predicted for 1 rank" "$T/said"
finish
