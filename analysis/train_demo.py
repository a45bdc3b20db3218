#!/usr/bin/env python3
"""Train one demo network in float, quantize it as the study does, write two torchvision-style checkpoints.

    build/quantcam synth DATA/train --images 12000 --seed 1001
    build/quantcam synth DATA/val --images 1000 --seed 2002
    train_demo.py --net resnet18 --data DATA --out models/demo --minutes 20

The learning rate, the picture size (112, then 224) and the start of quantization follow the time spent out of
--minutes, so a slow machine sees fewer epochs and ends on time. A run that was stopped goes on where its last
epoch ended (DATA/<net>.resume). Needs torch and torchvision. MobileNets: quantization-aware training
(qnnpack); the others: post-training (fbgemm).
"""

import argparse
import math
import os
import time
import warnings
from multiprocessing import Pool

import numpy as np
import torch
import torch.ao.quantization as aq
from PIL import Image
from torch.nn.functional import cross_entropy
from torchvision.transforms import functional as tf

from demo_models import ENGINE, NETS, build, load_int8, normalize, prepare, quantizable

warnings.filterwarnings('ignore')
SMALL_PART = 0.75  # of the float training's time at 112 x 112
QAT_PART = 0.25  # of all time, for the MobileNets
BFLOAT16 = {'mobilenet_v2', 'resnet18'}  # where it is faster on the CPU


def decode(path):
    """The middle 256 x 256 of Resize(256), at full and half size; None if the file is damaged."""
    try:
        picture = tf.center_crop(tf.resize(Image.open(path).convert('RGB'), 256), 256)
    except OSError:
        return None
    return np.asarray(picture), np.asarray(picture.reduce(2))


def load(folder):
    """{128: bytes, 256: bytes} (N x 3 x side x side, channels last) and labels; decoded once, then mapped."""
    names = [folder + f'_{what}.npy' for what in ('128', '256', 'labels')]
    if not os.path.exists(names[-1]):
        rows = [line.strip().rsplit(',', 1) for line in open(os.path.join(folder, 'labels.csv'))]
        arrays = [
            np.lib.format.open_memmap(n, 'w+', np.uint8, (len(rows), s, s, 3))
            for n, s in zip(names, (128, 256))
        ]
        labels = []
        with Pool(2) as pool:
            for (_, label), pair in zip(
                rows, pool.imap(decode, [os.path.join(folder, p) for p, _ in rows], 64)
            ):
                if pair is not None:
                    arrays[1][len(labels)], arrays[0][len(labels)] = pair
                    labels.append(int(label))
        del arrays
        np.save(names[-1], np.array(labels))
    labels = torch.from_numpy(np.load(names[-1]))
    small, large = (
        torch.from_numpy(np.load(n, mmap_mode='c')[: len(labels)]).permute(0, 3, 1, 2) for n in names[:2]
    )
    return {128: small, 256: large}, labels


def crop(pictures, size):
    """The middle size x size of a batch, as the network's input."""
    edge = (pictures.shape[-1] - size) // 2
    return normalize(pictures[..., edge : edge + size, edge : edge + size]).contiguous(
        memory_format=torch.channels_last
    )


def augmented(pictures, size):
    """A random place and one of the square's eight symmetries for each: no class depends on either."""
    out = torch.empty(len(pictures), 3, size, size, memory_format=torch.channels_last)
    spare = pictures.shape[-1] - size + 1
    for i, (top, left, turn, flip) in enumerate(torch.randint(0, 1 << 30, (len(pictures), 4)).tolist()):
        one = pictures[i, :, top % spare : top % spare + size, left % spare : left % spare + size]
        one = torch.rot90(one, turn % 4, (1, 2))
        out[i] = one.flip(2) if flip % 2 else one
    return normalize(out)


@torch.no_grad()
def accuracy(net, pictures, labels, size):
    net.eval()
    store = pictures[128 if size <= 128 else 256]
    right = sum(
        (net(crop(store[i : i + 50], size)).argmax(1) == labels[i : i + 50]).sum().item()
        for i in range(0, len(labels), 50)
    )
    return 100 * right / len(labels)


