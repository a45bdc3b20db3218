#!/usr/bin/env bash
# Trains the rows of the third study: of each seed a network plainly and one guided by saliency, in real numbers, longer, again from
# another seed, and to 4, mixed and 2 bits. What is there already is not made again; what was stopped goes on.
#     jobs/train-rows.sh JOB FOLDER EPOCHS SEED... [-- OPTION...]
# JOB: of `quantcam train`, its rows in FOLDER; EPOCHS: of what goes on from the first row; options: for all rows. ROWS and WAYS in the
# environment name those wanted, as ROWS="fp32 4-bit int8" WAYS=plain; all rows but seed need fp32. START=FILE: a trained checkpoint in the
# place of all fp32 rows; every row goes on from it. Then
#     quantcam run jobs/study-fashion.conf, or demo-training.conf
set -euo pipefail
[ $# -ge 4 ] || { sed -n '2,8s/^# *//p' "$0" >&2; exit 2; }
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
real=(--preset=fp32)
rows="seed longer 4-bit mixed 2-bit"
[ -n "${START:-}" ] || rows="fp32 $rows"
for seed in "${seeds[@]}"; do
    for group in ${WAYS:-plain sgt}; do
        name=$group-$seed
        guided=(--guided.share=0)
        if [ $group = sgt ]; then guided=(--guided.share=0.5); fi
        from=(--weights="${START:-$FOLDER/$name-fp32.safetensors}" --epochs="$EPOCHS")
        again=()
        if [ -n "${START:-}" ]; then again=("${from[@]}"); fi
        for row in ${ROWS:-$rows}; do
            case $row in
            fp32)   row "$name-fp32" "${guided[@]}" "${real[@]}" --seed="$seed" ;;
            seed)   row "$name-seed" "${guided[@]}" "${real[@]}" "${again[@]}" --seed=$((100 + seed)) ;;
            longer) row "$name-longer" "${guided[@]}" "${real[@]}" "${from[@]}" --seed="$seed" ;;
            int8)   row "$name-int8" "${guided[@]}" "${from[@]}" --seed="$seed" --preset=int8 --quantizer=affine ;;
            *)      row "$name-$row" "${guided[@]}" "${from[@]}" --seed="$seed" --preset=$row ;;
            esac
        done
    done
done
