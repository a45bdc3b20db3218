#!/usr/bin/env python3
"""Steps of `quantcam train` against PyTorch's in double: the network, its quantizers, masks, dropout and draws are
written here from their definitions (keys and formulas, none of quantcam's code), gradients are autograd's and the
optimizers torch's. Prints the largest difference of each kind of values, relative to the largest value.

    compare_trained.py FOLDER        # a scratch folder; QUANTCAM names the program
"""
import csv
import gzip
import math
import os
import struct
import subprocess
import sys

import numpy as np
import torch
import torch.nn.functional as F

SIDE, CLASSES, TRAIN, TEST, BATCH = 10, 4, 140, 30, 50
MEAN, STD = 0.3, 0.25
MODEL = """model tiny
input image 1 10 10  resize squash bilinear  mean 0.3 std 0.25  quant quant
conv conv1 image  out 6 kernel 3 stride 1 pad 1 groups 1  weight conv1  bn bn1 eps 1e-05
relu relu1 conv1
conv conv2 relu1  out 8 kernel 3 stride 2 pad 1 groups 2  weight conv2
relu relu2 conv2
maxpool pool relu2  kernel 2 stride 2 pad 0
dropout drop pool  rate 0.2
linear fc1 drop  out 16  weight fc1
relu relu3 fc1
linear fc2 relu3  out 4  weight fc2
output fc2
cam relu2
"""
LAYERS = ["conv1", "conv2", "fc1", "fc2"]
SAWB = {2: (3.12, -2.064), 4: (12.68, -12.80), 8: (31.76, -35.04)}
ZERO = {2: (2.6, -1.71), 4: (12.035, -12.03), 8: (31.76, -35.04)}

# ---- random numbers by key ----
G = 0x9E3779B97F4A7C15
M = (1 << 64) - 1


def mix(x):
    x = np.uint64(x) if not isinstance(x, np.ndarray) else x
    with np.errstate(over="ignore"):
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def u64(seed, purpose, a, b, counter):
    """Numbers of the stream purpose, a, b for an array of counters."""
    stream = (purpose << 56) + (a << 32) + b
    state = int(mix(np.uint64((seed + G) & M)))
    state = int(mix(np.uint64((state + stream * G + G) & M)))
    with np.errstate(over="ignore"):
        return mix(np.uint64(state) + np.asarray(counter, np.uint64) * np.uint64(G) + np.uint64(G))


def unit(*key):
    return (u64(*key) >> np.uint64(11)).astype(np.float64) * 2.0**-53


