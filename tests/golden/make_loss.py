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


def main():
    torch.manual_seed(13)
    torch.set_default_dtype(torch.float64)
    out = {"real": rounded(3 * torch.randn(7)), "fake": rounded(3 * torch.randn(5)), "targets": rounded(torch.rand(7)),
           "extreme": torch.tensor(EXTREME), "constants": torch.tensor(TARGETS)}

    def put(name, fn, *inputs):
        leaves = [i.clone().requires_grad_() for i in inputs]
        y = fn(*leaves)
        out[name + ".value"] = y.detach()
        for i, g in enumerate(torch.autograd.grad(y, leaves)):
            out[f"{name}.grad{i}"] = g.clone()

    for name, fn in (("bce", bce), ("half_square", half_square)):
        for i, t in enumerate(TARGETS):
            put(f"{name}.{i}", lambda x, t=t: fn(x, t), out["real"])
            put(f"{name}.extreme.{i}", lambda x, t=t: fn(x, t), out["extreme"])
        put(f"{name}.targets", lambda x, t: fn(x, t), out["real"], out["targets"])
        put(f"{name}.d", lambda r, f: fn(r, 1.0) + fn(f, 0.0), out["real"], out["fake"])
        put(f"{name}.d_smooth", lambda r, f: fn(r, 0.9) + fn(f, 0.2), out["real"], out["fake"])
        put(f"{name}.g", lambda f: fn(f, 1.0), out["fake"])
        put(f"{name}.g_smooth", lambda f: fn(f, 0.7), out["fake"])
    save_file(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), "loss.safetensors"))


main()
