"""Recomputes /summary/difference and the intervals of the RMSE from a result's stored rows with numpy.

    python3 tests/oracles/check_differences.py RESULT.h5

Draws as include/metric_test.h states them; means and quantiles are numpy's; areas and the binomial test are their definitions.
Prints one line, "check_differences: N checks, N failed"; exit 1 if any failed.
"""
import math
import pathlib
import sys

import h5py
import numpy as np

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "fixtures"))
from make_interval_fixtures import intervals

from checks import Checks, texts


def exact_p(k, n):
    """Two-sided binomial test of k of n against a half, in whole numbers: what McNemar's test comes to."""
    return min(1, 2 * sum(math.comb(n, i) for i in range(min(k, n - k) + 1)) / 2**n)


def area(c):
    """Under each row's curve over 0 to 1, by the trapezoid rule."""
    return ((c[:, 1:] + c[:, :-1]) / 2).mean(axis=1)


OK = 1
counted = Checks("check_differences")


def check(ours, expected, what):
    counted(np.allclose(ours, expected, rtol=1e-9, atol=1e-11), f"{what} {ours} {expected}")


def check_table(table, net, s, values, what):
    values = np.asarray(values, float).reshape(len(values), 1)
    expected = intervals(values)[0] if len(values) else np.zeros(3)
    check(table["images"][net, s], len(values), what + " images")
    check([table[name][net, s] for name in ("difference", "low", "high")], expected, what)


def right(rows, classes, k):
    return (rows["top5"][:, :k] == classes[:, None]).any(axis=1)


def check_network(f, number, name, precisions):
    base, other = precisions
    net, summary = f["models"][name], f["summary/difference"][other]
    classes, good = f["images/class_index"][:], net["status"][:] == OK
    subset, selections = net["subset"], [s.decode() for s in f["set"][1:]]
    place = subset["image"][:]
    members = [good]
    for selection in selections:
        inside = place[(subset["in_" + selection][:] == 1) & (place >= 0)]
        members.append(np.isin(np.arange(len(good)), inside) & good)
    vs = net[other]["vs_" + base]
    for s, member in enumerate(members):
        what = "%s set %d " % (name, s)
        labelled = member & (classes >= 0)
        for k, measure in (1, "top1"), (5, "top5"):
            d = right(net[other], classes, k).astype(int) - right(net[base], classes, k)
            d = d[labelled]
            check_table(summary[measure], number, s, 100.0 * d, what + measure)
            n = int((d != 0).sum())
            check(summary[measure]["p"][number, s], exact_p(int((d > 0).sum()), n), what + measure + " p")
        for measure in "entropy", "std", "sparsity":
            a, b = (net[p][measure + "_real"][:].astype(float) for p in precisions)
            check_table(summary[measure], number, s, (b - a)[member], what + measure)
        for measure in "iou", "iou_raw":
            a, b = (net[p]["wsol"][measure][:, 1].astype(float) for p in precisions)
            check_table(summary[measure], number, s, (b - a)[member & (a >= 0)], what + measure)
        for k, reading in enumerate(("raw", "resolved", "aligned")):
            values = vs["rmse_" + reading][:].astype(float)[member]
            expected = intervals(values[:, None])[0] if len(values) else np.zeros(3)
            check([f["summary/rmse"][other][c][number, s, k] for c in ("mean", "mean_low", "mean_high")], expected, what + reading)
        if "step" not in f:
            continue
        inside = (subset["in_" + selections[s - 1]][:] == 1) & (subset["status"][:] == OK) if s else np.zeros(len(place), bool)
        for sign in "", "_raw":
            for measure in "deletion", "insertion":
                curves = [subset[p][measure + "_curve" + sign][:].astype(float) for p in precisions]
                a, b = (area(c) for c in curves)
                check_table(summary[measure + sign], number, s, (b - a)[inside], what + measure + sign)
        for scorer in precisions if f"deletion_curve_on_{other}" in subset[base] else ():
            for measure in "deletion", "insertion":
                curves = [subset[p][measure + "_curve" + ("" if p == scorer else "_on_" + scorer)][:].astype(float) for p in precisions]
                a, b = (area(c) for c in curves)
                check_table(summary[measure + "_on_" + scorer], number, s, (b - a)[inside], what + measure + " on " + scorer)


def main():
    with h5py.File(sys.argv[1], "r") as f:
        for number, name in enumerate(texts(f, "/network")):
            check_network(f, number, name, texts(f, "/precision")[:2])


main()
sys.exit(counted.finish())
