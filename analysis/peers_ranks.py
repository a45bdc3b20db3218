"""The job on one rank and on two, what of it is not computing, and the memory of a rank that has every network."""

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
labels = {folder}/labels.csv
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
    """{phase: {s, io, message, wait}} in seconds, of a rank, and the last lines' memory of a rank in MB."""
    for leftover in glob.glob(f'{folder}/out.h5*'):
        os.remove(leftover)
    done = subprocess.run(['mpirun', '-np', str(ranks), QUANTCAM, 'run', f'{folder}/job.conf'], cwd=ROOT, capture_output=True,
                          text=True, env={**os.environ, **ENVIRONMENT})
    if done.returncode:
        raise SystemExit(f'{ranks} ranks: exit {done.returncode}: {done.stderr.strip()[-400:]}')
    with h5py.File(f'{folder}/out.h5') as f:
        columns = [f[f'/timing/{name}'][:] for name in ('phase_s', 'io_s', 'message_s', 'wait_s')]
        phases = {name.decode(): dict(zip(('s', 'io', 'message', 'wait'), map(float, row)))
                  for name, *row in zip(f['/timing/phase'][:], *columns) if name}
    return phases, int(re.search(r'peak memory of a rank (\d+) MB', done.stdout + done.stderr)[1])


def write_job(folder, jobs, pictures, copies, fraction, steps):
    shutil.rmtree(f'{folder}/images', ignore_errors=True)
    os.makedirs(f'{folder}/images')
    for i in range(copies):
        for picture in pictures:
            shutil.copy(picture, f'{folder}/images/{i}_{os.path.basename(picture)}')
    with open(f'{folder}/labels.csv', 'w') as f:
        f.writelines(f'{name},-1\n' for name in sorted(os.listdir(f'{folder}/images')))
    networks = '\n'.join(NETWORK.format(**job.words()) for job in jobs)
    with open(f'{folder}/job.conf', 'w') as f:
        f.write(JOB.format(folder=folder, networks=networks, fraction=fraction, steps=steps))


def scaling(folder, job, pictures, rounds, quick):
    """{ranks: {phase: {s, io, message, wait}}} of the fastest of the interleaved rounds; shares of the phase's seconds.
    Many rows of few steps are explained, so that both ranks have the same work."""
    write_job(folder, [job], pictures, 5 if quick else 25, 0.1, 10 if quick else 25)
    best = {1: {}, 2: {}}
    for _ in range(rounds):
        for ranks in (1, 2):
            phases, _ = run(folder, ranks)
            for what in ('evaluate', 'explain'):
                p = phases[what]
                if what not in best[ranks] or p['s'] < best[ranks][what]['s']:
                    best[ranks][what] = {'s': p['s'], 'io': p['io'] / p['s'], 'message': p['message'] / p['s'],
                                         'wait': p['wait'] / p['s']}
    return best


def not_computing(folder, job, pictures, quick):
    """{phase: share of its time that one rank spends on the rows of the file, and on messages}, with 100 steps."""
    write_job(folder, [job], pictures, 5 if quick else 25, 0.008, 100)
    phases, _ = run(folder, 1)
    return {what: (phases[what]['io'] + phases[what]['message']) / phases[what]['s'] for what in ('evaluate', 'explain')}


def memory(folder, jobs, pictures):
    """MB of the rank's high-water mark with all the networks, explain included."""
    write_job(folder, jobs, pictures[:2], 1, 1, 10)
    return run(folder, 1)[1]
