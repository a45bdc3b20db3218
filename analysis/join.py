#!/usr/bin/env python3
"""Joins two results over the same images: two builds, two machines, two bit widths. B is compared with A.

    analysis/join.py A.h5 B.h5                                 prints what differs
        --networks NET ...       of these (all that both have)
        --csv FOLDER             joined.csv (a row an image and network, the columns of both: NAME.a, NAME.b),
                                 answers.csv, differences.csv, rmse.csv, flips.csv

Images are matched by path, whatever their order; networks and precisions by name. Refused: no image in common; one path
with two true classes or two sizes, which is not one image; a network whose classes or maps are not of one shape;
results of another schema; unfinished ones. Whatever either lacks is said, and the rest is compared: images of one list
alone, images without a result, networks, precisions, and every setting of the jobs that differs.

For each network and precision:
    answers       whose first class, whose five classes differ; accuracy of both on the labelled images, the difference
                  with its interval, images that only A, only B answers rightly, McNemar's exact p
    bits          rows whose logits, whose projections are equal bit for bit; |correlation| of A's and B's projections
    differences   B less A, mean over images with its interval: probability of the first class, activation statistics
                  (real values), IoU at 0.2, areas of deletion and insertion, and RMSE against the first precision
    RMSE          its distribution in A and in B, in each reading of the sign; pairs flipped in either; selections
Intervals: 95 %, paired bootstrap of the mean, percentiles of 2,000 resamples of the images, drawn as quantcam draws
them (include/metric_test.h), so that they can be repeated. Curves exist where the selections of A and of B share an
image, and these images were chosen by their RMSE: they are no sample of all.

Needs what read_result.py needs. Exit code 1 and one sentence for what cannot be joined.
"""

import argparse
import math
import os

import numpy as np
import pandas as pd

from read_result import AT_20, READINGS, Refused, Result, command

REPLICATES, SEED, GOLDEN = 2000, 1, np.uint64(0x9E3779B97F4A7C15)
NAMED = 10                                                 # images, of more the count alone
MEASURES = ('probability_1', 'entropy_real', 'std_real', 'sparsity_real', f'iou_{AT_20}', f'iou_raw_{AT_20}',
            'deletion', 'insertion', 'deletion_raw', 'insertion_raw')
QUANTILES = {'least': 0, '5 %': 0.05, 'q1': 0.25, 'median': 0.5, 'q3': 0.75, '95 %': 0.95, 'most': 1}


# ---- how sure ----------------------------------------------------------------------------------------------------


