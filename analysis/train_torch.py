"""The third study's training in PyTorch, by itself: networks, PACT and SAWB, saliency-guided steps, optimizers. peers_train.py times
it beside `quantcam train`, train_peer.py trains the study's rows with it.

    data = Data.idx('train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte.gz')
    net = make('sgtcnn', '4-bit')                          # or resnet20; fp32, 4-bit, mixed, 2-bit
    training = Training(net, data, Recipe(share=0.5), Draws(seed=1))
    training.epoch(0), accuracy(net, test)

Draws come from torch's generator (Draws), or by the keys that quantcam has (Keyed): then initial weights, order, crops, masks' fill and
dropout are the same numbers, and only the arithmetic differs.
"""

import gzip
import math
import struct
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

BITS = {'fp32': (0, 0), '4-bit': (4, 4), 'mixed': (4, 2), '2-bit': (2, 2)}    # of the ends, of all others
SAWB = {2: (3.12, -2.064), 4: (12.68, -12.80)}
LEAST_ALPHA = 2.0 ** -10
MNIST = ((0.1307,), (0.3081,))
CIFAR = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))                       # ImageNet's, as the trained network has it


# ---- data --------------------------------------------------------------------------------------------------------------


@dataclass
class Data:
    pixels: np.ndarray                                      # (N, H, W, C) u8
    labels: np.ndarray
    mean: tuple
    std: tuple

    @classmethod
    def idx(cls, images, labels):
        with gzip.open(images) as f, gzip.open(labels) as g:
            _, n, h, w = struct.unpack('>4I', f.read(16))
            pixels = np.frombuffer(f.read(), np.uint8).reshape(n, h, w, 1)
            return cls(pixels, np.frombuffer(g.read(), np.uint8, offset=8).astype(np.int64), *MNIST)

    @classmethod
    def cifar(cls, path):
        with gzip.open(path) as f:
            rows = np.frombuffer(f.read(), np.uint8).reshape(-1, 3073)
        pixels = rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return cls(np.ascontiguousarray(pixels), rows[:, 0].astype(np.int64), *CIFAR)

    def normalized(self, pixels, layout):
        """(n, H, W, C) u8 -> (n, C, H, W) f32"""
        x = torch.tensor(pixels).permute(0, 3, 1, 2).float()
        mean, std = (torch.tensor(v).view(1, -1, 1, 1) for v in (self.mean, self.std))
        return x.div_(255).sub_(mean).div_(std).contiguous(memory_format=layout)


# ---- draws -------------------------------------------------------------------------------------------------------------


class Draws:
    """From torch's generator, as a script would have them."""

    def __init__(self, seed):
        torch.manual_seed(seed)

    def initialize(self, net):
        pass                                                # torch's layers drew when they were made

    def order(self, epoch, count):
        return torch.randperm(count).numpy()

    def shift(self, epoch, sample):
        """Mirrored or not, and the crop's place, 0 .. 8."""
        return tuple(torch.randint(0, n, ()).item() for n in (2, 9, 9))

    def fill(self, epoch, samples, channels, pixels):
        return torch.rand(len(samples), channels, pixels)

    def smallest(self, score, n):
        return score.topk(n, largest=False, sorted=False).indices

    def begin(self, epoch, samples, branch):
        pass

    def dropout(self, x, layer, rate):
        return F.dropout(x, rate, True)


