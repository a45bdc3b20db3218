#!/usr/bin/env python3
"""Unconverted QAT states against what PyTorch's convert makes of them: every logit equal.

    compare_qat.py [--few] [--keep DIR] [CASE...]    CASE: NETWORK:CONFIGURATION, of the names below; without: all
    compare_qat.py --list

A state is a torchvision quantizable network with random weights after two steps of training on noise, saved before and, with
observers off, after; convert's network runs on the engine of its configuration, `quantcam infer` on the state. Needs torch, torchvision,
h5py. fbgemm saturates, on CPUs with VNNI in its depthwise kernels: fbgemm's configurations run with numerics.saturate as this CPU has it."""
import argparse
import copy
import os
import sys
import tempfile
import warnings

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
warnings.filterwarnings('ignore')
import h5py
import numpy as np
import torch
import torch.ao.quantization as aq
import torchvision.models.quantization as tq

import oracle

torch.set_num_threads(1)
NETWORKS = {'resnet18': tq.resnet18, 'mobilenet_v2': tq.mobilenet_v2, 'shufflenet_v2_x0_5': tq.shufflenet_v2_x0_5,
            'mobilenet_v3_large': tq.mobilenet_v3_large}
FUSED, FAKE = aq.FusedMovingAvgObsFakeQuantize, aq.FakeQuantize
TENSOR, CHANNEL = aq.MovingAverageMinMaxObserver, aq.MovingAveragePerChannelMinMaxObserver
BYTE = FUSED.with_args(observer=TENSOR, quant_min=0, quant_max=255)


def weight(kind, low, high, channel=True, scheme='symmetric', **more):
    return kind.with_args(observer=CHANNEL if channel else TENSOR, quant_min=low, quant_max=high, dtype=torch.qint8,
                          qscheme=getattr(torch, ('per_channel_' if channel else 'per_tensor_') + scheme), **more)


def output(kind, high=255, scheme='affine', **more):
    return kind.with_args(observer=TENSOR, quant_min=0, quant_max=high, dtype=torch.quint8,
                          qscheme=getattr(torch, 'per_tensor_' + scheme), **more)


def default(engine, version=1):
    return lambda: aq.get_default_qat_qconfig(engine, version)


def pair(o, w):
    return lambda: aq.QConfig(activation=o, weight=w)


# name: (engine, configuration)
CONFIGURATIONS = {
    'fbgemm': ('fbgemm', default('fbgemm')),
    'x86': ('fbgemm', default('x86')),
    'qnnpack': ('qnnpack', default('qnnpack')),
    'onednn': ('fbgemm', default('onednn')),
    'fbgemm-0': ('fbgemm', default('fbgemm', 0)),
    'qnnpack-0': ('qnnpack', default('qnnpack', 0)),
    'four': ('fbgemm', pair(BYTE, weight(FUSED, -8, 7))),
    'four-fake': ('fbgemm', pair(output(FAKE), weight(FAKE, -8, 7))),
    'four-tensor': ('qnnpack', pair(BYTE, weight(FUSED, -8, 7, channel=False))),
    'narrow': ('fbgemm', pair(BYTE, weight(FUSED, -127, 127))),
    'narrow-fake': ('fbgemm', pair(output(FAKE), weight(FAKE, -127, 127))),
    'narrow-tensor': ('qnnpack', pair(BYTE, weight(FUSED, -127, 127, channel=False))),
    'symmetric': ('fbgemm', pair(output(FUSED, scheme='symmetric'), weight(FUSED, -128, 127))),
    'symmetric-fake': ('fbgemm', pair(output(FAKE, scheme='symmetric'), weight(FAKE, -128, 127))),
    'symmetric-reduced': ('fbgemm', pair(output(FUSED, 127, 'symmetric'), weight(FUSED, -128, 127))),
    'symmetric-plain': ('fbgemm', pair(FAKE.with_args(observer=TENSOR, dtype=torch.quint8, qscheme=torch.per_tensor_symmetric),
                                       weight(FAKE, -128, 127))),
    'reduced-weights': ('fbgemm', pair(BYTE, weight(FUSED, -128, 127, reduce_range=True))),
    'eps': ('qnnpack', pair(output(FUSED, eps=2 ** -6), weight(FUSED, -127, 127, channel=False, eps=2 ** -9))),
    'four-bit-outputs': ('fbgemm', pair(output(FUSED, 15), weight(FUSED, -8, 7))),
}
FEW = ['resnet18:x86', 'shufflenet_v2_x0_5:four-fake', 'shufflenet_v2_x0_5:symmetric', 'shufflenet_v2_x0_5:narrow-tensor']
MEAN, STD = np.array([.485, .456, .406], np.float32), np.array([.229, .224, .225], np.float32)


