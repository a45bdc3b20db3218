#!/usr/bin/env python3
"""A deployed network's every tensor, as quantcam computes it and as its runtime does, from the same pixels.
    compare_deployed.py PROGRAM FILE ORACLE.h5 [--engine=NAME] [--input=PIPELINE]     needs: numpy h5py; $QUANTCAM
PROGRAM is build/release/tests/oracles/deployed, ORACLE.h5 what deployed_oracle.py wrote, whose pixels quantcam is given one by
one with --tap=all. Integers must be equal, real numbers within 1e-4 of a tensor's largest. Prints compared, mismatches, unmapped
(integer tensors that quantcam does not show); exits 1 unless both are 0."""
import argparse, os, subprocess, sys, tempfile
import h5py, numpy as np

# What has no node: it moves values, or is behind the logits.
MOVED = ('RESHAPE', 'SQUEEZE', 'EXPAND_DIMS', 'PAD', 'PADV2', 'TRANSPOSE', 'Reshape', 'Flatten', 'Transpose', 'Squeeze', 'Unsqueeze', 'Identity', 'Pad')

INPUTS = 16     # of a line at most

def first(v):
    return v.decode() if isinstance(v, bytes) else v

def oriented(v, shape):
    """One picture's tensor as (c, h, w): the runtime may have the channels last."""
    c, h, w = shape
    if v.size != c * h * w:
        return None
    if h * w == 1 or v.ndim < 3:
        return v.reshape(shape)
    if v.shape[-3:] == (h, w, c) and v.shape[-3:] != (c, h, w) or args.file.endswith('.tflite') and v.shape[-1] == c:
        return v.reshape(h, w, c).transpose(2, 0, 1)
    return v.reshape(shape)

def compare(tensors, shown, node, codes, values, total):
    for t in tensors:
        name, op, v = t['name'], t['op'], t['data'][shown]
        if v.dtype in (np.int32, np.int64):
            continue        # extents, not codes
        whole = v.dtype.kind in 'iu'
        n = node.get(name)
        if n is None or (n not in codes and n not in values):
            if op not in MOVED and whole and name not in args.ends:
                total['unmapped'].setdefault(name, op)
            continue
        if (n in codes) != whole:
            total['unmapped'].setdefault(name, op + ', of another kind')
            continue
        mine = codes[n] if whole else values[n]
        v = oriented(v, mine.shape)
        if v is None:
            total['unmapped'].setdefault(name, op + ', of other extents')
            continue
        if whole:
            bad = int((mine.astype(np.int32) - (128 if v.dtype == np.int8 else 0) != v).sum())       # carried as u8
        else:
            v = np.clip(v, *args.fused.get(n, (-np.inf, np.inf)))
            bad = int((np.abs(mine - v) > 1e-4 * max(np.abs(v).max(), 1e-30)).sum())
        total['compared'] += v.size
        total['wrong'] += bad
        if bad:
            total['where'].setdefault(n, [op, 0, v.size])[1] += bad

def main():
    global args
    p = argparse.ArgumentParser()
    p.add_argument('program'), p.add_argument('file'), p.add_argument('oracle'), p.add_argument('--engine'), p.add_argument('--input')
    p.add_argument('--saturate')
    args = p.parse_args()
    total = dict(compared=0, wrong=0, unmapped={}, where={})
    with tempfile.TemporaryDirectory() as folder, h5py.File(args.oracle) as oracle:
        w = os.path.join(folder, 'w.safetensors')
        text = subprocess.run([args.program, args.file, w] + ([args.input] if args.input else []), check=True, capture_output=True, text=True).stdout
        notes = dict(l[2:].split(' = ', 1) for l in text.splitlines() if l.startswith('# '))
        node = {v: k[len('tensor.'):] for k, v in notes.items() if k.startswith('tensor.')}
        # Real values of a layer that a relu is fused with are that relu's.
        lines = [l.split() for l in text.splitlines() if not l.startswith('#')]
        args.fused = {l[2]: (0, 6 if l[0] == 'relu6' else np.inf) for l in lines if l and l[0] in ('relu', 'relu6') and len(l) == 3
                      and sum(l[2] in m[2:2 + INPUTS] for m in lines if m[1:2] != [l[2]]) == 1
                      and any(m[:2] == [op, l[2]] for m in lines for op in ('conv', 'linear', 'batchnorm', 'add', 'sub'))}
        tensors = [dict(name=first(d.attrs['name']), op=first(d.attrs['op']), data=d) for d in (oracle['tensors'][k] for k in sorted(oracle['tensors']))
                   if len(d) == len(oracle['pixels'])]        # else extents, or batches of every n-th positions
        # Softmax and what comes behind it.
        last = max([i for i, t in enumerate(tensors) if t['op'].upper() in ('SOFTMAX', 'LOGISTIC', 'SIGMOID')] or [len(tensors)])
        args.ends = {t['name'] for t in tensors[last:]}
        for i in range(len(oracle['pixels'])):
            pixels, out = os.path.join(folder, 'pixels.h5'), os.path.join(folder, 'out.h5')
            with h5py.File(pixels, 'w') as f:
                f['pixels'] = oracle['pixels'][i:i + 1]
            command = [os.environ.get('QUANTCAM', 'build/quantcam'), 'infer', '--model', args.file, '--pixels', pixels, '-o', out, '--tap=all']
            command += ['--engine=' + args.engine] if args.engine else []
            command += ['--input=' + args.input] if args.input else []
            command += ['--numerics.saturate=' + args.saturate] if args.saturate else []
            r = subprocess.run(command, capture_output=True, text=True)
            if r.returncode:
                print(os.path.basename(args.file) + ': ' + r.stderr.strip().splitlines()[-1])
                return 1
            with h5py.File(out) as f:
                codes = {k: v[()] for k, v in f.get('codes', {}).items()}
                values = {k: v[()] for k, v in f.get('values', {}).items()}
                compare(tensors, i, node, codes, values, total)
    for n, (op, bad, size) in list(total['where'].items())[:12]:
        print('  %s (%s): %d of %d a picture differ' % (n, op, bad, size))
    for n, op in list(total['unmapped'].items())[:12]:
        print('  %.100s (%s): not shown' % (n, op))
    print('%s, %s: compared %d, mismatches %d, unmapped %d' % (os.path.basename(args.file), args.engine or 'as the file says', total['compared'], total['wrong'], len(total['unmapped'])))
    return 1 if total['wrong'] or total['unmapped'] or not total['compared'] else 0

sys.exit(main())
