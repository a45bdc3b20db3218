#!/usr/bin/env python3
"""Makes results that are wrong but whose checksums fit: what only their meaning gives away.

    forge.py values FILE FOLDER         FOLDER/N.h5 for every dataset: another value in one element, its checksum
                                        fitting; prints "N PATH" lines
    forge.py attribute FILE COPY WHAT   WHAT: changed, missing, extra, axis, dataset, version
    forge.py object FILE COPY WHAT      a partial result in which an object is what an enemy would make of it; WHAT:
                                        external, virtual, outside, text, long, absent, chunked, alias, endless,
                                        names, empty (refused); loop, link, claims, places (harmless)
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


def change_object(file, what):
    net = sorted(file["models"])[0]
    path = f"models/{net}/int8/logits"
    logits = file[path]
    shape, kind = logits.shape, logits.dtype
    if what == "external":
        del file["job"]
        file["job"] = h5py.ExternalLink("/etc/passwd", "/job")
    elif what == "virtual":
        del file[path]
        layout = h5py.VirtualLayout(shape, kind)
        layout[:] = h5py.VirtualSource("/etc/passwd", "x", shape, kind)
        file.create_virtual_dataset(path, layout)
    elif what == "outside":
        del file[path]
        victim = os.path.abspath(sys.argv[3]) + ".victim"
        file.create_dataset(path, shape, kind, external=[(victim, 0, logits.size * kind.itemsize)])
    elif what == "text":
        del file["job"]
        file.create_dataset("job", (1,), h5py.string_dtype())
    elif what == "long":
        del file["job"]
        file.create_dataset("job", (1,), "S16777217")
    elif what == "absent":
        del file["job"]
    elif what == "chunked":
        values, attributes = logits[...], dict(logits.attrs)
        del file[path]
        new = file.create_dataset(path, data=values, chunks=(1, shape[1]), compression="gzip")
        for name in ("long_name", "units"):
            new.attrs[name] = attributes[name]
    elif what == "alias":
        del file[path]
        file[path] = file[f"models/{net}/fp32/logits"]
    elif what == "endless":
        del file[path]
        file.create_dataset(path, (2**40, shape[1]), kind, chunks=(1, shape[1]))
    elif what == "names":
        del file["network"]
        file.create_dataset("network", (100000,), "S8")
    elif what == "empty":
        for name in list(file):
            del file[name]
    elif what == "loop":
        file["images/again"] = file["/"]
    elif what == "link":
        file["images/itself"] = h5py.SoftLink("/images/itself")
    elif what == "claims":
        file[f"models/{net}/status"][...] = 77
    elif what == "places":
        file[f"models/{net}/subset/image"][...] = 2**62


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
        {"attribute": change_attribute, "object": change_object}[sys.argv[1]](f, sys.argv[4])
