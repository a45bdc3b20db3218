#!/usr/bin/env python3
"""The networks of the second study with random weights against PyTorch: real values, and every code of `quantcam quantize`.

    tests/oracles/compare_networks.py [--networks vgg16,densenet121,...] [--images 2] [--seed 0] [--real | --all]

For each network torchvision's seeded initialization, its batch normalisations' statistics those of a training pass over noise.
Pictures are `quantcam synth`'s. fp32: logits and the CAM layer within 1e-4 of the largest value; DenseNet once more under the names
of older files. int8: quantized by `quantcam quantize` on the same pictures, per channel under fbgemm with codes to 127 (its kernels
may saturate at 8 bits) and per tensor under qnnpack; converted and run by PyTorch (analysis/quantizable_nets.py): the codes of every
module of the first picture, and all logits, must be equal, and every node's those of slow_model.py, which needs no PyTorch.
(`mobilenet_v2` and `resnet50`, which torchvision quantizes itself, take its own form.) --all: of the other precisions of integers
(OTHERS), as `quantize` makes them by default, every node's codes are those of slow_model.py, too, and every value of int16 and of
paper2 is what torch.fake_quantize makes of it (compare_rounded.py): minutes for the large networks. --real leaves all but fp32 out. resnet20_cifar10 has the weights of $QUANTCAM_SHARED/data, and is compared with torch in fp32 alone.
Prints compared, unmapped and mismatches; exit 0 only if the last is 0. Environment: QUANTCAM the program, QUANTCAM_ISA.
"""
import argparse
import glob
import os
import subprocess
import sys
import tempfile
import warnings

import h5py
import numpy as np
import torch
import torchvision

import compare_rounded
import slow_model
from oracle import QUANTCAM, ROOT, Tally, infer

sys.path.insert(0, f'{ROOT}/analysis')
from load_quantized import MEAN, STD, load                      # noqa: E402

CAM = {'vgg16': 'features.29', 'resnet50': 'layer4', 'densenet121': 'features', 'mobilenet_v2': 'features.18',
       'efficientnet_b0': 'features.8', 'squeezenet1_0': 'features.12', 'squeezenet1_1': 'features.12'}
QUICK = ('--observer=minmax', '--weight-scale=minmax', '--bias-correction=off')
FORMS = (('fbgemm', ('--engine=fbgemm', '--activation-bits=7', *QUICK)), ('qnnpack', ('--engine=qnnpack', *QUICK)))
# Per channel and per tensor, of fewer bits, of 7 (whose codes reach 255), with every default of `quantize`.
OTHERS = {'fbgemm': (('--precision=int8',), ('--precision=int4',), ('--precision=w4a8',), ('--precision=int2',), ('--precision=w4a2',),
                     ('--precision=paper2', '--arithmetic=integer', '--equalize=off', '--bias-correction=off')),
          'qnnpack': (('--precision=int8', '--engine=qnnpack'), ('--precision=int4', '--engine=qnnpack'))}
RESNET20 = 'resnet20_cifar10-12fca82f.th'


