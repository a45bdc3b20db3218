#!/usr/bin/env bash
# `make demo`, `make demo-saliency`: draws the embedded data set, runs the job on 4 ranks, writes the report, prints what
# came out. demo.sh [demo|demo-saliency]: the name of the job's file, and of its result.
set -euo pipefail
cd "$(dirname "$0")/.."
V=${V:-release}
Q=build/$V/quantcam
RANKS=${RANKS:-4}
NAME=${1:-demo}
DATA=results/demo-images
OUT=results/$NAME.h5

# More ranks than cores, and root in a container, are normal here.
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1 OPENBLAS_NUM_THREADS=1
if [ "$(id -u)" = 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi

# Open MPI asks for "localhost": without /etc/hosts a lost DNS answer would cost 5 s each time.
grep -qs localhost /etc/hosts || export RES_OPTIONS="timeout:1 attempts:1"

# draw FOLDER IMAGES SEED [MASKS]: all of it or nothing, so that a second start needs no questions.
draw() {
    if [ -e "$1/labels.csv" ] && { [ -z "${4-}" ] || [ -e "$4" ]; }; then return; fi
    rm -rf "$1" "$1.new" ${4:+"$4" "$4.new"}
    echo "Drawing $2 pictures into $1"
    $Q synth "$1.new" --images "$2" --seed "$3" ${4:+--masks "$4.new"} > /dev/null
    if [ -n "${4-}" ]; then mv "$4.new" "$4"; fi
    mv "$1.new" "$1"
}
mkdir -p results
if [ "$NAME" = demo-saliency ]; then draw $DATA 400 1 results/demo-masks; else draw $DATA 400 1; fi
draw results/demo-calibration 32 2     # of another seed: int4's ranges are chosen on them
${MPIRUN:-mpirun} -np "$RANKS" $Q run "jobs/$NAME.conf" > /dev/null
$Q report "$OUT" > /dev/null
$Q show "$OUT" | sed "/^The maps' sign/,\$d"      # the answer; the tables are many
cat << NEXT
Next:
  results/$NAME-report/report.html                       the page: findings, tables, figures, pictures (also as PNG, in gallery/)
  build/quantcam show $OUT | less          all tables, beside the published ones
NEXT
if [ "$NAME" = demo ]; then
    one=$(find $DATA -name '*_000000.JPEG')
    cat << NEXT
  N=mobilenet_v2; build/quantcam explain $one --model models/demo/\$N.model \\
      --weights models/demo/\${N}_fp32.pth --weights models/demo/\${N}_int8.pth --weights int4=$OUT.\$N.int4.safetensors
                                                        one picture: answers, maps and curves of each precision
NEXT
else
    echo "  jobs/saliency.conf                                    the study's own job: six networks, 10,000 photographs"
fi
cat << NEXT
  docs/first-hour.md                                    your own pictures and networks
The same command again finds the finished result and says so.
NEXT
