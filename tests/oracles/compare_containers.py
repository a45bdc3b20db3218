#!/usr/bin/env python3
"""Checkpoints as training scripts, libraries and other tools write them, made with PyTorch and read by quantcam.

    tests/oracles/compare_containers.py [--keep DIR] [--list]

Every file holds the tiny network of tests/fixtures/tiny among other things: whatever lies beside its state dict, in torch's zip and
legacy form and in every pickle protocol, quantcam's logits must be bit for bit those of the plain file; decoys (moving averages,
optimizers) hold other weights. What cannot be read must be refused in one sentence that says what it is. Needs PyTorch and h5py,
and uses safetensors, numpy and scipy where they are there; exit 0 only if nothing differs. Environment: QUANTCAM.
"""
import argparse
import collections
import copy
import datetime
import enum
import fractions
import gzip
import io
import json
import os
import pathlib
import pickle
import random
import subprocess
import sys
import tarfile
import tempfile
import types
import warnings
import zipfile

import h5py
import numpy as np
import torch

from oracle import QUANTCAM, ROOT

warnings.filterwarnings('ignore')
torch.set_num_threads(1)
TINY = f'{ROOT}/tests/fixtures/tiny'
PICTURE = f'{ROOT}/tests/image/data/420.jpg'
STATE = torch.load(f'{TINY}/fp32.pth', weights_only=True)
OTHER = collections.OrderedDict((k, v * 1.5 if v.is_floating_point() else v) for k, v in STATE.items())     # a decoy


class Mode(enum.Enum):
    TRAIN = 1


class Config(dict):
    """Lightning's AttributeDict, easydict and the like."""
    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Ordered(collections.OrderedDict):
    pass


class Subclass(torch.Tensor):
    pass


class Wrapped(torch.Tensor):
    """As torchao keeps a weight: the values lie in an inner tensor."""

    @staticmethod
    def __new__(cls, inner):
        return torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype)

    def __init__(self, inner):
        self.inner = inner

    @classmethod
    def __torch_dispatch__(cls, function, kinds, arguments=(), named=None):
        if function is torch.ops.aten.detach.default:
            return cls(arguments[0].inner)
        raise NotImplementedError(function)


