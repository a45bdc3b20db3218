#!/usr/bin/env python3
"""Reads a result of quantcam into pandas tables. Start here: this is how the file is to be read.

    analysis/read_result.py RESULT.h5                          prints a summary
    analysis/read_result.py RESULT.h5 --csv FOLDER             images.csv, rows.csv and a file a table of /summary

    from read_result import Result
    r = Result('results/demo.h5')
    r.images()                                                 a row an image of the list, what became of it
    r.rows()                                                   a row an image and network: answers, readings, boxes
    r.labelled('/summary/measures/int8/vs_fp32/rmse_aligned/mean')['resnet18', 'all']
    r.summary()                                                {name: table} of all that the job has averaged
    r.read('/models/resnet18/int8/cam')                        any dataset as it stands, as a numpy array

Finished or not. RESULT.h5 appears when the job is done: /complete is 1, and /checksums has the SHA-256 of every
dataset (`quantcam verify` compares them; this script does not). RESULT.h5.part is a job under way or stopped: it
opens at any time and holds the rows done so far; /summary is filled last, so that only rows can be read from it.

Rows. Three groups have a dataset `status`, a byte a row, and are read where it says OK:
    /images                N rows, image i of the list: its size, or why it could not be used
    /models/NET            N rows, image i: answers, maps, readings
    /models/NET/subset     S places: `image` is the image at that place, in_SELECTION = 1 where the selection has it;
                           curves, full-size maps
    0 MISSING     not computed (yet): the rest of the row means nothing
    1 OK          done
    2 BAD_IMAGE   done: the image could not be used; the rest is zeros, not answers
    3 UNUSED      done: a place that no image took, because the selections overlap

Precisions. /precision names them; the first, fp32, is what the others are compared with: /models/NET/int8/vs_fp32.
/set names the sets that /summary is about: all, then the selections, each network's own. raw: largest RMSE of maps in
LAPACK's sign, as published; aligned: each map in the sign of the first precision's; control: as many at random.

Signs. `cam` is the projection in the aligned sign; raw_sign * cam is LAPACK's (0: undefined, the aligned one takes
its place).

Domains. _int is measured on the stored integers of a quantized layer (unit: one step of its scale), _real on real
values. They are different quantities: never compare or average one with the other. An activation's real value is
activation_scale * (code - activation_zero_point).

Units. Every dataset has the attributes `units` and `long_name`, and its axes are named by dimension scales. RMSE: of
maps on the scale 0-255. Boxes: x0 y0 x1 y1, both ends included, in pixels of the crop that the network sees. IoU and
areas: 0-1. Accuracy: per cent.

Needs h5py, numpy, pandas (analysis/requirements.txt). Exit code 1 and one sentence for a file that cannot be read.
"""

import argparse
import os
import signal
import sys

import h5py
import numpy as np
import pandas as pd

SCHEMA = 5,                                      # include/store.h, STORE_SCHEMA_VERSION
MISSING, OK, BAD_IMAGE, UNUSED = range(4)
STATUS = ('MISSING', 'OK', 'BAD_IMAGE', 'UNUSED')
READINGS = ('raw', 'resolved', 'aligned')        # of the sign of a pair of maps
EDGES = ('x0', 'y0', 'x1', 'y1')
AT_20 = 't0.20'                                  # the rule that tables and figures use: 0.2 of the map's maximum


class Refused(Exception):
    """What cannot be read or drawn, in one sentence."""


def command(main):
    """Runs a script's main; what it refuses is one line on stderr and exit code 1."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)          # `| head` is no failure
    try:
        main()
    except Refused as e:
        sys.exit(f'{os.path.basename(sys.argv[0])}: {e}')


def settings(text):
    """{key: value} of lines `key = value`, as in /job and /provenance."""
    return dict(line.split(' = ', 1) for line in text.splitlines() if ' = ' in line)


def area(curve):
    """(rows, steps + 1) -> (rows): area under each curve by the trapezoid rule over the fraction of pixels, 0-1."""
    curve = curve.astype(np.float64)
    return (curve.sum(axis=1) - curve[:, 0] / 2 - curve[:, -1] / 2) / (curve.shape[1] - 1)


def boolean(values, known):
    """pandas' boolean, NA where not known."""
    out = pd.array(np.asarray(values, bool), 'boolean')
    out[~known] = pd.NA
    return out


