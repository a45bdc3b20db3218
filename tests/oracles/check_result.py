"""Recomputes everything in a result file that follows from its stored rows, with numpy alone, and compares.

    python3 tests/oracles/check_result.py RESULT.h5

Maps: pytorch-grad-cam's steps (explanations 1.1, 6-9) with a plain bilinear resize. Selections: a stable sort. Tables: sums.
Prints one line, "check_result: N checks, N failed"; exit 1 if any failed.
"""
import sys
from decimal import Decimal, ROUND_HALF_UP

import h5py
import numpy as np

from checks import Checks, finish, texts

check = Checks("check_result")


def rmse(a, b):
    return np.sqrt(np.mean((255 * a - 255 * b) ** 2))


def near(a, b, tolerance):
    return np.all(np.abs(np.asarray(a, float) - np.asarray(b, float)) <= tolerance * (1 + np.abs(np.asarray(b, float))))


def check_rows(name, net, ok, precisions, h, w):
    base, other = (net[p] for p in precisions[:2])
    vs = other["vs_" + precisions[0]]
    for p in precisions:
        logits, top5 = net[p]["logits"][:], net[p]["top5"][:]
        order = np.argsort(-logits, axis=1, kind="stable")[:, :5]
        check(np.array_equal(order[ok], top5[ok]), f"{name} {p}: top5")
        e = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
        score = np.take_along_axis(e / e.sum(axis=1, keepdims=True), order, axis=1)
        check(near(net[p]["score5"][:][ok], score[ok], 1e-5), f"{name} {p}: score5")
        own = net[p]["own_sign"][:][ok]
        c = net[p]["cam"][:][ok] * own[:, None, None]
        check(np.all((np.abs(c.max(axis=(1, 2))) >= np.abs(c.min(axis=(1, 2))) * (1 - 1e-6))), f"{name} {p}: own sign")
        check(np.all(own[net[p]["constant"][:][ok] == 0] != 0) and (p != precisions[0] or np.all(own >= 0)), f"{name} {p}: own_sign")
    for i in np.flatnonzero(ok):
        a, b = base["cam"][i], other["cam"][i]
        sa, sb = (int(x["raw_sign"][i]) or 1 for x in (base, other))
        own = int(other["own_sign"][i]) or 1
        dot = float((a.astype(np.float64) * b.astype(np.float64)).sum())
        check(dot >= 0, f"{name} image {i}: aligned")
        want = (rmse(finish(sa * a, h, w), finish(sb * b, h, w)), rmse(finish(a, h, w), finish(own * b, h, w)),
                rmse(finish(a, h, w), finish(b, h, w)))
        got = tuple(vs["rmse_" + r][i] for r in ("raw", "resolved", "aligned"))
        check(near(got, want, 1e-4), f"{name} image {i}: rmse {got} {want}")
        check(vs["raw_undefined"][i] == (base["raw_sign"][i] == 0 or other["raw_sign"][i] == 0), f"{name} image {i}: raw_undefined")
        check(vs["same_top1"][i] == 100 * (base["top5"][i, 0] == other["top5"][i, 0]), f"{name} image {i}: same_top1")
        check(vs["sign_flipped"][i] == (dot * sa * sb < 0), f"{name} image {i}: sign_flipped")
        r = np.corrcoef(a.ravel().astype(float), b.ravel().astype(float))[0, 1]
        check(near(vs["correlation"][i], abs(r), 1e-4), f"{name} image {i}: correlation {vs['correlation'][i]} {r}")


def check_subsets(f, name, net, ok, precisions, selections, fraction):
    """Returns the sets of the tables: all, then the selections."""
    n_ok = int(ok.sum())
    k = max(1, int((Decimal(fraction) * n_ok).to_integral_value(ROUND_HALF_UP)))
    image = net["subset/image"][:]
    used = image >= 0
    check(np.all(np.diff(image[used]) > 0), f"{name}: places in image order")
    check(np.all(net["subset/status"][:] == np.where(used, 1, 3)), f"{name}: status of the places")
    sets = [ok]
    for s in selections:
        member = np.zeros(len(ok), bool)
        member[image[used]] = net["subset/in_" + s][:][used] != 0
        check(member.sum() == k and np.all(ok[member]), f"{name} {s}: {member.sum()} members, {k} wanted")
        if s != "control":
            reading, _, precision = s.partition("_")
            value = net[precision]["vs_" + precisions[0]]["rmse_" + reading][:]
            order = sorted(np.flatnonzero(ok), key=lambda i: (-value[i], i))[:k]
            check(set(order) == set(np.flatnonzero(member)), f"{name} {s}: the k largest")
        sets.append(member)
    check(np.array_equal(np.unique(np.concatenate([np.flatnonzero(m) for m in sets[1:]])), image[used]), f"{name}: union")
    return sets


