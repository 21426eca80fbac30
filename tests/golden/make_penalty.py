"""Gradient penalties in PyTorch, float64, by double backward: what tests/tricks/test_penalty.c compares with.

Weights and samples are drawn here; e and U come from the library's own random stream, computed again.

    python3 tests/golden/make_penalty.py        writes tests/golden/penalty.safetensors
"""
import os

import torch
from safetensors.torch import save_file
from torch import nn

from library_stream import uniforms

SEED, STREAM, BATCH = 7, "e and U", 5


def rounded(t):
    return t.to(torch.float32).to(torch.float64)


def perceptron():
    return nn.Sequential(nn.Linear(3, 7), nn.LeakyReLU(0.2), nn.Linear(7, 6), nn.Tanh(), nn.Linear(6, 2))


def convolutional():
    return nn.Sequential(nn.Conv2d(2, 3, 3, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(3, 4, 3, 1, 1), nn.Tanh(), nn.Flatten(),
                         nn.Linear(4 * 3 * 2, 1))


def random(*shape):
    """U[0, 1) in the library's order of elements: channels last."""
    nhwc = [shape[0], *shape[2:], shape[1]]
    count = torch.Size(nhwc).numel()
    t = torch.tensor(uniforms(SEED, STREAM, count), dtype=torch.float64).reshape(nhwc)
    return t.movedim(-1, 1)


def between(real, fake):
    e = random(BATCH, *[1] * (real.dim() - 1))
    return e * real + (1 - e) * fake


def around(real, fake):
    return real + 0.5 * real.std(unbiased=False) * random(*real.shape)


def norms(g):
    return g.flatten(1).norm(dim=1)


def one_centred(g):
    return ((norms(g) - 1) ** 2).mean()


def one_sided(g):
    assert (norms(g) > 1).any() and (norms(g) < 1).any(), "both sides are to be seen"
    return (torch.relu(norms(g) - 1) ** 2).mean()


def zero_centred(g):
    return 0.5 * (norms(g) ** 2).mean()


KINDS = {
    "wgan_gp": (between, one_centred),
    "wgan_gp_one_sided": (between, one_sided),
    "dragan": (around, one_centred),
    "r1": (lambda real, fake: real, zero_centred),
    "r2": (lambda real, fake: fake, zero_centred),
}


def realness(y):
    """Two outputs are the classes fake and real: the log of their odds."""
    return y[:, 1] - y[:, 0] if y.shape[1] == 2 else y[:, 0]


def gradient_at(D, x):
    x = x.detach().requires_grad_()
    return torch.autograd.grad(realness(D(x)).sum(), x, create_graph=True)[0]


def main():
    torch.manual_seed(5)
    torch.set_default_dtype(torch.float64)
    out = {}
    for name, D, shape in (("perceptron", perceptron(), (3,)), ("convolutional", convolutional(), (2, 5, 4))):
        real, fake = rounded(torch.randn(BATCH, *shape)), rounded(torch.randn(BATCH, *shape) * 1.5 + 0.3)
        # Half of the gradients are longer than 1.
        D[-1].weight.data /= norms(gradient_at(D, between(real, fake))).median().detach() * 0.98
        for key, p in D.named_parameters():
            p.data = rounded(p.data)
            out[f"{name}.start.{key}"] = p.detach().clone()
        out[f"{name}.real"] = real.movedim(1, -1).contiguous()
        out[f"{name}.fake"] = fake.movedim(1, -1).contiguous()
        for kind, (point, of) in KINDS.items():
            value = of(gradient_at(D, point(real, fake)))
            params = dict(D.named_parameters())
            grads = torch.autograd.grad(value, params.values(), allow_unused=True)
            out[f"{name}.{kind}.value"] = value.detach().reshape(1)
            for (key, p), g in zip(params.items(), grads):
                out[f"{name}.{kind}.grad.{key}"] = torch.zeros_like(p) if g is None else g.detach().clone().contiguous()
    save_file(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), "penalty.safetensors"))


main()