def integer(values, known):
    """pandas' Int64, NA where not known."""
    out = pd.array(np.asarray(values, np.int64), 'Int64')
    out[~known] = pd.NA
    return out


class Result:
    """One result file. Everything is read when it is asked for; only what is asked for is in memory."""

    def __init__(self, path, unfinished=False):
        """unfinished: a job's RESULT.h5.part will do, too."""
        self.path = str(path)
        try:
            self.file = h5py.File(self.path, 'r')
        except OSError as e:
            why = os.strerror(e.errno).lower() if e.errno else 'not an HDF5 file, or damaged'
            if isinstance(e, FileNotFoundError) and os.path.exists(self.path + '.part'):
                why = f'not finished yet: {self.path}.part holds the rows done so far'
            raise Refused(f'{self.path}: {why}') from None
        if not all(name in self.file for name in ('job', 'network', 'precision', 'set', 'models', 'complete')):
            raise Refused(f'{self.path}: not a result of `quantcam run`')
        version = int(self.file.attrs.get('schema_version', -1))
        if version not in SCHEMA:
            raise Refused(f'{self.path}: its schema is version {version}, this script reads version {SCHEMA[0]} to {SCHEMA[-1]}')
        self.finished = bool(self.read('/complete')[0])
        if not self.finished and not unfinished:
            raise Refused(f'{self.path}: the job has not finished; run it again to resume')
        self.networks, self.precisions, self.sets = (list(self.read(p)) for p in ('/network', '/precision', '/set'))
        self.first, self.others, self.selections = self.precisions[0], self.precisions[1:], self.sets[1:]
        self.rules = list(self.read('/rule'))
        self.measures = dict(zip(self.read('/measure'), self.read('/measures/kind')))      # name: of what
        self.job = settings(self.read('/job')[0])                  # what the result depends on
        self.provenance = settings(self.read('/provenance')[0])    # where the inputs lay
        self.version = np.bytes_(self.file.attrs.get('quantcam_version', b'?')).decode()
        self.count = len(self.read('/images/status'))

    # ---- datasets ------------------------------------------------------------------------------------------------

    def has(self, path):
        return path in self.file

    def read(self, path, rows=slice(None)):
        """A dataset, or some of its rows (a slice, or one row's number), as a numpy array; texts as str."""
        try:
            data = self.file[path][rows]
        except (KeyError, OSError, ValueError, TypeError, IndexError, AttributeError):
            raise Refused(f'{self.path}: {path} is missing or cannot be read') from None
        if data.dtype.kind != 'S':
            return data
        if data.shape == ():
            return data.decode('utf-8', 'replace')
        return np.array([x.decode('utf-8', 'replace') for x in data.ravel()], object).reshape(data.shape)

    def axes(self, path):
        """[(name, values)] of a dataset's axes, from its dimension scales; one without is counted, called `index`."""
        dataset = self.file[path]
        if dataset.shape == (1,) and not len(dataset.dims[0]):
            return []
        return [(os.path.basename(dim[0].name), list(self.read(dim[0].name))) if len(dim) else ('index', range(length))
                for dim, length in zip(dataset.dims, dataset.shape)]

    def labelled(self, path):
        """A dataset as a pandas Series whose index says what each value belongs to: network, set, reading, ..."""
        values, axes, name = self.read(path).ravel(), self.axes(path), os.path.basename(path)
        if not axes:
            return pd.Series(values, name=name)
        index = pd.MultiIndex.from_product([v for _, v in axes], names=[n for n, _ in axes])
        return pd.Series(values, index, name=name)

    def summary(self):
        """{name: table} of /summary. 'measures': images, mean, low, high (95 % interval of the mean), median and sd of
        every measure; 'difference': those of each precision less the first; both with a line a precision, measure,
        network and set. Datasets of another folder with the same axes are the columns of one table, its name
        FOLDER.AXIS.AXIS...: 'accuracy/fp32.network.set', 'accuracy/fp32.network'."""
        if not self.finished:
            raise Refused(f'{self.path}: the job has not finished: it has no /summary yet')
        tables, parts = {}, {'measures': {}, 'difference': {}}

        def visit(name, item):
            if not isinstance(item, h5py.Dataset):
                return
            folder, column = name.rsplit('/', 1) if '/' in name else ('', name)
            root, *who = folder.split('/')
            if root in parts:
                parts[root].setdefault(('/'.join(who[:-1]), who[-1]), {})[column] = self.labelled(item.name)
            else:
                key = '.'.join([folder, *(axis for axis, _ in self.axes(item.name))])
                tables.setdefault(key, {})[column] = self.labelled(item.name)

        self.file['summary'].visititems(visit)
        long = {root: pd.concat({key: pd.DataFrame(columns) for key, columns in part.items()}, names=['precision', 'measure'])
                for root, part in parts.items() if part}
        return {key: pd.DataFrame(columns) for key, columns in tables.items()} | long

    # ---- images and rows -----------------------------------------------------------------------------------------

    def images(self):
        """A row an image of the list: path, label (true class, NA = unknown), its name, width, height (pixels, 0 = not
        decoded), boxes (how many true ones), status, error (why it could not be used)."""
        label = self.read('/images/class_index')
        names = self.read('/images/class_name') if self.has('/images/class_name') else []
        return pd.DataFrame({
            'path': self.read('/images/path'),
            'label': integer(label, label >= 0),
            'class_name': [names[k] if 0 <= k < len(names) else '' for k in label],
            'width': self.read('/images/width'), 'height': self.read('/images/height'),
            'boxes': self.read('/images/box_count'),
            'status': [STATUS[s] for s in self.read('/images/status')],
            'error': self.read('/images/error'),
        }, index=pd.RangeIndex(self.count, name='image'))

    def find(self, path):
        """Number of the image of that path, or the only one whose path ends in it behind a '/'."""
        paths = self.read('/images/path')
        found = np.flatnonzero(paths == path)
        if not len(found):
            found = np.flatnonzero([p.endswith('/' + path) for p in paths])
        if len(found) != 1:
            raise Refused(f"{self.path}: {len(found) or 'no'} images end in '{path}'")
        return int(found[0])

    def named(self, networks):
        """The networks of that name, all where none is named."""
        for network in networks or ():
            if network not in self.networks:
                raise Refused(f'{self.path}: no network {network}; it has {", ".join(self.networks)}')
        return networks or self.networks

    def selection(self, reading, precision):
        """The selection by a reading of that precision: `raw_int8`, or `raw`; None where the job has none."""
        return next((s for s in (f'{reading}_{precision}', reading) if s in self.selections), None)

    def done(self, network):
        """Numbers of the images that have a result of this network, (n)."""
        return np.flatnonzero(self.read(f'/models/{network}/status') == OK)

    def members(self, network):
        """{selection: (N) bool}: which images it holds, those with a result."""
        subset, inside = f'/models/{network}/subset', {}
        image = self.read(f'{subset}/image')
        for selection in self.selections:
            inside[selection] = np.zeros(self.count, bool)
            inside[selection][image[(image >= 0) & (self.read(f'{subset}/in_{selection}') == 1)]] = True
        return inside

    def rows(self, networks=None):
        """A row an image and network, those with a result. Columns, PREC every precision, OTHER all but the first:
            network, image, path, label (NA = unknown)
            PREC_class_1 .. _5, PREC_probability_1 .. _5    the answers, largest logit first; softmax
            PREC_right, PREC_right_5                        is the label the first, among the five? NA without label
            PREC_raw_sign, _own_sign, _constant, and every measure of one precision: _sigma_ratio, _entropy_real, _entropy_int, ...
            PREC_iou_RULE, PREC_iou_raw_RULE                RULE t0.15 t0.20 t0.50 otsu best; NaN: no true box
            PREC_box_x0 .. _y1                              at 0.2; NA: no foreground
            OTHER_rmse_raw, _rmse_resolved, _sign_flipped, ...      every measure of the pair with the first precision
                                                            (raw: in the aligned sign where a raw_sign is 0)
            in_SELECTION                                    membership
            PREC_deletion, _insertion, _deletion_raw, _insertion_raw      areas, 0-1; NaN: no curve, not selected
        """
        paths, labels = self.read('/images/path'), self.read('/images/class_index')
        return pd.concat([self._rows_of(n, paths, labels) for n in self.named(networks)], ignore_index=True)

    def _rows_of(self, network, paths, labels):
        ok = self.done(network)
        label = labels[ok]
        columns = {'network': network, 'image': ok, 'path': paths[ok], 'label': integer(label, label >= 0)}
        for p in self.precisions:
            columns |= self._answers(network, p, ok, label)
            columns |= self._numbers(network, p, ok) | self._boxes(network, p, ok)
        for p in self.others:
            columns |= self._pairs(network, p, ok)
        columns |= {f'in_{s}': inside[ok] for s, inside in self.members(network).items()}
        for p in self.precisions:
            columns |= self._areas(network, p, ok)
        return pd.DataFrame(columns)

    def _answers(self, network, precision, ok, label):
        top, score = (self.read(f'/models/{network}/{precision}/{x}')[ok] for x in ('top5', 'score5'))
        columns = {f'{precision}_class_{i + 1}': top[:, i] for i in range(top.shape[1])}
        columns |= {f'{precision}_probability_{i + 1}': score[:, i] for i in range(score.shape[1])}
        right = top == label[:, None]
        return columns | {f'{precision}_right': boolean(right[:, 0], label >= 0),
                          f'{precision}_right_5': boolean(right.any(axis=1), label >= 0)}

    def _numbers(self, network, precision, ok):
        group = f'/models/{network}/{precision}'
        names = ['raw_sign', 'own_sign', 'constant', *(m for m, kind in self.measures.items() if kind in ('one', 'one of codes'))]
        return {f'{precision}_{name}': self.read(f'{group}/{name}')[ok] for name in names if self.has(f'{group}/{name}')}

    def _boxes(self, network, precision, ok):
        group, columns = f'/models/{network}/{precision}/wsol', {}
        for name in ('iou', 'iou_raw'):
            iou = self.read(f'{group}/{name}')[ok].astype(np.float64)
            iou[iou < 0] = np.nan
            columns |= {f'{precision}_{name}_{rule}': iou[:, i] for i, rule in enumerate(self.rules)}
        box = self.read(f'{group}/box')[ok]
        return columns | {f'{precision}_box_{edge}': integer(box[:, i], box[:, 0] >= 0) for i, edge in enumerate(EDGES)}

    def _pairs(self, network, precision, ok):
        group = f'/models/{network}/{precision}/vs_{self.first}'
        columns = {f'{precision}_{name}': self.read(f'{group}/{name}')[ok] for name, kind in self.measures.items() if kind == 'pair'}
        for name in ('sign_flipped', 'raw_undefined', 'same_top1'):
            columns[f'{precision}_{name}'] = columns[f'{precision}_{name}'] > 0
        return columns

    def _areas(self, network, precision, ok):
        """Of the images that a place of the subset holds."""
        subset, columns = f'/models/{network}/subset', {}
        image, status = self.read(f'{subset}/image'), self.read(f'{subset}/status')
        used = (image >= 0) & (status == OK)
        for name in ('deletion', 'insertion', 'deletion_raw', 'insertion_raw'):
            kind, raw = name.removesuffix('_raw'), '_raw' if name.endswith('_raw') else ''
            path = f'{subset}/{precision}/{kind}_curve{raw}'
            if self.has(path):
                of = np.full(self.count, np.nan)
                of[image[used]] = area(self.read(path)[used])
                columns[f'{precision}_{name}'] = of[ok]
        return columns


