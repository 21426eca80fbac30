"""Unrolled GAN (1611.02163) in PyTorch, float64: what tests/tricks/test_lookahead.c compares with.

Two real steps of D give its optimiser moments; then, for K = 1, 2, 3, D's next K steps are written out as functions, and G's
minimax loss is taken at their end. CASE.K.D.NAME: D's values there; CASE.K.grad.NAME: the gradient of G's loss by its parameters
through all of the steps; CASE.K.first.NAME: the same with D^K taken as a constant. Cases with a penalty have it in the imagined
steps alone; points between reals and fakes come from the library's random stream, where imagined steps draw from it.

    python3 tests/golden/make_lookahead.py        writes tests/golden/lookahead.safetensors
"""
import copy
import os

import torch
from safetensors.torch import save_file
from torch import nn
from torch.func import functional_call
from torch.nn.functional import softplus

from library_stream import uniforms

PAST = 2
DECAY = 0.1
SEED, STREAM, FAR = 3, "e", 1 << 62
CASES = {
    "sgd": dict(make=lambda p: torch.optim.SGD(p, lr=0.5)),
    "momentum": dict(make=lambda p: torch.optim.SGD(p, lr=0.3, momentum=0.7)),
    "adam": dict(make=lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.5, 0.999), eps=1e-8)),
    "adam_clip": dict(make=lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.5, 0.9), eps=1e-3, amsgrad=True), decay=DECAY, clip=0.3),
    "rmsprop": dict(make=lambda p: torch.optim.RMSprop(p, lr=0.02, alpha=0.9, eps=1e-8)),
    "sgd_r1": dict(make=lambda p: torch.optim.SGD(p, lr=0.5), penalty="r1"),
    "adam_r2": dict(make=lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.5, 0.999), eps=1e-8), penalty="r2"),
    "momentum_gp": dict(make=lambda p: torch.optim.SGD(p, lr=0.3, momentum=0.7), penalty="gp"),
}
WEIGHT = 0.75


def rounded(t):
    return t.to(torch.float32).to(torch.float64)


def loss_d(real, fake):
    return softplus(-real).mean() + softplus(fake).mean()


def penalty_of(kind, judge, values, real, fake, k):
    """At the reals, at the fakes, or between them; the fakes have their history."""
    n = real.shape[0]
    e = torch.tensor(uniforms(SEED, STREAM, n, FAR + k * ((n + 3) // 4)), dtype=torch.float64).reshape(n, 1)
    x = {"r1": real.clone().requires_grad_(), "r2": fake.clone(), "gp": e * real + (1 - e) * fake}[kind]
    (g,) = torch.autograd.grad(judge(values, x).sum(), x, create_graph=True)
    return ((g.norm(dim=1) - 1) ** 2).mean() if kind == "gp" else g.square().sum() / (2 * n)


def next_values(optim, state, values, grads, decays, clip):
    """One step of the optimiser, as its documentation writes it, out of place."""
    if clip:
        norm = sum(g.square().sum() for g in grads.values()).sqrt()
        scale = torch.clamp(clip / (norm + 1e-6), max=1.0)
        grads = {k: g * scale for k, g in grads.items()}
    o = optim.param_groups[0]
    out = {}
    for k, w in values.items():
        s, g = state[k], grads[k] + decays[k] * w
        if isinstance(optim, torch.optim.Adam):
            b1, b2 = o["betas"]
            s["step"] = s["step"] + 1
            s["exp_avg"] = b1 * s["exp_avg"] + (1 - b1) * g
            s["exp_avg_sq"] = b2 * s["exp_avg_sq"] + (1 - b2) * g * g
            size = s["exp_avg_sq"]
            if o["amsgrad"]:
                size = s["max_exp_avg_sq"] = torch.maximum(s["max_exp_avg_sq"], size)
            m, v = s["exp_avg"] / (1 - b1 ** s["step"]), size / (1 - b2 ** s["step"])
            out[k] = w - o["lr"] * m / (v.sqrt() + o["eps"])
        elif isinstance(optim, torch.optim.RMSprop):
            s["square_avg"] = o["alpha"] * s["square_avg"] + (1 - o["alpha"]) * g * g
            out[k] = w - o["lr"] * g / (s["square_avg"].sqrt() + o["eps"])
        else:
            if o["momentum"]:
                g = s["momentum_buffer"] = o["momentum"] * s["momentum_buffer"] + g
            out[k] = w - o["lr"] * g
    return out


def run(out, name, start_g, start_d, real, latents, make, decay=0.0, clip=None, penalty=None):
    g, d = copy.deepcopy(start_g), copy.deepcopy(start_d)
    weights = [p for p in d.parameters() if p.dim() > 1]
    others = [p for p in d.parameters() if p.dim() == 1]
    optim = make([{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}])
    for _ in range(PAST):
        optim.zero_grad()
        loss_d(d(real), d(g(latents).detach())).backward()
        if clip:
            assert nn.utils.clip_grad_norm_(d.parameters(), clip) > clip
        optim.step()
    decays = {k: decay if p.dim() > 1 else 0.0 for k, p in d.named_parameters()}
    state = {k: {n: v.clone() if torch.is_tensor(v) else v for n, v in optim.state[p].items()} for k, p in d.named_parameters()}
    fake = g(latents)
    values = {k: p.detach().clone().requires_grad_() for k, p in d.named_parameters()}
    judge = lambda v, x: functional_call(d, v, x)
    for steps in (1, 2, 3):
        loss = loss_d(judge(values, real), judge(values, fake))
        if penalty:
            loss = loss + WEIGHT * penalty_of(penalty, judge, values, real, fake, steps - 1)
        grads = torch.autograd.grad(loss, list(values.values()), create_graph=True)
        values = next_values(optim, state, values, dict(zip(values, grads)), decays, clip)
        fixed = {k: v.detach() for k, v in values.items()}
        for kind, at in (("grad", values), ("first", fixed)):
            loss = -softplus(judge(at, fake)).mean()
            for (k, _), grad in zip(g.named_parameters(), torch.autograd.grad(loss, list(g.parameters()), retain_graph=True)):
                out[f"{name}.{steps}.{kind}.{k}"] = grad
        for k, v in fixed.items():
            out[f"{name}.{steps}.D.{k}"] = v.clone()


def main():
    torch.manual_seed(5)
    torch.set_default_dtype(torch.float64)
    g = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))
    d = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 1))
    with torch.no_grad():
        for p in list(g.parameters()) + list(d.parameters()):
            p.copy_(rounded(1.5 * p))
    out = {"real": rounded(torch.randn(7, 2) + 1), "latents": rounded(torch.randn(7, 3))}
    for who, net in (("G", g), ("D", d)):
        for k, p in net.named_parameters():
            out[f"start.{who}.{k}"] = p.detach().clone()
    for name, options in CASES.items():
        run(out, name, g, d, out["real"], out["latents"], **options)
    save_file(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lookahead.safetensors"))


main()
