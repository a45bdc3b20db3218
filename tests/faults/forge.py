#!/usr/bin/env python3
"""Makes results that are wrong but whose checksums fit: what only their meaning gives away.

    forge.py values FILE FOLDER         FOLDER/N.h5 for every dataset: another value in one element, its checksum
                                        fitting; prints "N PATH" lines
    forge.py attribute FILE COPY WHAT   WHAT: changed, missing, extra, axis, dataset, version
Needs h5py.
"""
import hashlib
import os
import shutil
import sys

os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"
import h5py
import numpy as np


def paths(file):
    found = []
    file.visititems(lambda name, item: found.append("/" + name) if isinstance(item, h5py.Dataset) else None)
    return found


def seal(file, path):
    """The checksum of a dataset as it is now into /checksums."""
    data = file[path]
    digest = hashlib.sha256(np.ascontiguousarray(data[...]).tobytes()).hexdigest().encode()
    sums = file["checksums"]
    lines = sums[...]
    for i, line in enumerate(lines):
        if line[66:].rstrip(b"\0").decode() == path:
            lines[i] = digest + line[64:]
            sums[...] = lines
            return
    sys.exit(f"no checksum of {path}")


def change_value(file, path):
    data = file[path]
    values = data[...]
    flat = values.reshape(-1)
    at = min(2, flat.size - 1)
    if values.dtype.kind == "S":
        text = bytearray(flat[at].ljust(values.dtype.itemsize, b"\0"))
        text[0] ^= 1
        flat[at] = bytes(text)
    elif values.dtype.kind == "f":
        flat[at] = flat[at] * 2 + 1
    else:
        flat[at] = flat[at] ^ 1
    data[...] = values
    seal(file, path)


def change_attribute(file, what):
    data = file["summary/images/total"]
    if what == "changed":
        data.attrs.modify("long_name", np.bytes_("images in another list"))
    elif what == "missing":
        del data.attrs["units"]
    elif what == "extra":
        data.attrs["note"] = 1
    elif what == "axis":
        del file["images/width"].attrs["DIMENSION_LIST"]
    elif what == "dataset":
        file["summary/images/more"] = np.zeros(1)
    elif what == "version":
        file.attrs.modify("schema_version", 99)


if sys.argv[1] == "values":
    with h5py.File(sys.argv[2], "r") as f:
        names = [path for path in paths(f) if path not in ("/checksums", "/complete")]
    for i, path in enumerate(names):
        copy = f"{sys.argv[3]}/{i}.h5"
        shutil.copyfile(sys.argv[2], copy)
        with h5py.File(copy, "r+") as f:
            change_value(f, path)
        print(i, path)
else:
    shutil.copyfile(sys.argv[2], sys.argv[3])
    with h5py.File(sys.argv[3], "r+") as f:
        change_attribute(f, sys.argv[4])
