#!/usr/bin/env python3
"""Loads what `quantcam quantize` wrote into torchvision's quantizable models.

    from load_quantized import load, read
    tensors, scales, notes = read('out.safetensors')           # name -> codes; (scale, zero_point); packed codes unpacked
    net = load('mobilenet_v2', 'out.safetensors')              # or out.h5; runs in PyTorch, quantized
    logits = net(normalized pictures, N x 3 x H x W)

    analysis/load_quantized.py mobilenet_v2 FILE OUT.h5             OUT.h5: what `quantcam infer` gave for FILE

As a program it runs OUT.h5's /pixels through PyTorch and compares the logits bit for bit; exit 1 where any differs. NETWORK is
mobilenet_v2, mobilenet_v3_large, resnet18, resnet50, shufflenet_v2_x0_5, shufflenet_v2_x1_0, ..., or one of quantizable_nets.py;
demo:NAME is a network of models/demo.

Integers of 2 to 8 bits run: PyTorch's kernels clamp at 0..255, and what lies above a file's P.codes is clamped behind each
module, which comes to the same. (hardsigmoid's output has 8 bits there: networks with one run at 8.) Rounded files, of 16 bits or of
fewer, are no integers: `values` of them gives the float32 weights that their codes stand for; and of trained low-bit networks
(quantcam.arithmetic = pact), whose odd levels `read` gives as they are, -3 -1 1 3 of 2 bits.

relu6: torchvision quantizes it as relu. The file's note quantcam.relu6 = clamp asks for the clamp, which a hook behind each
fused convolution applies. fbgemm's depthwise kernels add pairs of products in 16 bits, its others do so on CPUs without VNNI:
activations of 8 bits can saturate there, those of `quantize --activation-bits=7` only where a value lies beyond its range
(--observer=minmax: beyond every calibration picture's), and nothing under qnnpack.
"""
import json
import sys

import numpy as np
import torch
import torchvision
from torch.ao.nn.intrinsic import quantized as fused
from torchvision.models import quantization as quantizable

import quantizable_nets

DTYPES = {'F64': np.float64, 'F32': np.float32, 'I64': np.int64, 'I32': np.int32, 'I16': np.int16, 'I8': np.int8, 'U8': np.uint8}
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def unpack(row, bits, dense, shape):
    """Codes of few bits, the first in the lowest bits of a byte, in two's complement; dense: without gaps."""
    width, count = (bits if dense else 2 if bits == 2 else 4), int(np.prod(shape))
    parts = np.unpackbits(row, bitorder='little')[:count * width].reshape(count, width) @ (1 << np.arange(width))
    return np.where(parts >= 1 << width - 1, parts - (1 << width), parts).astype(np.int8).reshape(shape)


def read_safetensors(path):
    """name -> array; the codes of NAME have NAME.scale and NAME.zero_point beside them."""
    data = open(path, 'rb').read()
    size = int.from_bytes(data[:8], 'little')
    header = json.loads(data[8:8 + size])
    notes = header.pop('__metadata__', {})
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + size + x for x in entry['data_offsets'])
        tensors[name] = np.frombuffer(data[begin:end], DTYPES[entry['dtype']]).reshape(entry['shape']).copy()
    quantized = {n.removesuffix('.quantization'): value.split() for n, value in notes.items() if n.endswith('.quantization')}
    for name, words in quantized.items():
        if 'shape' in words:
            shape = [int(x) for x in words[words.index('shape') + 1].split(',')]
            tensors[name] = unpack(tensors[name], int(words[words.index('bits') + 1]), 'dense' in words, shape)
        if 'odd' in words:                                      # levels without a zero: 8 bits of them do not fit int8
            tensors[name] = 2 * tensors[name].astype(np.int16) + 1
    scales = {n: (tensors.pop(f'{n}.scale'), tensors.pop(f'{n}.zero_point')) for n in quantized}
    return tensors, scales, notes


def read_h5(path):
    import h5py
    with h5py.File(path) as f:
        tensors = {name: f[name][()] for name in f}
        scales = {name: (f[name].attrs['scale'], f[name].attrs['zero_point']) for name in f if 'scale' in f[name].attrs}
        notes = {key: value if isinstance(value, str) else value.decode() for key, value in f.attrs.items()
                 if isinstance(value, (str, bytes))}
    return tensors, scales, notes


def read(path):
    return (read_h5 if path.endswith('.h5') else read_safetensors)(path)


def values(path):
    """name -> float32: what every quantized tensor's codes stand for, f32(scale) * f32(code - zero_point)."""
    tensors, scales, _ = read(path)
    column = {name: tuple(x.reshape(-1, *[1] * (tensors[name].ndim - 1)) for x in pair) for name, pair in scales.items()}
    return {name: scale.astype(np.float32) * (tensors[name].astype(np.int32) - zero).astype(np.float32)
            for name, (scale, zero) in column.items()}


def qtensor(codes, scale, zero_point):
    codes = torch.from_numpy(codes)
    if len(scale) == 1:
        return torch._make_per_tensor_quantized_tensor(codes, float(scale[0]), int(zero_point[0]))
    return torch._make_per_channel_quantized_tensor(codes, torch.from_numpy(scale), torch.from_numpy(zero_point), 0)


