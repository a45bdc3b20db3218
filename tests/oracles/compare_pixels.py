#!/usr/bin/env python3
"""Compares our decoder and preprocessing with Pillow's and torchvision's, byte by byte.

    python tests/oracles/compare_pixels.py [--pixels build/release/tests/oracles/pixels] [--photographs DIR [--every N]]
                                           [--seed N] [--pictures N]
                                           [--infer build/quantcam --model M --weights W]

Every category prints the bytes compared and those that differ. Pictures of every mode and kind are made on the fly by
Pillow (and, where Pillow does not write a kind, by the program cjpeg if it is there): random sizes of
1 to 2500 pixels, every chroma subsampling, progressive, restart markers, arithmetic coding, EXIF rotation; PNG of every
depth and colour type, interlaced or not. A file that Pillow refuses must be refused here, and the other way round.
Exits 1 if a byte differs.
"""
import argparse
import io
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import warnings
import zlib

import numpy as np
from PIL import Image, ImageFile

warnings.simplefilter("ignore")
Image.MAX_IMAGE_PIXELS = None
ImageFile.MAXBLOCK = 1 << 24            # room for a progressive JPEG of noise, which Pillow writes in one piece
FILTERS = [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC]


class Ours:
    """The program pixels, asked one request after the other."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, *parts):
        self.process.stdin.write(("\t".join(str(p) for p in parts) + "\n").encode())
        self.process.stdin.flush()
        head = self.process.stdout.readline().decode(errors="replace").rstrip("\n")
        if not head.startswith("ok "):
            return head
        width, height = map(int, head.split()[1:])
        return np.frombuffer(self.process.stdout.read(3 * width * height), np.uint8).reshape(height, width, 3)


class Tally:
    def __init__(self):
        self.rows, self.failed = {}, False

    def add(self, category, name, ours, expected):
        row = self.rows.setdefault(category, [0, 0, 0, 0])
        row[0] += 1
        if expected is None or isinstance(ours, str):
            if (expected is None) != isinstance(ours, str):
                row[3] += 1
                print(f"{category}: {name}: ours: {ours if isinstance(ours, str) else 'read'}; "
                      f"Pillow: {'refused' if expected is None else 'read'}")
            return
        if ours.shape != expected.shape:
            row[3] += 1
            print(f"{category}: {name}: {ours.shape} is not {expected.shape}")
            return
        differ = int((ours != expected).sum())
        row[1] += expected.size
        row[2] += differ
        if differ:
            largest = np.abs(ours.astype(int) - expected).max()
            print(f"{category}: {name}: {differ} of {expected.size} bytes differ, at most by {largest}")

    def print(self):
        print(f"{'category':44s} {'pictures':>9s} {'bytes compared':>15s} {'differ':>7s} {'verdicts':>9s}")
        total = [0, 0, 0, 0]
        for category, row in self.rows.items():
            print(f"{category:44s} {row[0]:9d} {row[1]:15,d} {row[2]:7d} {row[3]:9d}")
            total = [t + r for t, r in zip(total, row)]
        print(f"{'all':44s} {total[0]:9d} {total[1]:15,d} {total[2]:7d} {total[3]:9d}")
        return total


def pillow(path):
    try:
        return Image.open(path).convert("RGB")
    except Exception:
        return None


def scene(rng, height, width, channels):
    """Waves, an edge and noise, so that rounding and clipping both happen."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [128 + 120 * np.sin(x / rng.uniform(2, 40) + y / rng.uniform(2, 40)) for _ in range(channels)]
    out = np.stack(planes, -1) + rng.normal(0, rng.uniform(0, 40), (height, width, channels))
    out[y > rng.uniform(0, 2) * x + height * rng.uniform(-0.5, 0.5)] += 60
    return np.clip(out, 0, 255).astype(np.uint8)


def chunk(tag, data):
    return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))


