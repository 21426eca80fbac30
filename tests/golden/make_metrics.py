"""Measures of sample quality by NumPy and SciPy, float64: what tests/metrics compares with.

    python3 tests/golden/make_metrics.py        writes tests/golden/metrics.safetensors
"""
import os

import numpy as np
import scipy.linalg
import scipy.special
import scipy.stats
from safetensors.numpy import save_file

from library_stream import normals, own_key, philox

SLICED_TAG, KID_TAG = 0x736C6963, 0x6B696465
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


# --- moments and kernels ---


def root_of(s):
    values, vectors = np.linalg.eigh(s)
    return vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T


def frechet(a, b):
    s, t = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (a, b))
    r = root_of(s)
    between = np.sqrt(np.maximum(np.linalg.eigvalsh(r @ t @ r), 0)).sum()
    if min(np.linalg.matrix_rank(s), np.linalg.matrix_rank(t)) == len(s):
        assert np.isclose(between, np.trace(scipy.linalg.sqrtm(s @ t)).real, rtol=1e-9)
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s) + np.trace(t) - 2 * between


def below(key, position, n):
    """gan_stream_below."""
    if n == 1:
        return 0, position
    limit = 2**64 - 1 - (2**64 - 1) % n
    while True:
        w = philox(key, position)
        position += 1
        x = w[1] << 32 | w[0]
        if x < limit:
            return x % n, position


def mmd(x, y):
    kernel = lambda u, v: (u @ v.T / u.shape[1] + 1) ** 3
    n, m = len(x), len(y)
    own = lambda u: (kernel(u, u).sum() - np.trace(kernel(u, u))) / (len(u) * (len(u) - 1))
    return own(x) + own(y) - 2 * kernel(x, y).sum() / (n * m)


def kid(a, b, block, blocks, seed):
    key, position, values = own_key(seed, KID_TAG), 0, []
    orders = [list(range(len(a))), list(range(len(b)))]
    for _ in range(blocks):
        for order in orders:
            for i in range(block):
                step, position = below(key, position, len(order) - i)
                order[i], order[i + step] = order[i + step], order[i]
        values.append(mmd(a[orders[0][:block]], b[orders[1][:block]]))
    return [np.mean(values), np.std(values)]


def make_moments():
    mix = randn(6, 6)
    narrow = randn(6, 8)
    sets = {
        "full": (rounded(randn(60, 6) @ mix), rounded(0.7 * randn(50, 6) @ mix + 0.5)),
        "deficient": (rounded(randn(40, 6) @ narrow + 3), rounded(randn(30, 6) @ randn(6, 8))),
        "constant": (np.append(randn(30, 3), np.full((30, 2), 7.0), 1), np.append(randn(20, 4), np.zeros((20, 1)), 1)),
        "few": (randn(5, 12), rounded(2 * randn(7, 12))),
        "mixed": (randn(40, 12), randn(5, 12)),
        "tiny": (randn(2, 3), randn(2, 3)),
        "one": (randn(9, 1), rounded(1 + 3 * randn(11, 1))),
        "offset": (rounded(1000 + 0.01 * randn(60, 6)), rounded(1000 + 0.012 * randn(50, 6))),
    }
    for name, (a, b) in sets.items():
        put(f"moments.{name}.a", a), put(f"moments.{name}.b", b)
        put(f"moments.{name}.frechet", frechet(a, b))
        few = min(len(a), len(b))
        put(f"moments.{name}.kid", kid(a, b, few, 3, 11))
        if few > 10:
            put(f"moments.{name}.kid_blocks", kid(a, b, 10, 7, 2**40 + 9))


# --- modes ---


def modes(x, means, std):
    d = np.sqrt(((x[:, None] - means[None]) ** 2).sum(-1))
    good = d.min(1) < 3 * std
    counts = np.bincount(d.argmin(1)[good], minlength=len(means))
    p = counts / counts.sum()
    return [(counts > 0).sum(), good.mean(), np.log(len(means)) - scipy.stats.entropy(p)]


