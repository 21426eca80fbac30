"""Golden values of activations."""
import torch
import torch.nn.functional as F

from golden_writer import Golden

g = Golden("act", 21)


def off_zero(x, gap=0.05):
    """Away from the kink, so that differences do not step over it."""
    return x + gap * torch.sign(x)


bent = off_zero(g.randn(3, 5, 7))
g.case("leaky", lambda x: F.leaky_relu(x, 0.2), [bent])
g.case("leaky_0", lambda x: F.leaky_relu(x, 0.0), [bent])
g.case("leaky_steep", lambda x: F.leaky_relu(x, 1.5), [bent])
g.case("leaky_negative", lambda x: F.leaky_relu(x, -0.5), [bent])
g.case("leaky_at_0", lambda x: F.leaky_relu(x, 0.2), [[0.0, -0.0, 1.0, -1.0]])
g.case("relu", F.relu, [bent])
g.case("relu_at_0", F.relu, [[0.0, -0.0, 1.0, -1.0]])
y = off_zero(g.randn(2, 3, 5))
g.case("slope", lambda d: torch.where(y > 0, d, 0.3 * d), [g.randn(2, 3, 5)])
g.tensors["slope.in1"] = y

far = torch.tensor([-200.0, -95.0, -88.5, 88.5, 95.0, 200.0])
wide = torch.cat([torch.linspace(-30, 30, 41, dtype=torch.float64), far])
edge = torch.linspace(-0.7, 0.7, 57, dtype=torch.float64)
for name, fn in [("tanh", torch.tanh), ("sigmoid", torch.sigmoid)]:
    g.case(name, fn, [2 * g.randn(3, 5, 7)])
    g.case(f"{name}_wide", fn, [wide])
    g.case(f"{name}_small", fn, [edge])
# PyTorch's own softplus turns linear at a threshold.
softplus = lambda x: torch.logaddexp(x, torch.zeros_like(x))
g.case("softplus", softplus, [2 * g.randn(3, 5, 7)])
g.case("softplus_wide", softplus, [wide])

g.case("softmax", lambda x: F.softmax(x, -1), [g.randn(2, 3, 5)])
g.case("softmax_vector", lambda x: F.softmax(x, -1), [3 * g.randn(7)])
g.case("softmax_far", lambda x: F.softmax(x, -1), [60 * g.randn(4, 9) + 500])
g.case("log_softmax", lambda x: F.log_softmax(x, -1), [g.randn(2, 3, 5)])
g.case("log_softmax_vector", lambda x: F.log_softmax(x, -1), [3 * g.randn(7)])
g.case("log_softmax_far", lambda x: F.log_softmax(x, -1), [60 * g.randn(4, 9) + 500])

distinct = (torch.randperm(2 * 3 * 12, generator=g.random) / 20.0 - 1.5).reshape(2, 3, 12)
for pieces in (1, 3, 4, 12):
    g.case(f"maxout_{pieces}", lambda x: x.unflatten(-1, (-1, pieces)).max(-1).values, [distinct])
few = torch.randint(0, 3, (5, 12), generator=g.random) - 1.0
g.case("maxout_ties", lambda x: F.max_pool1d(x.unsqueeze(1), 4).squeeze(1), [few])


def philox(key, block):
    """Philox 4x32-10, by the definition in Salmon et al. (SC 2011)."""
    c, k, low = [block & 0xFFFFFFFF, block >> 32, 0, 0], list(key), 0xFFFFFFFF
    for _ in range(10):
        a, b = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
        c = [(b >> 32) ^ c[1] ^ k[0], b & low, (a >> 32) ^ c[3] ^ k[1], a & low]
        k = [(k[0] + 0x9E3779B9) & low, (k[1] + 0xBB67AE85) & low]
    return c


def stream_key(seed, name):
    wrap = (1 << 64) - 1
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = (h ^ byte) * 0x100000001B3 & wrap
    h = h + seed * 0x9E3779B97F4A7C15 & wrap
    h = (h ^ h >> 30) * 0xBF58476D1CE4E5B9 & wrap
    h = (h ^ h >> 27) * 0x94D049BB133111EB & wrap
    h ^= h >> 31
    return h & 0xFFFFFFFF, h >> 32


def dropout(p, block):
    """The mask of a context with seed 5 from the stream "drop" at that block, element by element."""
    def fn(x):
        key = stream_key(5, "drop")
        words = [w for i in range((x.numel() + 3) // 4) for w in philox(key, block + i)]
        uniform = torch.tensor([(w >> 8) / 2**24 for w in words[: x.numel()]], dtype=torch.float64).reshape(x.shape)
        return x * (uniform >= p) / (1 - p)
    return fn


g.case("dropout", dropout(0.3, 0), [g.randn(3, 5, 7)])
g.case("dropout_later", dropout(0.75, 11), [g.randn(13)])
g.case("dropout_0", dropout(0.0, 0), [g.randn(5)])


def bce(target):
    return lambda x: F.binary_cross_entropy_with_logits(x, torch.full_like(x, target))


# Last, so that the numbers before stay what they were.
for name, target in (("1", 1.0), ("0", 0.0), ("smooth", 0.9), ("low", 0.3)):
    g.case(f"bce_{name}", bce(target), [g.randn(7, 3)])
g.case("bce_wide", bce(1.0), [torch.tensor([-100.0, -20.0, -1e-3, 0.0, 1e-3, 15.0, 30.0, 80.0], dtype=torch.float64)])
g.save()
