#!/usr/bin/env bash
# Makes the HDF5 files that fuzz targets mutate, with the program itself: a small result, what infer writes and a
# checkpoint in our HDF5 form. tests/fuzz/results.sh [QUANTCAM [FOLDER]]
set -eu
cd "$(dirname "$0")/../.."
quantcam=$(realpath "${1:-build/quantcam}")
folder=${2:-build/fuzz-seeds}
tiny=tests/fixtures/tiny
export OMPI_MCA_rmaps_base_oversubscribe=1 OPENBLAS_NUM_THREADS=1
if [ "$(id -u)" = 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
rm -rf "$folder"
mkdir -p "$folder"
cat > "$folder/job.conf" <<JOB
[data]
images = tests/image/data
labels = tests/fuzz/seeds/labels/four.csv
boxes = tests/fuzz/seeds/boxes/plain.csv
[network tiny]
model = $tiny/tiny.model
fp32 = $tiny/fp32.pth
int8 = $tiny/per_channel.pth
[subset]
fraction = 0.5
[explain]
steps = 2
[time]
runs = 0
[run]
log = quiet
JOB
"$quantcam" run "$folder/job.conf" -o "$folder/result.h5"
"$quantcam" infer --model $tiny/tiny.model --weights $tiny/fp32.pth -o "$folder/infer.h5" tests/image/data/420.jpg > "$folder/log"
