#!/usr/bin/env python3
"""Compares `quantcam infer` with what PyTorch computed, layer by layer.

    tests/oracles/compare_codes.py DIR...        each made by make_oracle.py MODEL ENGINE DIR

DIR holds oracle.h5 and MODEL_{fp32,int8}_zip.pth. Compared: pixels, logits (int8 exactly, fp32 within 1e-4 of the largest),
last-conv activations, and for int8 every module's output codes of image 0. Prints compared, unmapped and mismatches; exit 0
only if the last two are 0. fbgemm may saturate: its depthwise kernels add pairs of products in 16 bits on every x86, the dense
ones on CPUs without VNNI. Where codes differ, the run is repeated with --numerics.saturate=fbgemm-avx2 and reported apart.
Environment: QUANTCAM the program (build/quantcam), QUANTCAM_ISA the instruction set (auto).
"""
import os
import sys
import tempfile

import h5py
import numpy as np

from oracle import ROOT, Tally, infer

# A module that quantization left as an Identity gives what this sibling gives.
IDENTITY = {'bn1': 'conv1', 'bn2': 'conv2', 'bn3': 'conv3', 'relu': 'conv1', 'activation': 'fc1'}


class Nodes:
    """The description's nodes in order, and what a torch module's name means among them."""

    def __init__(self, path):
        lines = [line.split('#')[0].split() for line in open(path)]
        lines = [words for words in lines if words]
        self.input = next(words[1] for words in lines if words[0] == 'input')
        self.order = [words[1] for words in lines if words[0] not in ('model', 'input', 'output', 'cam')]

    def inner(self, name):
        return [n for n in self.order if n.startswith(name + '.')]

    def of(self, module):
        name = module.removesuffix('.activation_post_process')
        if name == 'quant':
            return self.input
        if name in self.order:
            return name
        if self.inner(name):                                    # a container gives what its last inner node gives
            return self.inner(name)[-1]
        parent, _, last = name.rpartition('.')
        if last in IDENTITY:
            return self.of(f'{parent}.{IDENTITY[last]}'.lstrip('.'))
        if last.isdigit() and int(last) > 0:                    # an Identity in a Sequential
            return self.of(f'{parent}.{int(last) - 1}')
        if last == '0' and self.inner(parent):                  # ... at its head: what goes into the Sequential
            at = self.order.index(self.inner(parent)[0])
            return self.order[at - 1]
        return None


def compare_codes(nodes, ours, theirs, tally):
    """Returns the modules without a node."""
    unmapped = []
    for module in theirs:
        node = nodes.of(module)
        if node is None or node not in ours:
            unmapped.append(module)
            continue
        tally.exact(f'codes of {module} (node {node})', ours[node][()], theirs[module][()])
        tally.exact(f'scale of {module}', np.float32(ours[node].attrs['scale']), np.float32(theirs[module].attrs['scale']))
        tally.exact(f'zero point of {module}', ours[node].attrs['zero_point'], theirs[module].attrs['zero_point'])
    return unmapped


def compare(folder, precision, out, *more, form='zip'):
    """Returns the tally of values and codes, that of codes alone, the modules without a node, and the engine."""
    tally, codes, unmapped = Tally(), Tally(), []
    with h5py.File(f'{folder}/oracle.h5') as oracle:
        model, engine = oracle.attrs['model'], oracle.attrs['engine']
        description = f'models/{model}.model'
        infer(description, f'{folder}/{model}_{precision}_{form}.pth', out, '--pixels', f'{folder}/oracle.h5', '--isa',
              os.environ.get('QUANTCAM_ISA', 'auto'), *(('--tap=all', '--engine', engine) if precision == 'int8' else ()), *more)
        theirs = oracle[precision]
        with h5py.File(out) as ours:
            tally.exact('pixels', ours['pixels'][()], oracle['pixels'][()])
            if precision == 'fp32':
                tally.close('logits', ours['logits'][()], theirs['logits'][()])
                tally.close('last conv', ours['last_conv'][()], theirs['last_conv'][()])
            else:
                tally.exact('logits', ours['logits'][()], theirs['logits'][()])
                tally.exact('last conv', ours['last_conv'][()], theirs['last_conv'][()])
                tally.exact('last conv codes', ours['last_conv_int'][()], theirs['last_conv_int'][()])
                unmapped = compare_codes(Nodes(f'{ROOT}/{description}'), ours['codes'], theirs['codes'], codes)
    for module in unmapped:
        print(f'  UNMAPPED {module}')
    return tally, codes, unmapped, engine


def report(folder, precision, out, *more):
    tally, codes, unmapped, engine = compare(folder, precision, out, *more)
    mismatches = tally.mismatches + codes.mismatches
    print(f'{os.path.basename(folder)} {precision} {engine} {" ".join(more)}: compared {tally.compared + codes.compared} '
          f'({tally.elements + codes.elements} values), unmapped {len(unmapped)}, mismatches {mismatches}')
    return len(unmapped), mismatches, engine


def main():
    folders = sys.argv[1:]
    if not folders or folders[0].startswith('-'):
        sys.exit(__doc__)
    bad = 0
    with tempfile.TemporaryDirectory() as scratch:
        for folder in map(os.path.abspath, folders):
            for precision in ('fp32', 'int8'):
                unmapped, mismatches, engine = report(folder, precision, f'{scratch}/out.h5')
                if mismatches and precision == 'int8' and engine == 'fbgemm':
                    print('  again, imitating saturation:')
                    unmapped, mismatches, engine = report(folder, precision, f'{scratch}/out.h5',
                                                          '--numerics.saturate=fbgemm-avx2')
                bad += unmapped + mismatches
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