class Training:
    """One network on its way: `run` trains between two shares, `begin` and `end`, of the minutes."""

    def __init__(self, a, net, data):
        self.a, self.net, self.data, self.spent, self.epoch = a, net, data, 0.0, 0

    def optimizer(self):
        matrices = [p for p in self.net.parameters() if p.dim() > 1]
        vectors = [p for p in self.net.parameters() if p.dim() <= 1]
        return torch.optim.AdamW(
            [{'params': matrices, 'weight_decay': 0.02}, {'params': vectors, 'weight_decay': 0.0}]
        )

    def run(self, begin, end, size_at, rate_at, mixed=False, after_epoch=None, each_step=lambda part: None):
        pictures, labels = self.data
        optimizer = self.optimizer()
        start = time.monotonic() - self.spent
        while True:
            order, at, loss_sum, right, first = torch.randperm(len(labels)), 0, 0.0, 0, time.monotonic()
            while at < len(order):
                self.spent = time.monotonic() - start
                part = (self.spent / 60 / self.a.minutes - begin) / (end - begin)
                if part >= 1:
                    return
                each_step(part)
                size = size_at(part)
                batch = 64 if size == 112 else 32
                rows = order[at : at + batch].sort().values
                if len(rows) < 8:
                    break
                for group in optimizer.param_groups:
                    group['lr'] = rate_at(part)
                self.net.train()
                x, y = augmented(pictures[128 if size == 112 else 256][rows], size), labels[rows]
                with torch.autocast('cpu', torch.bfloat16, enabled=mixed):
                    logits = self.net(x)
                loss = cross_entropy(logits.float(), y, label_smoothing=0.05)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                at += batch
                loss_sum += loss.item() * len(y)
                right += (logits.argmax(1) == y).sum().item()
                if at // batch % 50 == 0:
                    rate, top1 = at / (time.monotonic() - first), 100 * right / at
                    print(
                        f'  {self.spent / 60:.1f} min, epoch {self.epoch}, {size} px, {at} pictures', end=' '
                    )
                    print(f'at {rate:.0f}/s, loss {loss_sum / at:.3f}, top-1 {top1:.1f} %', flush=True)
            self.epoch += 1
            if after_epoch:
                after_epoch(size)


def train_float(a, data, val):
    net = build(a.net).to(memory_format=torch.channels_last)
    t = Training(a, net, data)
    share = 1 - QAT_PART if ENGINE[a.net] == 'qnnpack' else 0.97
    saved = os.path.join(a.data, a.net + '.resume')
    if os.path.exists(saved):
        state = torch.load(saved)
        net.load_state_dict(state['net'])
        t.spent, t.epoch = state['spent'], state['epoch']

    def after_epoch(size):
        torch.save({'net': net.state_dict(), 'spent': t.spent, 'epoch': t.epoch}, saved)
        if t.epoch % 3 == 0:
            top1 = accuracy(net, *val, size)
            print(f'{t.spent / 60:.1f} min, epoch {t.epoch}: validation {top1:.1f} % at {size}', flush=True)

    def rate_at(part):
        return a.rate * min(1, part / 0.1, 0.501 + 0.5 * math.cos(math.pi * max(0, part - 0.1) / 0.9))

    def size_at(part):
        return 112 if part < SMALL_PART else 224

    t.run(0, share, size_at, rate_at, a.net in BFLOAT16, after_epoch)
    torch.save({'net': net.state_dict(), 'spent': t.spent, 'epoch': t.epoch}, saved)
    return net.eval(), t


def train_quantized(a, state, data, spent):
    """Quantization-aware training at 224; freezes batch norm's statistics, then the observers."""
    net = prepare(a.net, quantizable(a.net, state)).to(memory_format=torch.channels_last)
    t = Training(a, net, data)
    t.spent = spent

    def each_step(part):
        if part > 0.5:
            net.apply(torch.ao.nn.intrinsic.qat.freeze_bn_stats)
        if part > 0.75:
            net.apply(aq.disable_observer)

    def rate_at(part):
        return a.rate / 10 * (1 - 0.98 * part)

    t.run(1 - QAT_PART, 1, lambda part: 224, rate_at, each_step=each_step)
    net.apply(aq.disable_observer)
    return net.eval()


@torch.no_grad()
def calibrate(a, state, data):
    net = prepare(a.net, quantizable(a.net, state))
    for i in range(0, 320, 32):
        net(crop(data[0][256][i : i + 32], 224))
    return net


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--net', choices=NETS, required=True)
    p.add_argument('--data', required=True, help='folder with the sets train and val')
    p.add_argument('--out', required=True)
    p.add_argument('--minutes', type=float, default=25)
    p.add_argument('--rate', type=float, default=3e-3)
    p.add_argument('--threads', type=int, default=1)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    os.makedirs(a.out, exist_ok=True)
    data, val = (load(os.path.join(a.data, part)) for part in ('train', 'val'))

    net, t = train_float(a, data, val)
    top1 = accuracy(net, *val, 224)
    print(f'{a.net}: fp32 {top1:.2f} % on validation, {t.epoch} epochs, {t.spent / 60:.1f} min', flush=True)
    state = net.to(memory_format=torch.contiguous_format).state_dict()
    torch.save(state, os.path.join(a.out, a.net + '_fp32.pth'))

    if ENGINE[a.net] == 'qnnpack':
        net = train_quantized(a, state, data, t.spent)
    else:
        net = calibrate(a, state, data)
    if a.net != 'mobilenet_v3_large':  # which torchvision ships before conversion
        aq.convert(net, inplace=True)
    state = net.to(memory_format=torch.contiguous_format).state_dict()
    torch.save(state, os.path.join(a.out, a.net + '_int8.pth'))
    top1 = accuracy(load_int8(a.net, state), *val, 224)
    print(f'{a.net}: int8 {top1:.2f} % on validation', flush=True)


if __name__ == '__main__':
    main()
