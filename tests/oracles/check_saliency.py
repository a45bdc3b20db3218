"""Works out the report's numbers of maps and truths again, from the rows of a result, with numpy alone, and compares.

    python3 tests/oracles/check_saliency.py RESULT.h5 REPORT_FOLDER

Every number of values.csv in the tables truth_density, truth_fixations, truth_masks, map_pairs, blank_maps and *_sensitivity; the
statements of report.json's "truth", number by number; that no two numbers of values.csv share a key. Intervals are
check_differences.py's. Prints one line, "check_saliency: N checks, N failed"; exit 1 if any failed.
"""
import csv
import json
import os
import re
import sys

import h5py
import numpy as np

from checks import Checks, texts

check = Checks("check_saliency")
GAPS = ("truth_auc_judd", "truth_auc_shuffled")     # -1 in a row: no value
KINDS = {"sim": "density", "cc": "density", "kld": "density", "nss": "fixations", "auc_judd": "fixations", "auc_borji": "fixations",
         "auc_shuffled": "fixations", "gain": "fixations"}


def near(a, b):
    return abs(float(a) - float(b)) <= 2e-7 * max(1, abs(float(b)))


class Rows:
    """A result's rows. Of a measure the values of the pictures that have one."""

    def __init__(self, path):
        self.f = h5py.File(path, "r")
        self.networks, self.precisions = texts(self.f, "network"), texts(self.f, "precision")
        self.methods = ["eigen"] + (texts(self.f, "method") if "method" in self.f else [])

    def split(self, name):
        """truth_cc_gradcampp -> truth_cc, gradcampp"""
        for method in sorted(self.methods, key=len, reverse=True):
            if name.endswith("_" + method):
                return name[:-len(method) - 1], method
        return name, None

    def has_truth(self, network, stem):
        ok = self.f[f"models/{network}/status"][:] == 1
        if stem.startswith("truth_"):
            state = self.f[f"images/saliency/state_{KINDS.get(stem[6:], 'masks')}"][:]
            ok &= (state == 1) | (state == 2)
        return ok

    def path(self, network, precision, name, stem):
        if name.startswith(("center_", "shuffled_")):
            return "images/saliency/" + name.replace("_", "/", 1)
        pair = f"vs_{self.precisions[0]}/" if stem in ("sim", "cc", "kld") else ""
        return f"models/{network}/{precision}/{pair}{name}"

    def values(self, network, precision, name):
        """All rows, and which have a value."""
        blind = name.startswith(("center_", "shuffled_"))
        stem = name.split("_", 1)[1] if blind else self.split(name)[0]
        value = self.f[self.path(network, precision, name, stem)][:].astype(np.float64)
        usable = self.has_truth(network, stem)
        if name.startswith("shuffled_"):
            usable &= self.f[f"images/saliency/next_{KINDS.get(stem[6:], 'masks')}"][:] >= 0
        if stem in GAPS:
            usable &= value >= 0
        return value, usable

    def mean(self, network, precision, name):
        value, usable = self.values(network, precision, name)
        return value[usable].mean() if usable.any() else 0

    def best(self, network, precision, name):
        """f_max_eigen, center_e_max: the largest of the mean curve."""
        of = re.sub(r"([fe])_max", r"\1_curve", name)
        blind = of.startswith(("center_", "shuffled_"))
        path = "images/saliency/" + of.replace("_", "/", 1) if blind else f"models/{network}/{precision}/{of}"
        usable = self.has_truth(network, "truth_mae")
        if of.startswith("shuffled_"):
            usable &= self.f["images/saliency/next_masks"][:] >= 0
        return self.f[path][:][usable].astype(np.float64).mean(axis=0).max()


def ranks(x):
    x = np.asarray(x)
    return 1 + (x[None, :] > x[:, None]).sum(axis=1) + ((x[None, :] == x[:, None]).sum(axis=1) - 1) / 2


def expected(rows, network, precision, measure):
    """A number of the tables by its name."""
    first = rows.precisions[0]
    if re.search(r"[fe]_max", measure):
        return rows.best(network, precision, measure)
    if measure.endswith("_images"):
        return rows.values(network, precision, measure[:-7])[1].sum()
    if measure.endswith("_sd"):
        value, usable = rows.values(network, precision, measure[:-3])
        return value[usable].std(ddof=1) if usable.sum() > 1 else 0
    if measure.endswith("_difference"):
        (a, in_a), (b, in_b) = (rows.values(network, p, measure[:-11]) for p in (precision, first))
        return (a - b)[in_a & in_b].mean()
    share = 100 if measure.startswith(("blank_", "flat_")) else 1
    return share * rows.mean(network, precision, measure)


