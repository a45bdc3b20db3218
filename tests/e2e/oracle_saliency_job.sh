#!/usr/bin/env bash
# What a job's maps are beside what people see, recomputed from its result (tests/oracles/compare_saliency_job.py).
. "$(dirname "$0")/oracle.bash"
needs "h5py, numpy, PIL"
compared "$python" tests/oracles/compare_saliency_job.py
