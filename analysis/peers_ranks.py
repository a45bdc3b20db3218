"""The job on one rank and on two, and the memory of a rank that has every network."""

import glob
import os
import re
import shutil
import subprocess

import h5py

from peers_common import QUANTCAM, ROOT

ENVIRONMENT = {'OMPI_MCA_rmaps_base_oversubscribe': '1', 'OMPI_ALLOW_RUN_AS_ROOT': '1', 'OMPI_ALLOW_RUN_AS_ROOT_CONFIRM': '1'}
NETWORK = '''[network {name}]
model = {model}
fp32 = {fp32}
int8 = {int8}
'''
JOB = '''[data]
images = {folder}/images
{networks}
[subset]
fraction = {fraction}
[explain]
steps = {steps}
[time]
runs = 0
[store]
out = {folder}/out.h5
'''


def run(folder, ranks):
    """Seconds of the phases by name, and the last lines' memory of a rank in MB."""
    for leftover in glob.glob(f'{folder}/out.h5*'):
        os.remove(leftover)
    done = subprocess.run(['mpirun', '-np', str(ranks), QUANTCAM, 'run', f'{folder}/job.conf'], cwd=ROOT, capture_output=True,
                          text=True, env={**os.environ, **ENVIRONMENT})
    if done.returncode:
        raise SystemExit(f'{ranks} ranks: exit {done.returncode}: {done.stderr.strip()[-400:]}')
    with h5py.File(f'{folder}/out.h5') as f:
        phases = {p.decode(): float(s) for p, s in zip(f['/timing/phase'][:], f['/timing/phase_s'][:])}
    return phases, int(re.search(r'peak memory of a rank (\d+) MB', done.stdout + done.stderr)[1])


def write_job(folder, jobs, pictures, copies, fraction, steps):
    shutil.rmtree(f'{folder}/images', ignore_errors=True)
    os.makedirs(f'{folder}/images/all')
    for i in range(copies):
        for picture in pictures:
            shutil.copy(picture, f'{folder}/images/all/{i}_{os.path.basename(picture)}')
    networks = '\n'.join(NETWORK.format(**job.words()) for job in jobs)
    with open(f'{folder}/job.conf', 'w') as f:
        f.write(JOB.format(folder=folder, networks=networks, fraction=fraction, steps=steps))
    return copies * len(pictures)


def scaling(folder, job, pictures, rounds):
    """Images a second of evaluate and of evaluate + explain on 1 and 2 ranks, the best of the rounds (interleaved)."""
    images = write_job(folder, [job], pictures, 10, 0.04, 100)
    best = {}
    for _ in range(rounds):
        for ranks in (1, 2):
            phases, _ = run(folder, ranks)
            rates = {'evaluate': images / phases['evaluate'], 'all': images / (phases['evaluate'] + phases['explain'])}
            best[ranks] = {k: max(v, best.get(ranks, rates)[k]) for k, v in rates.items()}
    return best


def memory(folder, jobs, pictures):
    """MB of the rank's high-water mark with all the networks, explain included."""
    write_job(folder, jobs, pictures[:2], 1, 1, 10)
    return run(folder, 1)[1]
