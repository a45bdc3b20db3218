#!/usr/bin/env python3
"""Compares `quantcam infer` with PyTorch on trained weights and photographs.

    tests/oracles/compare_real.py SHARED          SHARED/data as described in its README

mobilenet_v2_coral in fp32, fbgemm and qnnpack, EfficientNet-Lite0 and squeezenet1_1 in fp32, on the pictures that
data/oracle/oracle.h5 lists: the bytes the network sees equal Pillow's, fp32 logits within 1e-4 of the largest, int8 logits and
last-conv codes exact, and the raw map within 1e-4 of its largest value of pytorch-grad-cam's, sign included.
Under fbgemm three outputs of two depthwise layers saturate in these pictures (in PyTorch on VNNI machines too): where int8 values
differ, the run is repeated imitating saturation and reported apart.
Environment: QUANTCAM the program (build/quantcam), QUANTCAM_ISA the instruction set (auto).
"""
import os
import sys
import tempfile

import h5py

from oracle import Tally, infer

FORMS = (('mobilenet_v2', 'mobilenet_v2_coral', 'mobilenet_v2_fp32', ()),
         ('mobilenet_v2', 'mobilenet_v2_coral_fbgemm', 'mobilenet_v2_fbgemm', ('--engine=fbgemm',)),
         ('mobilenet_v2', 'mobilenet_v2_coral_qnnpack', 'mobilenet_v2_qnnpack', ('--engine=qnnpack',)),
         ('efficientnet_lite0', 'efficientnet-lite0-57934424', 'efficientnet_lite0_fp32', ()),
         ('squeezenet1_1', 'squeezenet1_1_ncnn', 'squeezenet1_1_fp32', ()))


def compare(data, pictures, model, weights, theirs, pixels, out, more):
    tally = Tally()
    infer(f'models/{model}.model', f'{data}/weights/{weights}.pth', out, '--isa', os.environ.get('QUANTCAM_ISA', 'auto'),
          *more, *pictures)
    with h5py.File(out) as ours:
        some = len(theirs['eigencam_projection'])
        tally.exact('pixels', ours['pixels'][:len(pixels)], pixels)
        if 'last_conv' in theirs:
            tally.close('logits', ours['logits'][()], theirs['logits'][()])
            tally.close('last conv', ours['last_conv'][:some], theirs['last_conv'][()])
        else:
            codes = theirs['last_conv_int_repr']
            tally.exact('logits', ours['logits'][()], theirs['logits'][()])
            tally.exact('last conv codes', ours['last_conv_int'][:some], codes[()])
            tally.exact('zero point', ours['last_conv_int'].attrs['zero_point'], codes.attrs['zero_point'])
        tally.close('raw map', ours['cam'][:some], theirs['eigencam_projection'][()])
    print(f'{weights} {" ".join(more)}: {len(pictures)} pictures, compared {tally.compared} ({tally.elements} values), '
          f'mismatches {tally.mismatches}')
    return tally.mismatches


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith('-'):
        sys.exit(__doc__)
    data = os.path.abspath(sys.argv[1]) + '/data'
    bad = 0
    with h5py.File(f'{data}/oracle/oracle.h5') as oracle, tempfile.TemporaryDirectory() as scratch:
        pictures = [f'{data}/imagenet-sample/{name.decode()}' for name in oracle['file'][()]]
        pixels = oracle['pixels_u8_nhwc'][()]
        for model, weights, group, more in FORMS:
            wrong = compare(data, pictures, model, weights, oracle[group], pixels, f'{scratch}/out.h5', more)
            if wrong and 'fbgemm' in group:
                print('  again, imitating saturation:')
                wrong = compare(data, pictures, model, weights, oracle[group], pixels, f'{scratch}/out.h5',
                                more + ('--numerics.saturate=fbgemm-avx2',))
            bad += wrong
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
