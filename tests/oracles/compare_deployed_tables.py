#!/usr/bin/env python3
"""What a TFLite file becomes, against what LiteRT's interpreter says of it: every tensor's shape, scale and zero point,
every weight and bias.   compare_deployed_tables.py PROGRAM FILE.tflite [INPUT]     needs: ai-edge-litert numpy
PROGRAM is build/release/tests/oracles/deployed. Prints how many values were compared and how many differ; exits 1 if any."""
import json, os, subprocess, sys, tempfile, warnings
warnings.filterwarnings('ignore')
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

TYPES = dict(F32=np.float32, F64=np.float64, I8=np.int8, I32=np.int32, I64=np.int64)
SAME_VALUES = ('RESHAPE', 'SQUEEZE', 'EXPAND_DIMS', 'PAD', 'PADV2', 'TRANSPOSE')     # no node of their own

def safetensors(path):
    raw = open(path, 'rb').read()
    size = int.from_bytes(raw[:8], 'little')
    head = json.loads(raw[8:8 + size])
    head.pop('__metadata__', None)
    return {k: np.frombuffer(raw[8 + size + v['data_offsets'][0]:8 + size + v['data_offsets'][1]], TYPES[v['dtype']]).reshape(v['shape'])
            for k, v in head.items()}

class Count:
    compared = wrong = 0
    def equal(self, what, a, b):
        a, b = np.asarray(a), np.asarray(b)
        self.compared += max(a.size, b.size)
        bad = max(a.size, b.size) if a.shape != b.shape else int((a != b).sum())
        self.wrong += bad
        if bad:
            print('  %s: %d differ (%s, %s)' % (what, bad, a.ravel()[:4], b.ravel()[:4]))

def widen(w, op):
    """A weight as the file has it, in our order: (o, i, h, w)."""
    return w.transpose(0, 3, 1, 2) if op == 'CONV_2D' else w.transpose(3, 0, 1, 2)

def main():
    program, path = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, 'w.safetensors')
        text = subprocess.run([program, path, out] + sys.argv[3:], check=True, capture_output=True, text=True).stdout
        t = safetensors(out)
    note = dict(line[2:].split(' = ', 1) for line in text.splitlines() if line.startswith('# '))
    node = {v: k[len('tensor.'):] for k, v in note.items() if k.startswith('tensor.')}
    it = Interpreter(model_path=path, experimental_op_resolver_type=OpResolverType.BUILTIN_REF, experimental_preserve_all_tensors=True)
    it.allocate_tensors()
    d = {x['index']: x for x in it.get_tensor_details()}
    c, unmapped, moved = Count(), [], 0
    def params(tensor, name):
        q = d[tensor]['quantization_parameters']
        if len(q['scales']) and d[tensor]['dtype'] in (np.uint8, np.int8):
            shift = 128 if d[tensor]['dtype'] == np.int8 else 0
            c.equal(name + ' scale', t[name + '.scale'], q['scales'].astype(np.float64))
            c.equal(name + ' zero point', t[name + '.zero_point'], q['zero_points'] + shift)
            c.equal(name + ' offset', t.get(name + '.offset', np.zeros(1, np.int32)), [shift])
    params(it.get_input_details()[0]['index'], node[it.get_input_details()[0]['name']])
    ends = [o['index'] for o in it.get_output_details()]
    for op in it._get_ops_details():
        o = op['outputs'][0]
        name = node.get(d[o]['name'])
        if name is None:
            if op['op_name'] in SAME_VALUES or op['op_name'] == 'SOFTMAX' or o in ends or d[o]['dtype'] == np.float32 and op['op_name'] == 'DEQUANTIZE':
                moved += 1
            else:
                unmapped.append(d[o]['name'])
            continue
        if name + '.scale' in t:
            params(o, name)
        if op['op_name'] in ('CONV_2D', 'DEPTHWISE_CONV_2D', 'FULLY_CONNECTED'):
            k = op['inputs'][1]
            w, q = it.get_tensor(k), d[k]['quantization_parameters']
            shift = 128 if w.dtype == np.uint8 else 0
            w = (w.astype(np.int16) - shift).astype(np.int8) if shift else w
            if op['op_name'] != 'FULLY_CONNECTED':
                w = widen(w, op['op_name'])
            mine = t[name + '.weight']
            c.equal(name + ' weight', mine, w)
            if len(q['scales']):
                c.equal(name + ' weight scale', t[name + '.weight.scale'], q['scales'].astype(np.float64))
                c.equal(name + ' weight zero point', t[name + '.weight.zero_point'], q['zero_points'] - shift)
            if len(op['inputs']) > 2 and op['inputs'][2] >= 0:
                c.equal(name + ' bias', t[name + '.bias'], it.get_tensor(op['inputs'][2]))
    print('%s: compared %d, mismatches %d, unmapped %d, moved or taken off %d' % (os.path.basename(path), c.compared, c.wrong, len(unmapped), moved))
    return 1 if c.wrong or unmapped or not c.compared else 0

sys.exit(main())