# ---- the data ----
def write_data(folder):
    rng = np.random.default_rng(5)
    out = []
    for name, n in (("train", TRAIN), ("test", TEST)):
        label = rng.integers(0, CLASSES, n).astype(np.uint8)
        pixels = rng.integers(0, 128, (n, SIDE, SIDE))
        pixels += 100 * (np.arange(SIDE)[None, :, None] * CLASSES // SIDE == label[:, None, None])
        pixels = pixels.astype(np.uint8)
        with gzip.open(f"{folder}/{name}-images-idx3-ubyte.gz", "wb") as f:
            f.write(struct.pack(">IIII", 0x803, n, SIDE, SIDE) + pixels.tobytes())
        with open(f"{folder}/{name}-labels-idx1-ubyte.gz", "wb") as f:
            f.write(struct.pack(">II", 0x801, n) + label.tobytes())
        out += [pixels, label.astype(np.int64)]
    with open(f"{folder}/tiny.model", "w", encoding="utf-8") as f:
        f.write(MODEL)
    return out


def normalized(pixels):
    return ((pixels.astype(np.float32) / np.float32(255) - np.float32(MEAN)) / np.float32(STD)).astype(np.float64)


def shifted(picture, seed, epoch, i, padding, turn):
    draws = u64(seed, 2, epoch, i, np.arange(4))
    if int(draws[0]) >> 63:
        picture = picture[:, ::-1]
    x, y = (int(draws[k]) * (2 * padding + 1) >> 64 for k in (1, 2))
    picture = np.pad(picture, padding)[y : y + SIDE, x : x + SIDE]
    return np.rot90(picture, int(draws[3]) >> 62) if turn else picture


# ---- quantizers ----
class Pact(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, alpha, bits, through):
        n = 2**bits - 1
        a = np.float32(alpha.item())
        y = x.clamp(0, float(a))
        q = torch.round((y.float() * float(np.float32(n) / a)))
        y_q = q.double() * float(a / np.float32(n))
        ctx.save_for_backward(x, alpha, y_q - y)
        ctx.through = through
        return y_q

    @staticmethod
    def backward(ctx, g):
        x, alpha, off = ctx.saved_tensors
        inside = (x >= 0) & (x < alpha)
        d = (g * (x >= alpha)).sum()
        if ctx.through:
            d = d + (g * inside * off / alpha).sum()
        return g * inside, d.reshape(alpha.shape), None, None


class Weights(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w, form, bits, slope):
        n = 2**bits - (2 if form in ("sawb-zero", "largest") else 1)
        largest = w.abs().max().item()
        if form.startswith("sawb"):
            c1, c2 = (ZERO if form == "sawb-zero" else SAWB)[bits]
            scale = c1 * math.sqrt((w * w).mean().item()) + c2 * w.abs().mean().item()
            scale = scale if scale > 0 else largest
        else:
            scale = 1.0 if form == "dorefa-plain" else largest
        scale = float(np.float32(scale))
        ctx.save_for_backward(w)
        ctx.how = (form, slope, scale)
        if form.startswith("dorefa"):
            t = torch.tanh(w)
            u = t / (2 * t.abs().max()) + 0.5
        else:
            u = ((w / scale).clamp(-1, 1) + 1) / 2
        return (2 * torch.round(u * n) - n) * (scale / n)

    @staticmethod
    def backward(ctx, g):
        (w,) = ctx.saved_tensors
        form, slope, scale = ctx.how
        if form.startswith("dorefa"):
            with torch.enable_grad():
                v = w.detach().requires_grad_()
                t = torch.tanh(v)
                m = t.abs().max()
                if slope != "through":
                    m = m.detach()
                (d,) = torch.autograd.grad((t / m * scale), v, g)
            return d, None, None, None
        if slope == "clipped":
            g = g * (w.abs() <= scale)
        return g, None, None, None


# ---- the network ----
class Net:
    def __init__(self, how, values):
        self.how = how
        self.p = {k: torch.tensor(v, dtype=torch.float64) for k, v in values.items()}
        self.learned = [v for k, v in self.p.items() if "running" not in k]
        for v in self.learned:
            v.requires_grad_()

    def weight(self, name):
        bits = self.how["bits"]
        w = self.p[f"{name}.weight"]
        if not bits:
            return w
        b = self.how.get("ends") or bits
        return Weights.apply(w, self.how["form"], b if name in ("conv1", "fc2") else bits, self.how["slope"])

    def act(self, x, k):
        bits = self.how["bits"]
        if k == 1 and bits:
            bits = self.how.get("ends") or bits
        return Pact.apply(x, self.p[f"relu{k}.alpha"], bits, self.how["through"]) if bits else F.relu(x)

    def drop(self, x, key):
        """x: (n, 8, 2, 2); key: seed, epoch, samples, branch."""
        if key is None:
            return x
        seed, epoch, samples, branch = key
        n, c, h, w = x.shape
        keep = np.stack([unit(seed, 64 + branch, epoch, int(i), np.arange(c * h * w)) >= 0.2 for i in samples])
        keep = torch.tensor(keep.reshape(n, h, w, c).transpose(0, 3, 1, 2))
        return torch.where(keep, x * float(np.float32(1 / 0.8)), torch.zeros_like(x))

    def norm(self, x, train):
        p = self.p
        if train and self.how["norm"] == "chunk":
            parts = x.split(8)
            stats = [(c.mean((0, 2, 3)), c.var((0, 2, 3), unbiased=True), len(c)) for c in parts]
            with torch.no_grad():
                for i, name in enumerate(("bn1.running_mean", "bn1.running_var")):
                    value = sum(s[i] * s[2] for s in stats) / len(x)
                    p[name] += 0.1 * (value - p[name])
            return torch.cat([F.batch_norm(c, None, None, p["bn1.weight"], p["bn1.bias"], True, 0, 1e-5) for c in parts])
        return F.batch_norm(x, p["bn1.running_mean"], p["bn1.running_var"], p["bn1.weight"], p["bn1.bias"], train, 0.1, 1e-5)

    def input_of(self, x, until):
        return self.forward(x, False, None, until)

    def forward(self, x, train, key, until=None):
        p = self.p
        x = self.norm(F.conv2d(x, self.weight("conv1"), None, 1, 1), train)
        if until == 1:
            return x
        x = F.conv2d(self.act(x, 1), self.weight("conv2"), p["conv2.bias"], 2, 1, 1, 2)
        if until == 2:
            return x
        x = self.drop(F.max_pool2d(self.act(x, 2), 2), key)
        x = F.linear(x.flatten(1), self.weight("fc1"), p["fc1.bias"])
        if until == 3:
            return x
        return F.linear(self.act(x, 3), self.weight("fc2"), p["fc2.bias"])


def initial(seed, alpha):
    """Tensors in the order of the description, and each one's number: running statistics and alphas count, too."""
    shapes = [("conv1.weight", (6, 1, 3, 3), 9), ("bn1.weight", (6,), 0), ("bn1.bias", (6,), 0), ("bn1.running_mean", (6,), 0),
              ("bn1.running_var", (6,), 0)]
    relu = [("relu1.alpha", (), 0)] if alpha else []
    shapes += relu + [("conv2.weight", (8, 3, 3, 3), 27), ("conv2.bias", (8,), 27)]
    shapes += [("relu2.alpha", (), 0)] if alpha else []
    shapes += [("fc1.weight", (16, 32), 32), ("fc1.bias", (16,), 32)]
    shapes += [("relu3.alpha", (), 0)] if alpha else []
    shapes += [("fc2.weight", (4, 16), 16), ("fc2.bias", (4,), 16)]
    out = {}
    for number, (name, shape, fan_in) in enumerate(shapes):
        if fan_in:
            count = int(np.prod(shape))
            u = unit(seed, 4, 0, number, 2 * np.arange(count, dtype=np.uint64))
            out[name] = ((2 * u - 1) * (1 / math.sqrt(fan_in))).astype(np.float32).astype(np.float64).reshape(shape)
        else:
            value = alpha if "alpha" in name else 1.0 if name in ("bn1.weight", "bn1.running_var") else 0.0
            out[name] = np.full(shape, value)
    return out


# ---- a training ----
def masked_of(net, x, label, samples, how, seed, epoch):
    v = x.clone().requires_grad_()
    z = net.forward(v, False, None)
    (g,) = torch.autograd.grad(z.gather(1, label[:, None]).sum(), v)
    score = g.mean(1).flatten(1).numpy()
    score = score if how["signed"] else np.abs(score)
    n = math.floor(how["share"] * SIDE * SIDE + 1e-9)
    out = x.clone().flatten(1)
    for k, i in enumerate(samples):
        place = np.argsort(score[k], kind="stable")[:n]
        low, high = x[k].min().item(), x[k].max().item()
        u = unit(seed, 3, epoch, int(i), place)
        out[k, place] = torch.tensor((low + (high - low) * u).astype(np.float32).astype(np.float64))
    return out.reshape(x.shape)


def loss_of(z, m, label, how):
    loss = F.cross_entropy(z, label, label_smoothing=how["smoothing"])
    if m is not None:
        loss = loss + how["lambda"] * F.kl_div(F.log_softmax(m, 1), F.log_softmax(z, 1), reduction="batchmean", log_target=True)
    return loss


def optimizer_of(net, how):
    rate, decay = how["rate"], how["decay"]
    if how["optimizer"] == "sgd":
        return torch.optim.SGD(net.learned, rate, 0.9, weight_decay=decay)
    if how["optimizer"] == "adam":
        return torch.optim.Adam(net.learned, rate, weight_decay=decay)
    if how["optimizer"] == "adamw":
        matrices, others = ([p for p in net.learned if (p.dim() > 1) == wanted] for wanted in (True, False))
        rest = 0.0 if how["matrices"] else decay
        return torch.optim.AdamW([{"params": matrices, "weight_decay": decay}, {"params": others, "weight_decay": rest}], rate)
    return torch.optim.Adadelta(net.learned, rate, weight_decay=decay)


def schedule_of(optimizer, how, steps):
    """Cosine behind a warm-up, stepped once a step, or once an epoch."""
    each = steps if how["by"] == "step" else 1
    warm, all_of_them = how["warmup"] * each, how["epochs"] * each
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, all_of_them - warm)
    if not warm:
        return cosine
    linear = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=how["start"], total_iters=warm)
    return torch.optim.lr_scheduler.SequentialLR(optimizer, [linear, cosine], [warm])


