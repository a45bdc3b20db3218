#!/usr/bin/env bash
# `make demo`: draws the embedded data set, runs the job on 4 ranks, writes the report, prints what came out.
set -euo pipefail
cd "$(dirname "$0")/.."
V=${V:-release}
Q=build/$V/quantcam
RANKS=${RANKS:-4}
DATA=results/demo-images
OUT=results/demo.h5

# More ranks than cores, and root in a container, are normal here.
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1 OPENBLAS_NUM_THREADS=1
if [ "$(id -u)" = 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi

# Open MPI asks for "localhost": without /etc/hosts a lost DNS answer would cost 5 s each time.
grep -qs localhost /etc/hosts || export RES_OPTIONS="timeout:1 attempts:1"

# draw FOLDER IMAGES SEED: all of it or nothing, so that a second start needs no questions.
draw() {
    [ ! -e "$1/labels.csv" ] || return 0
    rm -rf "$1" "$1.new"
    echo "Drawing $2 pictures into $1"
    $Q synth "$1.new" --images "$2" --seed "$3" > /dev/null
    mv "$1.new" "$1"
}
mkdir -p results
draw $DATA 400 1
draw results/demo-calibration 32 2     # of another seed: int4's ranges are chosen on them
${MPIRUN:-mpirun} -np "$RANKS" $Q run jobs/demo.conf > /dev/null
$Q report $OUT > /dev/null
$Q show $OUT | sed "/^The maps' sign/,\$d"      # the answer; the tables are many
one=$(find $DATA -name '*_000000.JPEG')
cat << NEXT
Next:
  results/demo-report/report.html                       the page: findings, tables, figures, pictures (also as PNG, in gallery/)
  build/quantcam show $OUT | less          all tables, beside the published ones
  N=mobilenet_v2; build/quantcam explain $one --model models/demo/\$N.model \\
      --weights models/demo/\${N}_fp32.pth --weights models/demo/\${N}_int8.pth --weights int4=$OUT.\$N.int4.safetensors
                                                        one picture: answers, maps and curves of each precision
  docs/first-hour.md                                    your own pictures and networks
The same command again finds the finished result and says so.
NEXT
