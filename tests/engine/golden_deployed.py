#!/usr/bin/env python3
"""Writes golden_deployed.h: what LiteRT's reference kernels and XNNPACK, and ONNX Runtime, make of all 256 codes, and of averages.

    python3 tests/engine/golden_deployed.py > tests/engine/golden_deployed.h     (ai-edge-litert 2.3, onnxruntime 1.32, onnx 1.23)

Codes are ours: the file's own, and 128 more where these are signed; so are zero points. Maps are channels last, code i of them
(i * 73 + i * i * 31 / 7) % 256 (integer division).
"""
import os, tempfile, warnings
warnings.filterwarnings('ignore'); os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
import flatbuffers, numpy as np, onnx, onnxruntime
from onnx import TensorProto, helper
import ai_edge_litert
from ai_edge_litert import schema_py_generated as S
from ai_edge_litert.interpreter import Interpreter, OpResolverType

EVERY = np.arange(256, dtype=np.uint8).reshape(1, 1, 1, 256)
READINGS = dict(tflite=OpResolverType.BUILTIN_REF, xnnpack=OpResolverType.BUILTIN)


def own(codes, offset):
    return (codes.astype(np.int16) - offset).astype(np.int8 if offset else np.uint8)


def ours(codes, offset):
    return codes.astype(np.int16) + offset


def tflite(code, options, kind, codes, q_in, q_out, offset, offset_out=None, shape=None, extra=None):
    """One op of one input, and of constant numbers `extra`, by both readings."""
    offset_out = offset if offset_out is None else offset_out
    m, g, b = S.ModelT(), S.SubGraphT(), flatbuffers.Builder(1024)
    m.buffers = [S.BufferT()]

    def tensor(shape, type_, q, data=None):
        t = S.TensorT()
        t.name, t.shape, t.type, t.buffer, t.quantization = 't', list(shape), type_, 0, S.QuantizationParametersT()
        if q:
            t.quantization.scale, t.quantization.zeroPoint = [q[0]], [q[1]]
        if data is not None:
            m.buffers.append(S.BufferT())
            m.buffers[-1].data = np.frombuffer(data.tobytes(), np.uint8)
            t.buffer = len(m.buffers) - 1
        return t

    types = {0: S.TensorType.UINT8, 128: S.TensorType.INT8}
    g.tensors = [tensor(codes.shape, types[offset], (q_in[0], q_in[1] - offset)),
                 tensor(shape or codes.shape, types[offset_out], (q_out[0], q_out[1] - offset_out))]
    c, o = S.OperatorCodeT(), S.OperatorT()
    c.builtinCode, c.deprecatedBuiltinCode, c.version = code, min(code, 127), 1
    o.opcodeIndex, o.inputs, o.outputs, o.builtinOptions, o.builtinOptionsType = 0, [0], [1], options, kind
    if extra is not None:
        g.tensors.append(tensor(extra.shape, S.TensorType.INT32, None, extra))
        o.inputs = [0, 2]
    g.operators, g.inputs, g.outputs, g.name = [o], [0], [1], 'main'
    m.version, m.operatorCodes, m.subgraphs, m.description = 3, [c], [g], ''
    b.Finish(m.Pack(b), b'TFL3')
    results = {}
    for name, resolver in READINGS.items():
        i = Interpreter(model_content=bytes(b.Output()), experimental_op_resolver_type=resolver, num_threads=1)
        i.allocate_tensors()
        i.set_tensor(i.get_input_details()[0]['index'], own(codes, offset))
        i.invoke()
        results[name] = ours(i.get_tensor(i.get_output_details()[0]['index']), offset_out)
    return results


def ort(nodes, constants, codes, q_in, q_out, offset):
    """Nodes from `x` to `y`; codes channels last."""
    t = TensorProto.INT8 if offset else TensorProto.UINT8
    one = lambda name, v, kind: helper.make_tensor(name, kind, (), [v])
    consts = [one('xs', q_in[0], TensorProto.FLOAT), one('xz', q_in[1] - offset, t),
              one('ys', q_out[0], TensorProto.FLOAT), one('yz', q_out[1] - offset, t)] + constants
    value = lambda name: helper.make_tensor_value_info(name, t, None)
    graph = helper.make_graph(nodes, 'main', [value('x')], [value('y')], consts)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 18), helper.make_opsetid('com.microsoft', 1)], ir_version=9)
    so = onnxruntime.SessionOptions()
    so.intra_op_num_threads, so.log_severity_level = 1, 3
    so.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    so.add_session_config_entry('session.qdqisint8allowed', '1')
    s = onnxruntime.InferenceSession(model.SerializeToString(), so, providers=['CPUExecutionProvider'])
    x = np.ascontiguousarray(own(codes, offset).transpose(0, 3, 1, 2))
    return ours(s.run(None, {'x': x})[0], offset).transpose(0, 2, 3, 1)


def between(op, **attributes):
    """A real op between DequantizeLinear and QuantizeLinear."""
    return [helper.make_node('DequantizeLinear', ['x', 'xs', 'xz'], ['a']), helper.make_node(op, ['a'], ['b'], **attributes),
            helper.make_node('QuantizeLinear', ['b', 'ys', 'yz'], ['y'])]


