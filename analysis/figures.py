#!/usr/bin/env python3
"""Redraws figures 2 and 3 from a result as PNG and PDF for print, with their captions.

    analysis/figures.py RESULT.h5 -o FOLDER                    figure_2 and figure_3 as .png and .pdf, captions.txt
        --networks NET ...       these rows (all)
        --precision NAME         beside the first precision (the second of the file)
        --images FOLDER          where the pictures lie (where the job found them, seen from where it was started)
        --image PATH ...         figure 3 of these pictures, a row for each and each network, not of the report's choice
        --width MM               of both (174, a page's text, for figure 2; 85, a column, for figure 3)
        --dpi N                  of the PNG (600)

Figure 2: histograms of the mean activation of the CAM layer, 256 bins, logarithmic counts: the first precision as an
area, the other as a mark in each bin that is not empty. Left as published: raw subset, each precision over its own
range, which is blind to scale; right corrected: aligned subset, one range of real values. Dice = 200 sum min(a, b) /
(sum a + sum b) of the bins drawn.

Figure 3: a row a network: the picture with its true boxes (white), the maps of both precisions over its grey levels,
with the true boxes and the map's own at threshold 0.2: green where its IoU is the larger, red and dashed where the
smaller, both green where equal. The picture: of the aligned subset the one with the largest difference of the two
IoUs, the first of several: the extreme, not the typical one. Maps come from the file, or, of pictures in no selection,
from the projection.

Numbers and choice are those of `quantcam report`. Colours: Okabe and Ito's, and viridis; nothing is told by colour
alone.
Fonts are embedded. Needs matplotlib and Pillow beside what read_result.py needs.
"""

import argparse
import os

import matplotlib
import numpy as np
from matplotlib import patheffects
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from read_result import AT_20, EDGES, OK, Refused, Result, command

MM = 1 / 25.4                                              # inches
PAGE, COLUMN, ROW = 174, 85, 36                            # mm
BLUE, VERMILION, GREEN, RED, WHITE = '#0072B2', '#D55E00', '#00B486', '#D5361A', '#FFFFFF'
BINS, FLOOR = 256, 0.5                                     # a count of 0 is drawn at the axis
STUDY = {'mobilenet_v2': '98.126', 'mobilenet_v3_large': '95.689', 'resnet18': '99.521', 'shufflenet_v2_x0_5': '98.466'}
READINGS = (('raw', 'own', 'as published'), ('aligned', 'common', 'corrected'))
STYLE = {'font.family': 'DejaVu Sans', 'font.size': 7, 'axes.titlesize': 7, 'axes.labelsize': 7, 'xtick.labelsize': 6,
         'ytick.labelsize': 6, 'legend.fontsize': 6, 'axes.linewidth': 0.5, 'xtick.major.width': 0.5,
         'ytick.major.width': 0.5, 'ytick.minor.visible': False, 'pdf.fonttype': 42}


# ---- figure 2 ----------------------------------------------------------------------------------------------------


def dice(a, b):
    """Per cent; 0 where both are empty."""
    both = a.sum() + b.sum()
    return 200 * np.minimum(a, b).sum() / both if both else 0.0


def histogram(r, network, precision, selection, reading):
    """{images, bins (2, 256) counts, low, high: the axis, dice} of the first precision and the other, or None."""
    def of(name):
        return r.read(f'/summary/histogram/{name}', r.networks.index(network))[r.sets.index(selection)]
    if selection not in r.sets or of('images') == 0:
        return None
    pair = (r.first, precision)
    bins = np.stack([of(f'{p}/{reading}') for p in pair])
    low, high = 0.0, 1.0
    if reading == 'common':
        low, high = min(of(f'{p}/low') for p in pair), max(of(f'{p}/high') for p in pair)
    stored = of(f'{precision}/dice_{reading}')
    if abs(dice(*bins) - stored) > 1e-9 * 100:
        raise Refused(f'{r.path}: {network}, {selection}: a Dice of {dice(*bins)} by its bins, the file says {stored}')
    return {'images': of('images'), 'bins': bins, 'low': low, 'high': high, 'dice': dice(*bins)}


def draw_histogram(ax, h, names, study):
    edges = np.linspace(h['low'], h['high'] if h['high'] > h['low'] else h['low'] + 1, BINS + 1)
    counts = np.maximum(h['bins'], FLOOR)
    seen = h['bins'][1] > 0
    ax.stairs(counts[0], edges, baseline=FLOOR, fill=True, color=BLUE, alpha=0.45, lw=0, label=names[0])
    ax.plot((edges[:-1] + edges[1:])[seen] / 2, counts[1][seen], 's', ms=1.4, mew=0, color=VERMILION, label=names[1])
    ax.set_yscale('log')
    ax.set_ylim(FLOOR, counts.max() * 2)
    ax.set_xlim(edges[0], edges[-1])
    ax.text(0.98, 0.94, f'Dice {h["dice"]:.3f} %', transform=ax.transAxes, ha='right', va='top')
    if study:
        ax.text(0.98, 0.81, f'the study {study} %', transform=ax.transAxes, ha='right', va='top', color='0.4')


