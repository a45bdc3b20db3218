"""The peers' networks: PyTorch, its quantized engines, ONNX Runtime and OpenVINO, one thread each."""

import contextlib
import io
import logging
import warnings

warnings.filterwarnings('ignore', category=UserWarning, module='torch')
import numpy as np
import onnxruntime as ort
import torch
import torchvision
from onnxruntime import quantization as oq
from onnxruntime.quantization.shape_inference import quant_pre_process

import load_quantized
from peers_common import normalize, read_photograph
from quantizable_nets import BUILD

try:
    import openvino as ov
except ImportError:
    ov = None
try:
    logging.disable(logging.WARNING)
    import nncf
except ImportError:
    nncf = None
finally:
    logging.disable(logging.NOTSET)

LAST = {'resnet18': 'layer4', 'mobilenet_v2': 'features.18', 'mobilenet_v3_large': 'features.16', 'shufflenet_v2_x0_5': 'conv5',
        'efficientnet_lite0': '_bn1', 'vgg16': 'features.29', 'resnet50': 'layer4', 'densenet121': 'features',
        'efficientnet_b0': 'features.8', 'squeezenet1_0': 'features.12', 'squeezenet1_1': 'features.12'}
FORMS = tuple((f'{label} per {"channel" if per else "tensor"}', form, per)
              for label, form in (('QDQ', oq.QuantFormat.QDQ), ('QOperator', oq.QuantFormat.QOperator)) for per in (False, True))


# ---- PyTorch -------------------------------------------------------------------------------------------------------


def torch_fp32(job):
    state = torch.load(job.fp32, map_location='cpu', weights_only=True)
    if job.name.startswith('efficientnet_lite'):
        from efficientnet_lite_pytorch import EfficientNet

        net = EfficientNet.from_name(job.name.replace('_', '-'))
    else:
        net = getattr(torchvision.models, job.name)(weights=None)
    net.load_state_dict(state)
    return net.eval()


def draw(name, path, pictures):
    """torchvision's network with the weights that it begins with, seeded, whose batch norms saw the pictures; to `path`."""
    torch.manual_seed(1)
    net = getattr(torchvision.models, name)(weights=None).train()
    norms = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None                        # the mean of all batches
    with torch.inference_mode():
        for first in range(0, len(pictures) if norms else 0, 8):
            net(torch.from_numpy(np.stack([read_photograph(p) for p in pictures[first:first + 8]])))
    torch.save(net.state_dict(), path)
    return path


def torch_int8(job):
    """The quantizable network with the job's checkpoint, or None where PyTorch has none."""
    import torch.ao.quantization as aq

    if job.name not in BUILD and not hasattr(torchvision.models.quantization, job.name):
        return None
    if job.int8.endswith('.safetensors'):
        return load_quantized.load(job.name, job.int8)
    torch.backends.quantized.engine = job.engine
    state = torch.load(job.int8, map_location='cpu', weights_only=True)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        net = getattr(torchvision.models.quantization, job.name)(weights=None, quantize=False)
        if job.name.startswith('mobilenet_v3'):     # shipped prepared, not converted
            net.train()
            net.fuse_model(is_qat=True)
            net.qconfig = aq.get_default_qat_qconfig(job.engine)
            aq.prepare_qat(net, inplace=True)
            net.load_state_dict(state)
            return aq.convert(net.eval(), inplace=False)
        net.eval()
        net.fuse_model(is_qat=False)
        net.qconfig = aq.get_default_qconfig(job.engine)
        aq.prepare(net, inplace=True)
        net(torch.zeros(1, 3, 224, 224))            # an observer that saw nothing warns
        net = aq.convert(net, inplace=False)
        net.load_state_dict(state)
    return net


def size(net):
    """Parameters and multiply-accumulates of one picture."""
    macs = []

    def count(module, inputs, output):
        if isinstance(module, torch.nn.Conv2d):
            window = module.kernel_size[0] * module.kernel_size[1] * module.in_channels // module.groups
            macs.append(output[0].numel() * window)
        elif isinstance(module, torch.nn.Linear):
            macs.append(module.in_features * module.out_features)

    hooks = [m.register_forward_hook(count) for m in net.modules()]
    with torch.inference_mode():
        net(torch.zeros(1, 3, 224, 224))
    for hook in hooks:
        hook.remove()
    return sum(p.numel() for p in net.parameters()), sum(macs)


class WithMap(torch.nn.Module):
    """Logits and the activations that EigenCAM takes."""

    def __init__(self, net, name):
        super().__init__()
        self.net, self.kept = net, None
        dict(net.named_modules())[name].register_forward_hook(self.keep)

    def keep(self, module, inputs, output):
        self.kept = output

    def forward(self, x):
        y = self.net(x)
        return y, self.kept.dequantize() if self.kept.is_quantized else self.kept


def runner(net):
    """f(x) of arrays -> list of arrays"""

    def run(x):
        with torch.inference_mode():
            y = net(torch.from_numpy(x))
        return [t.numpy() for t in y] if isinstance(y, tuple) else [y.numpy()]

    return run


# ---- ONNX Runtime --------------------------------------------------------------------------------------------------


class Calibration(oq.CalibrationDataReader):
    def __init__(self, pixels):
        self.left = iter([{'x': x[None]} for x in normalize(pixels)])

    def get_next(self):
        return next(self.left, None)


