#!/usr/bin/env bash
# One-token changes of the sources, one at a time: does any test notice? tests/mutate.py --help. Not part of `make check`.
set -u
cd "$(dirname "$0")/.." || exit 2
unset QUANTCAM_FAULT QUANTCAM_ISA
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_mpi_yield_when_idle=1 OPENBLAS_NUM_THREADS=1
[ "$(id -u)" = 0 ] && export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
grep -qs localhost /etc/hosts || export RES_OPTIONS="timeout:1 attempts:1"
exec python3 tests/mutate.py "$@"