# ---- the command ---------------------------------------------------------------------------------------------------


def overview(r, network):
    """A table of one network, of texts: a line a quantity, a column a set of images. From /summary."""
    lines = {}

    def add(text, path, scale=1, of='/summary/subset/count', without=None):
        """of: the dataset that counts the images behind the value, without: the share of them without one; - where none."""
        if not r.has(path):
            return
        values, counts = r.labelled(path), r.labelled(of) * (1 - (r.labelled(without) if without else 0))
        lines[text] = ['-' if counts[network, s] <= 0 else f'{scale * values[network, s]:.3f}' if values.dtype.kind == 'f'
                       else str(values[network, s]) for s in r.sets]

    def mean(text, group, **more):
        add(text, f'/summary/measures/{group}/mean', of=f'/summary/measures/{group}/images', **more)

    add('images', '/summary/subset/count')
    for k in (1, 5):
        for p in r.precisions:
            add(f'top-{k} {p}, %', f'/summary/accuracy/{p}/top{k}', of=f'/summary/accuracy/{p}/labelled')
    for p in r.others:
        pair, undefined = f'{p}/vs_{r.first}', f'/summary/measures/{p}/vs_{r.first}/raw_undefined/mean'
        for reading in READINGS:
            mean(f'RMSE {p}, {reading} sign', f'{pair}/rmse_{reading}', without=undefined if reading == 'raw' else None)
        mean(f'pairs of opposite sign {p}, %', f'{pair}/sign_flipped', scale=100, without=undefined)
        mean(f'same answer {p}, %', f'{pair}/same_top1')
    for name, unit in (('entropy', ', bit'), ('std', ''), ('sparsity', ', %')):
        for p in r.precisions:
            mean(f'{name} {p}, real values{unit}', f'{p}/{name}_real')
        for p in r.precisions:
            mean(f'{name} {p}, integers{unit}', f'{p}/{name}_int')
    for name, text in (('iou', 'IoU at 0.2'), ('deletion', 'deletion'), ('insertion', 'insertion')):
        for p in r.precisions:
            mean(f'{text} {p}, %', f'{p}/{name}', scale=100)
    return pd.DataFrame(lines, index=r.sets).T


