#!/usr/bin/env python3
"""Compares `quantcam infer` of ONNX files with ONNX Runtime, tensor by tensor.

    tests/oracles/compare_onnx.py SHARED NET[:FORM] ...     FORM: float, dynamo, or qdq|qop-ACT-WEIGHT[-pc]; without one all
    tests/oracles/compare_onnx.py SHARED --files FILE ...

SHARED/oracle-tools/deployed_oracle.py makes each network of torchvision (random lively weights, 96 x 96) and runs it, in the
reading `fused`, on two photographs of tests/image/data. Of codes every tensor that exists on both sides is compared, and the
logits: equal; of float files the logits: within 1e-4 of the largest. On a CPU without VNNI, where the runtime's sums of codes
without a sign and weights with one saturate, such files are compared twice: with session.x64quantprecision=1, and as the runtime
is used, with numerics.saturate = ort-avx2. Prints compared, unmapped (nodes of codes that the runtime
has no tensor for) and mismatches; exit 0 only if the last are 0. Environment: QUANTCAM the program, QUANTCAM_ISA, FOLDER where
networks stay (a temporary one).
"""
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import onnx

from oracle import ROOT, QUANTCAM, Tally

FORMS = {"float": ["--form", "float"], "dynamo": ["--form", "float", "--exporter", "dynamo"]}
QUANTIZED = ("qdq-u8-s8-pc", "qdq-s8-s8-pc", "qdq-u8-u8", "qdq-u8-s8", "qop-u8-s8-pc", "qop-s8-s8-pc", "qop-u8-u8", "qop-u8-s8", "qop-s8-s8")
INPUT = "resize squash bilinear mean 0.485 0.456 0.406 std 0.229 0.224 0.225"


def run(*command):
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f'{" ".join(command[:6])} ...: exit {done.returncode}: {done.stderr.strip()[-2000:]}')
    return done.stdout


def arguments(form):
    if form in FORMS:
        return FORMS[form]
    kind, activations, weights, *channels = form.split("-")
    return ["--form", kind, "--act", activations, "--weight", weights] + (["--per-channel"] if channels else [])


def names(description):
    """The file's tensor of each node, and the nodes that keep it in another form than codes."""
    return dict(line[len("# tensor."):].split(" = ", 1) for line in description.splitlines() if line.startswith("# tensor."))


def softmax_input(path):
    """The tensor before a softmax at the end, which is left out; None where there is none."""
    graph = onnx.load(path).graph
    maker, name = {n.output[0]: n for n in graph.node}, graph.output[0].name
    while name in maker and maker[name].op_type in ("QuantizeLinear", "DequantizeLinear"):
        name = maker[name].input[0]
    return maker[name].input[0] if name in maker and maker[name].op_type in ("Softmax", "QLinearSoftmax") else None


def compare(path, oracle, ours, notes):
    """Returns the tally and the nodes without a tensor."""
    tally, unmapped, before = Tally(), [], softmax_input(path)
    with h5py.File(oracle) as theirs, h5py.File(ours) as h:
        tensors = {t.attrs["name"]: t for t in theirs["tensors"].values()}
        coded = "codes" in h
        logits = (tensors[before] if before and not coded else theirs["output/0"])[()].reshape(len(theirs["pixels"]), -1)
        if not coded:
            tally.close("logits", h["logits"][()], logits)
        elif not before:  # else they are among the codes
            tally.exact("logits", h["logits"][()], logits)
        for node in h["codes"] if coded else ():
            t = tensors.get(notes.get(node))
            if t is None or t.dtype.kind == "f":
                unmapped.append(node)
                continue
            mine = h["codes"][node][()]
            rows = mine.shape[1] * mine.shape[2] if mine.ndim == 3 else 0
            first = t[:rows].reshape(*mine.shape[1:], -1) if t.ndim == 2 and rows > 1 else t[0]  # positions as rows
            codes = first.astype(np.int16) + (128 if t.dtype == np.int8 else 0)
            if mine.shape != codes.shape and mine.shape == codes.shape[2:] + codes.shape[:2]:  # channels last
                codes = np.moveaxis(codes, 2, 0)
            tally.exact(f"codes of {node}", mine, codes)
    return tally, unmapped


def has_vnni():
    with open("/proc/cpuinfo") as cpu:
        return "vnni" in cpu.read()


def is_u8_s8(path):
    """Codes without a sign and weights with one, which saturate where a CPU has no VNNI."""
    graph = onnx.load(path).graph
    constant = {t.name: t for t in graph.initializer}
    zero_points = [constant.get(n.input[k]) for n in graph.node for k in {"QuantizeLinear": (2,), "QLinearConv": (2,)}.get(n.op_type, ())]
    return any(t.data_type == onnx.TensorProto.INT8 and len(t.dims) > 1 for t in constant.values()) and \
        any(t is not None and t.data_type == onnx.TensorProto.UINT8 for t in zero_points)


def one(shared, path, scratch):
    if not is_u8_s8(path):
        return one_way(shared, path, scratch)
    if has_vnni():
        print(f"{os.path.basename(path)}: the CPU has VNNI, and ONNX Runtime's sums do not saturate: ort-avx2 is left out")
        return one_way(shared, path, scratch)
    return one_way(shared, path, scratch, "1") + one_way(shared, path, scratch, "0", "ort-avx2")


def one_way(shared, path, scratch, precise="0", saturate="off"):
    tool = f"{shared}/oracle-tools/deployed_oracle.py"
    oracle, ours = f"{scratch}/oracle.h5", f"{scratch}/ours.h5"
    run(sys.executable, tool, "run", path, f"{ROOT}/tests/image/data", oracle, "--reading", "fused", "--precise", precise)
    run(QUANTCAM, "infer", "--model", path, "--input", INPUT, "--pixels", oracle, "--tap=all", "-o", ours, "--isa",
        os.environ.get("QUANTCAM_ISA", "auto"), f"--numerics.saturate={saturate}")
    notes = names(run(f"{os.path.dirname(os.path.realpath(os.path.join(ROOT, QUANTCAM)))}/tests/oracles/deployed", path, f"{scratch}/tensors.safetensors", INPUT))
    tally, unmapped = compare(path, oracle, ours, notes)
    print(f"{os.path.basename(path)}{', ort-avx2' if saturate != 'off' else ''}: compared {tally.compared} ({tally.elements} values), unmapped {len(unmapped)} "
          f"{' '.join(unmapped[:3])}, mismatches {tally.mismatches} ({tally.wrong} values)", flush=True)
    return tally.mismatches


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    shared, *wanted = sys.argv[1:]
    bad = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.environ.get("FOLDER", scratch)
        if wanted[0] == "--files":
            return 1 if sum(one(shared, os.path.abspath(path), scratch) for path in wanted[1:]) else 0
        for word in wanted:
            net, _, form = word.partition(":")
            for f in (form,) if form else (*FORMS, *QUANTIZED):
                path = f"{folder}/{net}-{f}.onnx"
                if not os.path.exists(path):
                    run(sys.executable, f"{shared}/oracle-tools/deployed_oracle.py", "make", net, path, "--size", "96", *arguments(f))
                bad += one(shared, path, scratch)
                if folder == scratch:
                    os.remove(path)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
