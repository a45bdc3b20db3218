#!/usr/bin/env python3
"""Times deployed files beside the runtimes they are made for, on one core, in one run, and prints the table of ratios: the runtime's time / ours.

    analysis/peers_deployed.py NET.tflite NET.onnx ...     each as its runtime runs it by default
    --rounds 7 --repeats 20                                interleaved rounds; runs of each, behind some that are not counted
    --json FILE --markdown FILE                            everything measured; the table
    --quick                                                a try: 2 rounds of 5

A .tflite file runs in LiteRT with XNNPACK, its interpreter's default, and here as engine = tflite-xnnpack, which gives equal codes; an .onnx
file in ONNX Runtime at its default level with session.qdqisint8allowed = 1, whose codes ours are. One thread, batch 1, a picture of noise, no decoding.
Also: our time as tflite-reference, and the multiplications that are done a second beside this core's measured peak.
Needs ai-edge-litert, onnxruntime and numpy, each for its files. QUANTCAM names the program (build/quantcam).
"""

import argparse
import json
import os
import time

os.environ.setdefault('OMP_NUM_THREADS', '1')
import peers_common
from peers_common import Times, load, machine, ours, peaks, pin
from peers_table import Table

peers_common.PACKAGES = ('ai-edge-litert', 'onnxruntime', 'numpy')
GOAL = 1.0


def noise(shape, dtype):
    import numpy as np

    draw = np.random.default_rng(1)
    if np.issubdtype(dtype, np.integer):
        return draw.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    return draw.standard_normal(shape).astype(dtype)


def litert(path):
    """A function that runs the file once."""
    from ai_edge_litert.interpreter import Interpreter

    net = Interpreter(path, num_threads=1)
    net.allocate_tensors()
    given = net.get_input_details()[0]
    net.set_tensor(given['index'], noise(given['shape'], given['dtype']))
    return net.invoke


def onnxruntime(path):
    import numpy as np
    import onnxruntime as ort

    how = ort.SessionOptions()
    how.intra_op_num_threads = how.inter_op_num_threads = 1
    how.add_session_config_entry('session.qdqisint8allowed', '1')
    net = ort.InferenceSession(path, how, providers=['CPUExecutionProvider'])
    given = net.get_inputs()[0]
    dtype = {'tensor(float)': np.float32, 'tensor(uint8)': np.uint8, 'tensor(int8)': np.int8}[given.type]
    picture = {given.name: noise([n if isinstance(n, int) else 1 for n in given.shape], np.dtype(dtype))}
    return lambda: net.run(None, picture)


PEERS = {'.tflite': ('LiteRT, XNNPACK', litert, ['tflite-xnnpack', 'tflite-reference']),
         '.onnx': ('ONNX Runtime', onnxruntime, ['onnxruntime'])}
REAL = 'resize squash bilinear mean 0.5 0.5 0.5 std 0.5 0.5 0.5'


def bench(path, engine, repeats):
    """What `quantcam bench` says. A file that takes real numbers does not say how a picture becomes these, and noise is one."""
    about = json.loads(ours('inspect', path, '--json'))
    words = ['bench', '--model', path, '--repeats', repeats, '--json']
    if about['precision'] != 'real numbers':
        words += ['--engine', engine]
    if about['nodes'][0].get('scale') is None:
        words += ['--input', REAL]
    return json.loads(ours(*words))


def compare(path, args, peak, table):
    name, (label, make, engines) = os.path.basename(path), PEERS[os.path.splitext(path)[1]]
    run, times, said, before = make(path), Times(), {}, load()
    for _ in range(args.repeats):
        run()
    for _ in range(args.rounds):
        times.run(label, run, args.repeats)
        for engine in engines:
            said[engine] = bench(path, engine, args.repeats)
            times.add(engine, said[engine]['ms'], said[engine]['ms_fastest'])
    for engine in engines:
        goal = GOAL if engine == engines[0] else None
        table.add(f'{name}, {engine}', times.median(engine), times.median(label), label, times.least[label] / times.least[engine], goal,
                  n=args.rounds)
    first, ms = said[engines[0]], times.median(engines[0])
    done, described = (first[what] / ms / 1e6 for what in ('multiplications', 'macs'))
    table.state(f'{name}, share of the peak', 100 * done * 1e9 / peak.get(first['precision'], peak['int8']),
                f'%: {done:.1f} GMAC/s are done, for {described:.1f} of the description', n=args.rounds)
    return {'load': before, 'times': times.table(), 'layers': first['layers']}


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('files', metavar='FILE', type=os.path.abspath, nargs='+')
    p.add_argument('--rounds', type=int, default=7)
    p.add_argument('--repeats', type=int, default=20)
    p.add_argument('--quick', action='store_true', help='a try: 2 rounds of 5')
    p.add_argument('--json', metavar='FILE')
    p.add_argument('--markdown', metavar='FILE')
    args = p.parse_args()
    if args.quick:
        args.rounds, args.repeats = 2, 5
    for path in args.files:
        if os.path.splitext(path)[1] not in PEERS or not os.path.exists(path):
            p.error(f'{path}: no .tflite or .onnx file there')
    return args


def main():
    args, start = arguments(), time.monotonic()
    pin()
    peak = peaks()
    about = {**machine(), 'peak': {name: f'{rate / 1e9:.1f} GMAC/s' for name, rate in peak.items()}}
    table, result = Table(about), {'machine': about}
    for path in args.files:
        result[path] = compare(path, args, peak, table)
    table.ended(load(), time.monotonic() - start)
    table.show()
    table.write(args, result)


if __name__ == '__main__':
    main()