def make_modes():
    angle = 2 * np.pi * np.arange(8) / 8
    ring = rounded(np.stack([np.cos(angle), np.sin(angle)], 1))
    grid = np.stack(np.meshgrid(np.arange(-4.0, 5, 2), np.arange(-4.0, 5, 2), indexing="ij"), -1).reshape(-1, 2)
    for name, means, std, used in (("ring", ring, 0.01, [0, 2, 2, 3, 7]), ("grid", grid, 0.05, list(range(3, 22)) + [4] * 5)):
        x = rounded(means[random.choice(used, 300)] + 1.5 * std * randn(300, 2))
        put(f"modes.{name}.means", means), put(f"modes.{name}.x", x)
        put(f"modes.{name}.all", modes(x, means, std))
    label, weights = random.choice([0, 1, 1, 4, 6], 50), np.array([3.0, 1, 2, 2, 4, 1, 5])
    p = np.bincount(label, minlength=7) / 50
    put("modes.label.x", label), put("modes.label.weights", weights)
    put("modes.label.all", [4, scipy.stats.entropy(p, np.full(7, 1 / 7)), scipy.stats.entropy(p, weights)])


# --- classes and ranks ---


def inception_score(p, splits):
    edges = [i * len(p) // splits for i in range(splits + 1)]
    parts = [p[i:j] for i, j in zip(edges, edges[1:])]
    scores = [np.exp(np.mean([scipy.stats.entropy(row, part.mean(0)) for row in part])) for part in parts]
    return [np.mean(scores), np.std(scores)]


def make_classes():
    logits = rounded(3 * randn(47, 6))
    p = scipy.special.softmax(logits, 1)
    sure = np.eye(4)[random.integers(0, 4, 30)]
    put("classes.logits", logits), put("classes.sure", sure)
    put("classes.score_10", inception_score(p, 10)), put("classes.score_3", inception_score(p, 3))
    put("classes.score_sure", inception_score(sure, 1))
    real, fake = rounded(randn(40) + 0.4), rounded(randn(33))
    put("ranks.plain.real", real), put("ranks.plain.fake", fake)
    put("ranks.ties.real", np.round(2 * real)), put("ranks.ties.fake", np.round(2 * fake))
    for name in ("plain", "ties"):
        u = scipy.stats.mannwhitneyu(out[f"ranks.{name}.real"], out[f"ranks.{name}.fake"]).statistic
        put(f"ranks.{name}.auc", u / (40 * 33))


# --- pixels ---


def spectrum(x):
    n, h, w, c = x.shape
    power = (np.abs(np.fft.fft2(x, axes=(1, 2))) ** 2).mean((0, 3)) / (h * w)
    radius = np.hypot(np.fft.fftfreq(h)[:, None], np.fft.fftfreq(w)[None])
    bin = np.floor(radius * min(h, w) + 0.5).astype(int)
    return np.array([power[bin == b].mean() for b in range(min(h, w) // 2 + 1)])


def neighbour_correlation(x):
    x = x - x.mean((0, 1, 2))
    pairs = [(x[:, :, 1:], x[:, :, :-1]), (x[:, 1:], x[:, :-1])]
    return sum((a * b).sum() for a, b in pairs) / sum((a**2 + b**2).sum() / 2 for a, b in pairs)


def make_pixels():
    for name, shape in (("square", (5, 8, 8, 1)), ("odd", (3, 6, 5, 2)), ("wide", (2, 9, 12, 3)), ("mnist", (3, 28, 28, 1))):
        blur = lambda x: rounded(x + np.roll(x, 1, 1) + np.roll(x, 1, 2) + 0.3 * np.roll(x, 2, 2) + 1)
        a, b = blur(randn(*shape)), randn(shape[0] + 1, *shape[1:])
        put(f"pixels.{name}.a", a), put(f"pixels.{name}.b", b)
        put(f"pixels.{name}.spectrum", spectrum(a))
        put(f"pixels.{name}.distance", np.abs(np.log(spectrum(a)[1:] / spectrum(b)[1:])).mean())
        put(f"pixels.{name}.correlation", [neighbour_correlation(a), neighbour_correlation(b)])


if __name__ == "__main__":
    make_sliced()
    make_neighbours()
    make_moments()
    make_modes()
    make_classes()
    make_pixels()
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "metrics.safetensors")
    save_file(out, path)
    os.chmod(path, 0o644)
