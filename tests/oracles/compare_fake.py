#!/usr/bin/env python3
"""`quantcam train --bits.quantizer=affine` against PyTorch's quantization-aware training: torch.ao.quantization's prepare_qat of the same
small network, FakeQuantize with moving-average ranges for outputs of 0..255 and each step's largest weight a channel, the same batches.

    compare_fake.py FOLDER        # a scratch folder; QUANTCAM names the program

Weights, running statistics and ranges after a step, and after three of which the last two hold what torch's recipe holds, plain and
guided by saliency; then what convert makes of our result, code by code and logit by logit, and the integer network beside its
fake-quantized forward. Needs torch.

Guided, a step has one set of quantized weights for all its passes, by the running variance before it: torch, called twice, would scale
the second forward's by what the first one made of it, so the variance is put back between them here. How far it lies without that is
printed.

The batch is small: of many values one lies so near between two codes that sums in another order round it to the other. So does the
largest weight of a channel, which lies at 127.5 codes: with batch normalisation the last bit of gamma / sqrt(var + eps) decides, which
quantcam has as convert folds it and torch's training not. The seed is one where it decides alike."""
import copy
import os
import struct
import subprocess
import sys
import warnings

warnings.filterwarnings('ignore')
import h5py
import numpy as np
import torch
import torch.ao.quantization as aq
import torch.nn.functional as F
from torch import nn

import oracle
from slow_model import read

torch.set_num_threads(1)
torch.backends.quantized.engine = 'fbgemm'
SIDE, CLASSES, COUNT, MEAN, STD, RATE = 10, 4, 11, 0.3, 0.25, 0.02
MODEL = '''model fake
input image 1 10 10  resize squash bilinear  mean 0.3 std 0.25  quant quant
conv conv1 image  out 6 kernel 3 stride 1 pad 1 groups 1  weight conv1  bn bn1 eps 1e-05
relu relu1 conv1
conv conv2 relu1  out 6 kernel 3 stride 1 pad 1 groups 2  weight conv2  bn bn2 eps 1e-05
add sum relu1 conv2  quant sum
relu relu2 sum
conv conv3 relu2  out 8 kernel 3 stride 2 pad 1 groups 1  weight conv3
relu relu3 conv3
maxpool pool relu3  kernel 5 stride 1 pad 0
linear fc1 pool  out 16  weight fc1
relu relu4 fc1
linear fc2 relu4  out 4  weight fc2
output fc2
cam relu3
'''
FAKE = aq.FakeQuantize
CONFIGURATION = aq.QConfig(
    activation=FAKE.with_args(observer=aq.MovingAverageMinMaxObserver, quant_min=0, quant_max=255, dtype=torch.quint8),
    weight=FAKE.with_args(observer=aq.MovingAveragePerChannelMinMaxObserver, averaging_constant=1.0, quant_min=-128, quant_max=127,
                          dtype=torch.qint8, qscheme=torch.per_channel_symmetric))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.quant, self.dequant, self.sum = aq.QuantStub(), aq.DeQuantStub(), nn.quantized.FloatFunctional()
        self.conv1, self.bn1, self.relu1 = nn.Conv2d(1, 6, 3, 1, 1, bias=False), nn.BatchNorm2d(6), nn.ReLU()
        self.conv2, self.bn2 = nn.Conv2d(6, 6, 3, 1, 1, groups=2, bias=False), nn.BatchNorm2d(6)
        self.conv3, self.relu3 = nn.Conv2d(6, 8, 3, 2, 1), nn.ReLU()
        self.fc1, self.relu4, self.fc2 = nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4)

    def forward(self, x):
        x = self.relu1(self.bn1(self.conv1(self.quant(x))))
        x = self.relu3(self.conv3(self.sum.add_relu(x, self.bn2(self.conv2(x)))))
        return self.dequant(self.fc2(self.relu4(self.fc1(F.max_pool2d(x, 5).flatten(1)))))


def prepared(net):
    net = copy.deepcopy(net).train()
    aq.fuse_modules_qat(net, [['conv1', 'bn1', 'relu1'], ['conv2', 'bn2'], ['conv3', 'relu3'], ['fc1', 'relu4']], inplace=True)
    net.qconfig = CONFIGURATION
    return aq.prepare_qat(net, inplace=True)


RANGES = ['quant', 'conv1', 'conv2', 'sum', 'conv3', 'fc1', 'fc2']


def values_of(net):
    """By our names."""
    out = {}
    for key, t in net.state_dict().items():
        if 'num_batches' in key or '_fake_quant' in key:
            continue
        if '.activation_post_process.activation_post_process.' in key:
            if key.endswith('_val'):
                out[key.replace('.activation_post_process.activation', '.activation')] = t
        elif '.activation_post_process.' not in key:
            out[key.replace('conv1.bn.', 'bn1.').replace('conv2.bn.', 'bn2.')] = t
    return {k: v.numpy().copy() for k, v in out.items()}


