"""Measures the activations and the pairs of maps of one network of a result again, with numpy alone, and compares.

    python3 tests/oracles/check_measures.py RESULT.h5 QUANTCAM IMAGES NETWORK MODEL FP32.pth INT8.pth

Activations come from `quantcam infer` over the job's images in IMAGES; entropy, deviation and sparsity by explanations 5, with the
study's 1e-10; maps from the stored projections; SSIM by box sums; figure 2's tensors, histograms and Dice. Definitions:
include/metric.h. Prints one line, "check_measures: N checks, N failed"; exit 1 if any failed.
"""
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np

from checks import Checks, finish, texts

check = Checks("check_measures")


def near(a, b, tolerance=1e-6):
    return abs(float(a) - float(b)) <= tolerance * max(1, abs(float(b)))


def infer(quantcam, images, paths, model, weights, out):
    subprocess.run([quantcam, "infer", "--model", model, "--weights", weights, "-o", out, *(os.path.join(images, p) for p in paths)],
                   check=True, stdout=subprocess.DEVNULL)
    return h5py.File(out, "r")


def statistics(x):
    """(C, h, w), zeros are 0."""
    x = x.astype(np.float64)
    e = np.exp(x - x.max(axis=0))
    p = e / e.sum(axis=0)
    return -(p * np.log2(p + 1e-10)).sum(axis=0).mean(), x.std(), 100 * np.mean(x == 0)


def ranks(x):
    x = x.ravel()
    return (x[:, None] > x).sum(axis=1) + ((x[:, None] == x).sum(axis=1) - 1) / 2