def net():
    """The tiny network as a module."""
    from torch import nn

    class Tiny(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(3, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4)
            self.conv2, self.bn2 = nn.Conv2d(4, 4, 3, 1, 1, groups=4, bias=False), nn.BatchNorm2d(4, eps=.001)
            self.hs, self.conv3, self.fc = nn.Hardswish(), nn.Conv2d(4, 4, 1), nn.Linear(4, 3)

        def forward(self, x):
            x = self.hs(self.bn2(self.conv2(self.bn1(self.conv1(x)).relu())))
            x = x + self.conv3(x)
            return self.fc(torch.mean(x, (2, 3)))

    Tiny.__qualname__ = 'Tiny'
    globals()['Tiny'] = Tiny
    n = Tiny()
    n.load_state_dict({k: v for k, v in STATE.items() if k in n.state_dict()})
    return n.eval()


def trained(momentum=.9, kind=torch.optim.SGD):
    n = net()
    o = kind(n.parameters(), lr=.1)
    n(torch.randn(2, 3, 8, 8)).square().mean().backward()
    o.step()
    return o


def beside():
    """name -> what lies beside the state dict."""
    sgd, adam = trained(), trained(kind=torch.optim.AdamW)
    schedulers = torch.optim.lr_scheduler
    rng = {'python': random.Random(1).getstate(), 'numpy': np.random.RandomState(1).get_state(), 'torch': torch.get_rng_state(),
           'cuda': [torch.get_rng_state()]}
    yield 'args', {'args': argparse.Namespace(lr=.1, path=pathlib.Path('/x'), sizes=[1, 2], nested=argparse.Namespace(x=None))}
    yield 'scheduler', {'lr_scheduler': schedulers.MultiStepLR(sgd, [30]).state_dict(), 'epoch': 3}
    yield 'schedulers', {'s': [schedulers.StepLR(sgd, 3).state_dict(), schedulers.CosineAnnealingLR(sgd, 9).state_dict(),
                               schedulers.ReduceLROnPlateau(sgd).state_dict(), schedulers.OneCycleLR(sgd, .1, 9).state_dict()]}
    yield 'optimizers', {'optimizer': sgd.state_dict(), 'optimizers': [adam.state_dict()], 'scaler': {'scale': 65536.0}}
    yield 'best', {'best_acc1': torch.tensor(70.5), 'arch': 'tiny', 'epoch': 90, 'loss': torch.tensor(.5, requires_grad=True)}
    yield 'random', {'rng': rng, 'rng_state': torch.get_rng_state()}
    yield 'generator', {'rng': np.random.default_rng(1), 'bits': np.random.PCG64(5).state}
    yield 'numpy', {'acc': np.float64(70.5), 'epoch': np.int64(3), 'history': np.arange(10.), 'dtype': np.dtype('float32'),
                    'ok': np.bool_(True), 'names': np.array(['a', 'b']), 'objects': np.array([1, 'x', None], dtype=object)}
    yield 'counters', {'a': collections.Counter(a=1), 'b': collections.defaultdict(list, x=[1]), 'c': collections.deque([1]),
                       'd': Ordered(a=1)}
    yield 'dates', {'d': datetime.date(2024, 1, 31), 't': datetime.datetime.now(datetime.timezone.utc), 's': datetime.timedelta(3)}
    yield 'numbers', {'c': 1 + 2j, 'f': fractions.Fraction(1, 3), 'huge': 2 ** 200, 'inf': float('inf'), 'nan': float('nan')}
    yield 'collections', {'s': {1, 'a'}, 'f': frozenset({2}), 'b': b'\0\xff', 'a': bytearray(b'xyz'), 'r': range(5), 'l': slice(1, 2)}
    yield 'enums', {'mode': Mode.TRAIN, 'class': Mode, 'function': os.path.join, 'method': dict.fromkeys}
    yield 'torch', {'size': torch.Size([1, 2]), 'device': torch.device('cuda:0'), 'dtype': torch.float16, 'layout': torch.strided,
                    'format': torch.channels_last, 'q': torch.per_tensor_symmetric}
    yield 'tensors', {'c': torch.tensor([1 + 2j]), 'd': torch.ones(3, dtype=torch.complex128), 'f8': torch.ones(3).to(torch.float8_e4m3fn),
                      'u': torch.ones(3).to(torch.uint16), 'b': torch.ones(3, dtype=torch.bool), 'e': torch.empty(0)}
    yield 'kinds', {'sparse': torch.eye(3).to_sparse(), 'csr': torch.eye(3).to_sparse_csr(), 'meta': torch.empty(3, 3, device='meta'),
                    'nested': torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])}
    yield 'config', {'hyper_parameters': Config(lr=.1, nested=Config(x=1)), 'cfg': types.SimpleNamespace(a=1),
                     'callbacks': {"Best{'monitor': None}": {'best': torch.tensor(1.0)}}, 'loops': {'fit': {'state': {}}}}
    yield 'modules', {'criterion': torch.nn.CrossEntropyLoss(), 'block': torch.nn.Sequential(torch.nn.Conv2d(3, 3, 1), torch.nn.ReLU())}
    yield 'storages', {'typed': torch.ones(3).storage(), 'untyped': torch.ones(3).untyped_storage()}
    yield 'history', {'losses': [.5] * 5000, 'files': [f'n{i % 10}/{i}.jpg' for i in range(5000)]}
    yield 'itself', None


def with_itself():
    whole = {'model': STATE, 'log': []}
    whole['log'].append(whole)
    return whole


TAKEN = []      # name, file, state or None, the state that must be read
EXPECTED = {'state': f'{TINY}/fp32.pth'}    # a plain file of each
REFUSED = []    # name, file or folder, words of the sentence, options


def save(folder, name, whole, **how):
    path = f'{folder}/{name}.pth'
    torch.save(whole, path, **how)
    return path


def take(folder, name, whole, state=None, expected='state', **how):
    TAKEN.append((name, save(folder, name, whole, **how), state, expected))


def writable(things, **how):
    """Without what torch itself cannot save so."""
    out = {}
    for key, value in things.items():
        try:
            torch.save(value, io.BytesIO(), **how)
            out[key] = value
        except Exception as e:
            print(f'{key} {how}: torch does not save it: {str(e)[:70]}')
    return out


