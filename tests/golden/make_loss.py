"""Adversarial losses and their gradients in PyTorch, float64: what tests/loss/test_loss.c compares with.

    python3 tests/golden/make_loss.py         writes tests/golden/loss.safetensors
"""
import os

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

TARGETS = [0.0, 0.1, 0.5, 0.9, 1.0]
EXTREME = [-1e4, -100.0, -30.0, 0.0, 30.0, 100.0, 1e4]


def rounded(t):
    return t.to(torch.float32).to(torch.float64)


def bce(x, t):
    return F.binary_cross_entropy_with_logits(x, torch.as_tensor(t).expand_as(x))


def half_square(x, t):
    return F.mse_loss(x, torch.as_tensor(t).expand_as(x)) / 2


# --- the players' losses: functions of D's outputs on reals r and fakes f, and of options ---


def softplus(x):
    return -F.logsigmoid(-x)  # F.softplus is x itself above 20


def targets_of(x, t):
    return torch.as_tensor(t).expand(x.shape[0]) if x.dim() > 1 else torch.as_tensor(t).expand_as(x)


def by_target(part):
    return (lambda r, f, o: part(r, o.t) + part(f, o.u)), (lambda r, f, o: part(f, o.g))


def average(a, b):
    return bce(a - b.mean(), 1.0) + bce(b - a.mean(), 0.0)


def two_way(x, t):
    t = targets_of(x, t)
    return F.cross_entropy(x, torch.stack([1 - t, t], 1))


def log_any(x, first, last):
    """log of the probability of one of the classes first to last"""
    return F.log_softmax(x, 1)[:, first:last].logsumexp(1)


def classes_real(x, labels, t):
    k = x.shape[1] - 1
    p = F.log_softmax(x, 1)
    t = targets_of(x, t)
    known = labels >= 0
    right = torch.where(known, p[torch.arange(len(x)), labels.clamp(min=0)], log_any(x, 0, k))
    return -(t * right + (1 - t) * p[:, k]).mean()


def classes_fake(x, u):
    k = x.shape[1] - 1
    u = targets_of(x, u)
    return -(u * log_any(x, 0, k) + (1 - u) * log_any(x, k, k + 1)).mean()


def mad_real(x, t):
    k = x.shape[1] - 1
    t = targets_of(x, t)
    return -(t * log_any(x, k, k + 1) + (1 - t) * log_any(x, 0, k)).mean()


def mad_fake(x, labels, u):
    k = x.shape[1] - 1
    u = targets_of(x, u)
    return -(u * log_any(x, k, k + 1) + (1 - u) * F.log_softmax(x, 1)[torch.arange(len(x)), labels]).mean()


LOSSES = {
    "non_saturating": by_target(bce),
    "least_squares": by_target(half_square),
    "minimax": (by_target(bce)[0], lambda r, f, o: -softplus(f).mean()),
    "wasserstein": (lambda r, f, o: f.mean() - r.mean(), lambda r, f, o: -f.mean()),
    "hinge": (lambda r, f, o: F.relu(1 - r).mean() + F.relu(1 + f).mean(), lambda r, f, o: -f.mean()),
    "relativistic_average": (lambda r, f, o: average(r, f), lambda r, f, o: average(f, r)),
    "relativistic_pairing": (lambda r, f, o: softplus(f - r).mean(), lambda r, f, o: softplus(r - f).mean()),
    "softmax": by_target(two_way),
    "softmax_classes": (lambda r, f, o: classes_real(r, o.real_label, o.t) + classes_fake(f, o.u),
                        lambda r, f, o: classes_fake(f, o.g)),
    "mad_gan": (lambda r, f, o: mad_real(r, o.t) + mad_fake(f, o.fake_label, o.u), lambda r, f, o: mad_real(f, o.g)),
}
WIDTHS = {"softmax": 2, "softmax_classes": 4, "mad_gan": 4}
TAKES_TARGETS = ["non_saturating", "least_squares", "minimax", "softmax", "softmax_classes", "mad_gan"]
CLASSES = 3


class Options:
    """Targets t of reals, u of fakes, g of G's fakes; labels."""

    def __init__(self, t=1.0, u=0.0, g=1.0, **labels):
        self.t, self.u, self.g = t, u, g
        self.__dict__.update(labels)