def check_values(rows, values):
    keys = [tuple(v[k] for k in ("table", "network", "precision", "measure", "set")) for v in values]
    check(len(keys) > 100 and len(set(keys)) == len(keys), f"shared keys: {[k for k in set(keys) if keys.count(k) > 1][:3]}")
    looked = 0
    for v in values:
        if v["table"] in ("truth_density", "truth_fixations", "truth_masks", "map_pairs", "blank_maps"):
            looked += 1
            ours = expected(rows, v["network"], v["precision"], v["measure"])
            check(near(v["value"], ours), f"{v['table']}, {v['network']} {v['precision']} {v['measure']}: {v['value']}, not {ours}")
            check(not v["low"] or float(v["low"]) <= float(v["value"]) <= float(v["high"]), f"{v['measure']}: an interval beside its value")
    check(looked > 0, "no number of maps and truths")


def check_order(rows, values):
    of = [v for v in values if v["table"].endswith("_sensitivity")]
    column = {}
    for v in of:
        if v["network"]:
            column.setdefault((re.sub("^(one_less|rank)_", "", v["measure"]), v["precision"]), {}).setdefault(
                v["measure"].split("_")[0], {})[v["network"]] = float(v["value"])
    for (measure, precision), numbers in column.items():
        if not measure.endswith("_published"):
            for network, value in numbers["one"].items():
                check(near(value, 1 - rows.mean(network, precision, measure)), f"sensitivity of {network}: {value}")
        names = list(numbers["one"])
        check(np.array_equal(ranks([numbers["one"][n] for n in names]), [numbers["rank"][n] for n in names]), f"ranks by {measure}")
    for v in of:
        if v["measure"].startswith("spearman"):
            ours = [c for (m, p), c in column.items() if m == ("cc_gradcampp" if v["measure"].endswith("corrected") else "cc_gradcampp-torchcam")][0]["one"]
            theirs = [c for (m, p), c in column.items() if m.endswith("_published")][0]["one"]
            both = [n for n in ours if n in theirs]
            check(near(v["value"], np.corrcoef(ranks([ours[n] for n in both]), ranks([theirs[n] for n in both]))[0, 1]), "rank correlation")
    return of


# ---- statements

def numbers(text, pattern):
    found = re.search(pattern, text)
    check(found is not None, f"no {pattern} in: {text}")
    return [float(x) for x in found.groups()] if found else []


def said(text, shown, what):
    """Numbers as a statement rounds them."""
    check(text is not None and all(abs(a - b) < 0.5001 * 10 ** -d for a, (b, d) in zip(text, shown)) and len(text) == len(shown),
          f"{what}: {text}, not {[round(b, d) for b, d in shown]}")


def statement(statements, subject):
    found = [s for s in statements if s.startswith(subject)]
    check(len(found) == 1, f"{len(found)} statements of {subject}")
    return found[0] if found else ""


