"""What compare_codes.py and compare_real.py share: running `quantcam infer` and comparing arrays."""
import os
import subprocess
import sys

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
QUANTCAM = os.environ.get('QUANTCAM', 'build/quantcam')


def infer(model, weights, out, *more):
    command = [QUANTCAM, 'infer', '--model', model, '--weights', weights, '-o', out, *more]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f'{" ".join(command[:6])} ...: exit {done.returncode}: {done.stderr.strip()}')


class Tally:
    """Counts comparisons and prints each failure. mismatches counts comparisons, wrong values."""

    def __init__(self):
        self.compared = self.mismatches = self.elements = self.wrong = 0
        self.far = {}                            # what was close: how far, of the largest value

    def exact(self, what, ours, theirs):
        ours, theirs = np.asarray(ours).ravel(), np.asarray(theirs).ravel()
        self.compared += 1
        self.elements += theirs.size
        wrong = int(np.sum(ours != theirs)) if ours.size == theirs.size > 0 else max(theirs.size, 1)
        self.wrong += wrong
        if wrong:
            self.mismatches += 1
            far = np.max(np.abs(ours.astype(float) - theirs.astype(float))) if ours.size == theirs.size else 'shape'
            print(f'  MISMATCH {what}: {wrong} of {theirs.size} differ, by at most {far}')
        return wrong

    def close(self, what, ours, theirs, bound=1e-4):
        """Within `bound` of the largest absolute value, per leading index."""
        ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
        self.compared += 1
        self.elements += theirs.size
        worst = np.inf
        if ours.size == theirs.size:
            ours, theirs = ours.reshape(len(theirs), -1), theirs.reshape(len(theirs), -1)
            worst = np.max(np.max(np.abs(ours - theirs), axis=1) / np.max(np.abs(theirs), axis=1))
        self.far[what] = worst
        if not worst <= bound:
            self.mismatches += 1
            print(f'  MISMATCH {what}: {worst:.3g} of the largest value, at most {bound:g} allowed')
        else:
            print(f'  {what}: within {worst:.2g} of the largest value')
        return worst