def box_mean(x, n=7):
    s = np.pad(x.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    return (s[n:, n:] - s[:-n, n:] - s[n:, :-n] + s[:-n, :-n]) / (n * n)


def ssim(a, b):
    ma, mb = box_mean(a), box_mean(b)
    va, vb, ab = (49 / 48 * (box_mean(x * y) - mx * my) for x, y, mx, my in ((a, a, ma, ma), (b, b, mb, mb), (a, b, ma, mb)))
    return (((2 * ma * mb + 1e-4) * (2 * ab + 9e-4)) / ((ma * ma + mb * mb + 1e-4) * (va + vb + 9e-4))).mean()


def top(m):
    order = np.argsort(-m.ravel(), kind="stable")[:max(1, (m.size + 5) // 10)]
    return set(order[m.ravel()[order] > 0])


def box_iou(a, b):
    if a[0] < 0 or b[0] < 0:
        return float(a[0] < 0 and b[0] < 0)
    w, h = (min(a[i + 2], b[i + 2]) - max(a[i], b[i]) + 1 for i in (0, 1))
    area = lambda x: (x[2] - x[0] + 1) * (x[3] - x[1] + 1)
    both = max(w, 0) * max(h, 0)
    return both / (area(a) + area(b) - both)


def check_pair(at, vs, i, a, b, boxes, h, w):
    ma, mb = (finish(x, h, w) for x in (a, b))
    r = np.corrcoef(ranks(a), ranks(b))[0, 1]
    check(near(vs["spearman"][i], r), f"{at}: spearman {vs['spearman'][i]} {r}")
    c = (ma * mb).sum() / np.sqrt((ma * ma).sum() * (mb * mb).sum())
    check(near(vs["cosine"][i], c), f"{at}: cosine {vs['cosine'][i]} {c}")
    s = ssim(ma, mb)
    check(near(vs["ssim"][i], s, 2e-6), f"{at}: ssim {vs['ssim'][i]} {s}")
    ta, tb = top(ma), top(mb)
    t = len(ta & tb) / len(ta | tb)     # our maps are f32: a pixel or two on the border may change sides
    check(near(vs["top_iou"][i], t, 8 / len(ta)), f"{at}: top_iou {vs['top_iou'][i]} {t}")
    ia, ib = (np.unravel_index(np.argmax(x), x.shape) for x in (a, b))
    d = np.hypot((ia[0] - ib[0]) * h / a.shape[0], (ia[1] - ib[1]) * w / a.shape[1])
    check(near(vs["peak_distance"][i], d), f"{at}: peak_distance")
    check(near(vs["box_iou"][i], box_iou(*boxes)), f"{at}: box_iou")


def histogram(x, low, high):
    return np.bincount(np.minimum(((x - low) / (high - low) * 256).astype(int), 255), minlength=256)


def dice(a, b):
    return 200 * np.minimum(a, b).sum() / (a.sum() + b.sum())


def check_histograms(f, j, members, act):
    t = f["/summary/histogram"]
    for s, member in enumerate(members):
        check(t["images"][j, s] == (member.sum() if s else 0), f"set {s}: images averaged")
        if not s:
            continue
        mean = [act["fp32"]["last_conv"][:][member].astype(np.float64).mean(axis=0).ravel()]
        codes = act["int8"]["last_conv_int"]
        mean.append(codes.attrs["scale"] * (codes[:][member].sum(axis=0, dtype=np.int64) / member.sum() - codes.attrs["zero_point"]).ravel())
        own = [histogram(m, m.min(), m.max()) for m in mean]
        common = [histogram(m, min(x.min() for x in mean), max(x.max() for x in mean)) for m in mean]
        for k, p in enumerate(("fp32", "int8")):
            for name, want in (("own", own), ("common", common)):
                got = t[p][name][j, s]
                check(got.sum() == mean[0].size and np.abs(got - want[k]).sum() <= 0.002 * got.sum(), f"set {s} {p}: {name}")
            check(near(t[p]["low"][j, s], mean[k].min()) and near(t[p]["high"][j, s], mean[k].max()), f"set {s} {p}: range")
        for name, want in (("own", dice(*own)), ("common", dice(*common))):
            got = t["int8"]["dice_" + name][j, s]
            check(abs(got - want) < 0.2, f"set {s}: dice_{name} {got} {want}")


def check_layers(f, net, ok, p, real, codes):
    """Channel means and whole layers, as far as store.activations keeps them, against infer's. The places of the good images in act."""
    place = np.cumsum(ok) - 1
    check(np.allclose(net[p]["activation_mean"][:][ok], real.mean(axis=(2, 3), dtype=np.float64), rtol=1e-6, atol=1e-7), p + ": activation_mean")
    stored = real if codes is None else codes[:]
    if codes is not None:
        check(net[p]["activation_scale"][0] == codes.attrs["scale"], p + ": scale")
        check(net[p]["activation_zero_point"][0] == codes.attrs["zero_point"], p + ": zero point")
    if "activation" in net[p]:
        check(np.array_equal(net[p]["activation"][:][ok], stored), p + ": activation")
    if "activation" in net["subset"][p]:
        done = net["subset/status"][:] == 1
        images = net["subset/image"][:][done]
        check(done.any() and np.array_equal(net["subset"][p]["activation"][:][done], stored[place[images]]), p + ": the subset's activation")


def main():
    result, quantcam, images, name, model, *weights = sys.argv[1:]
    f = h5py.File(result, "r")
    j, net = texts(f, "/network").index(name), f["/models/" + name]
    ok = net["status"][:] == 1
    members = [ok]
    for s in texts(f, "/set")[1:]:
        place = net["subset/image"][:][net["subset/in_" + s][:] != 0]
        members.append(np.isin(np.arange(len(ok)), place))
    vs, act, h, w = net["int8/vs_fp32"], {}, len(net["y"]), len(net["x"])
    with tempfile.TemporaryDirectory() as folder:
        for p, file in zip(("fp32", "int8"), weights):
            good = [path for path, use in zip(texts(f, "/images/path"), ok) if use]
            act[p] = infer(quantcam, images, good, model, file, os.path.join(folder, p + ".h5"))
            kinds = [("real", act[p]["last_conv"])] + ([("int", act[p]["last_conv_int"])] if p == "int8" else [])
            check_layers(f, net, ok, p, act[p]["last_conv"][:], act[p].get("last_conv_int"))
            for kind, values in kinds:
                for place, i in enumerate(np.flatnonzero(ok)):
                    for what, want in zip(("entropy", "std", "sparsity"), statistics(values[place])):
                        got = net[p][f"{what}_{kind}"][i]
                        check(near(got, want), f"{p} image {i}: {what}_{kind} {got} {want}")
        for i in np.flatnonzero(ok):
            a, b = (net[p]["cam"][i].astype(np.float64) for p in ("fp32", "int8"))
            check_pair(f"image {i}", vs, i, a, b, [net[p]["wsol/box"][i] for p in ("fp32", "int8")], h, w)
        check_histograms(f, j, [member[ok] for member in members], act)


main()
sys.exit(check.finish())
