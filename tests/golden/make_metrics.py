"""Measures of sample quality by NumPy and SciPy, float64: what tests/metrics compares with.

    python3 tests/golden/make_metrics.py        writes tests/golden/metrics.safetensors
"""
import os

import numpy as np
import scipy.stats
from safetensors.numpy import save_file

from library_stream import normals, own_key

SLICED_TAG = 0x736C6963
random = np.random.default_rng(17)
out = {}


def rounded(x):
    return np.asarray(x, dtype=np.float32).astype(np.float64)


def randn(*shape):
    return rounded(random.standard_normal(shape))


def put(name, value):
    assert name not in out, name
    out[name] = np.ascontiguousarray(np.asarray(value, dtype=np.float64))


# --- sliced Wasserstein distance ---


def line_2(a, b):
    """W_2^2 of numbers on the line, from the quantile functions on the finest common grid."""
    grid = (np.arange(len(a) * len(b)) + 0.5) / (len(a) * len(b))
    quantile = lambda x: np.sort(x)[np.floor(grid * len(x)).astype(int)]
    return np.mean((quantile(a) - quantile(b)) ** 2)


def sliced(a, b, count, order, seed):
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    u = np.array(normals(own_key(seed, SLICED_TAG), count * a.shape[1])).reshape(count, -1)
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    line = scipy.stats.wasserstein_distance if order == 1 else line_2
    return np.mean([line(a @ v, b @ v) for v in u]) ** (1 / order)


def make_sliced():
    sets = {
        "plane": (randn(50, 2), rounded(0.5 * randn(37, 2) + [1, 0])),
        "images": (rounded(100 + 0.1 * randn(12, 4, 3, 2)), rounded(100 + 0.12 * randn(9, 4, 3, 2))),
        "line": (randn(5, 1), randn(1, 1)),
        "offset": (rounded(1000 + 0.01 * randn(60, 6)), rounded(1000 + 0.01 * randn(50, 6))),
    }
    for name, (a, b) in sets.items():
        put(f"sliced.{name}.a", a), put(f"sliced.{name}.b", b)
        for order in (1, 2):
            put(f"sliced.{name}.{order}", sliced(a, b, 24, order, 2**33 + 5))


# --- neighbours ---


def distances(a, b):
    a, b = a.reshape(len(a), 1, -1), b.reshape(1, len(b), -1)
    return ((a - b) ** 2).sum(-1)


def radii(x, k):
    d = distances(x, x)
    np.fill_diagonal(d, np.inf)
    return np.sort(d, 1)[:, k - 1]


def prdc(real, fake, k):
    d, r, f = distances(real, fake), radii(real, k)[:, None], radii(fake, k)[None, :]
    return [(d <= r).any(0).mean(), (d <= f).any(1).mean(), (d <= r).sum(0).mean() / k, (d <= r).any(1).mean()]


def make_neighbours():
    lattice = np.stack(np.meshgrid(np.arange(6.0), np.arange(6.0)), -1).reshape(-1, 2)
    sets = {
        "gaussians": (randn(40, 8), rounded(0.8 * randn(30, 8) + 0.3)),
        "many": (randn(150, 5), rounded(1.5 * randn(270, 5))),
        "images": (randn(20, 3, 4, 2), randn(25, 3, 4, 2)),
        "offset": (rounded(1000 + 0.01 * randn(60, 6)), rounded(1000 + 0.01 * randn(50, 6))),
        "ties": (lattice, np.concatenate([lattice[::2] + [0, 1], lattice[:7]])),
        "narrow": (randn(40, 3), rounded([1, 0, 0] + 0.01 * randn(40, 3))),
        "tiny": (randn(2, 3), randn(2, 3)),
    }
    for name, (real, fake) in sets.items():
        k = 1 if name == "tiny" else 3
        put(f"near.{name}.real", real), put(f"near.{name}.fake", fake)
        put(f"near.{name}.prdc", prdc(real, fake, k))
        d = distances(fake, real)
        index = np.argsort(d, 1, kind="stable")[:, :k]
        put(f"near.{name}.index", index)
        put(f"near.{name}.distance", np.sqrt(np.take_along_axis(d, index, 1)))


if __name__ == "__main__":
    make_sliced()
    make_neighbours()
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "metrics.safetensors")
    save_file(out, path)
    os.chmod(path, 0o644)
