"""Recomputes /summary/measures and /summary/difference from a result's stored rows with numpy.

    python3 tests/oracles/check_differences.py RESULT.h5

Draws as include/metric_test.h states them; means, medians, deviations and quantiles are numpy's; areas and the binomial test are
their definitions; a share's interval is Wilson's, as the roots of its quadratic equation. Prints one line, "check_differences: N checks, N failed"; exit 1 if any failed.
"""
import functools
import math
import pathlib
import sys

import h5py
import numpy as np

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "fixtures"))
import make_interval_fixtures

from checks import Checks, texts

make_interval_fixtures.draws = functools.lru_cache(make_interval_fixtures.draws)      # many measures share their draws
intervals = make_interval_fixtures.intervals

OK = 1
SHARES = {"same_top1": 100, "sign_flipped": 1, "raw_undefined": 1, "top1": 100, "top5": 100}     # and their value of yes
check = Checks("check_differences")


def exact_p(k, n):
    """Two-sided binomial test of k of n against a half, in whole numbers: what McNemar's test comes to."""
    return min(1, 2 * sum(math.comb(n, i) for i in range(min(k, n - k) + 1)) / 2**n)


def area(c):
    """Under each row's curve over 0 to 1, by the trapezoid rule."""
    return ((c[:, 1:] + c[:, :-1]) / 2).mean(axis=1)


class Network:
    """Values of measures of one network: (rows), NaN where a picture has none."""

    def __init__(self, f, name):
        self.f, self.net = f, f["models"][name]
        self.classes, self.first = f["images/class_index"][:], texts(f, "/precision")[0]
        subset, good = self.net["subset"], self.net["status"][:] == OK
        place, done = subset["image"][:], subset["status"][:] == OK
        inside = [(subset["in_" + s][:] == 1) & (place >= 0) for s in texts(f, "/set")[1:]]
        self.images = [good, *(np.isin(np.arange(len(good)), place[i]) & good for i in inside)]
        self.places = [np.zeros(len(place), bool), *(i & done for i in inside)]

    def values(self, measure, p, scorer=None):
        if measure in ("top1", "top5"):
            right = (self.net[p]["top5"][:, :int(measure[3:])] == self.classes[:, None]).any(axis=1)
            return np.where(self.classes >= 0, 100.0 * right, np.nan)
        if measure in ("iou", "iou_raw"):
            iou = self.net[p]["wsol"][measure][:, 1].astype(float)
            return np.where(iou < 0, np.nan, iou)
        if measure.startswith(("deletion", "insertion")):
            kind, raw = measure.removesuffix("_raw"), "_raw" if measure.endswith("_raw") else ""
            on = "" if scorer in (None, p) else "_on_" + scorer
            return area(self.net["subset"][p][f"{kind}_curve{raw}{on}"][:].astype(float))
        group = self.net[p]
        return (group[measure] if measure in group else group["vs_" + self.first][measure])[:].astype(float)


def same(ours, expected, what):
    check(np.allclose(ours, expected, rtol=1e-9, atol=1e-11), f"{what} {ours} {expected}")


def wilson(yes, n, whole):
    """The two shares that lie z standard errors of their own from yes / n."""
    z2, p = 1.959963984540054 ** 2, yes / n
    ends = np.roots([1 + z2 / n, -(2 * p + z2 / n), p * p]).real
    return whole * ends.min(), whole * ends.max()


def check_table(table, net, members, values, what, answer=False, share=0):
    """Every set of one table: a mean with what else there is of it, or a difference."""
    for s, member in enumerate(members):
        v = values[member & ~np.isnan(values)]
        at = f"{what} set {s}"
        same(table["images"][net, s], len(v), at + " images")
        expected = intervals(v.reshape(-1, 1))[0] if len(v) else np.zeros(3)
        if share and len(v):
            expected[1:] = wilson(int((v == share).sum()), len(v), share)
        same([table[k][net, s] for k in ("mean" if "mean" in table else "difference", "low", "high")], expected, at)
        if "mean" in table:
            same(table["median"][net, s], np.median(v) if len(v) else 0, at + " median")
            same(table["sd"][net, s], v.std(ddof=1) if len(v) > 1 else 0, at + " sd")
        check(("p" in table) == answer, at + " has a p")
        if answer:
            same(table["p"][net, s], exact_p(int((v > 0).sum()), int((v != 0).sum())), at + " p")


def check_measure(n, number, measure, kind, precisions, coded):
    summary, values = n.f["summary"], {}
    for p in precisions:
        if (kind == "one of codes" and p not in coded) or (kind == "pair" and p == n.first):
            continue
        values[p] = v = n.values(measure, p)
        members = n.places if "curve" in kind else n.images
        group = summary["measures"][p]["vs_" + n.first] if kind == "pair" else summary["measures"][p]
        check_table(group[measure], number, members, v, f"{p} {measure}", share=SHARES.get(measure, 0))
        if p != n.first and kind not in ("pair", "one of codes"):
            check_table(summary["difference"][p][measure], number, members, v - values[n.first], f"{p} less {n.first} {measure}",
                        kind == "answer")
    for p in precisions[1:] if kind == "crossed curve" else ():
        for scorer, guest in ((n.first, p), (p, n.first)):
            a, b = (n.values(measure, x, scorer) for x in (n.first, p))
            name = f"{measure}_on_{scorer}"
            check_table(summary["measures"][guest][name], number, n.places, a if guest == n.first else b, f"{guest} {name}")
            check_table(summary["difference"][p][name], number, n.places, b - a, f"{p} less {n.first} {name}")


def main():
    with h5py.File(sys.argv[1], "r") as f:
        precisions = texts(f, "/precision")
        for number, name in enumerate(texts(f, "/network")):
            n = Network(f, name)
            coded = [p for p in precisions if "activation_scale" in n.net[p]]
            for measure, kind in zip(texts(f, "/measure"), texts(f, "/measures/kind")):
                check_measure(n, number, measure, kind, precisions, coded)


main()
sys.exit(check.finish())