def figure_2(r, networks, precision, width):
    """The figure and its caption's lines."""
    fig = Figure(figsize=(width * MM, (len(networks) * ROW + 4) * MM), layout='constrained')
    axes, lines = fig.subplots(len(networks), 2, squeeze=False), []
    for ax, network in zip(axes, networks):
        said = []
        for cell, (selection, reading, what) in zip(ax, READINGS):
            h = histogram(r, network, precision, r.selection(selection, precision), reading)
            cell.set_title(f'{network}, {what}', loc='left')
            if h is None:
                cell.set_axis_off()
                said.append(f'{what} -')
                continue
            draw_histogram(cell, h, (r.first, precision), STUDY.get(network) if reading == 'own' else None)
            said.append(f'{what} {h["dice"]:.3f} % ({selection} subset, {h["images"]} images)')
        ax[0].set_ylabel('elements')
        lines.append(f'{network}: Dice {", ".join(said)}')
    axes[-1, 0].set_xlabel('mean activation, each precision over its own range')
    axes[-1, 1].set_xlabel('mean activation, one range of real values')
    drawn = [a for a in axes.flat if a.get_legend_handles_labels()[0]]
    if not drawn:
        raise Refused(f'{r.path}: no network has a histogram: {", ".join(networks)}')
    drawn[0].legend(loc='lower right', bbox_to_anchor=(1, 0.96), ncols=2, frameon=False, markerscale=3, borderpad=0)
    return fig, [f'Figure 2. Histograms of the mean activation tensor of the CAM layer, {r.first} (area) and '
                 f'{precision} (marks), 256 bins, logarithmic counts. Left: as published, raw subset, each precision '
                 'over its own range; right: corrected, aligned subset, one range of real values.', *lines]


# ---- figure 3: which picture, what was seen --------------------------------------------------------------------------


def choose(r, network, precision):
    """Number of the image that the report shows, or None: no image of the aligned selection has a true box in the frame."""
    selection = r.selection('aligned', precision)
    if not selection:
        return None
    at = r.rules.index(AT_20)
    a, b = (r.read(f'/models/{network}/{p}/wsol/iou')[:, at].astype(float) for p in (r.first, precision))
    usable = r.members(network)[selection] & (r.read(f'/models/{network}/status') == OK) & (a >= 0) & (b >= 0)
    return int(np.argmax(np.where(usable, np.abs(a - b), -1))) if usable.any() else None