def noise(count, side, seed):
    g = torch.Generator().manual_seed(seed)
    x = torch.nn.functional.interpolate(torch.rand(count, 3, side // 8, side // 8, generator=g), size=(side, side), mode='bicubic')
    return ((x + .1 * torch.randn(count, 3, side, side, generator=g)).clamp(0, 1) * 255).round().to(torch.uint8)


def normalize(u8):
    return (u8.float() / 255).sub_(MEAN).div_(STD)


def build(name, seed):
    torch.manual_seed(seed)
    net = getattr(torchvision.models, name)(weights=None)
    norms = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for m in norms:
        m.weight.data = torch.rand(m.num_features) + .5
        m.bias.data = torch.randn(m.num_features) * .3
        m.momentum = .5
    if norms:
        net.train()
        with torch.no_grad():
            for i in range(2):
                net(normalize(noise(4, 224, 1000 + seed + i)))
    return net.eval()


class ResNet20(torch.nn.Module):
    """akamaster/pytorch_resnet_cifar10's, shortcuts of option A."""

    class Block(torch.nn.Module):
        def __init__(self, before, c, stride):
            super().__init__()
            self.conv1, self.bn1 = torch.nn.Conv2d(before, c, 3, stride, 1, bias=False), torch.nn.BatchNorm2d(c)
            self.conv2, self.bn2 = torch.nn.Conv2d(c, c, 3, 1, 1, bias=False), torch.nn.BatchNorm2d(c)
            self.stride, self.c = stride, c

        def forward(self, x):
            y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
            if self.stride > 1:
                x = torch.nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.c // 4, self.c // 4))
            return torch.relu(y + x)

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = torch.nn.Conv2d(3, 16, 3, 1, 1, bias=False), torch.nn.BatchNorm2d(16)
        for i, c in enumerate((16, 32, 64), 1):
            blocks = [self.Block(c // 2 if i > 1 and j == 0 else c, c, 2 if i > 1 and j == 0 else 1) for j in range(3)]
            setattr(self, f'layer{i}', torch.nn.Sequential(*blocks))
        self.linear = torch.nn.Linear(64, 10)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(torch.relu(self.bn1(self.conv1(x))))))
        return self.linear(x.mean((2, 3)))


def outputs(net, x, every=False):
    """Logits, and name -> output of modules (of the first picture; what is quantized as codes, scale and zero point)."""
    kept = {}

    def keep(name):
        def hook(module, inputs, output):
            if torch.is_tensor(output) and name not in kept:
                kept[name] = output
        return hook
    hooks = [m.register_forward_hook(keep(n)) for n, m in net.named_modules() if n and (every or n in CAM.values() or n == 'layer3')]
    with torch.inference_mode():
        logits = np.concatenate([net(x[i:i + 1]).numpy() for i in range(len(x))])
    for hook in hooks:
        hook.remove()
    return logits, kept


def program(*words):
    done = subprocess.run([QUANTCAM, *words], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f'{" ".join(words[:6])} ...: exit {done.returncode}: {done.stderr.strip()}')


def older(state):
    """DenseNet's names before 2018, which torchvision's own file still has."""
    def name(key):
        for part in ('norm', 'conv'):
            for i in '12':
                key = key.replace(f'.{part}{i}.', f'.{part}.{i}.') if 'denselayer' in key else key
        return key
    return {name(k): v for k, v in state.items() if not k.endswith('num_batches_tracked')}


def run(name, weights, pixels, out, *more):
    source = ('--pixels', pixels) if isinstance(pixels, str) else pixels
    infer(f'models/{name}.model', weights, out, '--isa', os.environ.get('QUANTCAM_ISA', 'auto'), *more, *source)
    return h5py.File(out)


def synth(folder, count):
    """The paths of pictures, which FOLDER/list lists too."""
    program('synth', f'{folder}/synth', '--images', str(count), '--seed', '31')
    pictures = sorted(glob.glob(f'{folder}/synth/*/*.JPEG'))[:count]
    with open(f'{folder}/list', 'w') as f:
        f.writelines(f'{line}\n' for line in pictures)
    return pictures


def compare_real(name, net, x, cam, weights, pixels, out, tally):
    logits, kept = outputs(net, x)
    with run(name, weights, pixels, out) as ours:
        tally.close(f'{name} logits', ours['logits'][()], logits)
        tally.close(f'{name} CAM layer', ours['last_conv'][()][:1], kept[cam].numpy())
        again = ours['logits'][()]
    if name == 'densenet121':
        torch.save(older(net.state_dict()), weights, _use_new_zipfile_serialization=False)
        with run(name, weights, pixels, out) as ours:
            tally.exact('densenet121 under older names', ours['logits'][()], again)


def quantized(name, weights, folder, options):
    out = f'{folder}/int8.safetensors'
    program('quantize', '--model', f'models/{name}.model', '--weights', weights, '--list', f'{folder}/list', '-o', out, *options)
    return out


def compare_slow(name, engine, weights, pixels, out, tally, label=''):
    """Every node against the model in numpy."""
    with h5py.File(pixels) as f:
        slow = slow_model.run(f'{ROOT}/models/{name}.model', weights, f['pixels'][0], engine)
    with run(name, weights, pixels, out, '--tap=all', '--engine', engine) as ours:
        for node, codes in ours['codes'].items():
            tally.exact(f'{name} {engine} {label} {node} against the slow model', codes[()], slow[node])


def compare_others(name, weights, folder, pixels, out, tally):
    for engine, forms in OTHERS.items():
        for options in forms:
            compare_slow(name, engine, quantized(name, weights, folder, options), pixels, out, tally, options[0])


def compare_fake(name, weights, folder, pixels, out, tally):
    with h5py.File(pixels) as f:
        picture = f['pixels'][0]
    for options in (('--precision=int16',), ('--precision=paper2',)):
        path = quantized(name, weights, folder, options)
        with run(name, path, pixels, out, '--tap=all') as ours:
            compare_rounded.Network(f'{ROOT}/models/{name}.model', path).compare(ours['values'], picture, tally)


def compare_codes(name, engine, options, folder, pixels, x, out, tally):
    """Returns the nodes that no module shows."""
    weights = quantized(name, f'{folder}/fp32.pth', folder, options)
    compare_slow(name, engine, weights, pixels, out, tally)
    logits, kept = outputs(load(name, weights), x, every=True)
    with run(name, weights, pixels, out, '--tap=all', '--engine', engine) as ours:
        tally.exact(f'{name} {engine} logits', ours['logits'][()], logits)
        unseen = []
        for node, codes in ours['codes'].items():
            theirs = kept.get('quant' if node == 'image' else node)
            if theirs is None or not theirs.is_quantized:
                unseen.append(node)
                continue
            tally.exact(f'{name} {engine} codes of {node}', codes[()], theirs.int_repr()[0].numpy())
            tally.exact(f'{name} {engine} scale of {node}', np.float32(codes.attrs['scale']), np.float32(theirs.q_scale()))
            tally.exact(f'{name} {engine} zero point of {node}', codes.attrs['zero_point'], theirs.q_zero_point())
    return unseen


def resnet20(scratch, tally, a):
    weights = f'{os.environ.get("QUANTCAM_SHARED", f"{ROOT}/../shared")}/data/weights/{RESNET20}'
    if not os.path.exists(weights):
        print(f'  skip: resnet20_cifar10 (no {weights})')
        return
    net = ResNet20().eval()
    state = torch.load(weights, map_location='cpu', weights_only=False)['state_dict']
    net.load_state_dict({k.removeprefix('module.'): v for k, v in state.items()}, strict=False)
    u8 = noise(a.images, 32, 3000 + a.seed)
    with h5py.File(f'{scratch}/pixels.h5', 'w') as h:
        h['pixels'] = u8.permute(0, 2, 3, 1).numpy()
    compare_real('resnet20_cifar10', net, normalize(u8), 'layer3', weights, f'{scratch}/pixels.h5', f'{scratch}/out.h5', tally)
    synth(scratch, 2)
    for engine, options in FORMS:
        compare_slow('resnet20_cifar10', engine, quantized('resnet20_cifar10', weights, scratch, options), f'{scratch}/pixels.h5',
                     f'{scratch}/out.h5', tally)
    if a.all:
        compare_others('resnet20_cifar10', weights, scratch, f'{scratch}/pixels.h5', f'{scratch}/out.h5', tally)
        compare_fake('resnet20_cifar10', weights, scratch, f'{scratch}/pixels.h5', f'{scratch}/out.h5', tally)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--networks', default=','.join([*CAM, 'resnet20_cifar10']))
    p.add_argument('--images', type=int, default=2)
    p.add_argument('--seed', type=int, default=0)
    p.add_argument('--real', action='store_true')
    p.add_argument('--all', action='store_true')
    a = p.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter('ignore')
    bad = 0
    for name in a.networks.split(','):
        tally, unseen = Tally(), 0
        with tempfile.TemporaryDirectory() as folder:
            if name == 'resnet20_cifar10':
                resnet20(folder, tally, a)
            else:
                net = build(name, a.seed)
                torch.save(net.state_dict(), f'{folder}/fp32.pth')
                pictures = synth(folder, a.images)
                with run(name, f'{folder}/fp32.pth', pictures, f'{folder}/seen.h5') as seen, h5py.File(f'{folder}/pixels.h5', 'w') as h:
                    h['pixels'] = seen['pixels'][()]
                    x = normalize(torch.from_numpy(seen['pixels'][()]).permute(0, 3, 1, 2))
                compare_real(name, net, x, CAM[name], f'{folder}/fp32.pth', f'{folder}/pixels.h5', f'{folder}/out.h5', tally)
                for engine, options in () if a.real else FORMS:
                    nodes = compare_codes(name, engine, options, folder, f'{folder}/pixels.h5', x, f'{folder}/out.h5', tally)
                    unseen += len(nodes)
                files = name, f'{folder}/fp32.pth', folder, f'{folder}/pixels.h5', f'{folder}/out.h5'
                if a.all:
                    compare_others(*files, tally)
                    compare_fake(*files, tally)
        bad += tally.mismatches
        print(f'{name}: compared {tally.compared} ({tally.elements} values), nodes that no module shows {unseen}, '
              f'mismatches {tally.mismatches}', flush=True)
    sys.exit(1 if bad else 0)


if __name__ == '__main__':
    main()
