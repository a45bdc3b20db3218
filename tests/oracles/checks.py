"""What the check_*.py share: counting, reading texts of a result, and finishing a map in numpy (explanations 1.1 and 6)."""
import sys

import numpy as np


class Checks:
    """check = Checks("check_x"); check(good, what) counts, and names on stderr what failed; sys.exit(check.finish()) is the last line."""

    def __init__(self, name):
        self.name, self.count, self.failed = name, 0, 0

    def __call__(self, good, what):
        self.count += 1
        if not good:
            self.failed += 1
            print(f"{self.name}: {what}", file=sys.stderr)

    def finish(self, more=""):
        print(f"{self.name}: {self.count} checks, {self.failed} failed{more}")
        return 1 if self.failed or not self.count else 0


def texts(f, path):
    return [x.decode().rstrip("\0") for x in f[path][:]]


def resize(a, out_h, out_w):
    """Bilinear, half-pixel centres, edges replicated."""
    def axis(n, m):
        x = (np.arange(m) + 0.5) * n / m - 0.5
        low = np.floor(x).astype(int)
        return np.clip(low, 0, n - 1), np.clip(low + 1, 0, n - 1), x - low
    y0, y1, fy = axis(a.shape[0], out_h)
    x0, x1, fx = axis(a.shape[1], out_w)
    top = a[y0][:, x0] * (1 - fx) + a[y0][:, x1] * fx
    low = a[y1][:, x0] * (1 - fx) + a[y1][:, x1] * fx
    return top * (1 - fy)[:, None] + low * fy[:, None]


def scale(a):
    a = a - a.min()
    return a / (1e-7 + a.max())


def finish(cam, h, w):
    """A projection (h', w') to the map 0..1 of h x w pixels."""
    return scale(np.maximum(resize(scale(np.maximum(cam.astype(np.float64), 0)), h, w), 0))