def check_tables(f, j, name, net, sets, precisions):
    label = f["/images/class_index"][:]
    vs = net[precisions[1]]["vs_" + precisions[0]]
    right = {p: net[p]["top5"][:] == label[:, None] for p in precisions}
    for s, member in enumerate(sets):
        labelled = member & (label >= 0)
        for p in precisions:
            t = f["/summary/accuracy/" + p]
            check(t["images"][j, s] == member.sum() and t["labelled"][j, s] == labelled.sum(), f"{name} {p} {s}: counts")
            check(near(t["top1"][j, s], 100 * right[p][labelled, 0].mean(), 1e-12), f"{name} {p} {s}: top1")
            check(near(t["top5"][j, s], 100 * right[p][labelled].any(axis=1).mean(), 1e-12), f"{name} {p} {s}: top5")
        t = f["/summary/agreement/" + precisions[1]]
        a, b = (net[p]["top5"][:][member] for p in precisions[:2])
        check(t["same_top1"][j, s] == (a[:, 0] == b[:, 0]).sum(), f"{name} {s}: same_top1")
        check(t["same_top5_set"][j, s] == np.all(np.sort(a) == np.sort(b), axis=1).sum(), f"{name} {s}: same_top5_set")


def check_curves(f, j, name, net, sets, precisions, h, w, steps):
    """Mean curves of the tables, full-size maps, copies where LAPACK's sign is the aligned one, own classes."""
    subset = net["subset"]
    image = subset["image"][:]
    for p in precisions:
        t, s = f["/summary/curves/" + p], subset[p]
        good = subset["status"][:] == 1
        for k, member in enumerate(sets):
            rows = good & (image >= 0) & member[np.maximum(image, 0)] & (k > 0)
            check(t["images"][j, k] == rows.sum(), f"{name} {p} {k}: images with curves")
            for kind in ("deletion", "insertion"):
                curve = s[f"{kind}_curve"][:][rows].astype(np.float64)
                check(near(t[kind + "_curve"][j, k], curve.mean(axis=0) if rows.any() else np.zeros(steps + 1), 1e-12),
                      f"{name} {p} {k}: mean {kind} curve")
        for place in np.flatnonzero(good):
            i = image[place]
            at = f"{name} {p} place {place}"
            same = [np.array_equal(s[kind + "_curve"][place], s[kind + "_curve_raw"][place]) for kind in ("deletion", "insertion")]
            check(net[p]["raw_sign"][i] < 0 or all(same), at + ": the raw curves are copies")
            top = np.flatnonzero(net[p]["top5"][i] == s["class"][place])
            check(len(top) and top[0] == 0, at + ": class")
            ends = s["deletion_curve"][place, 0], s["insertion_curve"][place, -1]
            check(ends[0] == ends[1] and near(ends[0], net[p]["score5"][i, 0], 1e-6), at + ": the clean picture's probability")
            check(np.abs(s["cam_u8"][place].astype(int) - 255 * finish(net[p]["cam"][i], h, w)).max() < 0.51, at + ": cam_u8")


def check_cross(name, net, precisions):
    """Each map on the other network: the curves begin and end as those of the network's own map, whose picture is the same."""
    subset, base = net["subset"], precisions[0]
    image, good = subset["image"][:], subset["status"][:] == 1
    for other in precisions[1:]:
        for source, scorer in ((other, base), (base, other)):
            for kind in ("deletion", "insertion"):
                curve, own = subset[source][f"{kind}_curve_on_{scorer}"][:], subset[scorer][f"{kind}_curve"][:]
                at = f"{name} {kind} of {source}'s map on {scorer}"
                check(np.array_equal(curve[good][:, [0, -1]], own[good][:, [0, -1]]), at + ": clean and empty picture")
                same = good & (net[source]["cam"][:][np.maximum(image, 0)] == net[scorer]["cam"][:][np.maximum(image, 0)]).all(axis=(1, 2))
                check(np.array_equal(curve[same], own[same]), at + ": equal maps")


def check_gallery(f, name, net, ok, precisions, h, w):
    value = net[precisions[1]]["vs_" + precisions[0]]["rmse_aligned"][:]
    order = sorted(np.flatnonzero(ok), key=lambda i: (-value[i], i))
    for place in range(min(16, len(net["subset/image"]), len(order))):
        for p in precisions:
            got = f[f"/gallery/{name}_top{place + 1:02d}_{p}"][:].astype(int)
            want = 255 * finish(net[p]["cam"][order[place]], h, w)
            check(np.abs(got - want).max() < 0.51, f"{name} {p}: picture {place + 1}")


def main():
    f = h5py.File(sys.argv[1], "r")
    job = dict(line.split(" = ", 1) for line in texts(f, "/job")[0].splitlines())
    precisions, sets = texts(f, "/precision"), texts(f, "/set")
    check(f["/complete"][0] == 1, "complete")
    for j, name in enumerate(texts(f, "/network")):
        net = f["/models/" + name]
        h, w = len(net["y"]), len(net["x"])
        ok = net["status"][:] == 1
        check_rows(name, net, ok, precisions, h, w)
        members = check_subsets(f, name, net, ok, precisions, sets[1:], job["subset.fraction"])
        check_tables(f, j, name, net, members, precisions)
        check_curves(f, j, name, net, members, precisions, h, w, int(job["explain.steps"]))
        if job["explain.cross"] == "on":
            check_cross(name, net, precisions)
        check_gallery(f, name, net, ok, precisions, h, w)


main()
sys.exit(check.finish())
