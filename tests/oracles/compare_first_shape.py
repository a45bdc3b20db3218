#!/usr/bin/env python3
"""Is every dataset of a result of the first shape in a result of the second, with the same bits?

    compare_first_shape.py OLD.h5 NEW.h5

OLD: of commit cfb8a2e (schema 3), NEW: of this program. Both are of one job in fp32 and int8, of the same pictures, with
`select.by = raw,resolved,aligned`. RULES says where an old dataset went and which values are expected there. The second
shape stores int8's map in the sign that is aligned with fp32's, the first shape in int8's own: what depends on that sign
is compared where both are one, and its other rows are counted. Prints a line a rule; exits 1 where a dataset differs that
no rule explains.
"""
import collections
import re
import sys

import h5py
import numpy as np

READINGS = "raw", "resolved", "aligned"
ALIGNED = "of int8's sign: rows whose sign is as it was"
GALLERY = "ranked by aligned, not resolved: pictures of both"
RENAMED = "renamed"
MEASURE = "a measure a dataset: /summary/measures"


class Pair:
    """Both files, and what int8's sign of each picture of a network did."""

    def __init__(self, old, new):
        self.old, self.new = old, new

    def turned(self, net):
        """(N) is the stored sign another than int8's own?"""
        return self.new[f"/models/{net}/int8/own_sign"][:] < 0

    def turned_places(self, net):
        image = self.new[f"/models/{net}/subset/image"][:]
        return np.where(image < 0, False, self.turned(net)[np.maximum(image, 0)])

    def any_turned(self, sets):
        """(K, set): does the set hold a turned picture, so that its summary may be another?"""
        nets = [n.decode() for n in self.new["/network"][:]]
        names = [s.decode() for s in self.new["/set"][:]]
        out = np.zeros((len(nets), len(names)), bool)
        for k, net in enumerate(nets):
            out[k, 0] = self.turned(net).any()
            for s, name in enumerate(names[1:], 1):
                out[k, s] = (self.turned_places(net) & (self.new[f"/models/{net}/subset/in_{name}"][:] > 0)).any()
        return out


def same(pair, match, values):
    return values, None


def aligned_map(pair, match, values):
    turned = pair.turned(match[1]).reshape((-1,) + (1,) * (values.ndim - 1))
    return np.where(turned, -values, values), None


def rows(pair, match, values):
    return values, ~pair.turned(match[1])


def places(pair, match, values):
    return values, ~pair.turned_places(match[1])


def sets(pair, match, values):
    return values, ~pair.any_turned(values)


def column(k):
    return lambda pair, match, values: (values[:, :, k], None)


def share(pair, match, values):
    """A count of pictures: the mean of 0 and 1."""
    count = pair.old["/summary/subset/count"][:]
    return np.where(count > 0, values / np.maximum(count, 1), 0), None