def geometry(width, height, short, side):
    """torchvision's Resize(short) and CenterCrop(side): the resized width and height, the crop's left and top;
    short None: Resize((side, side))."""
    if short is None:
        return side, side, 0, 0
    longer = int(short * max(width, height) / min(width, height))
    size = (short, longer) if width <= height else (longer, short)
    return *size, *(round((s - side) / 2) if s >= side else -((side - s) // 2) for s in size)


def settings_of(r, network):
    """Short side after the resize (None: squashed), side of what the network sees, Pillow's filter."""
    said = r.provenance[f'network.{network}.pipeline'].split()     # resize 256 bilinear crop 224 224 channels 3 ...
    height, width = int(said[4]), int(said[5])
    if height != width:
        raise Refused(f'{r.path}: network {network} sees {height} x {width} pixels, which are not square')
    return (None if said[1] == 'squash' else int(said[1]), height,
            Image.Resampling.BICUBIC if said[2] == 'bicubic' else Image.Resampling.BILINEAR)


def crop(r, network, image, folder):
    """(side, side, 3) u8: the picture as the network saw it, in colour."""
    name = r.read('/images/path', image)
    path = os.path.join(folder, name)
    if os.path.isabs(name) or '..' in name.split('/'):
        raise Refused(f'{r.path}: {name!r} lies outside the pictures\' folder')
    short, side, how = settings_of(r, network)
    try:
        with Image.open(path) as picture:
            picture = picture.convert('RGB')
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as e:
        why = getattr(e, 'strerror', None) or 'not a picture'
        raise Refused(f'{path}: {why.lower()}; --images names the pictures\' folder') from None
    width, height, left, top = geometry(*picture.size, short, side)
    return np.asarray(picture.resize((width, height), how).crop((left, top, left + side, top + side)))


def true_boxes(r, network, image):
    """[(x0, y0, x1, y1)]: edges in the crop's pixels, cut at the crop; those wholly outside are left out."""
    width, height = (int(r.read(f'/images/{x}', image)) for x in ('width', 'height'))
    first, count = (int(r.read(f'/images/{x}', image)) for x in ('box_first', 'box_count'))
    if width < 1 or height < 1 or count < 1:
        return []
    short, side, _ = settings_of(r, network)
    w, h, left, top = geometry(width, height, short, side)
    edges = r.read('/images/boxes', slice(first, first + count)).astype(float)
    edges[:, 2:] += 1                                      # inclusive: the far edge is one further
    edges = edges * np.array([w / width, h / height] * 2) - np.array([left, top] * 2)
    inside = (edges[:, :2] < side).all(axis=1) & (edges[:, 2:] > 0).all(axis=1)
    return np.clip(edges[inside], 0, side).tolist()


def own_box(r, network, precision, image):
    """(x0, y0, x1, y1): edges of the map's box at 0.2, or None: no foreground."""
    x0, y0, x1, y1 = (int(v) for v in r.read(f'/models/{network}/{precision}/wsol/box', image))
    return None if x0 < 0 else (x0, y0, x1 + 1, y1 + 1)


# ---- figure 3: maps ----------------------------------------------------------------------------------------------


def scaled(a):
    a = a - a.min()
    return a / (np.float32(1e-7) + a.max())


def resized(a, side):
    """(h, w) -> (side, side): bilinear, half-pixel centres, edges replicated."""
    for axis in (1, 0):
        n = a.shape[axis]
        at = ((np.arange(side) + 0.5) * n / side - 0.5).clip(0, n - 1)
        low = np.floor(at).astype(int)
        part = (at - low).astype(np.float32).reshape((1, -1) if axis else (-1, 1))
        a = a.take(low, axis) * (1 - part) + a.take(np.minimum(low + 1, n - 1), axis) * part
    return a


def map_of(projection, side):
    """(h, w) -> (side, side) u8, 0-255: ReLU, min-max, resize, min-max, as pytorch-grad-cam."""
    return np.rint(255 * scaled(resized(scaled(np.maximum(projection, 0)), side))).astype(np.uint8)


def full_map(r, network, precision, image):
    """(side, side) u8, 0-255: as stored where a selection has the image, else of its projection."""
    subset = f'/models/{network}/subset'
    place = np.flatnonzero((r.read(f'{subset}/image') == image) & (r.read(f'{subset}/status') == OK))
    if len(place) and r.has(f'{subset}/{precision}/cam_u8'):
        return r.read(f'{subset}/{precision}/cam_u8', int(place[0]))
    return map_of(r.read(f'/models/{network}/{precision}/cam', image), len(r.read(f'/models/{network}/y')))


def overlay(picture, cam):
    """The picture's grey levels (BT.601) blended half and half with viridis of the map: colour means the map alone."""
    palette = matplotlib.colormaps['viridis'](np.arange(256), bytes=True)[:, :3].astype(int)
    grey = (picture.astype(int) @ np.array([77, 150, 29])) >> 8
    return ((grey[..., None] + palette[cam] + 1) // 2).astype(np.uint8)


def panels(r, network, precision, image, folder):
    """The three pictures of a row without their boxes, (side, side, 3) u8 each."""
    picture = crop(r, network, image, folder)
    return [picture, *(overlay(picture, full_map(r, network, p, image)) for p in (r.first, precision))]


# ---- figure 3: drawing ---------------------------------------------------------------------------------------------


def frame(ax, box, colour, style='-'):
    x0, y0, x1, y1 = box
    ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, ec=colour, lw=1, ls=style,
                           path_effects=[patheffects.withStroke(linewidth=1.8, foreground='black')]))


def draw_row(ax, r, network, precision, image, folder):
    """Three panels. Returns the row's line of the caption."""
    pair, side = (r.first, precision), len(r.read(f'/models/{network}/y'))
    iou = [float(r.read(f'/models/{network}/{p}/wsol/iou', image)[r.rules.index(AT_20)]) for p in pair]
    truth, said = true_boxes(r, network, image), []
    for cell, picture in zip(ax, panels(r, network, precision, image, folder)):
        cell.imshow(picture, extent=(0, side, side, 0), interpolation='none')
        cell.set(xticks=[], yticks=[], xlim=(0, side), ylim=(side, 0))
        for box in truth:
            frame(cell, box, WHITE)
    for k, p in enumerate(pair):
        box, better = own_box(r, network, p, image), iou[k] >= iou[1 - k]
        if box:
            frame(ax[1 + k], box, GREEN if better else RED, '-' if better else (0, (3, 1.5)))
        text = 'no true box' if iou[k] < 0 else f'IoU {iou[k]:.3f}'
        ax[1 + k].set_xlabel(text, labelpad=2, fontsize=6)
        said.append(f'{p} {text} ({("green" if better else "red") if box else "no foreground, no box"})')
    ax[0].set_ylabel(network, labelpad=2)
    return f'{network}: {", ".join(said)}, {r.read("/images/path", image)}'


def figure_3(r, rows, precision, folder, width):
    """rows: [(network, image)]. The figure and its caption's lines."""
    panel = (width - 8) / 3
    fig = Figure(figsize=(width * MM, (len(rows) * (panel + 3.5) + 5) * MM), layout='constrained')
    fig.get_layout_engine().set(w_pad=0.3 * MM, h_pad=0.3 * MM, wspace=0.02, hspace=0.02)
    axes = fig.subplots(len(rows), 3, squeeze=False)
    for ax, title in zip(axes[0], ('picture', r.first, precision)):
        ax.set_title(title, pad=2)
    lines = [draw_row(ax, r, network, precision, image, folder) for ax, (network, image) in zip(axes, rows)]
    return fig, [f'Figure 3. The picture with its true box, then the {r.first} and the {precision} map. White: the '
                 'true box; green: the map\'s box with the larger IoU, red: with the smaller, both green where they '
                 'are equal (threshold 0.2).', *lines]


# ---- the command ---------------------------------------------------------------------------------------------------


def rows_of(r, networks, precision, paths):
    """[(network, image)] of figure 3."""
    if paths:
        rows = [(network, r.find(path)) for path in paths for network in networks]
        for network, image in rows:
            if image not in r.done(network):
                raise Refused(f'{r.path}: {network} has no result for {r.read("/images/path", image)}')
        return rows
    chosen = [(network, choose(r, network, precision)) for network in networks]
    return [(network, image) for network, image in chosen if image is not None]


def save(fig, folder, name, dpi):
    for ending, more in (('png', {'dpi': dpi}), ('pdf', {'metadata': {'CreationDate': None}})):
        fig.savefig(os.path.join(folder, f'{name}.{ending}'), **more)


def draw(r, args, networks, precision):
    """Both figures, once all that they need has been read: {name: figure}, the captions' lines."""
    rows = rows_of(r, networks, precision, args.image)
    fig, caption = figure_2(r, networks, precision, args.width or PAGE)
    if not rows:
        none = 'There is no figure 3: no image of the aligned selection has a true box in the frame.'
        return {'figure_2': fig}, [*caption, '', none]
    folder = args.images if args.images is not None else r.provenance.get('data.images', '')
    other, lines = figure_3(r, rows, precision, folder, args.width or COLUMN)
    return {'figure_2': fig, 'figure_3': other}, [*caption, '', *lines]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('result', metavar='RESULT.h5')
    p.add_argument('-o', '--out', metavar='FOLDER', required=True)
    p.add_argument('--networks', metavar='NET', nargs='+')
    p.add_argument('--precision', metavar='NAME')
    p.add_argument('--images', metavar='FOLDER')
    p.add_argument('--image', metavar='PATH', nargs='+')
    p.add_argument('--width', metavar='MM', type=float)
    p.add_argument('--dpi', type=int, default=600)
    args = p.parse_args()
    if args.width is not None and not 30 <= args.width <= 500:
        p.error('--width: 30 to 500 mm are wanted')
    if not 50 <= args.dpi <= 2400:
        p.error('--dpi: 50 to 2400 are wanted')
    r = Result(args.result)
    if not r.others:
        raise Refused(f'{r.path}: one precision alone, {r.first}: there is nothing to draw beside it')
    networks, precision = r.named(args.networks), args.precision or r.others[0]
    if precision not in r.others:
        raise Refused(f'{r.path}: no precision {precision} beside {r.first}; it has {", ".join(r.others)}')
    try:
        os.makedirs(args.out, exist_ok=True)
        with matplotlib.rc_context(STYLE):
            drawn, lines = draw(r, args, networks, precision)
            for name, fig in drawn.items():
                save(fig, args.out, name, args.dpi)
        with open(os.path.join(args.out, 'captions.txt'), 'w', encoding='utf-8') as f:
            f.write('\n'.join(lines) + '\n')
    except OSError as e:
        raise Refused(f'{e.filename or args.out}: {e.strerror or e}') from None
    print('\n'.join(lines))


if __name__ == '__main__':
    command(main)