def make_beside(d):
    forms = {'zip': {}, 'legacy': {'_use_new_zipfile_serialization': False}, **{str(p): {'pickle_protocol': p} for p in (1, 3, 4, 5)},
             **{f'legacy-{p}': {'pickle_protocol': p, '_use_new_zipfile_serialization': False} for p in (1, 3, 5)}}
    for name, things in beside():
        for form, how in forms.items():
            whole = with_itself() if things is None else {**writable(things, **how), 'model': STATE}
            take(d, f'{name}-{form}', whole, **how)


def make_states(d):
    """Which of several, and the only one wherever it is."""
    for key in ('state_dict', 'model_state_dict', 'net', 'network', 'weights', 'params', 'generator', 'ema', 'model_ema', 'student'):
        take(d, f'key-{key}', {'epoch': 3, key: STATE, 'optimizer': trained().state_dict()})
    for deep in ({'checkpoint': {'model': STATE}}, [STATE, 3], (3, {'x': [STATE]}), {'a': {'b': {'c': Config(net=Ordered(STATE))}}}):
        take(d, f'deep-{len(TAKEN)}', deep)
    for key, twin in (('model', 'model_ema'), ('state_dict', 'ema_state_dict'), ('state_dict', 'state_dict_ema'),
                      ('model_state_dict', 'ema'), ('model', 'teacher')):
        whole = {twin: OTHER, key: STATE}
        take(d, f'twin-{key}-{twin}', whole)
        take(d, f'twin-{key}-{twin}-ema', whole, twin, 'other')
    take(d, 'twin-deep', {'checkpoint': {'model': STATE, 'model_ema': OTHER}}, 'checkpoint.model_ema', 'other')
    take(d, 'params', {'params': STATE, 'params_ema': OTHER}, 'params')
    averaged = {'model': STATE, 'model_ema': {'n_averaged': torch.tensor(3), **{'module.' + k: v for k, v in OTHER.items()}}}
    take(d, 'averaged', averaged)
    take(d, 'averaged-ema', averaged, 'model_ema', 'other')
    half = {k: v.half().float() for k, v in OTHER.items()}
    take(d, 'half', {'model': {k: v.half() if v.is_floating_point() else v for k, v in half.items()}}, None, 'half')
    EXPECTED['half'] = save(d, 'half-as-float', {k: v if OTHER[k].is_floating_point() else OTHER[k] for k, v in half.items()})
    int8 = torch.load(f'{TINY}/per_channel.pth', weights_only=True)
    EXPECTED['int8'] = f'{TINY}/per_channel.pth'
    for name, how in (('zip', {}), ('legacy', {'_use_new_zipfile_serialization': False}), ('5', {'pickle_protocol': 5})):
        take(d, f'int8-{name}', {'epoch': 3, 'args': argparse.Namespace(x=1), 'net': int8, 'optimizer': trained().state_dict()},
             None, 'int8', **how)
    REFUSED.append(('params', save(d, 'two', {'params': STATE, 'params_ema': OTHER}), '2 state dicts: params, params_ema', ()))
    REFUSED.append(('wrong state', save(d, 'wrong', {'model': STATE, 'model_ema': OTHER}), "no state dict 'ema'", ('--state=ema',)))
    REFUSED.append(('state of safetensors', f'{TINY}/fp32.safetensors', 'has no state dicts', ('--state=ema',)))


