#!/usr/bin/env python3
"""Damages copies of a result file, one bit or one cut at a time, always the same ones.

    flips.py map FILE > MAP                           where its data lie: "offset size path" lines, by h5dump
    flips.py damage FILE MAP COPY KIND SEED NUMBER    a damaged copy; says what was done to it

KIND data: a bit of a dataset drawn first, so that small ones count as much as large ones; metadata: a bit of what
is no data and not mere padding; cut: the file is made shorter.
"""
import os
import random
import re
import shutil
import subprocess
import sys


def data_ranges(path):
    text = subprocess.run(["h5dump", "-p", "-H", path], check=True, capture_output=True, text=True).stdout
    names, size = [], 0
    for line in text.splitlines():
        opened = re.match(r' *(GROUP|DATASET|ATTRIBUTE) "(.*)" \{', line)
        if opened:
            names.append((len(line) - len(line.lstrip()), opened[1], opened[2]))
        elif re.match(r" *\}$", line) and names and len(line) - len(line.lstrip()) == names[-1][0]:
            names.pop()
        elif re.match(r" *SIZE \d+$", line):
            size = int(line.split()[1])
        elif re.match(r" *OFFSET \d+$", line):
            yield int(line.split()[1]), size, "/".join(n for _, kind, n in names if n != "/")


def read_map(path):
    with open(path) as f:
        return [(int(a), int(b), name) for a, b, name in (line.rstrip("\n").split(" ", 2) for line in f)]


def metadata(content, ranges):
    """Offsets of bytes that are no data, and lie within 8 bytes of one that is not 0."""
    free = bytearray(b"\1" * len(content))
    for offset, size, _ in ranges:
        free[offset : offset + size] = bytes(size)
    near = bytearray(len(content))
    for i, byte in enumerate(content):
        if byte and free[i]:
            near[max(0, i - 8) : i + 9] = b"\1" * (min(len(content), i + 9) - max(0, i - 8))
    return [i for i in range(len(content)) if near[i] and free[i]]


def damage(source, map_file, copy, kind, seed, number):
    rng = random.Random(f"{kind} {seed} {number}")
    ranges = read_map(map_file)
    shutil.copyfile(source, copy)
    size = os.path.getsize(copy)
    if kind == "cut":
        keep = rng.choice([rng.randrange(size), size - 1 - rng.randrange(64), rng.randrange(4096)])
        os.truncate(copy, keep)
        return f"cut to {keep} of {size} bytes"
    if kind == "data":
        offset, length, name = rng.choice(ranges)
        at = offset + rng.randrange(length)
    else:
        cache = map_file + ".metadata"
        if not os.path.exists(cache):
            with open(source, "rb") as f:
                places = metadata(f.read(), ranges)
            with open(f"{cache}.{os.getpid()}", "w") as f:
                f.write("\n".join(map(str, places)))
            os.replace(f.name, cache)  # others may be at it
        with open(cache) as f:
            at, name = int(rng.choice(f.read().split())), "metadata"
    bit = rng.randrange(8)
    with open(copy, "r+b") as f:
        f.seek(at)
        byte = f.read(1)[0]
        f.seek(at)
        f.write(bytes([byte ^ 1 << bit]))
    return f"bit {bit} of byte {at} ({name})"


if sys.argv[1] == "map":
    for line in data_ranges(sys.argv[2]):
        print(*line)
else:
    print(damage(*sys.argv[2:6], sys.argv[6], int(sys.argv[7])))
