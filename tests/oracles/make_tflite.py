#!/usr/bin/env python3
"""Small TFLite networks of ops that few files have, with random weights: make_tflite.py FOLDER [SEED [SIZE]]     needs: ai-edge-litert flatbuffers numpy
Each is written as NAME_TYPE.tflite for uint8, int8 (weights per channel) and float32: a few layers, the mean over the map,
a linear layer and softmax. Scales are chosen so that codes spread; LiteRT's interpreter runs every one."""
import os, sys, warnings
warnings.filterwarnings('ignore')
import numpy as np, flatbuffers
from ai_edge_litert import schema_py_generated as S

B, O, T = S.BuiltinOperator, S.BuiltinOptions, S.TensorType
NONE, RELU, RELU_N1, RELU6 = 0, 1, 2, 3
SAME, VALID = 0, 1
BINARY = {B.ADD: (S.AddOptionsT(), O.AddOptions), B.SUB: (S.SubOptionsT(), O.SubOptions), B.MUL: (S.MulOptionsT(), O.MulOptions)}

class Net:
    """Every method adds an op and returns its output tensor's number."""
    def __init__(self, kind, seed, size=17):
        self.kind, self.r = kind, np.random.default_rng(seed)
        self.tensors, self.buffers, self.ops, self.codes, self.scale = [], [S.BufferT()], [], [], {}
        self.type = dict(uint8=T.UINT8, int8=T.INT8, float32=T.FLOAT32)[kind]
        self.input = self.value('input', (1, size, size, 3), (1 / 128, 128))
    def tensor(self, name, shape, type_, data=None, scale=None, zero=None, axis=0):
        t = S.TensorT()
        t.name, t.shape, t.type, t.buffer = name, list(shape), type_, 0
        t.quantization = S.QuantizationParametersT()
        if scale is not None:
            t.quantization.scale, t.quantization.zeroPoint, t.quantization.quantizedDimension = list(map(float, scale)), list(map(int, zero)), axis
        if data is not None:
            b = S.BufferT()
            b.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            self.buffers.append(b)
            t.buffer = len(self.buffers) - 1
        self.tensors.append(t)
        return len(self.tensors) - 1
    def value(self, name, shape, q=None):
        """An activation; q: scale and zero point, of uint8's codes."""
        if self.kind == 'float32':
            return self.tensor(name, shape, T.FLOAT32)
        n = self.tensor(name, shape, self.type, None, [np.float32(q[0])], [q[1] - (128 if self.kind == 'int8' else 0)])
        self.scale[n] = (float(np.float32(q[0])), q[1])
        return n
    def numbers(self, *v):
        v = np.array(v, np.int32)
        return self.tensor('numbers', v.shape, T.INT32, v)
    def shape(self, t):
        return tuple(self.tensors[t].shape)
    def op(self, code, inputs, outputs, options=None, type_=0):
        c = S.OperatorCodeT()
        c.builtinCode, c.deprecatedBuiltinCode, c.version = code, min(code, 127), 1
        self.codes.append(c)
        o = S.OperatorT()
        o.opcodeIndex, o.inputs, o.outputs, o.builtinOptionsType, o.builtinOptions = len(self.codes) - 1, inputs, outputs, type_, options
        self.ops.append(o)
    def like(self, name, shape, x):
        return self.value(name, shape, self.scale.get(x))
    def weights(self, shape, axis, s_x):
        """A weight with its scales, and the bias's."""
        if self.kind == 'float32':
            w = self.r.normal(0, 1 / np.sqrt(np.prod(shape[1:])), shape).astype(np.float32)
            return self.tensor('w', shape, T.FLOAT32, w), None
        if self.kind == 'uint8':
            return self.tensor('w', shape, T.UINT8, self.r.integers(0, 256, shape).astype(np.uint8), [s := 0.01], [self.r.integers(100, 156)]), [s]
        s = self.r.uniform(0.005, 0.015, shape[axis])
        return self.tensor('w', shape, T.INT8, self.r.integers(-127, 128, shape).astype(np.int8), s, [0] * len(s), axis), s
    def bias(self, count, s_x, s_w):
        if self.kind == 'float32':
            return self.tensor('b', (count,), T.FLOAT32, self.r.normal(0, 0.2, count).astype(np.float32))
        s = np.float32(s_x) * np.float32(s_w) * np.ones(count if self.kind == 'int8' else 1)
        return self.tensor('b', (count,), T.INT32, self.r.integers(-3000, 3000, count).astype(np.int32), s[:count], [0] * len(s))
    def spread(self, x, taps, s_w, positive):
        """A scale at which sums of so many products fill the codes."""
        if self.kind == 'float32':
            return None
        s = self.scale[x][0] * np.mean(s_w) * 70 * 70 * np.sqrt(taps) / (110 if positive else 55)
        return s, 0 if positive else int(self.r.integers(110, 146))
    def window(self, n, k, stride, padding, dilation):
        k = (k - 1) * dilation + 1
        return -(-n // stride) if padding == SAME else (n - k) // stride + 1
    def conv(self, name, x, c, kernel, stride=1, padding=SAME, act=RELU, dilation=1, groups=1, depthwise=0):
        _, h, w, i = self.shape(x)
        kh, kw = kernel
        oh, ow = self.window(h, kh, stride, padding, dilation), self.window(w, kw, stride, padding, dilation)
        c = i * depthwise if depthwise else c
        shape = (1, kh, kw, c) if depthwise else (c, kh, kw, i // groups)
        k, s_w = self.weights(shape, 3 if depthwise else 0, x)
        taps = kh * kw * (1 if depthwise else i // groups)
        q = self.spread(x, taps, s_w, act in (RELU, RELU6)) if s_w is not None else None
        q = (1 / 100, 120) if q and act == RELU_N1 else q
        y = self.value(name, (1, oh, ow, c), q)
        o = S.DepthwiseConv2DOptionsT() if depthwise else S.Conv2DOptionsT()
        o.padding, o.strideW, o.strideH, o.fusedActivationFunction, o.dilationWFactor, o.dilationHFactor = padding, stride, stride, act, dilation, dilation
        if depthwise:
            o.depthMultiplier = depthwise
        self.op(B.DEPTHWISE_CONV_2D if depthwise else B.CONV_2D, [x, k, self.bias(c, self.scale.get(x, (1,))[0], s_w)], [y], o,
                O.DepthwiseConv2DOptions if depthwise else O.Conv2DOptions)
        return y
    def pool(self, name, x, code, k, stride, padding):
        _, h, w, c = self.shape(x)
        y = self.like(name, (1, self.window(h, k, stride, padding, 1), self.window(w, k, stride, padding, 1), c), x)
        o = S.Pool2DOptionsT()
        o.padding, o.strideW, o.strideH, o.filterWidth, o.filterHeight, o.fusedActivationFunction = padding, stride, stride, k, k, 0
        self.op(code, [x], [y], o, O.Pool2DOptions)
        return y
    def cat(self, name, xs, q=None):
        s = self.shape(xs[0])
        y = self.value(name, s[:-1] + (sum(self.shape(x)[-1] for x in xs),), q or self.scale.get(xs[0]))
        o = S.ConcatenationOptionsT()
        o.axis, o.fusedActivationFunction = 3, 0
        self.op(B.CONCATENATION, xs, [y], o, O.ConcatenationOptions)
        return y
    def two(self, name, code, a, b, q, act=NONE):
        y = self.value(name, self.shape(a), q)
        o, t = BINARY[code]
        o.fusedActivationFunction = act
        self.op(code, [a, b], [y], o, t)
        return y
    def one(self, name, code, x, q=None, options=None, type_=0):
        y = self.value(name, self.shape(x), q or self.scale.get(x))
        self.op(code, [x], [y], options, type_)
        return y
    def pad(self, name, x, t, b, l, r):
        _, h, w, c = self.shape(x)
        y = self.like(name, (1, h + t + b, w + l + r, c), x)
        p = np.array([[0, 0], [t, b], [l, r], [0, 0]], np.int32)
        self.op(B.PAD, [x, self.tensor('pads', (4, 2), T.INT32, p)], [y], S.PadOptionsT(), O.PadOptions)
        return y
    def reshape(self, name, x, shape):
        y = self.like(name, shape, x)
        o = S.ReshapeOptionsT()
        o.newShape = list(shape)
        self.op(B.RESHAPE, [x, self.numbers(*shape)], [y], o, O.ReshapeOptions)
        return y
    def transpose(self, name, x, order):
        y = self.like(name, [self.shape(x)[i] for i in order], x)
        self.op(B.TRANSPOSE, [x, self.numbers(*order)], [y], S.TransposeOptionsT(), O.TransposeOptions)
        return y
    def split(self, x):
        _, h, w, c = self.shape(x)
        ys = [self.like(n, (1, h, w, c // 2), x) for n in ('left', 'right')]
        o = S.SplitOptionsT()
        o.numSplits = 2
        self.op(B.SPLIT, [self.numbers(3), x], ys, o, O.SplitOptions)
        return ys
    def mean(self, name, x, keep=True):
        c = self.shape(x)[3]
        s = self.scale.get(x)
        y = self.value(name, (1, 1, 1, c) if keep else (1, c), s and (s[0] * 0.6, s[1]))
        o = S.ReducerOptionsT()
        o.keepDims = keep
        self.op(B.MEAN, [x, self.numbers(1, 2)], [y], o, O.ReducerOptions)
        return y
    def linear(self, name, x, c):
        i = int(np.prod(self.shape(x)))
        k, s_w = self.weights((c, i), 0, x)
        if self.kind == 'int8':                      # one scale, as most files have it
            q = self.tensors[k].quantization
            q.scale, q.zeroPoint, s_w = q.scale[:1], [0], s_w[:1]
        y = self.value(name, (1, c), self.spread(x, i, s_w, False) if s_w is not None else None)
        o = S.FullyConnectedOptionsT()
        b = self.bias(c, self.scale.get(x, (1,))[0], s_w)
        if self.kind == 'int8':
            q = self.tensors[b].quantization
            q.scale, q.zeroPoint = q.scale[:1], [0]
        self.op(B.FULLY_CONNECTED, [x, k, b], [y], o, O.FullyConnectedOptions)
        return y
    def constant(self, name, count):
        if self.kind == 'float32':
            return self.tensor(name, (count,), T.FLOAT32, self.r.uniform(-1, 1, count).astype(np.float32))
        low, type_ = (0, np.uint8) if self.kind == 'uint8' else (-128, np.int8)
        return self.tensor(name, (count,), self.type, self.r.integers(low, low + 256, count).astype(type_), [np.float32(0.0083)], [low + 70])
    def head(self, x, classes=10):
        x = self.linear('logits', self.mean('mean', x, False) if len(self.shape(x)) == 4 else x, classes)
        y = self.value('soft', self.shape(x), (1 / 256, 0))
        o = S.SoftmaxOptionsT()
        o.beta = 1.0
        self.op(B.SOFTMAX, [x], [y], o, O.SoftmaxOptions)
        self.output = y
    def write(self, path):
        g, m = S.SubGraphT(), S.ModelT()
        g.tensors, g.operators, g.inputs, g.outputs, g.name = self.tensors, self.ops, [self.input], [self.output], 'main'
        m.version, m.operatorCodes, m.subgraphs, m.buffers, m.description = 3, self.codes, [g], self.buffers, 'made by make_tflite.py'
        b = flatbuffers.Builder(1 << 16)
        b.Finish(m.Pack(b), b'TFL3')
        open(path, 'wb').write(bytes(b.Output()))

def inception(n):
    x = n.conv('stem', n.input, 16, (3, 3), 2, VALID, RELU6)
    a = n.conv('a', x, 8, (1, 1))
    b = n.conv('b7', n.conv('b1', n.conv('b0', x, 8, (1, 1)), 8, (1, 7)), 8, (7, 1))
    c = n.conv('c', n.pool('average', x, B.AVERAGE_POOL_2D, 3, 1, SAME), 8, (1, 1))
    q = n.scale.get(a)
    if n.kind == 'int8':                             # its concatenation wants equal scales
        for t in (b, c):
            n.tensors[t].quantization.scale, n.tensors[t].quantization.zeroPoint = n.tensors[a].quantization.scale, n.tensors[a].quantization.zeroPoint
            n.scale[t] = n.scale[a]
    y = n.cat('cat', [a, b, c], q)
    n.head(n.cat('more', [n.pool('largest', y, B.MAX_POOL_2D, 3, 2, VALID), n.conv('reduced', y, 8, (3, 3), 2, VALID)], q) if n.kind != 'int8' else y)
def leaky(n):
    x = n.conv('stem', n.input, 16, (3, 3), 2, SAME, NONE)
    o = S.LeakyReluOptionsT()
    o.alpha = 0.1
    x = n.one('leaky', B.LEAKY_RELU, x, None if n.kind == 'float32' else (n.scale[x][0] * 0.9, 30), o, O.LeakyReluOptions)
    x = n.conv('last', x, 24, (3, 3), 1, SAME, RELU_N1)
    n.head(x)
def dilated(n):
    x = n.conv('stem', n.input, 16, (3, 3), 1, SAME)
    x = n.conv('dilated', x, 16, (3, 3), 1, SAME, NONE, dilation=2)
    x = n.conv('depth', x, 0, (3, 3), 1, VALID, RELU, dilation=3, depthwise=1)
    n.head(x)
def multiplied(n):
    x = n.conv('stem', n.input, 8, (5, 5), 2, SAME)
    x = n.conv('twice', x, 0, (3, 3), 2, SAME, RELU6, depthwise=2)
    x = n.conv('groups', x, 24, (3, 3), 1, SAME, NONE, groups=4)
    n.head(x)
def padded(n):
    x = n.conv('stem', n.pad('zeros', n.input, 1, 2, 3, 0), 16, (3, 3), 2, VALID)
    x = n.pool('largest', n.pad('around', x, 1, 1, 0, 1), B.MAX_POOL_2D, 3, 2, VALID)
    x = n.conv('negative', x, 16, (3, 3), 1, SAME, NONE)
    x = n.pool('averaged', n.pad('kept', x, 1, 0, 0, 1), B.AVERAGE_POOL_2D, 2, 1, VALID)
    x = n.conv('last', x, 24, (1, 1))
    x = n.pool('small', x, B.MAX_POOL_2D, 2, 2, SAME)
    n.head(n.reshape('row', x, (1, int(np.prod(n.shape(x))))))
def excited(n):
    x = n.conv('stem', n.input, 16, (3, 3), 2, SAME, NONE)
    x = n.one('swish', B.HARD_SWISH, x, None if n.kind == 'float32' else (n.scale[x][0] * 0.6, 20), S.HardSwishOptionsT(), O.HardSwishOptions)
    g = n.conv('squeeze', n.mean('pooled', x), 8, (1, 1))
    g = n.one('gate', B.LOGISTIC, n.conv('excite', g, 16, (1, 1), 1, SAME, NONE), (1 / 256, 0))
    s = n.scale.get(x)
    y = n.two('scaled', B.MUL, x, g, s and (s[0] * 0.8, s[1]))
    z = n.conv('branch', y, 16, (3, 3), 1, SAME, NONE)
    q = n.scale.get(z)
    n.head(n.two('sum', B.ADD, y, z, q and (q[0] * 1.1, 0 if n.kind == 'uint8' else 90), RELU if n.kind == 'uint8' else NONE))
def constant(n):
    def two(name, code, x, count, scale, zero, activation=NONE, swapped=0):
        y, k = n.like(name, n.shape(x), x), n.constant(name + '_by', count)
        if n.kind != 'float32':
            q = n.tensors[y].quantization
            n.scale[y] = n.scale[x][0] * scale, zero
            q.scale, q.zeroPoint = [np.float32(n.scale[y][0])], [zero - (128 if n.kind == 'int8' else 0)]
        o, options = BINARY[code]
        o.fusedActivationFunction = activation
        n.op(code, [k, x] if swapped else [x, k], [y], o, options)
        return y
    x = two('add', B.ADD, two('mul', B.MUL, n.input, 1, 1.3, 120), 3, 1.4, 100)
    x = two('less', B.SUB, x, 3, 1.1, 140)
    x = n.conv('stem', x, 16, (3, 3), 2, SAME, NONE)
    q = n.scale.get(x)
    x = n.two('difference', B.SUB, x, n.conv('other', x, 16, (1, 1), 1, SAME, NONE), q and (q[0] * 1.2, 110))
    x = two('more', B.ADD, two('times', B.MUL, x, 16, 1.1, 90, NONE, 1), 1, 0.9, 10, RELU6, 1)
    n.head(n.conv('last', x, 24, (1, 1)))
def moved(n):
    def step(name, x, begin, count, s):
        _, h, w, c = n.shape(x)
        y = n.like(name, (1, count[0], count[1], c), x)
        if s == 1:
            n.op(B.SLICE, [x, n.numbers(0, *begin, 0), n.numbers(1, *count, -1)], [y], S.SliceOptionsT(), O.SliceOptions)
        else:
            o = S.StridedSliceOptionsT()
            o.beginMask = o.endMask = 15
            n.op(B.STRIDED_SLICE, [x, n.numbers(0, 0, 0, 0), n.numbers(1, h, w, c), n.numbers(1, s, s, 1)], [y], o, O.StridedSliceOptions)
        return y
    x = n.conv('stem', n.input, 16, (3, 3), 1, SAME, NONE)
    _, h, w, c = n.shape(x)
    x = step('crop', x, (1, 2), (h - 2, w - 2), 1)
    x = n.conv('middle', x, 24, (3, 3), 1, SAME, NONE)
    x = step('every', x, None, ((h - 1) // 2, (w - 1) // 2), 2)
    _, h, w, c = n.shape(x)
    y = n.like('around', (1, h + 1, w + 2, c), x)
    least = {'uint8': np.uint8(0), 'int8': np.int8(-128), 'float32': np.float32(-np.inf)}[n.kind]
    q = n.scale.get(x)
    k = n.tensor('least', (), n.type, least, q and [q[0]], q and [q[1] - (128 if n.kind == 'int8' else 0)])
    n.op(B.PADV2, [x, n.tensor('pads', (4, 2), T.INT32, np.array([[0, 0], [1, 0], [1, 1], [0, 0]], np.int32)), k], [y], S.PadV2OptionsT(), O.PadV2Options)
    x = n.pool('largest', y, B.MAX_POOL_2D, 2, 1, VALID)
    y = n.like('most', (1, c), x)
    n.op(B.REDUCE_MAX, [x, n.numbers(1, 2)], [y], S.ReducerOptionsT(), O.ReducerOptions)
    n.head(y)
def shuffled(n):
    x = n.conv('stem', n.input, 16, (3, 3), 2, SAME)
    a, b = n.split(x)
    b = n.conv('right_conv', b, 8, (1, 1), 1, SAME, RELU)
    if n.kind == 'int8':
        n.tensors[b].quantization.scale, n.tensors[b].quantization.zeroPoint = n.tensors[a].quantization.scale, n.tensors[a].quantization.zeroPoint
        n.scale[b] = n.scale[a]
    y = n.cat('cat', [a, b])
    _, h, w, c = n.shape(y)
    y = n.reshape('joined', n.transpose('turned', n.reshape('five', y, (1, h, w, 2, c // 2)), (0, 1, 2, 4, 3)), (1, h, w, c))
    n.head(n.one('relu6', B.RELU6, n.conv('last', y, 20, (1, 1), 1, SAME, NONE), None if n.kind == 'float32' else (6 / 255, 0)))
def apart(n):
    def conv(name, x, c, d, pads, crops, depthwise=0):
        _, h, w, channels = n.shape(x)
        sides = lambda p: n.tensor('sides', (2, 2), T.INT32, np.array(p, np.int32))
        y = n.like(name + '_apart', (d * d, (h + sum(pads[0])) // d, (w + sum(pads[1])) // d, channels), x)
        n.op(B.SPACE_TO_BATCH_ND, [x, n.numbers(d, d), sides(pads)], [y], S.SpaceToBatchNDOptionsT(), O.SpaceToBatchNDOptions)
        z = n.conv(name + '_conv', y, c, (3, 3), 1, VALID, NONE, depthwise=depthwise)
        n.tensors[z].shape[0] = d * d
        _, zh, zw, zc = n.shape(z)
        o = n.like(name, (1, zh * d - sum(crops[0]), zw * d - sum(crops[1]), zc), z)
        n.op(B.BATCH_TO_SPACE_ND, [z, n.numbers(d, d), sides(crops)], [o], S.BatchToSpaceNDOptionsT(), O.BatchToSpaceNDOptions)
        return o
    x = n.conv('stem', n.input, 16, (3, 3), 1, SAME)
    h = n.shape(x)[1]
    p = -(h + 4) % 2
    x = conv('two', x, 16, 2, ((2, 2 + p), (2, 2 + p)), ((0, p), (0, p)))
    h = n.shape(x)[1]
    p = -h % 3
    n.head(conv('three', x, 16, 3, ((0, p), (0, p)), ((0, p), (0, p)), 1))
def planes(n):
    x = n.conv('stem', n.input, 16, (3, 3), 2, SAME)
    x = n.transpose('first', x, (0, 3, 1, 2))
    _, c, h, w = n.shape(x)
    x = n.transpose('turned', n.reshape('five', x, (1, 4, c // 4, h, w)), (0, 2, 1, 3, 4))
    x = n.transpose('last_again', n.reshape('joined', x, (1, c, h, w)), (0, 2, 3, 1))
    n.head(n.one('tanh', B.TANH, n.conv('last', x, 20, (1, 1)), (1 / 128, 128)))

def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    size = int(sys.argv[3]) if len(sys.argv) > 3 else 17
    for seed, make in enumerate((inception, leaky, dilated, multiplied, padded, excited, shuffled, constant, moved, planes, apart)):
        for kind in ('uint8', 'int8', 'float32'):
            n = Net(kind, first + seed, size)
            make(n)
            n.write(os.path.join(sys.argv[1], '%s_%s.tflite' % (make.__name__, kind)))

if __name__ == "__main__":
    main()