def mix(x):
    """SplitMix64's finalizer of uint64."""
    x = (x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return x ^ x >> np.uint64(31)


def times_drawn(first, replicates, count):
    """(replicates, count): how often replicate first, first + 1, ... draws each of `count` rows."""
    stream = np.arange(first, first + replicates, dtype=np.uint64)[:, None]
    counter = np.arange((count + 1) // 2, dtype=np.uint64)[None]
    with np.errstate(over='ignore'):
        u = mix(mix(mix(np.uint64(SEED) + GOLDEN) + stream * GOLDEN + GOLDEN) + counter * GOLDEN + GOLDEN)
    half = np.stack([u >> np.uint64(32), u & np.uint64(0xFFFFFFFF)], axis=2).reshape(replicates, -1)[:, :count]
    row = (half * np.uint64(count) >> np.uint64(32)).astype(np.int64) + count * np.arange(replicates)[:, None]
    return np.bincount(row.ravel(), minlength=replicates * count).reshape(replicates, count)


def intervals(values):
    """values (n, k), finite -> (k, 3): each column's mean, low, high; a row is drawn with all its columns."""
    count = len(values)
    if count == 0:
        return np.full((values.shape[1], 3), np.nan)
    block = max(1, min(REPLICATES, 4_000_000 // count))
    means = np.concatenate([times_drawn(b, min(block, REPLICATES - b), count) @ values / count
                            for b in range(0, REPLICATES, block)])
    return np.stack([values.mean(axis=0), *np.quantile(means, [0.025, 0.975], axis=0)], axis=1)


def mcnemar(a, b):
    """p of the exact two-sided test of a against b: min(1, 2 P(X <= min(a, b))), X of a + b fair throws."""
    term, total = 1, 0
    for k in range(min(a, b) + 1):
        total += term
        term = term * (a + b - k) // (k + 1)
    return min(1.0, 2 * total / 2 ** (a + b))


# ---- what can be joined ------------------------------------------------------------------------------------------


def some(names):
    names = list(names)
    return ', '.join(names[:3]) + (f' and {len(names) - 3} more' if len(names) > 3 else '')


def same_images(a, b):
    """Refuses lists that share no image, and paths that are not one image. Says what is missing in either."""
    ia, ib = a.images().set_index('path'), b.images().set_index('path')
    both = ia.add_suffix('.a').join(ib.add_suffix('.b'), how='inner')
    if both.empty:
        raise Refused(f'{a.path} and {b.path} have no image in common: {ia.index[0]} in the one, {ib.index[0]} in the '
                      'other')
    other = both[(both['label.a'] != both['label.b']).fillna(False)]
    if len(other):
        row = other.iloc[0]
        raise Refused(f'{other.index[0]} is of class {row["label.a"]} in {a.path} and of class {row["label.b"]} in '
                      f'{b.path}: these are not the same images')
    seen = (both['width.a'] > 0) & (both['width.b'] > 0)
    other = both[seen & ((both['width.a'] != both['width.b']) | (both['height.a'] != both['height.b']))]
    if len(other):
        row = other.iloc[0]
        raise Refused(f'{other.index[0]} has {row["width.a"]} x {row["height.a"]} pixels in {a.path} and '
                      f'{row["width.b"]} x {row["height.b"]} in {b.path}: these are not the same images')
    print(f'{len(both)} images in both lists')
    for name, mine, theirs in (('A', ia, ib), ('B', ib, ia)):
        alone = mine.index.difference(theirs.index, sort=False)
        bad = mine.index[mine.status == 'BAD_IMAGE']
        print(f'only in {name}: {len(alone)}' + (f' ({some(alone)})' if len(alone) else '') +
              f'; without a result in {name}: {len(bad)}' + (f' ({some(bad)})' if len(bad) else ''))


def in_both(what, mine, theirs, wanted=None):
    """Names that both have, in A's order; says which one has alone."""
    both = [name for name in mine if name in theirs and (not wanted or name in wanted)]
    for name, alone in (('A', set(mine) - set(theirs)), ('B', set(theirs) - set(mine))):
        if alone:
            print(f'{what} only in {name}: {", ".join(sorted(alone))}')
    return both


def same_shape(a, b, network, precision):
    for name, what in (('logits', 'logits an image'), ('cam', 'pixels of a map')):
        path = f'/models/{network}/{precision}/{name}'
        shapes = [r.file[path].shape[1:] if r.has(path) else r.read(path) for r in (a, b)]
        if shapes[0] != shapes[1]:
            x, y = (' x '.join(map(str, shape)) for shape in shapes)
            raise Refused(f'{network} {precision}: {what}: {x} in {a.path}, {y} in {b.path}: these are not forms of '
                          'one network')


def say_settings(a, b):
    """The lines of the jobs, and of how the pictures were prepared, that differ."""
    jobs = [{'quantcam': r.version, **r.job, **{k: v for k, v in r.provenance.items() if k.startswith('preprocess.')}}
            for r in (a, b)]
    differ = [key for key in {**jobs[0], **jobs[1]} if jobs[0].get(key) != jobs[1].get(key)]
    print('the jobs differ in nothing that is recorded' if not differ else 'the jobs differ in')
    for key in differ:
        x, y = (job.get(key, 'not there')[:12 if key.endswith('sha256') else None] for job in jobs)
        print(f'  {key}: {x} in A, {y} in B')


# ---- one network ---------------------------------------------------------------------------------------------------


def joined(a, b, network):
    """A row an image with a result in both; columns NAME.a and NAME.b, index path."""
    a, b = (r.rows([network]).drop(columns='network').set_index('path') for r in (a, b))
    return a.add_suffix('.a').join(b.add_suffix('.b'), how='inner')


def equal_rows(a, b, rows, network, precision):
    """Of the joined rows: how many have equal logits, equal projections, and |correlation| of the projections (n)."""
    of = []
    for name in ('logits', 'cam'):
        path, sides = f'/models/{network}/{precision}/{name}', ((a, 'image.a'), (b, 'image.b'))
        x, y = (r.read(path)[rows[image].to_numpy()].reshape(len(rows), -1) for r, image in sides)
        of.append((x == y).all(axis=1))
    x, y = (v.astype(float) - v.mean(axis=1, keepdims=True, dtype=float) for v in (x, y))
    norm = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    correlation = np.abs((x * y).sum(axis=1)) / np.where(norm > 0, norm, 1)
    return of[0].sum(), of[1].sum(), np.where(of[1], 1, correlation)


def answers(a, b, rows, network, precision):
    """One line: how the answers of A and B differ."""
    first = rows[f'{precision}_class_1.a'] != rows[f'{precision}_class_1.b']
    five = [np.sort(rows[[f'{precision}_class_{i}.{side}' for i in range(1, 6)]].to_numpy(), axis=1) for side in 'ab']
    right = rows[[f'{precision}_right.a', f'{precision}_right.b']].dropna().astype(int).to_numpy()
    mean, low, high = intervals(100.0 * (right[:, 1:] - right[:, :1]))[0]
    only = [int((right[:, i] > right[:, 1 - i]).sum()) for i in (0, 1)]
    logits, maps, correlation = equal_rows(a, b, rows, network, precision)
    accuracy = 100 * right.mean(axis=0) if len(right) else (np.nan, np.nan)
    return {'network': network, 'precision': precision, 'images': len(rows), 'other_answer': int(first.sum()),
            'other_five': int((five[0] != five[1]).any(axis=1).sum()),
            'equal_logits': int(logits), 'equal_maps': int(maps),
            'correlation_mean': correlation.mean(), 'correlation_least': correlation.min(), 'labelled': len(right),
            'top1_a': accuracy[0], 'top1_b': accuracy[1], 'difference': mean, 'low': low, 'high': high,
            'only_a': only[0], 'only_b': only[1], 'p': mcnemar(*only)}


def differences(rows, network, precision):
    """Lines: B less A of each measure that both have, over the images that have it in both."""
    names = [f'{precision}_{m}' for m in (*MEASURES, *(f'rmse_{reading}' for reading in READINGS))]
    names = [n for n in names if f'{n}.a' in rows and f'{n}.b' in rows]
    a, b = (rows[[f'{n}.{side}' for n in names]].to_numpy(float) for side in 'ab')
    known, lines = ~np.isnan(a) & ~np.isnan(b), {}
    for mask in {tuple(k) for k in known.T}:               # measures of the same images share their draws
        keep, columns = np.array(mask), np.flatnonzero((known.T == mask).all(axis=1))
        found = intervals((b - a)[keep][:, columns])
        for i, (mean, low, high) in zip(columns, found):
            x, y = (v[keep, i].mean() if keep.any() else np.nan for v in (a, b))
            lines[i] = {'network': network, 'precision': precision, 'measure': names[i].removeprefix(f'{precision}_'),
                        'images': int(keep.sum()), 'a': x, 'b': y, 'difference': mean, 'low': low, 'high': high}
    return [lines[i] for i in sorted(lines)]


def distributions(rows, network, precision):
    """Lines: mean and quantiles of the RMSE against the first precision, each file, each reading; 0-255."""
    return [{'network': network, 'precision': precision, 'reading': reading, 'file': side.upper(), 'images': len(rows),
             'mean': rows[f'{precision}_rmse_{reading}.{side}'].mean(),
             **{name: rows[f'{precision}_rmse_{reading}.{side}'].quantile(part) for name, part in QUANTILES.items()}}
            for reading in READINGS for side in 'ab']


def flips(rows, network, precision):
    """Pairs of opposite sign: in both, in one alone."""
    a, b = (rows[f'{precision}_sign_flipped.{side}'].astype(bool) for side in 'ab')
    return {'network': network, 'precision': precision, 'images': len(rows), 'both': int((a & b).sum()),
            'only_a': int((a & ~b).sum()), 'only_b': int((b & ~a).sum())}


# ---- said aloud ----------------------------------------------------------------------------------------------------


def say_answers(rows, line):
    p, n = line['precision'], line['images']
    print(f'  {p}: another answer in {line["other_answer"]} of {n} images, other five in {line["other_five"]}; equal '
          f'bit for bit: logits of {line["equal_logits"]}, maps of {line["equal_maps"]}; |correlation| of the maps '
          f'{line["correlation_mean"]:.4f}, least {line["correlation_least"]:.4f}')
    if line['labelled']:
        print(f'  {p}: top-1 {line["top1_a"]:.3f} % in A, {line["top1_b"]:.3f} % in B: {line["difference"]:+.3f} '
              f'[{line["low"]:+.3f}, {line["high"]:+.3f}] points; only A right {line["only_a"]}, only B right '
              f'{line["only_b"]}, McNemar\'s p {line["p"]:.3g}')
    changed = rows[rows[f'{p}_class_1.a'] != rows[f'{p}_class_1.b']]
    for path, row in changed.head(NAMED).iterrows():
        said = ', '.join(f'{s.upper()} {row[f"{p}_class_1.{s}"]} ({row[f"{p}_probability_1.{s}"]:.3f})' for s in 'ab')
        print(f'    {path}: {said}, true {"unknown" if pd.isna(row["label.a"]) else row["label.a"]}')
    if len(changed) > NAMED:
        print(f'    and {len(changed) - NAMED} more')


def say_differences(lines):
    print('  B less A, mean over images [95 % interval]')
    for line in lines:
        name = f'{line["precision"]} {line["measure"]}'
        if not line['images']:
            print(f'    {name:28s} no images in both')
            continue
        print(f'    {name:28s} A {line["a"]:10.4f}  B {line["b"]:10.4f}  {line["difference"]:+10.4f} '
              f'[{line["low"]:+.4f}, {line["high"]:+.4f}]  {line["images"]} images')


def say_rmse(lines, flipped):
    for line in lines:
        what = f'RMSE {line["precision"]}, {line["reading"]} sign'
        parts = '  '.join(f'{name} {line[name]:.2f}' for name in ('mean', *QUANTILES))
        print(f'    {what:26s} {line["file"]}  {parts}')
    print(f'    pairs of opposite sign, {flipped["precision"]}: in both {flipped["both"]}, only in A '
          f'{flipped["only_a"]}, only in B {flipped["only_b"]}')


def say_selections(rows, selections):
    for s in selections:
        a, b = rows[f'in_{s}.a'], rows[f'in_{s}.b']
        print(f'    selection {s}: {a.sum()} images in A, {b.sum()} in B, {(a & b).sum()} in both')


# ---- the command ---------------------------------------------------------------------------------------------------


def compare(a, b, network, precisions, selections, tables):
    """Prints one network; adds its lines to the tables. The table of its joined rows is returned."""
    rows = joined(a, b, network)
    print(f'\n{network}: {len(rows)} images with a result in both')
    if rows.empty:
        return rows
    for p in precisions:
        tables['answers'].append(answers(a, b, rows, network, p))
        say_answers(rows, tables['answers'][-1])
    lines = [line for p in precisions for line in differences(rows, network, p)]
    tables['differences'] += lines
    say_differences(lines)
    for p in precisions:
        if p in a.others and p in b.others:
            lines, flipped = distributions(rows, network, p), flips(rows, network, p)
            tables['rmse'] += lines
            tables['flips'].append(flipped)
            say_rmse(lines, flipped)
    say_selections(rows, selections)
    return rows


def write_csv(folder, tables):
    try:
        os.makedirs(folder, exist_ok=True)
        for name, table in tables.items():
            table.to_csv(os.path.join(folder, f'{name}.csv'), index=False)
    except OSError as e:
        raise Refused(f'{e.filename or folder}: {e.strerror or e}') from None
    print(f'\n{len(tables)} files in {folder}: {", ".join(tables)}')


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('a', metavar='A.h5')
    p.add_argument('b', metavar='B.h5')
    p.add_argument('--networks', metavar='NET', nargs='+')
    p.add_argument('--csv', metavar='FOLDER')
    args = p.parse_args()
    a, b = Result(args.a), Result(args.b)
    a.named(args.networks), b.named(args.networks)
    print(f'A {a.path}, B {b.path}')
    same_images(a, b)
    networks = in_both('networks', a.networks, b.networks, args.networks)
    precisions = in_both('precisions', a.precisions, b.precisions)
    selections = in_both('selections', a.selections, b.selections)
    if not networks or not precisions or a.first != b.first:
        raise Refused(f'{a.path} has {", ".join(a.networks)} in {", ".join(a.precisions)}, {b.path} '
                      f'{", ".join(b.networks)} in {", ".join(b.precisions)}: no network and first precision in both')
    for network in networks:
        for precision in precisions:
            same_shape(a, b, network, precision)
    say_settings(a, b)
    tables = {'answers': [], 'differences': [], 'rmse': [], 'flips': []}
    rows = {network: compare(a, b, network, precisions, selections, tables) for network in networks}
    if args.csv:
        everything = pd.concat(rows, names=['network', 'path']).reset_index()
        write_csv(args.csv, {'joined': everything, **{name: pd.DataFrame(lines) for name, lines in tables.items()}})


if __name__ == '__main__':
    command(main)