GOLDEN, FIRST, SECOND = (np.uint64(v) for v in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
ORDER, SHIFT, FILL, INITIAL, DROPOUT = 1, 2, 3, 4, 64


def mix(x):
    x = (x ^ (x >> np.uint64(30))) * FIRST
    x = (x ^ (x >> np.uint64(27))) * SECOND
    return x ^ (x >> np.uint64(31))


class Keyed:
    """By key: a number is a function of seed, purpose, epoch, sample and place, as include/base.h defines it."""

    def __init__(self, seed):
        self.seed, self.key = np.uint64(seed), None

    def u64(self, purpose, a, b, counters):
        stream = np.array([(purpose << 56) + (a << 32) + b], np.uint64)
        state = mix(np.array([self.seed], np.uint64) + GOLDEN)
        return mix(mix(state + stream * GOLDEN + GOLDEN) + np.asarray(counters, np.uint64) * GOLDEN + GOLDEN)

    def unit(self, purpose, a, b, counters):
        return (self.u64(purpose, a, b, counters) >> np.uint64(11)) * 2.0 ** -53

    def initialize(self, net):
        """U(-1, 1) / sqrt(n); tensors are counted as a description has them: a layer's, its norm's four, an alpha."""
        number = 0
        for m in net.modules():
            if isinstance(m, (nn.Conv2d, nn.Linear)):
                fan_in = m.weight[0].numel()
                for p in (m.weight, m.bias):
                    if p is not None:
                        u = self.unit(INITIAL, 0, number, 2 * np.arange(p.numel()))
                        p.data = torch.tensor((2 * u - 1) / math.sqrt(fan_in), dtype=torch.float32).view(p.shape)
                        number += 1
            number += 4 * isinstance(m, nn.BatchNorm2d) + (isinstance(m, Act) and m.bits > 0)

    def order(self, epoch, count):
        return np.argsort(self.u64(ORDER, epoch, 0, np.arange(count)), kind='stable')

    def shift(self, epoch, sample):
        d = self.u64(SHIFT, epoch, int(sample), np.arange(3))
        return int(d[0]) >> 63, *(int(v) * 9 >> 64 for v in d[1:])

    def fill(self, epoch, samples, channels, pixels):
        u = [self.unit(FILL, epoch, int(i), np.arange(channels * pixels)) for i in samples]
        return torch.tensor(np.stack(u)).view(len(samples), channels, pixels)

    def smallest(self, score, n):
        return score.argsort(dim=1, stable=True)[:, :n]     # ties to the lower place

    def begin(self, epoch, samples, branch):
        self.key = epoch, samples, branch

    def dropout(self, x, layer, rate):
        epoch, samples, branch = self.key
        shape = (x.shape[0], *x.shape[2:], x.shape[1])      # places are counted channels last
        counters, least = np.arange(x[0].numel()), np.uint64(math.ceil(rate * 2 ** 53))
        keep = np.stack([self.u64(DROPOUT + 2 * layer + branch, epoch, int(i), counters) >> np.uint64(11) >= least for i in samples])
        keep = torch.from_numpy(keep.reshape(shape))
        keep = keep.permute(0, 3, 1, 2) if x.dim() == 4 else keep
        return x * (keep * (1 / (1 - rate)))


# ---- quantizers --------------------------------------------------------------------------------------------------------


class Pact(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, alpha, bits):
        a, n = alpha.item(), 2 ** bits - 1
        ctx.save_for_backward(x)
        ctx.alpha = a
        return x.clamp(0, a).mul_(n / a).round_().mul_(a / n)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        beyond = g * (x >= ctx.alpha)
        inside = (g - beyond).mul_(x >= 0) if ctx.needs_input_grad[0] else None
        return inside, beyond.sum() if ctx.needs_input_grad[1] else None, None


class Weights(torch.autograd.Function):
    """SAWB without a zero level; straight through."""

    @staticmethod
    def forward(ctx, w, bits):
        n, (c1, c2) = 2 ** bits - 1, SAWB[bits]
        scale = c1 * (w * w).mean().sqrt().item() + c2 * w.abs().mean().item()
        scale = scale if scale > 0 else w.abs().max().item()
        q = (w / scale).clamp_(-1, 1).add_(1).mul_(n / 2).round_()
        return q.mul_(2).sub_(n).mul_(scale / n)

    @staticmethod
    def backward(ctx, g):
        return g, None


class Conv(nn.Conv2d):
    bits = 0

    def forward(self, x):
        w = Weights.apply(self.weight, self.bits) if self.bits else self.weight
        return F.conv2d(x, w, self.bias, self.stride, self.padding)


class Linear(nn.Linear):
    bits = 0

    def forward(self, x):
        return F.linear(x, Weights.apply(self.weight, self.bits) if self.bits else self.weight, self.bias)


class Act(nn.Module):
    """ReLU, or PACT once it has bits."""

    bits = 0

    def quantize(self, bits, alpha):
        self.bits, self.alpha = bits, nn.Parameter(torch.tensor(float(alpha)))

    def forward(self, x):
        return Pact.apply(x, self.alpha, self.bits) if self.bits else F.relu(x)


# ---- networks ----------------------------------------------------------------------------------------------------------


class SgtCnn(nn.Module):
    """PyTorch's MNIST example, as saliency-guided training has it; drops while it has draws."""

    def __init__(self):
        super().__init__()
        self.conv1, self.relu1 = Conv(1, 32, 3), Act()
        self.conv2, self.relu2 = Conv(32, 64, 3), Act()
        self.fc1, self.relu3 = Linear(9216, 128), Act()
        self.fc2 = Linear(128, 10)
        self.draws = None

    def drop(self, x, layer, rate):
        return self.draws.dropout(x, layer, rate) if self.training else x

    def forward(self, x):
        x = self.relu2(self.conv2(self.relu1(self.conv1(x))))
        x = self.drop(F.max_pool2d(x, 2), 0, 0.25)
        x = self.relu3(self.fc1(torch.flatten(x, 1)))
        return self.fc2(self.drop(x, 1, 0.5))


class Block(nn.Module):
    def __init__(self, channels, out):
        super().__init__()
        self.stride, self.spare = out // channels, (out - channels) // 2
        self.conv1, self.bn1, self.relu1 = Conv(channels, out, 3, self.stride, 1, bias=False), nn.BatchNorm2d(out), Act()
        self.conv2, self.bn2, self.relu2 = Conv(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out), Act()

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        if self.spare:                                      # option A
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.spare, self.spare))
        return self.relu2(y + x)


class ResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1, self.relu1 = Conv(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), Act()
        widths = [16] * 4 + [32] * 3 + [64] * 3
        self.blocks = nn.Sequential(*[Block(*pair) for pair in zip(widths, widths[1:])])
        self.linear = Linear(64, 10)
        self.draws = None

    def forward(self, x):
        return self.linear(self.blocks(self.relu1(self.bn1(self.conv1(x)))).mean((2, 3)))


NETWORKS = {'sgtcnn': SgtCnn, 'resnet20': ResNet20}


def make(name, preset, alpha=10):
    net = NETWORKS[name]()
    ends, others = BITS[preset]
    layers = [m for m in net.modules() if isinstance(m, (Conv, Linear))]
    acts = [m for m in net.modules() if isinstance(m, Act)]
    if ends:
        for m in layers:
            m.bits = ends if m in (layers[0], layers[-1]) else others
        for m in acts:
            m.quantize(ends if m is acts[0] else others, alpha)
    return net


@torch.no_grad()
def least_squares(net, x):
    """Every alpha from what comes to it, in forward order, what lies before quantized already."""
    net.eval()
    for act in [m for m in net.modules() if isinstance(m, Act)]:
        seen = []
        hook = act.register_forward_pre_hook(lambda m, inputs: seen.append(inputs[0].clamp(min=0)))
        net(x)
        hook.remove()
        v, n = seen[0], 2 ** act.bits - 1
        starts = [(0.1 + 0.02 * i) * v.max().item() for i in range(46)]
        errors = [((v.clamp(max=a) * (n / a)).round_().mul_(a / n).sub_(v)).double().square_().sum().item() for a in starts]
        act.alpha.fill_(starts[int(np.argmin(errors))])


# ---- training ----------------------------------------------------------------------------------------------------------