def png(rng, depth, color, width, height, interlaced, entries=0, transparent=b""):
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    passes = [(0, 0, 1, 1)] if not interlaced else [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4),
                                                     (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = bytearray()
    for x0, y0, dx, dy in passes:
        w, h = -(-(width - x0) // dx), -(-(height - y0) // dy)
        for y in range(h if w > 0 else 0):
            line = rng.integers(0, 256, (w * channels * depth + 7) // 8, dtype=np.uint8)
            if depth == 16 and color == 0:
                line[::4] = 0
            raw += bytes([int(rng.integers(0, 5))]) + line.tobytes()
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced))
    if entries:
        out += chunk(b"PLTE", rng.integers(0, 256, 3 * entries, dtype=np.uint8).tobytes())
    if transparent:
        out += chunk(b"tRNS", transparent)
    return out + chunk(b"IDAT", zlib.compress(bytes(raw), 1)) + chunk(b"IEND", b"")


def png_kinds(rng, width, height):
    for color, depths in ((0, (1, 2, 4, 8, 16)), (2, (8, 16)), (3, (1, 2, 4, 8)), (4, (8, 16)), (6, (8, 16))):
        for depth in depths:
            for interlaced in (0, 1):
                entries = int(rng.integers(1, 2 ** min(depth, 8) + 1)) if color == 3 else 0
                name = f"PNG {({0: 'grey', 2: 'RGB', 3: 'palette', 4: 'LA', 6: 'RGBA'})[color]}{depth}"
                yield name, png(rng, depth, color, width, height, interlaced, entries)
                if color == 3:
                    yield name + " with tRNS", png(rng, depth, color, width, height, interlaced, entries,
                                                   bytes(rng.integers(0, 256, entries, dtype=np.uint8)))
                if color in (0, 2) and not interlaced:
                    key = rng.integers(0, 2 ** depth, 3 if color == 2 else 1)
                    yield name + " with tRNS", png(rng, depth, color, width, height, 0, 0,
                                                   b"".join(struct.pack(">H", int(v)) for v in key))


def run(program, arguments, data):
    done = subprocess.run([program, *arguments], input=data, capture_output=True)
    return done.stdout if done.returncode == 0 and done.stdout else None


def ppm(array):
    kind = b"P6" if array.shape[2] == 3 else b"P5"
    return kind + f"\n{array.shape[1]} {array.shape[0]}\n255\n".encode() + array.tobytes()


def jpeg_kinds(rng, width, height):
    def encode(image, **options):
        out = io.BytesIO()
        image.save(out, "JPEG", quality=int(rng.integers(1, 101)), **options)
        return out.getvalue()

    rgb = Image.fromarray(scene(rng, height, width, 3))
    for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
        yield f"JPEG {subsampling}", encode(rgb, subsampling=subsampling)
        yield f"JPEG {subsampling} progressive", encode(rgb, subsampling=subsampling, progressive=True)
        yield "JPEG restart markers", encode(rgb, subsampling=subsampling, restart_marker_blocks=int(rng.integers(1, 9)))
    yield "JPEG stored as RGB", encode(rgb, keep_rgb=True)
    grey = Image.fromarray(scene(rng, height, width, 1)[..., 0])
    yield "JPEG grey", encode(grey)
    yield "JPEG grey progressive", encode(grey, progressive=True)
    four = Image.fromarray(scene(rng, height, width, 4), "CMYK")
    cmyk = encode(four, progressive=bool(rng.integers(0, 2)))
    yield "JPEG CMYK", cmyk
    at = cmyk.index(b"Adobe") + 11
    yield "JPEG YCCK", cmyk[:at] + b"\x02" + cmyk[at + 1:]
    exif = Image.Exif()
    exif[0x0112] = int(rng.integers(2, 9))
    yield "JPEG with EXIF rotation", encode(rgb, exif=exif)
    if shutil.which("cjpeg"):
        data = ppm(np.asarray(rgb))
        for sample in ("1x2", "4x1", "4x2", "2x4", "1x4", "3x1", "2x2,2x1,1x2", "1x1,2x2,1x1"):
            made = run("cjpeg", ["-sample", sample, "-quality", str(int(rng.integers(5, 100)))], data)
            if made:
                yield f"JPEG sampled {sample}", made
            made = run("cjpeg", ["-sample", sample, "-progressive"], data)
            if made:
                yield f"JPEG sampled {sample} progressive", made
        for options in (["-arithmetic"], ["-arithmetic", "-progressive"], ["-restart", "1"]):
            made = run("cjpeg", options, data)
            if made:
                yield "JPEG " + " ".join(options), made


def sizes(rng, count, largest):
    fixed = [(1, 1), (1, 2500), (2500, 1), (7, 9), (8, 8), (16, 17), (255, 257), (256, 256)]
    for i in range(count):
        yield fixed[i] if i < len(fixed) else tuple(int(v) for v in rng.integers(1, largest + 1, 2))


def compare_kinds(ours, tally, rng, folder, count):
    path = folder / "picture"
    for width, height in sizes(rng, count, 400):
        for make in (png_kinds, jpeg_kinds):
            for kind, data in make(rng, width, height):
                path.write_bytes(data)
                image = pillow(path)
                tally.add(f"decode {kind}", f"{width} x {height}", ours.ask("decode", path),
                          None if image is None else np.asarray(image))


def transformed(image, resize, crop, which):
    """torchvision's Resize and CenterCrop, written out with Pillow's calls alone where torchvision is absent."""
    try:
        import torchvision.transforms as T
        mode = [T.InterpolationMode.BILINEAR, T.InterpolationMode.BICUBIC][which]
        return T.CenterCrop(crop)(T.Resize(resize, mode)(image))
    except ImportError:
        short, long = sorted(image.size)
        if short != resize:
            to = int(resize * long / short)
            image = image.resize((resize, to) if image.width <= image.height else (to, resize), FILTERS[which])
        left, top = ((int(round((d - crop) / 2.0)) if d >= crop else -((crop - d) // 2)) for d in image.size)
        return image.crop((left, top, left + crop, top + crop))


def horizontal_first(image, width, height, which):
    """Pillow's order before 13: two calls of one axis each."""
    return image.resize((width, image.height), FILTERS[which]).resize((width, height), FILTERS[which])


def compare_sizes(ours, tally, rng, folder, count):
    path = folder / "picture.png"
    for width, height in sizes(rng, count, 2500):
        image = Image.fromarray(scene(rng, height, width, 3))
        image.save(path, compress_level=1)
        for resize, crop, which in ((256, 224, 0), (232, 224, 0), (256, 224, 1), (342, 299, 0), (232, 224, 1),
                                    (int(rng.integers(1, 500)), int(rng.integers(1, 500)), int(rng.integers(0, 2)))):
            if max(width, height) * resize // min(width, height) > 40000:
                continue
            tally.add(f"resize {resize} crop {crop}"[:19] + (" bicubic" if which else " bilinear")
                      if resize in (232, 256, 342) else "resize and crop at random", f"{width} x {height} to {resize}, {crop}",
                      ours.ask("load", f"{resize} {crop} {which} 0", path),
                      np.asarray(transformed(image, resize, crop, which)))
        to = tuple(int(v) for v in rng.integers(1, 700, 2))
        for which, name in enumerate(("bilinear", "bicubic")):
            tally.add(f"whole to random size {name}, Pillow 13", f"{width} x {height} to {to}",
                      ours.ask("resize", f"{to[0]} {to[1]} {which} 0", path), np.asarray(image.resize(to, FILTERS[which])))
            tally.add(f"whole to random size {name}, Pillow 12", f"{width} x {height} to {to}",
                      ours.ask("resize", f"{to[0]} {to[1]} {which} 1", path),
                      np.asarray(horizontal_first(image, *to, which)))


def compare_photographs(ours, tally, folder, every):
    pictures = sorted(p for p in pathlib.Path(folder).iterdir() if p.suffix.lower() in (".jpeg", ".jpg", ".png"))
    for path in pictures[::every]:
        image = pillow(path)
        tally.add("photographs decoded", path.name, ours.ask("decode", path), None if image is None else np.asarray(image))
        for resize, crop, which in ((256, 224, 0), (232, 224, 0), (256, 224, 1), (342, 299, 0)):
            if image is not None:
                tally.add(f"photographs {resize}/{crop}" + (" bicubic" if which else " bilinear"), path.name,
                          ours.ask("load", f"{resize} {crop} {which} 0", path),
                          np.asarray(transformed(image, resize, crop, which)))


def compare_infer(tally, rng, folder, options):
    """What the program itself gives a network: /pixels of infer, in every setting of preprocessing."""
    import h5py
    paths, images = [], []
    for i, size in enumerate(((300, 260), (97, 411), (500, 180), (128, 700), (231, 230))):
        images.append(Image.fromarray(scene(rng, size[1], size[0], 3)))
        paths.append(str(folder / f"{i}.png"))
        images[-1].save(paths[-1])
    said = [line.split() for line in open(options.model) if line.startswith("input")][0]
    at, crop = said.index("resize"), int(said[said.index("crop") + 1])
    for resize, name in ((int(said[at + 1]), said[at + 2]), (232, "bilinear"), (342, "bicubic")):
        for pillow_12 in (False, True):
            out = folder / "infer.h5"
            subprocess.run([options.infer, "infer", "--model", options.model, "--weights", options.weights, "-o", out,
                            f"--preprocess.resize={resize}", f"--preprocess.filter={name}",
                            f"--preprocess.pillow={12 if pillow_12 else 13}", *paths], check=True, capture_output=True)
            with h5py.File(out) as made:
                pixels = made["pixels"][:]
            which = int(name == "bicubic")
            for path, image, ours in zip(paths, images, pixels):
                short, long = sorted(image.size)
                size = (resize, int(resize * long / short))
                size = size if image.width <= image.height else size[::-1]
                resized = horizontal_first(image, *size, which) if pillow_12 else image
                tally.add(f"infer {resize} {name}, Pillow {12 if pillow_12 else 13}", path, ours,
                          np.asarray(transformed(resized, resize, crop, which)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pixels", default="build/release/tests/oracles/pixels")
    parser.add_argument("--photographs", help="a folder of pictures")
    parser.add_argument("--every", type=int, default=1, help="of the photographs, take every N-th")
    parser.add_argument("--seed", type=int, default=random.randrange(2 ** 31))
    parser.add_argument("--pictures", type=int, default=40, help="sizes tried for every kind, and for resizing")
    parser.add_argument("--infer", help="the program: compare its /pixels too, with --model and --weights")
    parser.add_argument("--model")
    parser.add_argument("--weights")
    options = parser.parse_args()
    if int(Image.__version__.split(".")[0]) < 13:
        sys.exit("compare_pixels: Pillow 13 is needed: the order of its passes differs before")
    ours, tally, rng = Ours(options.pixels), Tally(), np.random.default_rng(options.seed)
    print(f"seed {options.seed}, Pillow {Image.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        compare_kinds(ours, tally, rng, pathlib.Path(folder), options.pictures)
        compare_sizes(ours, tally, rng, pathlib.Path(folder), options.pictures)
        if options.infer:
            compare_infer(tally, rng, pathlib.Path(folder), options)
    if options.photographs:
        compare_photographs(ours, tally, options.photographs, options.every)
    pictures, compared, differ, verdicts = tally.print()
    sys.exit(0 if pictures and compared and differ == 0 and verdicts == 0 else 1)


if __name__ == "__main__":
    main()