def skeleton(network, engine):
    """The converted network without its numbers, and whether its float form has relu6."""
    if network.startswith('demo:'):
        from demo_models import build, prepare, quantizable as demo_quantizable
        name = network.removeprefix('demo:')
        plain, net = build(name), prepare(name, demo_quantizable(name))
    elif network in quantizable_nets.BUILD:
        plain = net = quantizable_nets.BUILD[network](getattr(torchvision.models, network)(weights=None).eval())
        net.qconfig = torch.ao.quantization.QConfig(activation=torch.ao.quantization.default_observer,
                                                    weight=torch.ao.quantization.default_weight_observer)
        torch.ao.quantization.prepare(net, inplace=True)
    else:
        name = network
        plain, net = getattr(torchvision.models, name)(weights=None), getattr(quantizable, name)(weights=None, quantize=False)
        qat = name.startswith('mobilenet_v3')
        net.train(qat)
        net.fuse_model(is_qat=qat)
        net.qconfig = torch.ao.quantization.get_default_qat_qconfig(engine) if qat else torch.ao.quantization.QConfig(
            activation=torch.ao.quantization.default_observer, weight=torch.ao.quantization.default_weight_observer)
        (torch.ao.quantization.prepare_qat if qat else torch.ao.quantization.prepare)(net, inplace=True)
    torch.backends.quantized.engine = engine
    net.eval()
    net(torch.zeros(1, 3, 224, 224))
    torch.ao.quantization.convert(net, inplace=True)
    return net, any(isinstance(m, torch.nn.ReLU6) for m in plain.modules())


def clamp6(module, inputs, output):
    scale, zero_point = output.q_scale(), output.q_zero_point()
    most = int(torch.quantize_per_tensor(torch.tensor([6.0]), scale, zero_point, torch.quint8).int_repr())
    return torch._make_per_tensor_quantized_tensor(output.int_repr().clamp(max=most), scale, zero_point)


def requantized(output, high):
    return torch._make_per_tensor_quantized_tensor(output.int_repr().clamp(max=high), output.q_scale(), output.q_zero_point())


def keep_below(module, high):
    """No code above `high` comes out: of a layer by a hook, of a FloatFunctional by its methods."""
    if isinstance(module, torch.ao.nn.quantized.QFunctional):
        for method in ('add', 'add_relu', 'mul', 'cat'):
            before = getattr(module, method)
            setattr(module, method, lambda *x, before=before, **more: requantized(before(*x, **more), high))
    else:
        module.register_forward_hook(lambda m, inputs, output: requantized(output, high))


def load(network, path):
    """Every tensor of the file must have its module, and every layer its tensors."""
    tensors, scales, notes = read(path)
    if notes.get('quantcam.arithmetic', 'integer') != 'integer':
        raise ValueError(f"{path} is {notes['quantcam.arithmetic']}, which torch's integers cannot run: values() gives its weights")
    net, has_relu6 = skeleton(network, notes['quantcam.engine'])
    left = set(tensors)
    for name, module in net.named_modules():
        if hasattr(module, 'set_weight_bias') and not name.endswith('._packed_params'):
            weight = f'{name}.weight'
            module.set_weight_bias(qtensor(tensors[weight], *scales[weight]), torch.from_numpy(tensors[f'{name}.bias']))
            left -= {weight, f'{name}.bias'}
        if f'{name}.running_mean' in tensors:                   # batch normalisation alone
            for part in ('weight', 'bias', 'running_mean', 'running_var'):
                getattr(module, part).data.copy_(torch.from_numpy(tensors[f'{name}.{part}']))
                left.remove(f'{name}.{part}')
        if f'{name}.scale' in tensors:
            scale, zero_point = float(tensors[f'{name}.scale']), int(tensors[f'{name}.zero_point'])
            as_they_were = isinstance(module.scale, torch.Tensor)
            module.scale = torch.tensor([scale]) if as_they_were else scale
            module.zero_point = torch.tensor([zero_point]) if as_they_were else zero_point
            left -= {f'{name}.scale', f'{name}.zero_point'}
            if f'{name}.codes' in tensors:
                keep_below(module, int(tensors[f'{name}.codes'][1]))
                left.remove(f'{name}.codes')
        if has_relu6 and notes.get('quantcam.relu6') == 'clamp' and isinstance(module, fused.ConvReLU2d):
            module.register_forward_hook(clamp6)
    if left:
        raise ValueError(f'{path}: {len(left)} tensors have no module in {network}, such as {min(left)}')
    return net.eval()


def main():
    import h5py
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    network, path, out = sys.argv[1:]
    with h5py.File(out) as f:
        pixels, ours = f['pixels'][()], f['logits'][()]
    torch.set_num_threads(1)
    net = load(network, path)
    with torch.no_grad():
        x = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255).sub_(MEAN).div_(STD)
        theirs = np.concatenate([net(x[i:i + 1]).numpy() for i in range(len(x))])
    wrong = int(np.sum(ours != theirs))
    print(f'{network} {torch.backends.quantized.engine}: {len(x)} pictures, {theirs.size} logits, {wrong} differ')
    sys.exit(1 if wrong else 0)


if __name__ == '__main__':
    main()