@dataclass
class Recipe:
    batch: int = 128
    optimizer: str = 'adam'
    rate: float = 1e-3
    decay: float = 0
    crop: bool = False                                      # padded by 4, and mirrored or not
    share: float = 0                                        # of pixels masked: guided by saliency
    layout: torch.memory_format = torch.contiguous_format


class Training:
    def __init__(self, net, data, recipe, draws):
        self.data, self.recipe, self.draws = data, recipe, draws
        self.net = net.to(memory_format=recipe.layout)
        self.net.draws = draws
        self.learned = list(net.parameters())
        self.alphas = [m.alpha for m in net.modules() if isinstance(m, Act) and m.bits]
        kind = {'adam': torch.optim.Adam, 'sgd': lambda *a, **k: torch.optim.SGD(*a, momentum=0.9, **k)}[recipe.optimizer]
        self.optimizer = kind(self.learned, lr=recipe.rate, weight_decay=recipe.decay)

    def batch(self, epoch, samples):
        pixels = self.data.pixels[samples]
        if self.recipe.crop:
            padded, (h, w) = np.pad(pixels, ((0, 0), (4, 4), (4, 4), (0, 0))), pixels.shape[1:3]
            pixels = np.empty_like(pixels)
            for i, sample in enumerate(samples):
                mirror, x, y = self.draws.shift(epoch, sample)
                one = padded[i, :, ::-1] if mirror else padded[i]
                pixels[i] = one[y:y + h, x:x + w]
        return self.data.normalized(pixels, self.recipe.layout), torch.from_numpy(self.data.labels[samples])

    def masked(self, epoch, samples, x, labels):
        """X with the pixels filled whose gradient of the true class is smallest; of the network as it is tried."""
        self.net.eval()
        for p in self.learned:                              # the input's gradient alone
            p.requires_grad_(False)
        v = x.clone().requires_grad_()
        (g,) = torch.autograd.grad(self.net(v).gather(1, labels[:, None]).sum(), v)
        for p in self.learned:
            p.requires_grad_(True)
        n, c, h, w = x.shape
        score = g.mean(1).abs_().flatten(1)
        places = self.draws.smallest(score, math.floor(self.recipe.share * h * w + 1e-9))
        flat = x.reshape(n, c, h * w)
        low, high = flat.amin(2, keepdim=True), flat.amax(2, keepdim=True)
        fill = (low + (high - low) * self.draws.fill(epoch, samples, c, h * w)).float()
        mask = torch.zeros(n, 1, h * w, dtype=torch.bool).scatter_(2, places[:, None], True)
        return torch.where(mask, fill, flat).view(n, c, h, w).contiguous(memory_format=self.recipe.layout)

    def step(self, epoch, samples):
        """The loss."""
        x, labels = self.batch(epoch, samples)
        other = self.masked(epoch, samples, x, labels) if self.recipe.share else None
        self.net.train()
        self.draws.begin(epoch, samples, 0)
        z = self.net(x)
        loss = F.cross_entropy(z, labels)
        if other is not None:
            self.draws.begin(epoch, samples, 1)
            z_masked = self.net(other)
            loss = loss + F.kl_div(F.log_softmax(z_masked, 1), F.log_softmax(z, 1), reduction='batchmean', log_target=True)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            for alpha in self.alphas:
                alpha.clamp_(min=LEAST_ALPHA)
        return loss.item()

    def epoch(self, epoch):
        """The mean loss."""
        order, batch = self.draws.order(epoch, len(self.data.labels)), self.recipe.batch
        parts = [order[i:i + batch] for i in range(0, len(order), batch)]
        losses = [self.step(epoch, part) for part in parts]
        return float(np.average(losses, weights=[len(part) for part in parts]))


@torch.no_grad()
def accuracy(net, data, layout=torch.contiguous_format):
    net.eval()
    right = 0
    for i in range(0, len(data.labels), 250):
        answers = net(data.normalized(data.pixels[i:i + 250], layout)).argmax(1).numpy()
        right += int((answers == data.labels[i:i + 250]).sum())
    return right / len(data.labels)
