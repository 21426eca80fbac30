"""Optimisers, clipping and accumulation in PyTorch, float64: what tests/optim/test_optim.c compares with.

A small net on fixed data; the loss is scaled by another factor in every step, so that second moments fall as well as rise. Each
run's tensors: RUN.first.NAME and RUN.end.NAME, the parameters after the first and the last step; RUN.MOMENT.NAME, PyTorch's
optimiser state at the end; RUN.norms, the gradients' joint norms before clipping.

    python3 tests/golden/make_optim.py        writes tests/golden/optim.safetensors
"""
import copy
import os

import torch
from safetensors.torch import save_file
from torch import nn

FACTORS = [1.0, 4.0, 0.25, 2.0, 0.1, 1.0]


def rounded(t):
    return t.to(torch.float32).to(torch.float64)


def loss_of(net, x, y, step, late):
    """Of the first layer only in the first two steps and in the fifth, if the others join late."""
    if late and step in (0, 1, 4):
        return net[0](x).square().mean() * FACTORS[step]
    return (net(x) - y).square().mean() * FACTORS[step]


def groups(net, decay):
    weights = [p for p in net.parameters() if p.dim() > 1]
    others = [p for p in net.parameters() if p.dim() == 1]
    return [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def run(net, x, y, make, decay=0.0, clip_value=None, clip_norm=None, halves=False, late=False, new_lr=None):
    optim = make(groups(net, decay))
    norms, first = [], None
    for step in range(len(FACTORS)):
        if step == 3 and new_lr:
            for g in optim.param_groups:
                g["lr"] = new_lr
        optim.zero_grad(set_to_none=True)
        if halves:
            for part in (slice(0, 3), slice(3, 6)):
                (loss_of(net, x[part], y[part], step, late) / 2).backward()
        else:
            loss_of(net, x, y, step, late).backward()
        grads = [p.grad for p in net.parameters() if p.grad is not None]
        norms.append(torch.cat([g.reshape(-1) for g in grads]).norm().item())
        if clip_value:
            nn.utils.clip_grad_value_(net.parameters(), clip_value)
        if clip_norm:
            nn.utils.clip_grad_norm_(net.parameters(), clip_norm)
        optim.step()
        if first is None:
            first = {k: v.detach().clone() for k, v in net.named_parameters()}
    return optim, norms, first


O = torch.optim
ADAM = dict(lr=1e-2, betas=(0.5, 0.9), eps=1e-8)
RUNS = {
    "adam": dict(make=lambda p: O.Adam(p, **ADAM)),
    "adam_eps": dict(make=lambda p: O.Adam(p, lr=1e-2, betas=(0.9, 0.999), eps=1e-2)),
    "adam_no_momentum": dict(make=lambda p: O.Adam(p, lr=1e-2, betas=(0.0, 0.9), eps=1e-8)),
    "adam_decay": dict(make=lambda p: O.Adam(p, **ADAM), decay=0.3),
    "adamw": dict(make=lambda p: O.AdamW(p, **ADAM), decay=0.3),
    "amsgrad": dict(make=lambda p: O.Adam(p, **ADAM, amsgrad=True)),
    "amsgrad_decoupled": dict(make=lambda p: O.AdamW(p, **ADAM, amsgrad=True), decay=0.3),
    "rmsprop": dict(make=lambda p: O.RMSprop(p, lr=1e-3, alpha=0.9, eps=1e-8)),
    "rmsprop_momentum": dict(make=lambda p: O.RMSprop(p, lr=1e-3, alpha=0.9, eps=1e-3, momentum=0.7), decay=0.3),
    "sgd": dict(make=lambda p: O.SGD(p, lr=1e-2)),
    "sgd_momentum": dict(make=lambda p: O.SGD(p, lr=1e-2, momentum=0.7), decay=0.3),
    "clip_norm": dict(make=lambda p: O.SGD(p, lr=1e-1), clip_norm=1.0),
    "clip_value": dict(make=lambda p: O.SGD(p, lr=1e-1), clip_value=0.1),
    "clip_both": dict(make=lambda p: O.SGD(p, lr=1e-1), clip_value=0.2, clip_norm=0.5, decay=0.3),
    "halves": dict(make=lambda p: O.Adam(p, **ADAM), halves=True),
    "late": dict(make=lambda p: O.Adam(p, **ADAM), late=True, decay=0.3, clip_norm=1.0),
    "late_momentum": dict(make=lambda p: O.SGD(p, lr=1e-2, momentum=0.7), late=True),
    "new_lr": dict(make=lambda p: O.Adam(p, **ADAM), new_lr=1e-3),
}


def main():
    torch.manual_seed(11)
    torch.set_default_dtype(torch.float64)
    start = nn.Sequential(nn.Linear(5, 7), nn.LayerNorm(7), nn.Tanh(), nn.Linear(7, 4), nn.Tanh(), nn.Linear(4, 1))
    with torch.no_grad():
        for p in start.parameters():
            p.copy_(rounded(p + 0.1 * torch.randn(p.shape)))
    x, y = rounded(torch.randn(6, 5)), rounded(torch.randn(6, 1))
    out = {"x": x, "y": y, "factors": torch.tensor(FACTORS)}
    for name, value in start.named_parameters():
        out["start." + name] = value.detach().clone()
    for name, options in RUNS.items():
        net = copy.deepcopy(start)
        optim, norms, first = run(net, x, y, **options)
        out[name + ".norms"] = torch.tensor(norms)
        for key, p in net.named_parameters():
            out[f"{name}.first.{key}"] = first[key]
            out[f"{name}.end.{key}"] = p.detach().clone()
            for moment, value in optim.state[p].items():
                if moment != "step" and value is not None:
                    out[f"{name}.{moment}.{key}"] = value.clone()
        clip = options.get("clip_norm")
        if clip and not options.get("clip_value"):
            assert min(norms) < clip < max(norms), (name, norms)
    save_file(out, os.path.join(os.path.dirname(os.path.abspath(__file__)), "optim.safetensors"))


main()
