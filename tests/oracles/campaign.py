#!/usr/bin/env python3
"""Many checkpoints against PyTorch, every code of every quantized module.

    tests/oracles/campaign.py [--seeds 11,12,13] [--networks resnet18:fbgemm,...] [--photographs DIR | --noise]
                              [--images 2] [--eight-bit] [--mixed]
                              [--observers-off] [--keep DIR]

For each network, engine and seed the shared make_oracle.py ($QUANTCAM_SHARED/oracle-tools, else ../shared/oracle-tools) makes fp32
and int8 checkpoints in torch's zip and legacy form and computes what PyTorch makes of some pictures: photographs (default: the
shared imagenet-sample; tests/oracles/make_with_photographs.py) or its own noise. `quantcam infer --tap=all` on each file must give
equal int8 logits, last-conv codes and codes of every module (of the first picture), and fp32 logits and last-conv values within
1e-4 of the largest. One line a file, then sums. Networks without a description in models/ are left out.

fbgemm's depthwise kernels add pairs of products in 16 bits on every x86, its dense ones where there is no VNNI (numerics.saturate).
A file whose codes differ from exact sums is compared once more under --numerics.saturate=fbgemm-avx2, with PyTorch held to AVX2
(FBGEMM_ENABLE_INSTRUCTIONS), and counted apart; its exact codes must be the same with every instruction set (auto, ref).
--eight-bit makes fbgemm files whose activations have 8 bits, so that dense layers saturate too, and compares each on AVX2 as well.
--mixed quantizes every second layer's weights per tensor, the others per channel.
--observers-off saves MobileNetV3's QAT state with observers off, so that conversion takes the observed ranges as they are.
--keep leaves the oracles in DIR, and takes those that are there already. Needs PyTorch, torchvision, h5py, Pillow; exit 0 only if
nothing differs, 77 if the tool is absent. Environment: QUANTCAM, QUANTCAM_ISA, QUANTCAM_SHARED.
"""
import argparse
import collections
import contextlib
import io
import os
import subprocess
import sys
import tempfile
import time

import h5py

from compare_codes import compare
from oracle import ROOT, infer

NETWORKS = ('resnet18:fbgemm', 'shufflenet_v2_x0_5:fbgemm', 'mobilenet_v2:qnnpack', 'mobilenet_v2:fbgemm',
            'mobilenet_v3_large:qnnpack')
ONCE = ('resnet50:fbgemm', 'shufflenet_v2_x1_0:fbgemm')          # the first seed alone, where no networks are named
SATURATE = '--numerics.saturate=fbgemm-avx2'


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--seeds', default='11,12,13')
    p.add_argument('--networks')
    p.add_argument('--photographs')
    p.add_argument('--noise', action='store_true')
    p.add_argument('--images', default='2')
    p.add_argument('--eight-bit', action='store_true')
    p.add_argument('--mixed', action='store_true')
    p.add_argument('--observers-off', action='store_true')
    p.add_argument('--keep')
    return p.parse_args()


def make(tool, photographs, network, seed, images, folder, more, **environment):
    if os.path.exists(f'{folder}/oracle.h5'):
        return
    model, engine = network.split(':')
    command = [sys.executable, f'{ROOT}/tests/oracles/make_with_photographs.py', tool, photographs, model, engine, folder + '.making',
               '--seed', seed, '--images', images, *more]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, 'OMP_NUM_THREADS': '1', **environment})
    if done.returncode:
        sys.exit(f'{" ".join(command)}: exit {done.returncode}: {done.stderr.strip()[-1000:]}')
    os.rename(folder + '.making', folder)


