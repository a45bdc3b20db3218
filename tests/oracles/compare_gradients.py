#!/usr/bin/env python3
"""Are infer's gradients autograd's, given the same forward values, in every precision?

    tests/oracles/compare_gradients.py MODEL WEIGHTS NODES IMAGE...      NODES: by whose values, "image,features.4"
    tests/oracles/compare_gradients.py cams NETWORK WEIGHTS IMAGE...     NETWORK: of torchvision, WEIGHTS: a state dict of it
    tests/oracles/compare_gradients.py before-bn IMAGE...

The first takes every node's stored values or codes from `infer --tap=all` and walks back from the answer's logit, op by op, each by
torch.autograd in double on the stored values. A quantizer is straight through where the stored code lies between its ends, but that of
the logit; weights are what their codes stand for; a relu passes where its stored output is above 0 (relu6: and below 6). The second
compares the maps gradcampp-eps, gradcam, layercam, hirescam and xgradcam with pytorch-grad-cam, gradcampp-torchcam with torchcam, and
gradcampp with its paper's formula on autograd's gradient, of the whole network in torch, and the layer's activations with
its module's. The third does so with Grad-CAM++ alone for resnet50's last convolution before its batch normalisation. Prints compared N; exit 1 where a value is
further off than 1e-4 of the largest. Environment: QUANTCAM, QUANTCAM_ISA.
"""
import os
import sys
import tempfile
import warnings

import h5py
import numpy as np
import torch
import torch.nn.functional as F

from oracle import ROOT, Tally, infer
from slow_model import RELUS, describe

sys.path.insert(0, os.path.join(ROOT, 'analysis'))
from load_quantized import read, values                                       # noqa: E402

warnings.filterwarnings('ignore')
FUSED = ('conv', 'linear', 'batchnorm', 'add', 'sub')
SCALED = (*FUSED, 'layernorm', 'scale', 'gelu', 'input', 'mul', 'cat', 'hardswish', 'silu', 'tanh', 'sigmoid', 'hardsigmoid')
LAYERS = {'squeezenet1_1': 'features.12', 'mobilenet_v2': 'features.18.2'}


def double(x):
    return torch.from_numpy(np.array(x, dtype=np.float64))


def state_of(path):
    """name -> double; of codes what they stand for."""
    if path.endswith('.safetensors'):
        found = {**read(path)[0], **values(path)}
    else:
        found = torch.load(path, map_location='cpu', weights_only=False)
        found = {k: v.numpy() for k, v in found.get('state_dict', found).items() if torch.is_tensor(v)}
    return {k.removeprefix('module.'): double(v) for k, v in found.items()}


def affine(state, name, eps):
    """Scale and shift of a batch normalisation."""
    scale = state[name + '.weight'] / torch.sqrt(state[name + '.running_var'] + eps)
    return scale, state[name + '.bias'] - state[name + '.running_mean'] * scale


def alike(state, node, x):
    """What a layer normalisation, a scale or a gelu makes of one map; None: it is another op."""
    if node.op == 'gelu':
        return F.gelu(x, approximate='tanh' if node.number('approximate') else 'none')
    if node.op == 'scale':
        return x * state[node.at['weight']].view(1, -1, 1, 1)
    if node.op != 'layernorm':
        return None
    name = node.at['weight']
    return F.layer_norm(x.permute(0, 2, 3, 1), (x.shape[1],), state[name + '.weight'], state.get(name + '.bias'), float(node.at['eps'])).permute(0, 3, 1, 2)