def show(r):
    images = r.images()
    bad = images[images.status == 'BAD_IMAGE']
    print(f'{r.path}: quantcam {r.version}; {r.count} images, {(images.status == "OK").sum()} read, {len(bad)} bad; '
          f'{", ".join(r.precisions)}; selections {", ".join(r.selections)}')
    for _, image in bad.head(10).iterrows():
        print(f'  {image.path}: {image.error}')
    if len(bad) > 10:
        print(f'  and {len(bad) - 10} more')
    for network in r.networks:
        print(f'\n{network}: {len(r.done(network))} images with a result')
        if r.finished:
            print(overview(r, network).to_string())
    if not r.finished:
        print('\nThe job has not finished: these are the rows done so far; the tables come with its last phase.')


def write_csv(r, folder):
    """Text columns as they are, empty = no value; floats with all their digits."""
    tables = {'images': r.images(), 'rows': r.rows()}
    if r.finished:
        tables |= {f'summary.{key.replace("/", "_")}': table for key, table in r.summary().items()}
    try:
        os.makedirs(folder, exist_ok=True)
        for name, table in tables.items():
            table.to_csv(os.path.join(folder, f'{name}.csv'), index=name != 'rows')
    except OSError as e:
        raise Refused(f'{e.filename or folder}: {e.strerror}') from None
    images, rows = tables['images'], tables['rows']
    print(f'\n{len(tables)} files in {folder}: images.csv ({len(images)} rows), rows.csv ({len(rows)} rows, '
          f'{rows.shape[1]} columns), {len(tables) - 2} tables of /summary')


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('result', metavar='RESULT.h5')
    p.add_argument('--csv', metavar='FOLDER', help='write the tables there')
    args = p.parse_args()
    r = Result(args.result, unfinished=True)
    show(r)
    if args.csv:
        write_csv(r, args.csv)


if __name__ == '__main__':
    command(main)