def make_tensors(d):
    """How the tensors themselves are kept."""
    def each(f):
        return {k: f(v) for k, v in STATE.items()}
    take(d, 'parameters', each(lambda v: torch.nn.Parameter(v, v.is_floating_point())))
    take(d, 'subclass', each(lambda v: v.as_subclass(Subclass)))
    take(d, 'buffers', each(lambda v: torch.nn.Buffer(v) if hasattr(torch.nn, 'Buffer') else v))
    take(d, 'double', each(lambda v: v.double() if v.is_floating_point() else v))
    take(d, 'strided', each(lambda v: v.to(memory_format=torch.channels_last) if v.dim() == 4 else v))
    take(d, 'views', each(lambda v: torch.cat([v.flatten(), v.flatten()])[v.numel():].reshape(v.shape)))
    take(d, 'extra', {**STATE, 'conv1._extra_state': {'w': torch.ones(3, 3)}, 'epoch': 3, 'args': argparse.Namespace(x=1)})
    marked = torch.nn.Parameter(STATE['conv1.weight'].clone(), True)
    marked.note = 'attribute'
    take(d, 'attributes', {**STATE, 'conv1.weight': marked})
    device = copy.copy(STATE)
    device['conv1.weight'] = OnDevice(STATE['conv1.weight'])
    take(d, 'device', device)
    w = STATE['conv1.weight']
    for name, value, words in (
            ('sparse', w.to_sparse(), 'conv1.weight is a sparse tensor'), ('meta', w.to('meta'), 'conv1.weight is a meta tensor'),
            ('float8', w.to(torch.float8_e5m2), 'conv1.weight is of type torch.float8_e5m2'),
            ('complex', w.to(torch.complex64), 'conv1.weight has elements of type ComplexFloatStorage'),
            ('numpy', w.numpy(), 'conv1.weight is an array of numpy'), ('list', w.tolist(), 'conv1.weight is a list'),
            ('negated', torch._neg_view(w), 'conv1.weight is a negated view'),
            ('wrapped', Wrapped(w), 'conv1.weight is of type __main__.Wrapped'),
            ('object', argparse.Namespace(w=w), 'conv1.weight is of type argparse.Namespace')):
        REFUSED.append((name, save(d, f'refused-{name}', {**STATE, 'conv1.weight': value}), words, ()))
    take(d, 'wrapped-beside', {'model': STATE, 'more': {'x': Wrapped(STATE['fc.bias'])}})
    REFUSED.append(('wrapped everywhere', save(d, 'wrapped', {'model': {k: Wrapped(v) for k, v in STATE.items()}}), 'is of type __main__.Wrapped', ()))
    REFUSED.append(('wrapped, with a twin', save(d, 'wrapped-twin', {'net': {k: Wrapped(v) for k, v in STATE.items()}, 'ema': OTHER}),
                    '2 state dicts: net, ema', ()))
    REFUSED.append(('bias as list', save(d, 'bias', {**STATE, 'conv3.bias': STATE['conv3.bias'].tolist()}), 'conv3.bias is a list', ()))
    REFUSED.append(('sparse beside', save(d, 'mask', {**STATE, 'mask': w.to_sparse()}), 'mask is a sparse tensor', ()))


class OnDevice:
    """As a tensor of an XLA device is written."""

    def __init__(self, tensor):
        self.tensor = tensor

    def __reduce__(self):
        return torch._utils._rebuild_device_tensor_from_cpu_tensor, (self.tensor, self.tensor.dtype, 'xla:0', False)


