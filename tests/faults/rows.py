#!/usr/bin/env python3
"""Reads a partial result without our code and judges every row of it.

    rows.py OUT.h5.part [--save STATE]     one line: rows, good, bad images, unused, missing, damaged
    rows.py OUT.h5 --since STATE           rows that were done then and were computed again: "again N"

A row's CRC is zlib's CRC-32 over its index as u64, then its payload in the order of creation, which is the order
of the datasets' headers in the file. Needs h5py. Exit status 0; 1 if a row claims to be done and is not.
"""
import argparse
import os
import pickle
import sys
import zlib

os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"  # the job may be alive
import h5py
import numpy as np

MISSING, OK, BAD_IMAGE, UNUSED = range(4)
OF_THE_NETWORK = ("activation_scale", "activation_zero_point")  # one value, written at creation: no part of any row


def datasets_below(group, leave_out):
    found = []
    group.visititems(lambda name, item: found.append((name, item)) if isinstance(item, h5py.Dataset) else None)
    found = [(name, item) for name, item in found if not any(name == x or name.startswith(x + "/") for x in leave_out)
             and name.split("/")[-1] not in OF_THE_NETWORK]
    return [item for _, item in sorted(found, key=lambda pair: h5py.h5o.get_info(pair[1].id).addr)]


def row_groups(file):
    """(path, status, crc, payload) of each row group."""
    images = file["images"]
    yield "/images", images["status"], images["crc"], [images[x] for x in ("error", "width", "height", "sha256")]
    for name, model in file["models"].items():
        leave_out = ["class", "channel", "cam_y", "cam_x", "y", "x", "crc", "status", "subset"]
        yield "/models/" + name, model["status"], model["crc"], datasets_below(model, leave_out)
        subset = model["subset"]
        yield (subset.name, subset["status"], subset["crc"], datasets_below(subset, ["place", "crc", "status"]))



def judge(file):
    states, counts = {}, dict(rows=0, good=0, bad=0, unused=0, missing=0, damaged=0)
    for path, status, crc, payload in row_groups(file):
        status, crc = status[...], crc[...]
        columns = [p[...] for p in payload]
        state = np.zeros(len(status), np.uint8)
        for i, claim in enumerate(status):
            counts["rows"] += 1
            if claim == MISSING:
                counts["missing"] += 1
                continue
            found = zlib.crc32(int(i).to_bytes(8, "little"))
            for column in columns:
                if column.dtype.kind == "S":
                    found = zlib.crc32(column[i].ljust(column.dtype.itemsize, b"\0"), found)
                else:
                    found = zlib.crc32(np.ascontiguousarray(column[i]).tobytes(), found)
            if found != crc[i] or claim > UNUSED:
                counts["damaged"] += 1
                print(f"{file.filename}: {path} row {i} claims {claim}: CRC {crc[i]:08x}, found {found:08x}", file=sys.stderr)
                continue
            state[i] = claim
            counts[{OK: "good", BAD_IMAGE: "bad", UNUSED: "unused"}[int(claim)]] += 1
        states[path] = state
    return states, counts


def times(file):
    """When each row of /models/<net> was computed leaves its mark in /timing."""
    loaded = file["timing/loaded"]
    return {
        "/models/" + name: np.stack([group[p]["inference_s"][...] for p in sorted(group)], 1)
        for name, group in loaded.items()
        if isinstance(group, h5py.Group)
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--save")
    parser.add_argument("--since")
    a = parser.parse_args()
    with h5py.File(a.file, "r") as file:
        if a.since:
            with open(a.since, "rb") as f:
                before, stamps = pickle.load(f)
            now = times(file)
            again = sum(
                int(np.sum((before[path] == OK) & stamps[path].all(1) & (stamps[path] != now[path]).any(1))) for path in now
            )
            print("again", again)
            return again > 0
        states, counts = judge(file)
        if a.save:
            with open(a.save, "wb") as f:
                pickle.dump((states, times(file)), f)
        print(" ".join(f"{name} {n}" for name, n in counts.items()))
        return counts["damaged"] > 0


sys.exit(main())
