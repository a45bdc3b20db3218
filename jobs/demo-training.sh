#!/usr/bin/env bash
# `make demo-training`: trains the rows of jobs/demo-training.conf, runs the job, writes the report, prints what came out.
set -euo pipefail
cd "$(dirname "$0")/.."
export V=${V:-release} RANKS=${RANKS:-2}
Q=build/$V/quantcam
OUT=results/demo-training.h5
DATA=${QUANTCAM_FASHION:-/usr/share/datasets/fashion-mnist}

# More ranks than cores, and root in a container, are normal here.
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1 OPENBLAS_NUM_THREADS=1
if [ "$(id -u)" = 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
# Open MPI asks for "localhost": without /etc/hosts a lost DNS answer would cost 5 s each time.
grep -qs localhost /etc/hosts || export RES_OPTIONS="timeout:1 attempts:1"

[ -e "$DATA/train-images-idx3-ubyte.gz" ] ||
    { echo "$DATA has no FashionMNIST: apt-get install dataset-fashion-mnist, or QUANTCAM_FASHION=FOLDER" >&2; exit 1; }
jobs/train-rows.sh jobs/training-demo.conf results/demo-training 2 1 -- --data.train="$DATA/train-images-idx3-ubyte.gz"
${MPIRUN:-mpirun} -np "$RANKS" "$Q" run jobs/demo-training.conf --images="$DATA/t10k-images-idx3-ubyte.gz" \
    --labels="$DATA/t10k-labels-idx1-ubyte.gz" > /dev/null
"$Q" report $OUT > /dev/null
"$Q" show $OUT | sed "/^The maps' sign/,\$d"      # the answer; the tables are many
cat << NEXT
Next:
  results/demo-training-report/report.html               the page: findings, tables, curves, sheets of maps
  build/quantcam show $OUT | less     all tables
  jobs/study-fashion.conf                                three seeds of each row, all pictures
The same command again finds the finished result and says so.
NEXT
