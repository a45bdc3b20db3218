#!/usr/bin/env bash
# Machines and launchers that are not as expected: limits of memory, another MPI's mpirun, srun without PMIx, too many
# ranks, several jobs at once. A sentence in place of a hang, a crash or N jobs on one file.
. "$(dirname "$0")/common.bash"
small_job "$T/job.conf" 8
one_sentence() { [ "$(grep -c '^quantcam: ' "$T/log")" = 1 ] && grep -q "^quantcam: $1" "$T/log"; }

# OpenBLAS has one thread from its start, whatever the environment says.
# Looked for until the restarted program shows it, since a fast machine ends the command within a moment.
threads() {
    "$@" & local pid=$! i seen=
    for ((i = 0; i < 500; i++)); do
        seen=$(tr '\0' '\n' < "/proc/$pid/environ" | grep '^OPENBLAS_NUM_THREADS=') && [ "$seen" = OPENBLAS_NUM_THREADS=1 ] && break
        kill -0 $pid || break
        sleep 0.005
    done 2> /dev/null
    { kill $pid; wait $pid; } 2> /dev/null
    echo "$seen"
}
check "OPENBLAS_NUM_THREADS unset" same "$(threads env -u OPENBLAS_NUM_THREADS "$Q" bench --kernels 2>&1 | tail -1)" OPENBLAS_NUM_THREADS=1
check "OPENBLAS_NUM_THREADS=64" same "$(threads env OPENBLAS_NUM_THREADS=64 "$Q" bench --kernels 2>&1 | tail -1)" OPENBLAS_NUM_THREADS=1
check "argv[0] is kept" bash -c 'exec -a other env -u OPENBLAS_NUM_THREADS "$1" version > /dev/null' - "$Q"
ld=$(ldd "$Q" | awk '$1 ~ /ld-linux/ { print $1 }')
check "started by the loader, called by name" code 0 env -u OPENBLAS_NUM_THREADS "$ld" "$Q" version
limited() { (ulimit -v "$1"; unset OPENBLAS_NUM_THREADS; timeout 60 "${@:2}"); }
for v in 100000 200000; do check "version in $v KB of addresses" code 0 limited $v "$Q" version; done
check "a job in 420 MB of addresses: 1, no hang" code 1 limited 420000 "$Q" run "$T/job.conf" -o "$T/small.h5"
check "one sentence" one_sentence 'no memory for the 136 MB that LAPACK needs: raise the limit (ulimit -v)'

# A launcher that the MPI in use does not know starts jobs of one rank each. Its first process speaks.
alone() { env -u OMPI_COMM_WORLD_SIZE "$@" "$Q" run "$T/job.conf" -o "$T/alone.h5"; }
check "another MPI's mpirun: 2" code 2 alone PMI_SIZE=4 PMI_RANK=0
check "said" one_sentence "a mpirun of MPICH's kind started 4 processes (PMI_SIZE), but .* knows of 1: start them by its own mpirun"
check "another MPI's mpirun, another rank: 2" code 2 alone PMI_SIZE=4 PMI_RANK=3
check "silent" test "$(grep -c '^quantcam: ' "$T/log")" = 0
check "srun without PMIx: 2" code 2 alone SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=0 SLURM_NTASKS=4
check "the cure" one_sentence 'srun started 4 tasks that .* does not know as ranks of one job: start them by `srun --mpi=pm.*`'
check "no file" test ! -e "$T/alone.h5.part"
check "a batch script's own process" code 0 alone SLURM_NTASKS=4 SLURM_PROCID=0 SLURM_JOB_ID=7
check "a step of one task" code 0 alone SLURM_STEP_NUM_TASKS=1 SLURM_PROCID=0 SLURM_NTASKS=4

# -j: the mpirun that belongs to the library; as many ranks as the machine holds.
mkdir "$T/bin"
printf '#!/bin/sh\necho "HYDRA build details:"\n' > "$T/bin/mpirun"
ln -s mpirun "$T/bin/mpirun.openmpi"; ln -s mpirun "$T/bin/orterun"; ln -s mpirun "$T/bin/mpiexec"
chmod +x "$T/bin/mpirun"
if "$Q" version | grep -q 'Open MPI'; then
    check "-j without the right mpirun: 1" code 1 env PATH="$T/bin:$PATH" "$Q" run "$T/job.conf" -j 2 -o "$T/j.h5"
    check "said" one_sentence '-j needs the mpirun of Open MPI .*QUANTCAM_MPIRUN'