def make_others(d):
    """Files that are no state dicts."""
    n = net()

    def refuse(name, path, words, *options):
        REFUSED.append((name, path, words, options))

    def write(name, data):
        pathlib.Path(f'{d}/{name}').write_bytes(data)
        return f'{d}/{name}'

    refuse('pickled network', save(d, 'whole', n), 'holds a pickled network (__main__.Tiny)')
    refuse('pickled network, legacy', save(d, 'whole-legacy', n, _use_new_zipfile_serialization=False), 'holds a pickled network (__main__.Tiny)')
    refuse('pickled networks', save(d, 'wholes', {'model': n, 'ema': n, 'epoch': 1}), 'holds a pickled network (__main__.Tiny)')
    refuse('numbers', save(d, 'numbers', {'epoch': 1}), 'no dict of tensors')
    refuse('tensor', save(d, 'tensor', torch.ones(3)), 'no dict of tensors')
    torch.jit.script(n).save(f'{d}/script.pt')
    refuse('TorchScript', f'{d}/script.pt', 'TorchScript')
    torch.jit.trace(n, torch.ones(1, 3, 8, 8)).save(f'{d}/trace.pt')
    refuse('TorchScript, traced', f'{d}/trace.pt', 'TorchScript')
    try:
        torch.export.save(torch.export.export(n, (torch.ones(1, 3, 8, 8),)), f'{d}/program.pt2')
        refuse('torch.export', f'{d}/program.pt2', 'torch.export')
    except Exception as e:      # which parts of torch it needs changes
        print(f'torch.export: not made: {str(e)[:70]}')
    arrays = {k: v.numpy() for k, v in STATE.items()}
    np.savez(f'{d}/arrays.npz', **arrays)
    np.savez_compressed(f'{d}/packed.npz', **arrays)
    np.save(f'{d}/array.npy', arrays['fc.weight'])
    refuse('npz', f'{d}/arrays.npz', 'numpy .npz archive')
    refuse('npz, compressed', f'{d}/packed.npz', 'numpy .npz archive')
    refuse('npy', f'{d}/array.npy', 'numpy .npy array')
    refuse('bare pickle', write('bare.pkl', pickle.dumps(arrays)), 'bare pickle')
    refuse('bare pickle 2', write('bare2.pkl', pickle.dumps(arrays, 2)), 'bare pickle')
    plain = pathlib.Path(f'{TINY}/fp32.pth').read_bytes()
    refuse('gzip', write('fp32.pth.gz', gzip.compress(plain)), 'gzip')
    with zipfile.ZipFile(f'{d}/zipped.zip', 'w', zipfile.ZIP_DEFLATED) as z:
        z.writestr('net/fp32.pth', plain)
    refuse('zipped', f'{d}/zipped.zip', 'holds net/fp32.pth: unzip it')
    with zipfile.ZipFile(io.BytesIO(plain)) as source, zipfile.ZipFile(f'{d}/deflated.pth', 'w', zipfile.ZIP_DEFLATED) as z:
        for i in source.infolist():
            z.writestr(i.filename, source.read(i))
    refuse('deflated', f'{d}/deflated.pth', 'compressed')
    with tarfile.open(f'{d}/packed.tar', 'w') as t:
        t.add(f'{TINY}/fp32.pth', 'fp32.pth')
    refuse('tar', f'{d}/packed.tar', 'is a tar archive')
    with tarfile.open(f'{d}/2016.tar', 'w') as t:
        for member in ('sys_info', 'pickle', 'tensors', 'storages'):
            t.addfile(tarfile.TarInfo(member))
    refuse("torch's tar", f'{d}/2016.tar', "torch's oldest (tar)")
    with zipfile.ZipFile(io.BytesIO(plain)) as source, zipfile.ZipFile(f'{d}/big.pth', 'w') as z:
        for i in source.infolist():
            z.writestr(i.filename, b'big' if i.filename.endswith('byteorder') else source.read(i))
    refuse('big-endian', f'{d}/big.pth', 'big-endian')
    refuse('empty', write('empty.pth', b''), 'is empty')
    refuse('truncated', write('cut.pth', plain[:len(plain) // 2]), 'truncated')
    refuse('Git LFS', write('lfs.pth', b'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n'), 'Git LFS pointer')
    refuse('HTML', write('page.pth', b'\n<!DOCTYPE html><html><head></head></html>'), 'web page')
    refuse('text', write('text.pth', b'not found\n'), 'a text')
    refuse('JSON', write('config.json', b'{"a": 1}'), 'JSON')
    refuse('ONNX', write('net.onnx', b'\x08\x08\x12\x07pytorch\x1a\x052.0.0:\x00'), 'ONNX')
    refuse('TFLite', write('net.tflite', b'\x1c\0\0\0TFL3' + bytes(64)), 'byte 28: a table')
    refuse('SavedModel', write('saved_model.pb', b'\x08\x01\x12\x80\x01\x0a\x10' + bytes(64)), 'TensorFlow')
    refuse('GGUF', write('net.gguf', b'GGUF\3\0\0\0' + bytes(64)), 'GGUF')
    with h5py.File(f'{d}/keras.h5', 'w') as h:
        h.attrs['keras_version'], h.attrs['backend'] = '2.4.0', 'tensorflow'
        h['model_weights/conv/kernel'] = np.ones((3, 3))
    refuse('Keras', f'{d}/keras.h5', 'Keras')
    os.makedirs(f'{d}/folder')
    refuse('folder', f'{d}/folder', 'is a folder')
    with zipfile.ZipFile(f'{TINY}/fp32.pth') as z:
        z.extractall(f'{d}/unpacked')
    refuse('unpacked', f'{d}/unpacked/{os.listdir(d + "/unpacked")[0]}', 'unpacked checkpoint')
    with open(f'{d}/harm.pth', 'wb') as f:       # nothing is ever called
        pickle.dump({'model': STATE, 'x': Harm(d)}, f)
    harm = save(d, 'harm', {'model': STATE, 'x': Harm(d)})
    TAKEN.append(('harm', harm, None, 'state'))


class Harm:
    def __init__(self, d):
        self.path = f'{d}/harmed'

    def __reduce__(self):
        return os.system, (f'touch {self.path}',)


def make_shards(d):
    try:
        from safetensors.torch import save_file
    except ImportError:
        print('skip: shards (no safetensors)')
        return
    names = sorted(STATE)

    def shards(folder, ending, write):
        os.makedirs(f'{d}/{folder}')
        place = {}
        for i in range(3):
            file = f'model-{i + 1:05}-of-00003.{ending}'
            write({k: STATE[k].contiguous() for k in names[i::3]}, f'{d}/{folder}/{file}')
            place |= {k: file for k in names[i::3]}
        index = {'metadata': {'total_size': 4.5e3, 'x': [1, {'a': None}]}, 'weight_map': place}
        return index, f'{d}/{folder}/model.{ending}.index.json'

    def put(index, path, **change):
        whole = copy.deepcopy(index)
        whole['weight_map'].update(change)
        pathlib.Path(path).write_text(json.dumps({**whole, 'weight_map': {k: v for k, v in whole['weight_map'].items() if v}}, indent=2))

    def other(index, name, words, **change):
        path = f'{d}/safe/{name}.index.json'
        put(index, path, **change)
        REFUSED.append((f'shards, {name}', path, words, ()))

    index, path = shards('safe', 'safetensors', save_file)
    put(index, path)
    TAKEN.append(('shards', path, None, 'state'))
    REFUSED.append(('a shard alone', f'{d}/safe/model-00001-of-00003.safetensors', 'give model.safetensors.index.json', ()))
    first = names[0]
    other(index, 'extra', f'{first}', **{first: None})
    other(index, 'lost', 'lost.weight', **{'lost.weight': 'model-00001-of-00003.safetensors'})
    other(index, 'moved', f'{first}', **{first: 'model-00002-of-00003.safetensors'})
    other(index, 'away', 'plain file name', **{first: '../safe/model-00001-of-00003.safetensors'})
    other(index, 'absent', 'No such file', **{first: 'model-00004-of-00003.safetensors'})
    index, path = shards('bin', 'bin', torch.save)
    put(index, path)
    TAKEN.append(('shards of pickles', path, None, 'state'))


def quantcam(path, out, *more):
    command = [QUANTCAM, 'infer', '--model', f'{TINY}/tiny.model', '--weights', path, '-o', out, *more, PICTURE]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def logits(path, out, *more):
    done = quantcam(path, out, *more)
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    with h5py.File(out) as h:
        return h['logits'][()].tobytes()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--keep')
    p.add_argument('--list', action='store_true', help='print every sentence')
    a = p.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        d = a.keep or scratch
        os.makedirs(d, exist_ok=True)
        for make in (make_beside, make_states, make_tensors, make_others, make_shards):
            make(d)
        out = f'{scratch}/out.h5'
        EXPECTED['other'] = save(d, 'other', OTHER)
        expected = {which: logits(path, out) for which, path in EXPECTED.items()}
        assert all(isinstance(x, bytes) for x in expected.values()) and len(set(expected.values())) == len(expected), expected
        for name, path, state, which in TAKEN:
            is_ = logits(path, out, *([f'--state={state}'] if state else []))
            if is_ != expected[which]:
                wrong += 1
                print(f'WRONG {name}: {is_ if isinstance(is_, str) else "other logits"}')
        for name, path, words, options in REFUSED:
            done = quantcam(path, out, *options)
            said = done.stderr.strip().splitlines()
            if a.list:
                print(f'{name}: {said[-1] if said else ""}')
            if done.returncode not in (1, 2) or words not in ''.join(said[-1:]):
                wrong += 1
                print(f'WRONG {name}: exit {done.returncode}: {said[-1] if said else ""}; expected: {words}')
        if os.path.exists(f'{d}/harmed'):
            wrong += 1
            print('WRONG: a pickle was executed')
    print(f'containers: compared {len(TAKEN) + len(REFUSED)} files: {len(TAKEN)} read, {len(REFUSED)} refused, {wrong} wrong')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