seen = {}


def emit(name, values):
    """What has been there before is another name of it."""
    values = np.ravel(values)
    first = seen.setdefault(values.tobytes(), name)
    if first != name:
        print(f'#define {name} {first}')
        return
    print(f'static const uint8_t {name}[{len(values)}] = {{')
    for k in range(0, len(values), 20):
        print('    ' + ', '.join(str(int(v)) for v in values[k:k + 20]) + ',')
    print('};')


def f32(x):
    return float(np.float32(x))


def params(name, q, offset):
    print(f'static const struct quant_params {name} = {{ {q[0]!r}, {q[1]}, 0, 255, {offset} }};')


def codes(h, w, c):
    i = np.arange(h * w * c, dtype=np.int64)
    return ((i * 73 + i * i * 31 // 7) % 256).astype(np.uint8).reshape(1, h, w, c)


print(f'/* Made by golden_deployed.py with ai-edge-litert {ai_edge_litert.__version__}, onnxruntime {onnxruntime.__version__} */')
print('#include <stdint.h>')
B, O = S.BuiltinOperator, S.BuiltinOptions
WIDE, NARROW, GATE = (f32(.0473), 117), (f32(.0311), 22), (1 / 256, 0)
for offset in (0, 128):
    p = 'golden_s8' if offset else 'golden_u8'
    for name, q in (('wide', WIDE), ('narrow', NARROW), ('gate', GATE)):
        params(f'{p}_{name}', q, offset)
    leaky = S.LeakyReluOptionsT()
    leaky.alpha = 0.1
    pool = S.Pool2DOptionsT()
    pool.padding, pool.strideW, pool.strideH, pool.filterWidth, pool.filterHeight = 0, 2, 2, 3, 3
    reduce = S.ReducerOptionsT()
    reduce.keepDims = True
    axes, map_, small = np.array([1, 2], np.int32), codes(7, 7, 6), codes(5, 5, 6)
    for name, r in (('hardswish', tflite(B.HARD_SWISH, S.HardSwishOptionsT(), O.HardSwishOptions, EVERY, WIDE, NARROW, offset)),
                    ('leakyrelu', tflite(B.LEAKY_RELU, leaky, O.LeakyReluOptions, EVERY, WIDE, NARROW, offset)),
                    ('sigmoid', tflite(B.LOGISTIC, None, 0, EVERY, WIDE, GATE, offset)),
                    ('relu6', tflite(B.RELU6, None, 0, EVERY, WIDE, NARROW, offset)),
                    ('quantize', tflite(B.QUANTIZE, S.QuantizeOptionsT(), O.QuantizeOptions, EVERY, WIDE, NARROW, offset)),
                    ('change', tflite(B.QUANTIZE, S.QuantizeOptionsT(), O.QuantizeOptions, EVERY, WIDE, NARROW, offset, 128 - offset)),
                    ('mean', tflite(B.MEAN, reduce, O.ReducerOptions, map_, WIDE, NARROW, offset, None, (1, 1, 1, 6), axes)),
                    ('windows', tflite(B.AVERAGE_POOL_2D, pool, O.Pool2DOptions, small, WIDE, WIDE, offset, None, (1, 3, 3, 6)))):
        for reading, v in r.items():
            emit(f'{p}_{reading}_{name}', v)
    q = ['x', 'xs', 'xz', 'ys', 'yz']
    micro = lambda op, **a: [helper.make_node(op, q, ['y'], domain='com.microsoft', **a)]
    quantize = [helper.make_node('DequantizeLinear', ['x', 'xs', 'xz'], ['a']), helper.make_node('QuantizeLinear', ['a', 'ys', 'yz'], ['y'])]
    for name, nodes, data, to in (('sigmoid', micro('QLinearSigmoid'), EVERY, GATE),
                                  ('leakyrelu', micro('QLinearLeakyRelu', alpha=0.1), EVERY, NARROW),
                                  ('hardsigmoid', between('HardSigmoid', alpha=1 / 6, beta=.5), EVERY, GATE),
                                  ('hardswish', between('HardSwish'), EVERY, NARROW),
                                  ('quantize', quantize, EVERY, NARROW),
                                  ('average', micro('QLinearGlobalAveragePool', channels_last=0), map_, NARROW),
                                  ('windows', micro('QLinearAveragePool', kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], channels_last=0), small, NARROW),
                                  ('counted', micro('QLinearAveragePool', kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1, channels_last=0), small, NARROW)):
        emit(f'{p}_ort_{name}', ort(nodes, [], data, WIDE, to, offset))
    for size in (1, 2, 3, 5, 7):
        axes_ = helper.make_tensor('axes', TensorProto.INT64, (2,), [2, 3])
        nodes = [helper.make_node('DequantizeLinear', ['x', 'xs', 'xz'], ['a']), helper.make_node('ReduceMean', ['a', 'axes'], ['b'], keepdims=1),
                 helper.make_node('QuantizeLinear', ['b', 'ys', 'yz'], ['y'])]
        emit(f'{p}_ort_mean_{size}', ort(nodes, [axes_], codes(size, size, 6), WIDE, (f32(.004), 128), offset))
