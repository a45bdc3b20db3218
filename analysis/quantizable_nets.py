"""torchvision networks that torchvision itself does not quantize, in a form that PyTorch converts.

    from quantizable_nets import BUILD
    net = BUILD['densenet121'](net)             # of torchvision.models.densenet121(), in eval mode: fused, ready to be prepared

vgg16, squeezenet1_0, squeezenet1_1, densenet121, efficientnet_b0. What PyTorch has no module for is a Joined: additions, products
and concatenations, with a scale and zero point of its own, under the names that the descriptions in models/ give them. SiLU has no
quantized kernel: dequantize, silu, quantize. Every Joined works on real and on quantized tensors.
"""
import types

import torch
from torch.ao.nn import intrinsic
from torch.ao.quantization import DeQuantStub, QuantStub, fuse_modules
from torch.nn import functional as F


class Joined(torch.nn.Module):
    """One operation that has its own scale and zero point once it is quantized."""

    def __init__(self, operation):
        super().__init__()
        self.operation, self.scale, self.zero_point = operation, 1.0, 0

    def forward(self, *x):
        return self.operation(self, *x)


def cat(at, *x):
    return torch.ops.quantized.cat(list(x), 1, at.scale, at.zero_point) if x[0].is_quantized else torch.cat(x, 1)


def add(at, a, b):
    return torch.ops.quantized.add(a, b, at.scale, at.zero_point) if a.is_quantized else a + b


def mul(at, a, b):
    return torch.ops.quantized.mul(a, b, at.scale, at.zero_point) if a.is_quantized else a * b


def silu(at, x):
    return torch.quantize_per_tensor(F.silu(x.dequantize()), at.scale, at.zero_point, torch.quint8) if x.is_quantized else F.silu(x)


def sigmoid(at, x):
    return torch.sigmoid(x)                                     # of quantized tensors: 1/256, 0


def method(module, function):
    module.forward = types.MethodType(function, module)


def wrapped(net):
    """The whole between a QuantStub and a DeQuantStub, without another prefix before its names."""
    net.quant, net.dequant, plain = QuantStub(), DeQuantStub(), net.forward
    method(net, lambda self, x: self.dequant(plain(self.quant(x))))
    return net


def vgg16(net):
    fuse_modules(net, [[f'features.{i}', f'features.{i + 1}'] for i, m in enumerate(net.features) if isinstance(m, torch.nn.Conv2d)] +
                 [['classifier.0', 'classifier.1'], ['classifier.3', 'classifier.4']], inplace=True)
    return wrapped(net)


def fire(self, x):
    x = self.squeeze_activation(self.squeeze(x))
    return cat(self, self.expand1x1_activation(self.expand1x1(x)), self.expand3x3_activation(self.expand3x3(x)))


def squeezenet(net):
    pairs = [['features.0', 'features.1'], ['classifier.1', 'classifier.2']]
    for name, module in net.named_modules():
        if hasattr(module, 'expand3x3'):
            pairs += [[f'{name}.{part}', f'{name}.{part}_activation'] for part in ('squeeze', 'expand1x1', 'expand3x3')]
            module.scale, module.zero_point = 1.0, 0
            method(module, fire)
    fuse_modules(net, pairs, inplace=True)
    return wrapped(net)


def dense_layer(self, features):
    x = features[0] if len(features) == 1 else self.cat(*features)
    return self.conv2(self.relu2(self.norm2(self.conv1(self.relu1(self.norm1(x))))))


def dense_block(self, x):
    features = [x]
    for name, layer in self.named_children():
        if name != 'cat':
            features.append(layer(features))
    return self.cat(*features)


def densenet121(net):
    groups = [['features.conv0', 'features.norm0', 'features.relu0']]
    for name, module in net.named_modules():
        if hasattr(module, 'conv2'):                            # a dense layer
            groups += [[f'{name}.norm1', f'{name}.relu1'], [f'{name}.conv1', f'{name}.norm2', f'{name}.relu2']]
            if not name.endswith('denselayer1'):
                module.cat = Joined(cat)
            method(module, dense_layer)
        elif hasattr(module, 'denselayer1'):
            module.cat = Joined(cat)
            method(module, dense_block)
        elif 'transition' in name and hasattr(module, 'norm'):
            groups.append([f'{name}.norm', f'{name}.relu'])
    fuse_modules(net, groups, inplace=True)
    net.features.norm5 = intrinsic.BNReLU2d(net.features.norm5, torch.nn.ReLU())
    net.relu, net.avgpool = torch.nn.Identity(), torch.nn.AdaptiveAvgPool2d(1)
    method(net, lambda self, x: self.classifier(torch.flatten(self.avgpool(self.relu(self.features(x))), 1)))
    return wrapped(net)


def squeeze_excite(self, x):
    gate = self.scale_activation(self.fc2(self.activation(self.fc1(self.avgpool(x)))))
    return self.skip_mul(x, gate)


def inverted_residual(self, x):
    y = self.block(x)
    return self.skip_add(y, x) if self.use_res_connect else y


def efficientnet_b0(net):
    groups = []
    for name, module in list(net.named_modules()):
        kind = type(module).__name__
        if kind == 'Conv2dNormActivation':
            groups.append([f'{name}.0', f'{name}.1'])
            if len(module) == 3:
                module[2] = Joined(silu)
        elif kind == 'SqueezeExcitation':
            module.activation, module.scale_activation, module.skip_mul = Joined(silu), Joined(sigmoid), Joined(mul)
            method(module, squeeze_excite)
        elif kind == 'MBConv':
            if module.use_res_connect:
                module.skip_add = Joined(add)
            method(module, inverted_residual)
    fuse_modules(net, groups, inplace=True)
    return wrapped(net)


BUILD = {'vgg16': vgg16, 'squeezenet1_0': squeezenet, 'squeezenet1_1': squeezenet, 'densenet121': densenet121,
         'efficientnet_b0': efficientnet_b0}
