"""The four demo networks: torchvision's architectures, block for block and key for key, with fewer channels.

    from demo_models import NETS, build, quantizable, prepare, load_int8, preprocessed, normalize

`build(name)` is the float network (ReLU6 in MobileNetV2, as torchvision.models), `quantizable(name)` the same
of torchvision's quantizable blocks, `prepare` puts in observers or fake quantization as torchvision's recipe
does, and `load_int8(name, state)` gives the converted network that PyTorch runs. Run as a program, it prints
every layer's shape.
"""

from functools import partial

import numpy as np
import torch
import torch.ao.quantization as aq
from PIL import Image
from torch import nn
from torchvision.models import mobilenetv2, mobilenetv3, resnet, shufflenetv2
from torchvision.models.quantization import mobilenetv2 as qmobilenetv2, mobilenetv3 as qmobilenetv3
from torchvision.models.quantization import resnet as qresnet, shufflenetv2 as qshufflenetv2
from torchvision.models.quantization.utils import _replace_relu
from torchvision.ops.misc import Conv2dNormActivation
from torchvision.transforms import functional as tf

CLASSES = 16
ENGINE = {
    'mobilenet_v2': 'qnnpack',
    'mobilenet_v3_large': 'qnnpack',
    'resnet18': 'fbgemm',
    'shufflenet_v2_x0_5': 'fbgemm',
}
LAST = {
    'mobilenet_v2': 'features.18',
    'mobilenet_v3_large': 'features.16',
    'resnet18': 'layer4',
    'shufflenet_v2_x0_5': 'conv5',
}
NETS = list(ENGINE)
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def preprocessed(path):
    """224 x 224 x 3 bytes as torchvision's eval transform makes them, or None if the file is damaged."""
    try:
        return np.asarray(tf.center_crop(tf.resize(Image.open(path).convert('RGB'), 256), 224))
    except OSError:
        return None


def normalize(u8):
    """N x 3 x H x W bytes to the network's input, as ToTensor and Normalize: three rounded operations."""
    return (u8.float() / 255).sub_(MEAN).div_(STD)


def mobilenet_v2(kind, block):
    """Width 0.35; features.18 narrowed from 1280 to 256 channels."""
    net = kind(CLASSES, width_mult=0.35, block=block)
    net.features[18] = Conv2dNormActivation(
        net.features[17].out_channels, 256, kernel_size=1, activation_layer=nn.ReLU6
    )
    net.classifier[1] = nn.Linear(256, CLASSES)
    return net


def mobilenet_v3_large(kind, block):
    """Width 0.35; classifier.0 narrowed from 1280 to 256."""
    settings, _ = mobilenetv3._mobilenet_v3_conf('mobilenet_v3_large', width_mult=0.35)
    return kind(settings, 256, CLASSES, block=block)


def resnet18(kind, block):
    """A quarter of the channels: 16, 32, 64, 128."""
    net = kind(block, [2, 2, 2, 2], CLASSES)
    net.inplanes = 16
    net.conv1, net.bn1 = nn.Conv2d(3, 16, 7, 2, 3, bias=False), nn.BatchNorm2d(16)
    for i, planes in enumerate([16, 32, 64, 128]):
        setattr(net, f'layer{i + 1}', net._make_layer(block, planes, 2, stride=1 if i == 0 else 2))
    net.fc = nn.Linear(128, CLASSES)
    return net


def shufflenet_v2_x0_5(kind, block):
    """Stages of 40, 80, 160 channels in place of 48, 96, 192, and 256 in place of 1024 in conv5."""
    more = {} if block is None else {'inverted_residual': block}
    return kind([4, 8, 4], [24, 40, 80, 160, 256], CLASSES, **more)