def start_alphas(net, x, bits):
    for k in (1, 2, 3):
        with torch.no_grad():
            v = net.input_of(x, k).clamp(min=0)
        most, best = v.max().item(), None
        for i in range(46):
            a = float(np.float32((0.1 + 0.02 * i) * most))
            b = net.how.get("ends") or bits if k == 1 else bits
            n = 2**b - 1
            error = ((torch.round(v.clamp(max=a) * n / a) * a / n - v) ** 2).sum().item()
            if best is None or error < best[0]:
                best = (error, a)
        net.p[f"relu{k}.alpha"].data.fill_(best[1])


def train(data, how, seed):
    pixels, label, test_pixels, test_label = data
    net = Net(how, initial(seed, how["alpha"] if how["bits"] else 0))
    if how["bits"] and how["least"]:
        start_alphas(net, torch.tensor(normalized(pixels))[:, None], how["bits"])
    optimizer = optimizer_of(net, how)
    schedule = schedule_of(optimizer, how, -(-TRAIN // BATCH)) if how["schedule"] else None
    lines = []
    for epoch in range(how["epochs"]):
        order = np.argsort(u64(seed, 1, epoch, 0, np.arange(TRAIN)), kind="stable")
        total = 0.0
        for first in range(0, TRAIN, BATCH):
            samples = order[first : first + BATCH]
            pictures = [shifted(pixels[i], seed, epoch, int(i), how["crop"], how["turn"]) if how["crop"] else pixels[i]
                        for i in samples]
            x = torch.tensor(normalized(np.stack(pictures)))[:, None]
            y = torch.tensor(label[samples])
            m = masked_of(net, x, y, samples, how, seed, epoch) if how["share"] else None
            z = net.forward(x, True, (seed, epoch, samples, 0))
            zm = net.forward(m, True, (seed, epoch, samples, 1)) if m is not None else None
            loss = loss_of(z, zm, y, how)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if schedule and how["by"] == "step":
                schedule.step()
            total += loss.item() * len(samples)
        if schedule and how["by"] == "epoch":
            schedule.step()
        with torch.no_grad():
            z = net.forward(torch.tensor(normalized(test_pixels))[:, None], False, None)
            y = torch.tensor(test_label)
            lines.append((total / TRAIN, F.cross_entropy(z, y).item(), (z.argmax(1) == y).double().mean().item()))
    return {k: v.detach().numpy() for k, v in net.p.items()}, lines


# ---- both ----
USUAL = {"optimizer": "sgd", "rate": 0.05, "decay": 0.0, "epochs": 1, "crop": 0, "share": 0.0, "lambda": 1.0, "signed": 0,
         "smoothing": 0.0, "norm": "batch", "bits": 0, "form": "sawb", "slope": "straight", "through": 0, "alpha": 10.0,
         "least": 0, "ends": 0, "matrices": 0, "schedule": "", "by": "epoch", "warmup": 0, "start": 0.01, "turn": 0}


def options(how):
    out = [f"--train.optimizer={how['optimizer']}", f"--train.rate={how['rate']}", f"--train.decay={how['decay']}",
           f"--train.epochs={how['epochs']}", f"--train.smoothing={how['smoothing']}", f"--train.norm={how['norm']}"]
    if how["crop"]:
        out += ["--data.crop", "--data.flip", f"--data.crop.padding={how['crop']}"]
    if how["turn"]:
        out += ["--data.rotate90"]
    if how["matrices"]:
        out += ["--train.decay.of=matrices"]
    if how["schedule"]:
        out += [f"--train.schedule={how['schedule']}", f"--train.schedule.by={how['by']}"]
    if how["warmup"]:
        out += [f"--train.warmup-epochs={how['warmup']}", f"--train.warmup-start={how['start']}"]
    if how["share"]:
        out += [f"--guided.share={how['share']}", f"--guided.lambda={how['lambda']}",
                f"--guided.ranking={'signed' if how['signed'] else 'magnitude'}"]
    if how["bits"]:
        out += [f"--bits.preset={ {2: '2-bit', 4: '4-bit', 8: 'int8'}[how['bits']]}", f"--bits.ends={how['ends']}",
                f"--bits.quantizer={how['form']}", f"--bits.slope={how['slope']}",
                f"--bits.alpha-slope={'scale' if how['through'] else 'published'}",
                f"--bits.alpha={'least-squares' if how['least'] else how['alpha']}"]
    return out


def load(path):
    with open(path, "rb") as f:
        data = f.read()
    size = struct.unpack("<Q", data[:8])[0]
    import json
    out = {}
    for name, t in json.loads(data[8 : 8 + size]).items():
        if name != "__metadata__":
            assert t["dtype"] == "F32", t
            a, b = t["data_offsets"]
            out[name] = np.frombuffer(data[8 + size + a : 8 + size + b], np.float32).reshape(t["shape"]).astype(np.float64)
    return out


def compare(folder, data, name, bound, seed=3, **changes):
    how = {**USUAL, **changes}
    out = f"{folder}/{name}.safetensors"
    with open(f"{folder}/job.conf", "w", encoding="utf-8") as f:
        f.write(f"[data]\ntrain = {folder}/train-images-idx3-ubyte.gz\ntest = {folder}/test-images-idx3-ubyte.gz\n"
                f"[network]\nmodel = {folder}/tiny.model\n[train]\nbatch = {BATCH}\nseed = {seed}\n[store]\nout = {out}\n")
    if os.path.exists(out):
        os.remove(out)
    run = subprocess.run([os.environ.get("QUANTCAM", "build/quantcam"), "train", f"{folder}/job.conf"] + options(how),
                         capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"{name}: exit {run.returncode}: {run.stderr}")
    ours = load(out)
    theirs, lines = train(data, how, seed)
    if set(ours) != set(theirs):
        sys.exit(f"{name}: other tensors: {set(ours) ^ set(theirs)}")
    worst, where, count = 0.0, "", 0
    for key, value in theirs.items():
        off = np.abs(ours[key] - value).max() / max(np.abs(value).max(), 1e-3)
        count += value.size
        if off > worst:
            worst, where = off, key
    with open(out + ".curve.csv", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    for row, (loss, test_loss, accuracy) in zip(rows, lines):
        worst = max(worst, abs(float(row["loss"]) - loss), abs(float(row["test_loss"]) - test_loss))
        count += 3
        if abs(float(row["test_accuracy"]) - accuracy) > 1e-9:
            sys.exit(f"{name}: accuracy {row['test_accuracy']}, PyTorch's {accuracy}")
    print(f"{name}: largest difference {worst:.1e} ({where}), bound {bound:.0e}: compared {count}")
    return worst <= bound


def main():
    folder = sys.argv[1]
    data = write_data(folder)
    good = True
    for optimizer, rate in (("sgd", 0.05), ("adam", 0.002), ("adadelta", 1.0)):
        how = {"optimizer": optimizer, "rate": rate, "decay": 1e-3}
        good &= compare(folder, data, f"{optimizer}", 1e-5, **how)
        good &= compare(folder, data, f"{optimizer}-guided", 1e-5, share=0.5, **how)
        good &= compare(folder, data, f"{optimizer}-guided-4", 1e-5, share=0.5, bits=4, alpha=2.0, **how)
    good &= compare(folder, data, "chunk", 1e-5, norm="chunk", share=0.5)
    good &= compare(folder, data, "crop-smooth-signed", 1e-5, crop=4, smoothing=0.1, share=0.3, signed=1, **{"lambda": 0.5})
    good &= compare(folder, data, "adamw", 1e-5, optimizer="adamw", rate=0.002, decay=0.3, bits=4, alpha=2.0)
    wide = {"optimizer": "adamw", "rate": 0.002, "decay": 0.3, "matrices": 1, "schedule": "cosine", "epochs": 3, "crop": 7, "turn": 1}
    good &= compare(folder, data, "warm-up", 1e-5, by="step", warmup=1, **wide)
    good &= compare(folder, data, "warm-up-epochs", 1e-5, warmup=2, start=0.2, **wide)
    good &= compare(folder, data, "two-bits", 1e-5, bits=2, ends=8, least=1, slope="clipped", through=1)
    good &= compare(folder, data, "zero-level", 1e-5, bits=2, form="sawb-zero", alpha=1.0)
    good &= compare(folder, data, "int8", 1e-5, bits=8, form="largest", least=1)
    good &= compare(folder, data, "dorefa", 1e-5, bits=4, form="dorefa", slope="through", alpha=1.5)
    good &= compare(folder, data, "dorefa-plain", 1e-5, bits=4, form="dorefa-plain", alpha=6.0)
    sys.exit(0 if good else 1)


main()