class Network:
    def __init__(self, model, weights):
        self.nodes, self.marks, _ = describe(model)
        self.state = state_of(weights)
        self.users = {name: [n for n in self.nodes.values() if name in n.inputs] for name in self.nodes}
        self.clamps = weights.endswith('.safetensors') and read(weights)[2].get('quantcam.relu6') == 'clamp'

    def layer(self, node):
        name = node.at['weight']
        weight, bias = self.state[name + '.weight'], self.state.get(name + '.bias')
        if 'bn' in node.at and node.at['bn'] + '.weight' in self.state:
            scale, shift = affine(self.state, node.at['bn'], float(node.at['eps']))
            return weight * scale.view(-1, 1, 1, 1), shift if bias is None else shift + bias * scale
        return weight, bias

    def relu_of(self, name, codes):
        """The relu that the engine fuses with the node."""
        node, users = self.nodes[name], self.users[name]
        fuses = node.op in FUSED or (node.op == 'mul' and codes)
        return users[0] if fuses and name not in self.marks.values() and len(users) == 1 and users[0].op in RELUS else None

    def forward(self, node, x):
        if node.op in ('conv', 'linear'):
            weight, bias = self.layer(node)
            weight = weight.view(*weight.shape, 1, 1) if node.op == 'conv' and weight.ndim == 2 else weight
            if node.op == 'linear':
                return F.linear(x[0].reshape(1, -1), weight, bias).view(1, -1, 1, 1)
            stride, kernel = node.number('stride', 1), weight.shape[2]
            if node.at['pad'] == 'same':
                whole = [max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in x[0].shape[2:]]
                padded = F.pad(x[0], (whole[1] // 2, whole[1] - whole[1] // 2, whole[0] // 2, whole[0] - whole[0] // 2))
                return F.conv2d(padded, weight, bias, stride, 0, 1, node.number('groups', 1))
            return F.conv2d(x[0], weight, bias, stride, node.number('pad'), 1, node.number('groups', 1))
        if node.op == 'batchnorm':
            scale, shift = affine(self.state, node.at['weight'], float(node.at['eps']))
            return x[0] * scale.view(1, -1, 1, 1) + shift.view(1, -1, 1, 1)
        if node.op in ('gelu', 'scale', 'layernorm'):
            return alike(self.state, node, x[0])
        if node.op == 'maxpool':
            return F.max_pool2d(x[0], node.number('kernel'), node.number('stride'), node.number('pad'), 1, bool(node.number('ceil')))
        if node.op == 'avgpool2d':
            return F.avg_pool2d(x[0], node.number('kernel'), node.number('stride'))
        if node.op == 'slice':
            return x[0][:, node.number('begin'):node.number('begin') + node.number('out')]
        if node.op == 'shortcut':
            stride, begin = node.number('stride'), node.number('begin')
            return F.pad(x[0][:, :, ::stride, ::stride], (0, 0, 0, 0, begin, node.number('out') - begin - x[0].shape[1]))
        if node.op == 'shuffle':
            return F.channel_shuffle(x[0], node.number('groups'))
        return {'avgpool': lambda: x[0].mean((2, 3), keepdim=True), 'mean': lambda: x[0].mean((2, 3), keepdim=True),
                'add': lambda: x[0] + x[1], 'mul': lambda: x[0] * x[1], 'cat': lambda: torch.cat(x, 1), 'silu': lambda: F.silu(x[0]),
                'hardswish': lambda: F.hardswish(x[0]), 'hardsigmoid': lambda: F.hardsigmoid(x[0]), 'sigmoid': lambda: torch.sigmoid(x[0]),
                'relu': lambda: x[0] * 1, 'relu6': lambda: x[0] * 1}[node.op]()

    def back(self, node, x, g):
        x = [t.clone().requires_grad_() for t in x]
        return torch.autograd.grad(self.forward(node, x), x, g)

    def open_nodes(self):
        """Nodes whose quantizer does not count: the output's."""
        name, found = self.marks['output'], []
        while True:
            found.append(name)
            if self.nodes[name].op in SCALED:
                return found
            name = self.nodes[name].inputs[0]

    def walk(self, stored, answer, to):
        """By the values of the nodes `to`: name -> gradient."""
        codes, free = 'codes' in stored, self.open_nodes()
        held = stored['codes' if codes else 'values']
        at, q = {}, {}
        for name in held:
            q[name] = {k: held[name].attrs[k].item() for k in ('scale', 'zero_point', 'low', 'high')} if 'scale' in held[name].attrs else None
            raw = held[name][()].astype(np.float64)
            at[name] = double(np.float64(np.float32(q[name]['scale'])) * (raw - q[name]['zero_point']) if codes else raw)[None]

        def passes(name, op, quantized):
            """Where the gradient passes the node's relu and quantizer."""
            v, p = at[name], q[name]
            ok = v > 0 if op in RELUS else torch.ones_like(v, dtype=torch.bool)
            if p is None:
                return ok & (v < 6) if op == 'relu6' else ok
            code = torch.round(v / np.float64(np.float32(p['scale']))) + p['zero_point']
            if quantized:
                ok &= (code > p['low']) & (code < p['high'])
            if op == 'relu6' and self.clamps:
                ok &= code < np.rint(6 / p['scale']) + p['zero_point']
            return ok

        output = self.marks['output']
        g = {output: torch.zeros_like(at[output])}
        g[output][0, answer] = 1
        before = {}
        for name in reversed(self.nodes):
            node = self.nodes[name]
            if name not in g or node.op == 'input':
                continue
            base = node.inputs[0]
            relu = node if node.op in RELUS else None
            if relu and self.relu_of(base, codes) is relu:
                before[base] = g[base] = g[name] * passes(name, relu.op, q[name] is not None and base not in free)
                continue
            own = q[name] is not None and node.op in SCALED and name not in free
            inner = g[name] if name in before or node.op == 'cat' else g[name] * passes(name, node.op, own)
            parts = self.back(node, [at[i] for i in node.inputs], inner)
            for i, (source, part) in enumerate(zip(node.inputs, parts)):
                if node.op == 'cat' and q[name] is not None and q[source] != q[name]:
                    first = sum(at[s].shape[1] for s in node.inputs[:i])
                    part = part * passes(name, 'cat', True)[:, first:first + part.shape[1]]
                g[source] = g[source] + part if source in g else part
        return {name: g[name] for name in to}


def networks(model, weights, nodes, pictures, tally):
    network = Network(model, weights)
    for picture in pictures:
        with tempfile.TemporaryDirectory() as folder:
            theirs = None
            for node in nodes.split(','):
                out = os.path.join(folder, 'out.h5')
                infer(model, weights, out, '--tap=all', '--gradient', node, '--isa', os.environ.get('QUANTCAM_ISA', 'auto'), picture)
                with h5py.File(out) as file:
                    theirs = theirs or network.walk(file, int(np.argmax(file['logits'][0])), nodes.split(','))
                    tally.close(f'{os.path.basename(model)} {os.path.basename(weights)} {node}', file['gradient'][()], theirs[node])


THEIRS = {'gradcampp-eps': 'GradCAMPlusPlus', 'gradcam': 'GradCAM', 'layercam': 'LayerCAM', 'hirescam': 'HiResCAM', 'xgradcam': 'XGradCAM'}
METHODS = (*THEIRS, 'gradcampp-torchcam', 'gradcampp')


def maps(net, layer, weights, named, methods, pictures, tally):
    """Of the module `layer` of torchvision's net, which infer calls (network, layer) `named`: its activations and maps."""
    import pytorch_grad_cam
    import torchcam.methods
    name, own = named
    model = os.path.join(ROOT, 'models', name + '.model')
    for method in methods:
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, 'out.h5')
            infer(model, weights, out, f'--cam={method}', '--cam.layer', own, *pictures)
            with h5py.File(out) as f:
                ours, pixels, logits, acts_ours = f['cam'][()], f['pixels'][()], f['logits'][()], f['last_conv'][()]
        mean, std = np.array([.485, .456, .406]), np.array([.229, .224, .225])
        expected, seen = [], []
        for picture, c in zip(pixels, logits.argmax(1)):
            x = torch.from_numpy(((picture / 255 - mean) / std).transpose(2, 0, 1)[None].astype(np.float32))
            with getattr(pytorch_grad_cam, THEIRS.get(method, 'GradCAM'))(net, [layer]) as cam:
                score = cam.activations_and_grads(x)[0, c]
                net.zero_grad()
                score.backward()
                acts, grads = cam.activations_and_grads.activations[0].numpy(), cam.activations_and_grads.gradients[0].numpy()
                seen.append(acts[0])
                if method == 'gradcampp':
                    a, g = acts.astype(float), grads.astype(float)
                    below = 2 + a.sum((2, 3), keepdims=True) * g
                    w = np.where((g > 0) & (below > 0), g / np.where(below == 0, 1, below), 0).sum((2, 3), keepdims=True)
                    expected.append((w * a).sum(1)[0])
                elif method != 'gradcampp-torchcam':
                    expected.append(cam.get_cam_image(x, layer, None, acts, grads, False)[0])
            if method == 'gradcampp-torchcam':
                with torchcam.methods.GradCAMpp(net, layer) as cam:
                    expected.append(cam(int(c), net(x), normalized=False)[0][0].numpy())
        tally.close(f'{name} {own}, {len(pictures)} pictures', acts_ours, np.array(seen))
        tally.close(f'{name} {method}, {len(pictures)} pictures', np.maximum(ours, 0), np.maximum(np.array(expected), 0))


def cams(name, weights, pictures, tally):
    import torchvision
    net = getattr(torchvision.models, name)()
    net.load_state_dict({k.removeprefix('module.'): v for k, v in torch.load(weights, map_location='cpu').items()})
    maps(net.eval(), net.features[-1], weights, (name, LAYERS[name]), METHODS, pictures, tally)


def before_bn(pictures, tally):
    """resnet50 of random weights, its statistics those of noise, some factors 0 or negative."""
    import torchvision
    torch.manual_seed(1)
    net = torchvision.models.resnet50()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.
            torch.nn.init.uniform_(module.weight, -.25, 1)
            torch.nn.init.uniform_(module.bias, -.5, .5)
            module.weight.data[::16] = 0
    with torch.no_grad():
        net.train()(torch.randn(8, 3, 128, 128))
    with tempfile.TemporaryDirectory() as folder:
        weights = os.path.join(folder, 'resnet50.pth')
        torch.save(net.state_dict(), weights)
        methods = [m for m in METHODS if m.startswith('gradcampp')]
        maps(net.eval(), net.layer4[-1].conv3, weights, ('resnet50', 'layer4.2.conv3 before bn'), methods, pictures, tally)


def main():
    if len(sys.argv) < (3 if sys.argv[1:2] == ['before-bn'] else 5):
        sys.exit(__doc__)
    torch.set_num_threads(1)
    tally = Tally()
    if sys.argv[1] == 'before-bn':
        before_bn(sys.argv[2:], tally)
    elif sys.argv[1] == 'cams':
        cams(sys.argv[2], sys.argv[3], sys.argv[4:], tally)
    else:
        networks(*sys.argv[1:4], sys.argv[4:], tally)
    print(f'compared {tally.elements} values of {tally.compared} gradients or maps, differ {tally.mismatches}')
    sys.exit(tally.mismatches > 0)


if __name__ == '__main__':
    main()
