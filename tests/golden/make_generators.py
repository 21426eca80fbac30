"""MGAN (1708.02556) in PyTorch, float64: what tests/tricks/test_generator_classifier.c compares with.

Three generators that share all but their first layer and its batch norm; sample i of the forward is by generator i mod 3, and the
batch is then put in another order. fake: G's output in training mode; end.G.NAME: its buffers after that; eval: its output in
evaluation mode; d, g: the two losses, each with the classifier's cross-entropy; grad.D.NAME, grad.G.NAME: their gradients.

    python3 tests/golden/make_generators.py        writes tests/golden/generators.safetensors
"""
import os

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import cross_entropy, softplus

K, N, D_WEIGHT, G_WEIGHT = 3, 12, 0.7, 0.3


def rounded(t):
    return t.to(torch.float32).to(torch.float64)


class Branches(nn.ModuleList):
    def forward(self, x):
        parts = [m(x[k :: len(self)]) for k, m in enumerate(self)]
        return torch.stack([parts[i % len(self)][i // len(self)] for i in range(len(x))])


def main():
    torch.manual_seed(5)
    torch.set_default_dtype(torch.float64)
    g = nn.ModuleDict({"main": nn.Sequential(
        Branches([nn.Linear(4, 6, bias=False) for _ in range(K)]), Branches([nn.BatchNorm1d(6) for _ in range(K)]), nn.ReLU(),
        nn.Linear(6, 6, bias=False), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 2))})
    d = nn.ModuleDict({"main": nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1)), "aux": nn.Linear(8, K)})
    out = {}
    with torch.no_grad():
        for who, net in (("G", g), ("D", d)):
            for k, p in net.named_parameters():
                p.copy_(rounded(2 * p + 0.1 * torch.randn(p.shape)))
            for k, v in net.state_dict().items():
                out[f"start.{who}.{k}"] = v.clone()
    z, real, order = rounded(torch.randn(N, 4)), rounded(torch.randn(N, 2) + 1), torch.randperm(N)
    made_by = torch.arange(N)[order] % K
    fake = g["main"](z)
    out |= {"latents": z, "real": real, "order": order.double(), "fake": fake.detach().clone()}
    for k, v in g.named_buffers():
        out[f"end.G.{k}"] = v.clone().double()
    fake = fake[order]

    def judge(x):
        h = d["main"][1](d["main"][0](x))
        return d["main"][2](h)[:, 0], d["aux"](h)

    (real_y, _), (fake_y, aux) = judge(real), judge(fake.detach())
    loss = softplus(-real_y).mean() + softplus(fake_y).mean() + D_WEIGHT * cross_entropy(aux, made_by)
    out["d"] = loss.detach().clone()
    for (k, _), grad in zip(d.named_parameters(), torch.autograd.grad(loss, list(d.parameters()))):
        out[f"grad.D.{k}"] = grad
    fake_y, aux = judge(fake)
    loss = softplus(-fake_y).mean() + G_WEIGHT * cross_entropy(aux, made_by)
    out["g"] = loss.detach().clone()
    for (k, _), grad in zip(g.named_parameters(), torch.autograd.grad(loss, list(g.parameters()))):
        out[f"grad.G.{k}"] = grad
    out["eval"] = g.eval()["main"](z).detach().clone()
    save_file(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), "generators.safetensors"))


main()