def take_values(net, values):
    ours = {k: torch.tensor(v) for k, v in values.items()}
    state = net.state_dict()
    for key in state:
        name = key.replace('conv1.bn.', 'bn1.').replace('conv2.bn.', 'bn2.').replace(
            '.activation_post_process.activation', '.activation')
        if name in ours:
            state[key] = ours.pop(name).reshape(state[key].shape)
    assert not ours, ours.keys()
    net.load_state_dict(state)


def write_data(folder, rng):
    label = rng.integers(0, CLASSES, COUNT).astype(np.uint8)
    pixels = rng.integers(0, 128, (COUNT, SIDE, SIDE))
    pixels += 100 * (np.arange(SIDE)[None, :, None] * CLASSES // SIDE == label[:, None, None])
    pixels = pixels.astype(np.uint8)
    with open(f'{folder}/train-images-idx3-ubyte', 'wb') as f:
        f.write(struct.pack('>IIII', 0x803, COUNT, SIDE, SIDE) + pixels.tobytes())
    with open(f'{folder}/train-labels-idx1-ubyte', 'wb') as f:
        f.write(struct.pack('>II', 0x801, COUNT) + label.tobytes())
    with open(f'{folder}/fake.model', 'w', encoding='utf-8') as f:
        f.write(MODEL)
    real = (pixels.astype(np.float32) / np.float32(255) - np.float32(MEAN)) / np.float32(STD)
    with h5py.File(f'{folder}/pixels.h5', 'w') as f:
        f['pixels'] = pixels[..., None]
    return torch.tensor(real)[:, None], torch.tensor(label.astype(np.int64))


def start(rng):
    torch.manual_seed(3)
    net = Net()
    for m in net.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.weight.data = torch.tensor(rng.uniform(.5, 1.5, 6) * [1, 1, -1, 1, 1, 1], dtype=torch.float32)
            m.bias.data = torch.tensor(rng.uniform(-.2, .2, 6), dtype=torch.float32)
            m.running_var.data = torch.tensor(rng.uniform(.5, 1.5, 6), dtype=torch.float32)
    return net


def quantcam(folder, name, epochs, *more):
    out = f'{folder}/{name}.safetensors'
    with open(f'{folder}/job.conf', 'w', encoding='utf-8') as f:
        f.write(f'[data]\ntrain = {folder}/train-images-idx3-ubyte\n[network]\nmodel = {folder}/fake.model\nweights = {folder}/start.pth\n'
                f'[train]\nbatch = {COUNT}\nepochs = {epochs}\nrate = {RATE}\n[bits]\npreset = int8\nquantizer = affine\n'
                f'[store]\nout = {out}\n')
    done = subprocess.run([oracle.QUANTCAM, 'train', f'{folder}/job.conf', *more], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f'{name}: exit {done.returncode}: {done.stderr}')
    return {k: v for k, v in read(out)[0].items()}


def fakes(net):
    """Of outputs."""
    return [m for m in net.modules() if isinstance(m, FAKE) and m.qscheme == torch.per_tensor_affine]


def masked(net, x, label, observing):
    """The half of the pixels that the true class's logit depends on least becomes the picture's mean."""
    net.eval()
    for module in fakes(net):
        module.disable_observer()
        module.enable_fake_quant(bool(torch.isfinite(module.activation_post_process.min_val)))     # else it has seen nothing
    v = x.clone().requires_grad_()
    (g,) = torch.autograd.grad(net(v).gather(1, label[:, None]).sum(), v)
    for module in fakes(net):
        module.enable_observer(observing)
        module.enable_fake_quant()
    net.train()
    out = x.clone().flatten(1)
    for k, score in enumerate(g.mean(1).flatten(1).abs().numpy()):
        out[k, np.argsort(score, kind='stable')[: SIDE * SIDE // 2]] = float(x[k].double().mean())
    return out.reshape(x.shape)


def second_forward(net, x, before):
    """From the running statistics `before` the step; then both forwards' come one behind the other."""
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    after = [(m.running_mean.clone(), m.running_var.clone()) for m in norms]
    for m, old in zip(norms, before):
        m.running_mean, m.running_var = old[0].clone(), old[1].clone()
    z = net(x)
    for m, old, first in zip(norms, before, after):
        if m.training:
            m.running_mean, m.running_var = (0.9 * a + (b - 0.9 * o) for a, b, o in zip(first, (m.running_mean, m.running_var), old))
    return z


def loss_of(net, x, label, guided, observing):
    if not guided:
        return F.cross_entropy(net(x), label)
    other = masked(net, x, label, observing)
    before = [(m.running_mean.clone(), m.running_var.clone()) for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    z = net(x)
    m = second_forward(net, other, before) if guided == 'one set' else net(other)
    return F.cross_entropy(z, label) + F.kl_div(F.log_softmax(m, 1), F.log_softmax(z, 1), reduction='batchmean', log_target=True)


def train(net, x, label, steps, observed, normed, guided=''):
    optimizer = torch.optim.SGD(net.parameters(), RATE, 0.9)
    for step in range(steps):
        if step >= observed:
            for module in fakes(net):
                module.disable_observer()
        if step >= normed:
            net.apply(nn.intrinsic.qat.freeze_bn_stats)
        optimizer.zero_grad()
        loss_of(net, x, label, guided, step < observed).backward()
        optimizer.step()
    return values_of(net)


def compare_values(tally, what, ours, theirs, bound):
    if set(ours) != set(theirs):
        sys.exit(f'{what}: other tensors: {set(ours) ^ set(theirs)}')
    for key, value in theirs.items():
        if np.any(value):
            tally.close(f'{what} {key}', ours[key].reshape(1, -1), value.reshape(1, -1), bound)
        else:
            tally.exact(f'{what} {key}', ours[key], value)


def codes_of(t):
    return t.int_repr().numpy()


def convert(tally, folder, net, ours, x):
    """Our result as torch converts it, and the file that we wrote of it."""
    take_values(net, ours)
    for module in net.modules():                  # ranges of weights are of these weights alone
        if isinstance(module, FAKE) and module.qscheme == torch.per_channel_symmetric:
            module.activation_post_process.reset_min_max_vals()
            module.enable_observer()
    net.eval()
    packed, notes = read(f'{folder}/three.packed.safetensors')
    theirs = aq.convert(copy.deepcopy(net))
    for name in ('conv1', 'conv2', 'conv3', 'fc1', 'fc2'):
        module = getattr(theirs, name)
        tally.exact(f'{name} codes', packed[f'{name}.weight'], codes_of(module.weight()))
        tally.exact(f'{name} bias', packed[f'{name}.bias'], module.bias().detach().numpy())
    for name in RANGES:
        module = getattr(theirs, name)
        tally.exact(f'{name} scale', packed[f'{name}.scale'], np.float32(float(module.scale)))
        tally.exact(f'{name} zero point', packed[f'{name}.zero_point'], int(module.zero_point))
    vnni = 'avx512_vnni' in open('/proc/cpuinfo').read().split()
    infer = (f'{folder}/fake.model', f'{folder}/three.packed.safetensors', f'{folder}/out.h5', '--pixels', f'{folder}/pixels.h5')
    oracle.infer(*infer, '--numerics.saturate=fbgemm-' + ('vnni' if vnni else 'avx2'))
    with torch.no_grad():
        expected = theirs(x).numpy()
        for module in fakes(net):
            module.disable_observer()
        fake = net(x).numpy()
    with h5py.File(f'{folder}/out.h5') as f:
        tally.exact('logits of the integer network', f['logits'][:], expected)
    oracle.infer(*infer)
    with h5py.File(f'{folder}/out.h5') as f:
        logits = f['logits'][:]
    step = float(theirs.fc2.scale)
    off = np.rint(np.abs(logits - fake) / step).astype(int)
    print(f'  integer logits beside the fake-quantized forward: {np.mean(off == 0):.1%} of {off.size} codes equal, at most {off.max()} apart')
    tally.exact('logits far from the fake-quantized forward', int(np.sum(off > 1)), 0)


def main():
    folder, tally, rng = sys.argv[1], oracle.Tally(), np.random.default_rng(5)
    x, label = write_data(folder, rng)
    net = start(rng)
    torch.save(net.state_dict(), f'{folder}/start.pth')
    compare_values(tally, 'a step', quantcam(folder, 'one', 1), train(prepared(net), x, label, 1, 9, 9), 1e-5)
    ours = quantcam(folder, 'three', 3, '--observer-epochs=2', '--norm-epochs=1')
    theirs = prepared(net)
    compare_values(tally, 'three steps', ours, train(theirs, x, label, 3, 2, 1), 1e-3)
    convert(tally, folder, theirs, ours, x)
    guided = ('--guided.share=0.5', '--guided.fill=mean')
    one = quantcam(folder, 'guided', 1, *guided)
    compare_values(tally, 'a guided step', one, train(prepared(net), x, label, 1, 9, 9, 'one set'), 1e-5)
    twice = train(prepared(net), x, label, 1, 9, 9, 'twice')
    off = max(np.abs(one[k].ravel() - v.ravel()).max() / np.abs(v).max() for k, v in twice.items() if np.any(v))
    print(f'  a guided step beside torch called twice: {off:.1e} of the largest value of a tensor')
    ours = quantcam(folder, 'guided-three', 3, '--observer-epochs=2', '--norm-epochs=1', *guided)
    compare_values(tally, 'three guided steps', ours, train(prepared(net), x, label, 3, 2, 1, 'one set'), 1e-3)
    print(f'fake quantization: compared {tally.elements} values, {tally.mismatches} mismatches')
    return tally.mismatches > 0


sys.exit(main())