MAKERS = {
    'mobilenet_v2': (
        mobilenet_v2,
        (mobilenetv2.MobileNetV2, mobilenetv2.InvertedResidual),
        (qmobilenetv2.QuantizableMobileNetV2, qmobilenetv2.QuantizableInvertedResidual),
    ),
    'mobilenet_v3_large': (
        mobilenet_v3_large,
        (mobilenetv3.MobileNetV3, mobilenetv3.InvertedResidual),
        (qmobilenetv3.QuantizableMobileNetV3, qmobilenetv3.QuantizableInvertedResidual),
    ),
    'resnet18': (
        resnet18,
        (resnet.ResNet, resnet.BasicBlock),
        (qresnet.QuantizableResNet, qresnet.QuantizableBasicBlock),
    ),
    'shufflenet_v2_x0_5': (
        shufflenet_v2_x0_5,
        (shufflenetv2.ShuffleNetV2, shufflenetv2.InvertedResidual),
        (qshufflenetv2.QuantizableShuffleNetV2, None),
    ),
}


def build(name):
    make, parts, _ = MAKERS[name]
    net = make(*parts)
    for m in net.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight, mode='fan_out', nonlinearity='relu')
        elif isinstance(m, nn.Linear):
            nn.init.normal_(m.weight, 0, 0.02)
        elif isinstance(m, nn.BatchNorm2d):
            m.momentum = 0.1
    return net


def quantizable(name, state=None):
    """Torchvision's quantizable form, float; `state` is a float state dict."""
    torch.backends.quantized.engine = ENGINE[name]
    make, _, parts = MAKERS[name]
    net = make(*parts)
    _replace_relu(net)
    if state is not None:
        net.load_state_dict(state)
    return net


def prepare(name, net):
    """Fuses and inserts what the study's recipe says: fake quantization (qnnpack) or observers (fbgemm)."""
    if ENGINE[name] == 'qnnpack':
        net.train()
        net.fuse_model(is_qat=True)
        net.qconfig = aq.get_default_qat_qconfig('qnnpack')
        aq.prepare_qat(net, inplace=True)
    else:
        net.eval()
        net.fuse_model(is_qat=False)
        net.qconfig = aq.QConfig(
            activation=aq.default_observer, weight=aq.default_per_channel_weight_observer
        )
        aq.prepare(net, inplace=True)
    return net


def load_int8(name, state):
    """The int8 network of a checkpoint, as torchvision loads its own: MobileNetV3's QAT state is converted
    after loading, the others are loaded into a converted skeleton."""
    net = prepare(name, quantizable(name))
    if name == 'mobilenet_v3_large':
        net.load_state_dict(state)
        aq.convert(net, inplace=True)
        return net.eval()
    net.eval()
    net(torch.zeros(1, 3, 224, 224))
    aq.convert(net, inplace=True)
    net.load_state_dict(state)
    return net.eval()


def print_layers(name):
    """Each layer that computes, in order of execution: name, operation, shapes at 224, attributes."""
    net = build(name).eval()
    print(f'\n## {name} ({sum(p.numel() for p in net.parameters())} parameters)\n')
    print('| layer | op | in | out | attributes |\n|---|---|---|---|---|')

    def line(m, inputs, out, layer):
        what = ''
        if isinstance(m, nn.Conv2d):
            what = f'kernel {m.kernel_size[0]} stride {m.stride[0]} pad {m.padding[0]} groups {m.groups}'
            what += ' bias' if m.bias is not None else ''
        elif isinstance(m, nn.BatchNorm2d):
            what = f'eps {m.eps:g}'
        elif isinstance(m, nn.MaxPool2d):
            what = f'kernel {m.kernel_size} stride {m.stride} pad {m.padding}'
        shape = ['x'.join(map(str, t.shape[1:])) for t in (inputs[0], out)]
        print(f'| {layer} | {type(m).__name__} | {shape[0]} | {shape[1]} | {what} |')

    leaf = {n: m for n, m in net.named_modules() if not list(m.children())}
    for n, m in leaf.items():
        m.register_forward_hook(partial(line, layer=n))
    with torch.no_grad():
        net(torch.zeros(1, 3, 224, 224))


if __name__ == '__main__':
    for each in NETS:
        print_layers(each)