def check_words(rows, statements):
    method = "gradcampp" if "gradcampp" in rows.methods else (rows.methods + ["eigen"])[1]
    first, others, f = rows.precisions[0], rows.precisions[1:], rows.f
    truth = {n: rows.mean(n, first, f"truth_cc_{method}") for n in rows.networks}
    head = statement(statements, f"Maps ({method}) and ")
    n = max(rows.values(k, first, f"truth_cc_{method}")[1].sum() for k in rows.networks)
    if len(rows.networks) > 1:
        said(numbers(head, r", (\d+) pictures: in .* correlate at (-?\d+\.\d+) to (-?\d+\.\d+); the bare centre reaches (-?\d+\.\d+)\."),
             [(n, 0), (min(truth.values()), 3), (max(truth.values()), 3), (rows.mean(rows.networks[0], first, "center_truth_cc"), 3)], "headline")

    verdicts, largest = {"lower": 0, "higher": 0, "open": 0, "few": 0}, (0, None)
    for k, network in enumerate(rows.networks):
        for p in others:
            d = {x: f[f"summary/difference/{p}/truth_cc_{method}/{x}"][k, 0] for x in ("images", "difference", "low", "high")}
            verdicts["few" if d["images"] < 20 else "open" if d["low"] <= 0 <= d["high"] else "lower" if d["difference"] < 0 else "higher"] += 1
            if largest[1] is None or abs(d["difference"]) > abs(largest[0]):
                largest = (expected(rows, network, p, f"truth_cc_{method}_difference"), f"of {network} in {p}.")
    text = statement(statements, "Quantization: ")
    said(numbers(text, r"of (\d+) pairs .* in (\d+), more in (\d+), and shows .* in (\d+)"),
         [(len(rows.networks) * len(others), 0), (verdicts["lower"], 0), (verdicts["higher"], 0), (verdicts["open"], 0)], "quantization")
    said(numbers(text, r"correlation is ([+-]\d+\.\d+) \["), [(largest[0], 3)], "largest change")
    check(text.endswith(largest[1]), f"largest change {largest[1]}: {text}")

    over, reached = {}, {}
    for b in ("center", "shuffled"):
        g, m = f[f"summary/baselines/{b}/truth_cc"], f[f"summary/measures/{first}/truth_cc_{method}"]
        over[b] = int((m["low"][:, 0] > g["high"][:, 0]).sum())
        reached[b] = np.mean([rows.mean(k, first, f"{b}_truth_cc") for k in rows.networks])
    said(numbers(statement(statements, "Centre: "), r"of (\d+) of (\d+) networks .* \(correlation (-?\d+\.\d+)\), (\d+) of \d+ better .* \((-?\d+\.\d+)\);"),
         [(over["center"], 0), (len(rows.networks), 0), (reached["center"], 3), (over["shuffled"], 0), (reached["shuffled"], 3)], "centre")

    if "state_masks" in f["images/saliency"]:
        text = statement(statements, "Objects (")
        for p in rows.precisions:
            said(numbers(text, rf" (-?\d+\.\d+) in {p}\b"), [(np.mean([rows.best(k, p, f"f_max_{method}") for k in rows.networks]), 3)], f"objects in {p}")
        said(numbers(text, r"centre reaches (-?\d+\.\d+)\."), [(np.mean([rows.best(k, first, "center_f_max") for k in rows.networks]), 3)], "objects, centre")

    text = statement(statements, "Same map: ")
    pairs = {(k, p): rows.mean(k, p, f"cc_{method}") for k in rows.networks for p in others}
    for p in others:
        said(numbers(text, rf" of {p} at (-?\d+\.\d+)"), [(np.mean([pairs[k, p] for k in rows.networks]), 4)], f"same map, {p}")
    k, p = min(pairs, key=pairs.get)
    check(f"least alike is {k} in {p}, {pairs[k, p]:.4f}." in text, f"least alike {k} {p} {pairs[k, p]}: {text}")

    if len(rows.methods) > 1:
        text = statement(statements, "Methods: ")
        for m in rows.methods:
            said(numbers(text, rf"by {m} at (-?\d+\.\d+)"), [(np.mean([rows.mean(k, first, f"truth_cc_{m}") for k in rows.networks]), 3)], f"method {m}")

    ok = {k: f[f"models/{k}/status"][:] == 1 for k in rows.networks}
    blank, flat = (sum(int(f[f"models/{k}/{p}/{c}_{method}"][:][ok[k]].sum()) for k in rows.networks for p in rows.precisions) for c in ("blank", "flat"))
    said(numbers(statement(statements, "Degenerate: "), r"(\d+) of (\d+) maps are 0 everywhere, (\d+) constant"),
         [(blank, 0), (sum(int(x.sum()) for x in ok.values()) * len(rows.precisions), 0), (flat, 0)], "degenerate")


def main():
    rows = Rows(sys.argv[1])
    with open(os.path.join(sys.argv[2], "values.csv"), newline="", encoding="utf-8") as lines:
        values = list(csv.DictReader(lines))
    with open(os.path.join(sys.argv[2], "report.json"), encoding="utf-8") as text:
        statements = json.load(text)["truth"]
    check_values(rows, values)
    check_order(rows, values)
    check_words(rows, statements)
    return check.finish()


if __name__ == "__main__":
    sys.exit(main())