fi
check "QUANTCAM_MPIRUN names it" code 0 env PATH="$T/bin:$PATH" QUANTCAM_MPIRUN="$(command -v "$MPIRUN")" "$Q" run "$T/job.conf" -j 2 -o "$T/j.h5"
check "the same digest" same "$(digest "$T/j.h5")" "$(alone A=1 > /dev/null 2>&1; digest "$T/alone.h5")"
# Root has no limit of processes; another user may not reach the program, as below /root.
if [ "$(id -u)" = 0 ] && setpriv --reuid 64999 --clear-groups test -x "$Q" 2> /dev/null; then
    chmod 755 "$T"
    alone_in() { setpriv --reuid 64999 --clear-groups bash -c 'ulimit -u 1; exec "$@"' - "$Q" run "$T/job.conf" -j 2 -o "$T/none.h5"; }
    check "-j and no process can be started: 1" code 1 alone_in
    check "said" one_sentence 'mpirun cannot be started: no process or no memory is left (ulimit -u, -v)$'
    check "-j and a mpirun by name, and no process can be started: 1" code 1 env QUANTCAM_MPIRUN=mpirun bash -c "$(declare -f alone_in); Q=$Q T=$T; alone_in"
    check "said" one_sentence 'mpirun cannot be started: Resource temporarily unavailable'
else
    echo "skip: machines: no process can be started (no root, no setpriv, or $Q is not another user's to run)"
fi
check "-j 100000: 2" code 2 "$Q" run "$T/job.conf" -j 100000 -o "$T/many.h5"
check "said" one_sentence '100000 ranks are more than 64 for each of .* cores: --oversubscribe starts them all the same'
check "quantize -j 4096: 2" code 2 "$Q" quantize --model models/demo/resnet18.model --weights "$WEIGHTS/resnet18_fp32.pth" \
    --images "$T/images" -j 4096 -o "$T/q.h5"
truncate -s 1T "$T/huge.pth"
check "-j 2 of checkpoints that memory does not hold: 2" code 2 "$Q" run "$T/job.conf" -j 2 --network.mobile.fp32="$T/huge.pth"
check "said" one_sentence '2 ranks need at least 2199.* GB of memory, .* MB each, and .* GB are free: --oversubscribe'
ends() { printf '#!/bin/sh\nexit %s\n' "$1" > "$T/bin/ends"; chmod +x "$T/bin/ends"; code "$1" env QUANTCAM_MPIRUN="$T/bin/ends" "$Q" run "$T/job.conf" -j 2; }
check "an end by a signal" ends 137
check "named" one_sentence 'a rank was ended by signal 9 (Killed)'
check "mpirun's own code" ends 205
check "no signal is named" test ! -s "$T/log"
check "--oversubscribe" code 7 env QUANTCAM_MPIRUN=false bash -c '"$@"; [ $? = 1 ] && exit 7' - "$Q" run "$T/job.conf" -j 100000 --oversubscribe

# Two jobs at once share the cores: no rank is bound to one.
bound() { local p n=0; for p in $(pgrep -f "run $T/job.conf .*$1"); do case $(taskset -cp "$p" 2> /dev/null) in *": $all") n=$((n + 1)) ;; *) echo "$p is bound" >&2; return 1 ;; esac; done; [ $n -ge 2 ]; }
if command -v taskset > /dev/null; then
    all=$(taskset -cp $$ | sed 's/.*: //')
    "$Q" run "$T/job.conf" -j 2 --isa=ref -o "$T/first.h5" > "$T/first.log" 2>&1 & first=$!
    "$Q" run "$T/job.conf" -j 2 --isa=ref -o "$T/second.h5" > "$T/second.log" 2>&1 & second=$!
    for ((i = 0; i < 200; i++)); do [ -e "$T/first.h5.part" ] && [ -e "$T/second.h5.part" ] && break; sleep 0.05; done
    check "no rank of the first is bound" bound first.h5
    check "nor of the second" bound second.h5
    check "the first ends" wait $first
    check "the second ends" wait $second
    check "the same digest" same "$(digest "$T/first.h5")" "$(digest "$T/second.h5")"
else
    echo "skip: machines: binding (no taskset)"
fi
finish