def export(net, path):
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter('ignore')
        torch.onnx.export(net.eval(), (torch.zeros(1, 3, 224, 224),), path, opset_version=17, input_names=['x'],
                          dynamic_axes={'x': {0: 'n'}}, dynamo=False)
    return path


def ort_session(path):
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    session = ort.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    return lambda x: session.run(None, {'x': x})


def ort_int8(plain, pixels, forms=FORMS):
    """{label: path} of the quantized files."""
    ready = plain.replace('.onnx', '_ready.onnx')
    quiet = logging.getLogger().level
    logging.getLogger().setLevel(logging.ERROR)
    try:
        quant_pre_process(plain, ready)
        paths = {}
        for label, form, per_channel in forms:
            paths[label] = plain.replace('.onnx', f'_{label.replace(" ", "_")}.onnx')
            oq.quantize_static(ready, paths[label], Calibration(pixels), quant_format=form, per_channel=per_channel,
                               activation_type=oq.QuantType.QUInt8, weight_type=oq.QuantType.QInt8)
    finally:
        logging.getLogger().setLevel(quiet)
    return paths


# ---- OpenVINO ------------------------------------------------------------------------------------------------------


def ov_model(path, batch=1):
    model = ov.convert_model(path)
    model.reshape([batch, 3, 224, 224])
    return model


def ov_quantize(model, pixels):
    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        nncf.set_log_level(logging.ERROR)
        return nncf.quantize(model, nncf.Dataset([x[None] for x in normalize(pixels)]), subset_size=len(pixels),
                             preset=nncf.QuantizationPreset.MIXED)


def ov_runner(model, batch=1):
    settings = {'INFERENCE_NUM_THREADS': 1, 'NUM_STREAMS': 1, 'PERFORMANCE_HINT': 'LATENCY', 'INFERENCE_PRECISION_HINT': 'f32',
                'ENABLE_CPU_PINNING': True}
    request = ov.Core().compile_model(model, 'CPU', settings).create_infer_request()

    def run(x):
        whole = x if len(x) == batch else np.concatenate([x, np.zeros((batch - len(x), *x.shape[1:]), x.dtype)])
        y = request.infer([whole], share_inputs=True)
        return [np.array(v[: len(x)]) for v in y.values()]

    return run


# ---- all of a job's --------------------------------------------------------------------------------------------------


class Peers:
    """Every peer of one network: run['fp32'|'int8'][label](x) -> [logits]; later, of the fastest, with the map and in batches.

    pixels: (N, 224, 224, 3) u8, of the photographs that int8 is calibrated with."""

    def __init__(self, job, pixels, folder):
        self.job, self.pixels, self.folder = job, pixels, folder
        self.torch = {'fp32': torch_fp32(job), 'int8': torch_int8(job)}
        self.plain = export(self.torch['fp32'], f'{folder}/{job.name}.onnx')
        self.mapped, self.nncf, self.batched = None, {}, {}
        self.paths = ort_int8(self.plain, pixels)
        self.run = {'fp32': {'ONNX Runtime': ort_session(self.plain), 'PyTorch': runner(self.torch['fp32'])}, 'int8': {}}
        for label, path in self.paths.items():
            self.run['int8'][f'ONNX Runtime {label}'] = ort_session(path)
        if self.torch['int8']:
            self.run['int8'][f'PyTorch {job.engine}'] = runner(self.torch['int8'])
        if ov:
            self.run['fp32']['OpenVINO'] = ov_runner(ov_model(self.plain))
            self.run['int8'][self.ov_label()] = ov_runner(self.ov_int8(self.plain))

    @staticmethod
    def ov_label():
        return 'OpenVINO NNCF' if nncf else 'OpenVINO QDQ'

    def ov_int8(self, plain, batch=1):
        if not nncf:
            return ov_model(self.ort_path('QDQ per channel', plain), batch)
        if plain not in self.nncf:
            self.nncf[plain] = ov_quantize(ov_model(plain), self.pixels)
        model = self.nncf[plain].clone()
        model.reshape([batch, 3, 224, 224])
        return model

    def ort_path(self, form, plain):
        if plain == self.plain:
            return self.paths[form]
        return ort_int8(plain, self.pixels, [f for f in FORMS if f[0] == form])[form]

    def make(self, label, plain, batch):
        """The peer of that label again from another export, for that many pictures at once."""
        precision = 'fp32' if label in self.run['fp32'] else 'int8'
        if label.startswith('OpenVINO'):
            return ov_runner(ov_model(plain, batch) if precision == 'fp32' else self.ov_int8(plain, batch), batch)
        if label.startswith('ONNX'):
            form = label.removeprefix('ONNX Runtime').strip()
            return ort_session(self.ort_path(form, plain) if form else plain)
        return runner(self.torch[precision])

    def with_map(self, label):
        """The peer of that label, giving [logits, activations]."""
        if label.startswith('PyTorch'):
            precision = 'fp32' if label in self.run['fp32'] else 'int8'
            return runner(WithMap(self.torch[precision], LAST[self.job.name]))
        if not self.mapped:
            self.mapped = export(WithMap(torch_fp32(self.job), LAST[self.job.name]), f'{self.folder}/{self.job.name}_map.onnx')
        return self.make(label, self.mapped, 1)

    def in_batches(self, label, batch):
        if not label.startswith('OpenVINO'):        # these take any number of pictures
            return next(nets[label] for nets in self.run.values() if label in nets)
        if (label, batch) not in self.batched:
            self.batched[label, batch] = self.make(label, self.plain, batch)
        return self.batched[label, batch]