DIFF = "/summary/difference/int8/"
# (old path, new path or None, expected values, why)
RULES = [
    (r"/(job|provenance|checksums|complete)", None, None, "texts and closing datasets: of the file itself"),
    (r"/timing/.*", None, None, "times"),
    (r"/images/crc|/models/[^/]+/(subset/)?crc", None, None, "CRCs of rows, which have other fields"),
    (r"/(set|reading|sign)", None, None, "names on axes: sets by precision, aligned in place of resolved"),
    (r"/(y|x)", None, None, "axes of the input: one a network, /models/<net>/y"),
    (r"/gallery/.*_top.*", None, None, GALLERY),
    (r"/models/([^/]+)/int8/cam", r"/models/\1/int8/cam", aligned_map, "int8's map, negative where it was turned"),
    (r"/models/([^/]+)/int8/raw_sign", r"/models/\1/int8/raw_sign", aligned_map, "relative to the stored sign"),
    (r"/models/([^/]+)/int8/(wsol/(?:iou|box|right))", r"/models/\1/int8/\2", rows, ALIGNED),
    (r"/models/([^/]+)/int8/vs_fp32/(spearman|cosine|ssim|top_iou|peak_distance|box_iou)",
     r"/models/\1/int8/vs_fp32/\2", rows, ALIGNED),
    (r"/models/([^/]+)/subset/in_(raw|resolved|aligned)", r"/models/\1/subset/in_\2_int8", same, RENAMED),
    (r"/models/([^/]+)/subset/(int8/(?:cam_u8|(?:deletion|insertion)_(?:curve|logits)(?:_on_fp32)?))",
     r"/models/\1/subset/\2", places, ALIGNED),
    (r"/summary/activation/(fp32|int8)/(\w+)", r"/summary/measures/\1/\2/mean", same, MEASURE),
    (r"/summary/comparison/int8/(\w+)", r"/summary/measures/int8/vs_fp32/\1/mean", sets, MEASURE),
    (r"/summary/curves/fp32/(deletion|insertion)(_raw)?", r"/summary/measures/fp32/\1\2/mean", same, MEASURE),
    (r"/summary/curves/int8/(deletion|insertion)_raw", r"/summary/measures/int8/\1_raw/mean", same, MEASURE),
    (r"/summary/curves/int8/(deletion|insertion)", r"/summary/measures/int8/\1/mean", sets, MEASURE),
    (r"/summary/curves/int8/(\w+_curve)", r"/summary/curves/int8/\1", sets, ALIGNED),
    (r"/summary/cross/int8/(deletion|insertion)_fp32_on_int8", r"/summary/measures/fp32/\1_on_int8/mean", same, MEASURE),
    (r"/summary/cross/int8/(deletion|insertion)_int8_on_fp32", r"/summary/measures/int8/\1_on_fp32/mean", sets, MEASURE),
    (r"/summary/rmse/int8/correlation", r"/summary/measures/int8/vs_fp32/correlation/mean", same, MEASURE),
    (r"/summary/rmse/int8/(sign_flipped|raw_undefined)", r"/summary/measures/int8/vs_fp32/\1/mean", share, MEASURE),
    (r"/summary/wsol/int8/vs_fp32/difference_(low|high)", None, None,
     "a second interval of /summary/difference's iou, of other draws"),
    (DIFF + r"(entropy|std|sparsity)/(\w+)", DIFF + r"\1_real/\2", same, RENAMED),
    (DIFF + r"(deletion|insertion|iou|(?:deletion|insertion)_on_\w+)/(difference|low|high)", DIFF + r"\1/\2", sets, ALIGNED),
    (r"/summary/wsol/int8/(\w+)", r"/summary/wsol/int8/\1", sets, ALIGNED),
]
for k, reading in enumerate(READINGS):
    for name, to in ("mean", "mean"), ("median", "median"), ("mean_low", "low"), ("mean_high", "high"):
        RULES.append((f"/summary/rmse/int8/{name}", f"/summary/measures/int8/vs_fp32/rmse_{reading}/{to}", column(k), MEASURE))


def datasets(file):
    out = {}
    file.visititems(lambda name, o: out.__setitem__("/" + name, o) if isinstance(o, h5py.Dataset) else None)
    return out


def rules_of(path, pair):
    """[(new path, function, why, match)]: a dataset may go to several places."""
    out = [(re.sub(pattern, to, path) if to else None, f, why, re.fullmatch(pattern, path))
           for pattern, to, f, why in RULES if re.fullmatch(pattern, path)]
    if re.fullmatch(r"/summary/methods/int8/\w+", path):
        for m, name in enumerate(pair.old["/method"][:]):
            kind, _, what = path.rsplit("/", 1)[1].partition("_")
            out.append((f"/summary/measures/int8/vs_fp32/{kind}_{name.decode()}/{what or 'mean'}", column(m), MEASURE, None))
    if path == "/summary/wsol/int8/vs_fp32/difference":
        out = [(f"{DIFF}iou{raw}/difference", lambda pair, m, v, c=c, raw=raw: (v[:, :, c], None if raw else sets(pair, m, v)[1]),
                "the pairs' difference of the IoU: /summary/difference", None) for c, raw in ((0, ""), (1, "_raw"))]
    return out or [(path, same, "equal", None)]


def equal(expected, found, where):
    """Equal bits, but for the type: an f32 and the same value in f64 are equal."""
    if expected.dtype.kind == "S" or found.dtype.kind == "S":
        return expected.shape == found.shape and (expected == found).all()
    if expected.shape != found.shape:
        return False
    both = np.broadcast_to(True, expected.shape) if where is None else np.broadcast_to(
        where.reshape(where.shape + (1,) * (expected.ndim - where.ndim)), expected.shape)
    return (expected.astype(found.dtype)[both] == found[both]).all()


def main():
    old, new = h5py.File(sys.argv[1]), h5py.File(sys.argv[2])
    pair, there, count, wrong = Pair(old, new), datasets(new), collections.Counter(), []
    skipped = compared = 0
    for path, dataset in sorted(datasets(old).items()):
        for to, function, why, match in rules_of(path, pair):
            count[why] += 1
            if to is None:
                continue
            if to not in there:
                wrong.append(f"{path}: {to} is not there")
                continue
            expected, where = function(pair, match, dataset[...])
            if where is not None:
                skipped += int((~where).sum())
                compared += int(where.sum())
            if not equal(expected, there[to][...], where):
                wrong.append(f"{path} is not as {to}")
    for why, n in count.most_common():
        print(f"{n:5d}  {why}")
    print(f"rows and cells that depend on int8's sign: {compared} compared, {skipped} are of turned maps")
    for line in wrong:
        print("DIFFERS", line)
    print(f"{sum(count.values())} datasets of {sys.argv[1]}, {len(wrong)} differ without a reason")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
