#!/usr/bin/env bash
# What starts as one job of N ranks under Slurm, and what would be N jobs of one rank: refused with the cure.
. "$(dirname "$0")/../e2e/common.bash"
. tests/slurm/cluster.bash
why=$(cluster_missing) && skip "$why"
small_job "$T/job.conf" 8
CLUSTER=$(mktemp -d /tmp/quantcam.XXXXXX)
trap 'cluster_stop; rm -rf "$T" "$CLUSTER"' EXIT
cluster_start "$CLUSTER" > "$T/cluster.log" 2>&1 || { cat "$T/cluster.log" >&2; skip "no Slurm comes up here"; }
check "undisturbed" code 0 "$Q" run "$T/job.conf" -o "$T/whole.h5"
whole=$(digest "$T/whole.h5")
cured() { grep -q "^quantcam: srun started 2 tasks that .* does not know as ranks of one job: start them by .srun --mpi=pm" "$T/log"; }

for plugin in none pmi2; do
    check "srun --mpi=$plugin: 2" code 2 srun -N1 -n2 --mpi=$plugin "$Q" run "$T/job.conf" -o "$T/srun.h5"
    check "srun --mpi=$plugin: the cure" cured
    check "srun --mpi=$plugin: said once" test "$(grep -c '^quantcam: ' "$T/log")" = 1
done
check "no file" test ! -e "$T/srun.h5.part"
check "srun --mpi=pmix" code 0 srun -N1 -n2 --mpi=pmix "$Q" run "$T/job.conf" --log=normal -o "$T/srun.h5"
check "two ranks" grep -q ', 2 ranks on 1 node,' "$T/log"
check "the same digest" same "$(digest "$T/srun.h5")" "$whole"
check "srun -n1" code 0 srun -N1 -n1 --mpi=none "$Q" run "$T/job.conf" -o "$T/one.h5"
# A batch script of two tasks whose own process is no task of a step.
batch() { printf '#!/bin/sh\n%s run %s %s\n' "$Q" "$T/job.conf" "$*" > "$T/batch"; code 0 sbatch -W -N1 -n2 --chdir="$PWD" -o "$T/batch.log" "$T/batch" || { cat "$T/batch.log" >&2; return 1; }; }
check "sbatch, one process" batch -o "$T/batch.h5"
check "the same digest" same "$(digest "$T/batch.h5")" "$whole"
check "sbatch, -j 2" batch -j 2 -o "$T/batch2.h5"
check "the same digest" same "$(digest "$T/batch2.h5")" "$whole"
finish