def prepared(network, engine, configuration):
    torch.backends.quantized.engine = engine
    torch.manual_seed(0)
    net = NETWORKS[network](quantize=False)
    for m in net.modules():
        if isinstance(m, torch.nn.BatchNorm2d):
            m.weight.data.uniform_(.7, 1.3)
            m.bias.data.normal_(0, .2)
            m.running_mean.normal_(0, .2)
            m.running_var.uniform_(.6, 1.5)
    net.train()
    net.fuse_model(is_qat=True)
    net.qconfig = configuration()
    return aq.prepare_qat(net, inplace=True)


def train(net, steps=2):
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-3)
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        x = torch.randn(3, 3, 64, 64, generator=generator)
        optimizer.zero_grad()
        net(x).square().mean().backward()
        optimizer.step()
    return net.eval()


def pictures(path, count=2, side=224):
    coarse = np.random.default_rng(3).integers(0, 256, (count, 7, 7, 3))
    pixels = np.kron(coarse, np.ones((1, side // 7, side // 7, 1))).astype(np.uint8)
    pixels += np.random.default_rng(4).integers(0, 40, pixels.shape).astype(np.uint8)
    with h5py.File(path, 'w') as f:
        f['pixels'] = pixels
    real = (pixels.astype(np.float32) / np.float32(255) - MEAN) / STD
    return torch.from_numpy(np.ascontiguousarray(real.transpose(0, 3, 1, 2)))


def has_vnni():
    return 'avx512_vnni' in open('/proc/cpuinfo').read().split()


def check(case, folder, tally):
    network, name = case.split(':')
    engine, configuration = CONFIGURATIONS[name]
    net = train(prepared(network, engine, configuration))
    x = pictures(f'{folder}/pixels.h5')
    for observing in (True, False):
        if not observing:
            net.apply(aq.disable_observer)
        state, out = f'{folder}/{case.replace(":", "-")}-{"on" if observing else "off"}.pth', f'{folder}/out.h5'
        torch.save(net.state_dict(), state)
        with torch.no_grad():
            theirs = aq.convert(copy.deepcopy(net))(x).numpy()
        more = ['--numerics.saturate=fbgemm-' + ('vnni' if has_vnni() else 'avx2')] if engine == 'fbgemm' else []
        oracle.infer(f'models/{network}.model', state, out, '--pixels', f'{folder}/pixels.h5', '--engine', engine, *more)
        with h5py.File(out) as f:
            ours = f['logits'][:]
        wrong = tally.exact(f'{case}, observers {"on" if observing else "off"}', ours, theirs)
        print(f'  {case}, observers {"on" if observing else "off"}: {theirs.size} logits, {wrong} differ')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('case', nargs='*')
    parser.add_argument('--few', action='store_true', help='those of make check')
    parser.add_argument('--list', action='store_true')
    parser.add_argument('--keep', help='a folder in which the states stay')
    a = parser.parse_args()
    cases = a.case or (FEW if a.few else [f'{n}:{c}' for n in NETWORKS for c in CONFIGURATIONS])
    if a.list:
        print('\n'.join(cases))
        return 0
    tally = oracle.Tally()
    with tempfile.TemporaryDirectory() as t:
        folder = os.path.abspath(a.keep or t)
        os.makedirs(folder, exist_ok=True)
        for case in cases:
            check(case, folder, tally)
    print(f'qat: compared {tally.elements} logits of {len(cases)} states twice, {tally.wrong} differ')
    return tally.wrong > 0


if __name__ == '__main__':
    sys.exit(main())
