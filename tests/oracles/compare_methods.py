"""Compares infer's maps by every method with torch's autograd and pytorch-grad-cam's formulas, on our activations.

    QUANTCAM=build/quantcam python3 tests/oracles/compare_methods.py models/demo WEIGHTS_FOLDER IMAGE...

For each of the demo's networks in fp32 and int8: /last_conv of infer goes through the classifier, rebuilt in torch from the
checkpoint (int8: dequantized; a layer between by the slopes at its codes), backward from the class of infer's largest logit.
AblationCAM: one forward a channel.
Prints one line, "compare_methods: N comparisons, N mismatches"; exit 1 if any.
"""
import os
import sys
import tempfile
import warnings

warnings.filterwarnings('ignore')
import h5py
import numpy as np
import torch
from oracle import Tally, infer

# The linear layers, first to last.
HEADS = {'mobilenet_v2': ['classifier.1'], 'mobilenet_v3_large': ['classifier.0', 'classifier.3'],
         'resnet18': ['fc'], 'shufflenet_v2_x0_5': ['fc']}


def linear(state, name):
    """Weight and bias, real; of an unconverted QAT state what convert would make of the weight, per tensor."""
    observed = name + '.weight_fake_quant.activation_post_process.'
    if name + '.weight' in state:
        weight = state[name + '.weight']
        if observed + 'min_val' in state:
            step = 0.01 * state[name + '.weight_fake_quant.observer_enabled'].item()
            low, high = state[observed + 'min_val'], state[observed + 'max_val']
            low, high = (low + step * (weight.min() - low)).item(), (high + step * (weight.max() - high)).item()
            weight = torch.fake_quantize_per_tensor_affine(weight, max(-low, high) / 127.5, 0, -128, 127)
        return weight.double(), state[name + '.bias'].double()
    weight, bias = state[name + '._packed_params._packed_params']
    return weight.dequantize().double(), bias.detach().double()


def first_vector(m):
    """M times its first right singular vector, the larger extreme positive."""
    p = m @ np.linalg.svd(m, full_matrices=False)[2][0]
    return p * np.sign(p[np.abs(p).argmax()])


def slopes_of(model, checkpoint, picture, out):
    """Of the hidden layer's codes, straight through: hardswish's slope at what a code stands for, 0 where a quantizer clips."""
    infer(model, checkpoint, out, '--tap=all', picture)
    with h5py.File(out) as f:
        z, h = f['codes/classifier.0'], f['codes/classifier.1']
        x = (z[...].ravel().astype(np.float64) - z.attrs['zero_point']) * z.attrs['scale']
        inside = [(c[...].ravel() > 0) & (c[...].ravel() < 255) for c in (z, h)]
    return np.where(x <= -3, 0, np.where(x >= 3, 1, (2 * x + 3) / 6)) * inside[0] * inside[1]


def maps_of(layers, act, c, slopes=None):
    """Every method's projection (h * w), double."""
    def score(pooled):
        x = pooled
        for i, (weight, bias) in enumerate(layers):
            x = torch.nn.functional.linear(x if i == 0 else torch.nn.functional.hardswish(x), weight, bias)
        return x[..., c]

    a = torch.from_numpy(act.astype(np.float64)).requires_grad_()
    y = score(a.mean((1, 2)))
    y.backward()
    g, A, n = a.grad.numpy(), act.astype(np.float64), act[0].size
    if slopes is not None:
        g = np.broadcast_to(((layers[0][0].numpy().T @ (slopes * layers[1][0].numpy()[c])) / n)[:, None, None], A.shape)
    sums = A.sum((1, 2))[:, None, None]
    alpha = np.where(g != 0, g**2 / (2 * g**2 + sums * g**3 + 1e-6), 0)
    divisor = 2 + sums * g
    share = np.where((g > 0) & (divisor > 0), g / np.where(divisor > 0, divisor, 1), 0)
    with torch.no_grad():
        pooled = a.mean((1, 2))
        ablated = pooled.repeat(len(pooled), 1) * (1 - torch.eye(len(pooled), dtype=torch.double))
        lost = ((y - score(ablated)) / y).numpy()
    weigh = lambda w: np.einsum('k,khw->hw', w, A).ravel()
    centred = lambda m: m - m.mean(0)
    rows = lambda x: x.reshape(len(x), -1).T
    return {'cam': weigh(g.mean((1, 2)) * n), 'layercam': (np.maximum(g, 0) * A).sum(0).ravel(),
            'gradcampp': weigh(share.sum((1, 2))), 'gradcampp-eps': weigh((np.maximum(g, 0) * alpha).sum((1, 2))),
            'gradcampp-torchcam': weigh((np.maximum(g, 0) ** 3).sum((1, 2))), 'hirescam': (g * A).sum(0).ravel(),
            'eigengrad': first_vector(centred(rows(g * A))), 'ablation': weigh(lost), 'uncentred': first_vector(rows(A)),
            'eigen': first_vector(centred(rows(A)))}


def main():
    folder, weights, pictures = sys.argv[1], sys.argv[2], sys.argv[3:]
    tally = Tally()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        for net, names in HEADS.items():
            for precision in ('fp32', 'int8'):
                checkpoint = os.path.join(weights, f'{net}_{precision}.pth')
                if not os.path.exists(checkpoint):
                    continue
                state = torch.load(checkpoint, map_location='cpu', weights_only=False)
                layers = [linear(state, name) for name in names]
                theirs = None
                for method in ('eigen', 'cam', 'layercam', 'gradcampp', 'gradcampp-eps', 'gradcampp-torchcam', 'hirescam',
                               'eigengrad', 'ablation', 'uncentred'):
                    out = os.path.join(scratch, 'out.h5')
                    infer(os.path.join(folder, f'{net}.model'), checkpoint, out, f'--cam={method}', *pictures)
                    with h5py.File(out) as f:
                        ours = f['cam'][:].reshape(len(pictures), -1)
                        shown = list(zip(f['last_conv'][:], f['logits'][:]))
                    if theirs is None:
                        hidden = [slopes_of(os.path.join(folder, f'{net}.model'), checkpoint, picture, out)
                                  if precision == 'int8' and len(layers) > 1 else None for picture in pictures]
                        theirs = [maps_of(layers, act, int(np.argmax(logits)), slopes)
                                  for (act, logits), slopes in zip(shown, hidden)]
                    expected = np.array([t[method] for t in theirs])
                    if method in ('eigen', 'eigengrad'):  # infer's sign is LAPACK's in another arithmetic
                        expected *= np.sign((expected * ours).sum(1, keepdims=True))
                    tally.close(f'{net} {precision} {method}', ours, expected, 1e-5)
    print(f'compare_methods: {tally.compared} comparisons, {tally.mismatches} mismatches')
    return tally.mismatches > 0 or tally.compared == 0


if __name__ == '__main__':
    sys.exit(main())