class Campaign:
    def __init__(self, out):
        self.out = out
        self.files = collections.Counter()
        self.sums = collections.Counter()
        self.far = 0.0

    def file(self, folder, title, precision, form, *more):
        """Compares one checkpoint; returns how much is wrong. What differs is printed only if it is the last word."""
        details = io.StringIO()
        with contextlib.redirect_stdout(details):
            tally, codes, unmapped, engine = compare(folder, precision, self.out, *more, form=form)
        wrong = tally.wrong + codes.wrong + len(unmapped) + tally.mismatches
        if wrong and precision == 'int8' and engine == 'fbgemm' and not more:
            return wrong
        sums = self.sums
        sums['values'] += tally.elements
        self.files['saturating' if more else precision] += 1
        if precision == 'fp32':
            far = max(tally.far.values())
            self.far = max(self.far, far)
            text = f'{tally.elements} values within {far:.2g} of the largest'
        else:
            modules = codes.compared // 3
            sums['modules'] += modules
            sums['codes'] += codes.elements
            sums['codes differ'] += codes.wrong
            text = (f'{modules} modules, {codes.elements} codes, scales and zero points, {codes.wrong} differ; '
                    f'{tally.elements} logits and last-conv values, {tally.wrong} differ')
        sums['wrong'] += wrong
        print(f'{title} {form} {precision}: {text}{"; unmapped " + " ".join(unmapped) if unmapped else ""}', flush=True)
        if wrong:
            print(details.getvalue(), end='')
        return wrong


    def every_isa(self, folder, title, form):
        """What saturation hides from PyTorch: exact sums of the fast kernels against the reference's."""
        model = os.path.basename(folder).rsplit('_', 2)[0]
        found = {}
        for isa in ('auto', 'ref'):
            infer(f'models/{model}.model', f'{folder}/{model}_int8_{form}.pth', self.out, '--pixels', f'{folder}/oracle.h5',
                  '--tap=all', '--engine=fbgemm', '--isa', isa)
            with h5py.File(self.out) as h:
                values = {'logits': h['logits'][()], **{node: codes[()] for node, codes in h['codes'].items()}}
            found[isa] = {name: value.tobytes() for name, value in values.items()}
        differ = [name for name in found['ref'] if found['auto'][name] != found['ref'][name]]
        self.sums['wrong'] += len(differ)
        print(f'{title} {form} int8: exact sums, auto against ref: {len(found["ref"])} nodes, {len(differ)} differ', flush=True)


def main():
    a = arguments()
    shared = os.environ.get('QUANTCAM_SHARED', f'{ROOT}/../shared')
    tool = f'{shared}/oracle-tools/make_oracle.py'
    if not os.path.exists(tool):
        print(f'skip: campaign (no {tool}: set QUANTCAM_SHARED)')
        return 77
    photographs = '' if a.noise else a.photographs or f'{shared}/data/imagenet-sample'
    seeds = a.seeds.split(',')
    cases = [(n, seed) for n in (a.networks.split(',') if a.networks else NETWORKS) for seed in seeds]
    cases += [] if a.networks else [(n, seeds[0]) for n in ONCE]
    more = [f'--{option}' for option in ('eight-bit', 'mixed', 'observers-off') if getattr(a, option.replace('-', '_'))]
    start = time.time()
    with tempfile.TemporaryDirectory() as scratch:
        c = Campaign(f'{scratch}/out.h5')
        for network, seed in cases:
            if not os.path.exists(f'{ROOT}/models/{network.split(":")[0]}.model'):
                print(f'{network}: no description')
                continue
            folder = f'{a.keep or scratch}/{network.replace(":", "_")}_{seed}'
            title = f'{network.replace(":", " ")} seed {seed}'
            make(tool, photographs, network, seed, a.images, folder, more)
            for form in ('zip', 'legacy'):
                c.file(folder, title, 'fp32', form)
            for form in ('zip', 'legacy'):
                differs = c.file(folder, title, 'int8', form)
                if differs and network.endswith(':fbgemm'):
                    c.every_isa(folder, title, form)
                if network.endswith(':fbgemm') and (differs or a.eight_bit):
                    make(tool, photographs, network, seed, a.images, folder + '_avx2', more, FBGEMM_ENABLE_INSTRUCTIONS='AVX2')
                    c.file(folder + '_avx2', title + ' (AVX2)', 'int8', form, SATURATE)
    s, f = c.sums, c.files
    print(f'campaign: {sum(f.values())} files ({f["fp32"]} fp32, {f["int8"]} int8 by exact sums, {f["saturating"]} int8 that saturate), '
          f'{s["modules"]} modules, {s["codes"]} codes, scales and zero points, {s["codes differ"]} differ; '
          f'{s["values"]} logits and last-conv values; fp32 within {c.far:.2g} of the largest; wrong {s["wrong"]}; '
          f'{time.time() - start:.0f} s')
    return 1 if s['wrong'] or not f else 0


if __name__ == '__main__':
    sys.exit(main())
