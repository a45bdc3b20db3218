#!/usr/bin/env bash
# Trains the rows of the third study: of each seed a network plainly and one guided by saliency, in real numbers, longer, again from
# another seed, and to 4, mixed and 2 bits. What is there already is not made again; what was stopped goes on.
#     jobs/train-rows.sh JOB FOLDER EPOCHS SEED... [-- OPTION...]
# JOB: of `quantcam train`, its rows in FOLDER; EPOCHS: of what goes on from the first row; options: for all rows. Then
#     quantcam run jobs/study-fashion.conf, or demo-training.conf
set -euo pipefail
[ $# -ge 4 ] || { sed -n '2,6s/^# *//p' "$0" >&2; exit 2; }
V=${V:-release}
Q=${QUANTCAM:-build/$V/quantcam}
JOB=$1 FOLDER=$2 EPOCHS=$3
shift 3
seeds=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do seeds+=("$1"); shift; done
if [ $# -gt 0 ]; then shift; fi
options=("$@")
mkdir -p "$FOLDER"

# row NAME OPTIONS...: one checkpoint.
row() {
    echo "Training $1"
    ${MPIRUN:-mpirun} -np "${RANKS:-2}" "$Q" train "$JOB" --log=quiet -o "$FOLDER/$1.safetensors" "${options[@]}" "${@:2}" > /dev/null
}
for seed in "${seeds[@]}"; do
    for group in plain sgt; do
        name=$group-$seed
        guided=(--guided.share=0)
        if [ $group = sgt ]; then guided=(--guided.share=0.5); fi
        from=(--weights="$FOLDER/$name-fp32.safetensors" --epochs="$EPOCHS" --seed="$seed")
        row "$name-fp32" "${guided[@]}" --seed="$seed"
        row "$name-seed" "${guided[@]}" --seed=$((100 + seed))
        row "$name-longer" "${guided[@]}" "${from[@]}"
        for bits in 4-bit mixed 2-bit; do row "$name-$bits" "${guided[@]}" "${from[@]}" --preset=$bits; done
    done
done