def players(out, put):
    n_real, n_fake = 7, 5
    labels = {"real_label": torch.tensor([2, 0, 1, 1, 0, 2, 2]), "fake_label": torch.tensor([1, 2, 0, 1, 2])}
    some = labels["real_label"].clone()
    some[[1, 5]] = -1
    each = {"t": rounded(0.7 + 0.3 * torch.rand(n_real)), "u": rounded(0.3 * torch.rand(n_fake))}
    flipped = {"t": (torch.arange(n_real) % 3 > 0).double(), "u": (torch.arange(n_fake) % 3 == 1).double()}
    out.update(labels, some_label=some, each_t=each["t"], each_u=each["u"], flipped_t=flipped["t"], flipped_u=flipped["u"])
    ends = out["extreme"]
    for name, (d, g) in LOSSES.items():
        width, paired = WIDTHS.get(name, 1), name == "relativistic_pairing"
        rows = n_real if paired else n_fake
        shape = (lambda n: (n,)) if width == 1 else (lambda n: (n, width))
        plain = rounded(3 * torch.randn(shape(n_real))), rounded(3 * torch.randn(shape(rows)))
        order = torch.stack([torch.roll(ends, 2 * c + 1) for c in range(width)], 1).reshape(shape(n_real))
        wild = order, order.flip(0)[:rows].contiguous()
        for kind, (r, f) in (("plain", plain), ("wild", wild)):
            out[f"{name}.{kind}.real"], out[f"{name}.{kind}.fake"] = r, f
            both = lambda fn, o: put(f"{name}.{kind}.{fn}", lambda r, f: (d if fn[0] == "d" else g)(r, f, o), r, f)
            both("d", Options(**labels))
            both("g", Options(**labels))
            if name in TAKES_TARGETS:
                both("d_smooth", Options(0.9, 0.2, **labels))
                both("g_smooth", Options(0.9, 0.2, 0.7, **labels))
                both("d_each", Options(**each, **labels))
                both("d_flipped", Options(**flipped, **labels))
            if name == "least_squares":
                both("d_abc", Options(1.0, -1.0, 0.0))
                both("g_abc", Options(1.0, -1.0, 0.0))
            if name == "softmax_classes":
                both("d_some", Options(t=each["t"], real_label=some))
                for fn, c in (("g_label", 1.0), ("g_label_smooth", 0.7)):
                    wanted = labels["fake_label"]
                    put(f"{name}.{kind}.{fn}", lambda r, f: classes_real(f, wanted, c), r, f)
            if width > 1:
                last = lambda x: log_any(x, width - 1, width) - log_any(x, 0, width - 1)
                sign = -1 if name == "softmax_classes" else 1
                put(f"{name}.{kind}.realness", lambda r, f: (sign * last(r) * torch.arange(1.0, n_real + 1)).sum(), r, f)


def main():
    torch.manual_seed(13)
    torch.set_default_dtype(torch.float64)
    out = {"real": rounded(3 * torch.randn(7)), "targets": rounded(torch.rand(7)),
           "extreme": torch.tensor(EXTREME), "constants": torch.tensor(TARGETS)}

    def put(name, fn, *inputs):
        leaves = [i.clone().requires_grad_() for i in inputs]
        y = fn(*leaves)
        out[name + ".value"] = y.detach()
        for i, g in enumerate(torch.autograd.grad(y, leaves, allow_unused=True)):
            out[f"{name}.grad{i}"] = torch.zeros_like(leaves[i]) if g is None else g.clone()

    for name, fn in (("bce", bce), ("half_square", half_square)):
        for i, t in enumerate(TARGETS):
            put(f"{name}.{i}", lambda x, t=t: fn(x, t), out["real"])
            put(f"{name}.extreme.{i}", lambda x, t=t: fn(x, t), out["extreme"])
        put(f"{name}.targets", lambda x, t: fn(x, t), out["real"], out["targets"])
    players(out, put)
    out = {name: t.to(torch.float64).contiguous() for name, t in out.items()}
    save_file(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), "loss.safetensors"))


main()
