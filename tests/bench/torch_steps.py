#!/usr/bin/env python3
"""The four steps of workloads.c in PyTorch: the same nets, losses, optimisers and sizes.

    torch_steps.py S1 [--threads N] [--format nchw|nhwc] [--as-example] [--serve]

D's parameters are frozen while G steps, as PyTorch can and its DCGAN example does not (--as-example: not frozen), and Adam is the
fused one where there is one: PyTorch at its best. With --serve, one measurement for each line of standard input, as gan-bench."""
import argparse
import json
import resource
import sys
import time

BEGIN = time.monotonic()
import torch
from torch import nn


def weights_dcgan(m):
    if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(m.weight, 0.0, 0.02)
    elif isinstance(m, nn.BatchNorm2d):
        nn.init.normal_(m.weight, 1.0, 0.02)
        nn.init.zeros_(m.bias)


def dcgan(size, channels):
    stages = {64: 4, 32: 3}[size]
    g, d = [], []
    width, before = 64 << (stages - 1), 100
    for i in range(stages):
        g += [nn.ConvTranspose2d(before, width, 4, 2 if i else 1, 1 if i else 0, bias=False)]
        g += [nn.BatchNorm2d(width), nn.ReLU(True)]
        before, width = width, width // 2
    g += [nn.ConvTranspose2d(before, channels, 4, 2, 1, bias=False), nn.Tanh()]
    width, before = 64, channels
    for i in range(stages):
        d += [nn.Conv2d(before, width, 4, 2, 1, bias=False)]
        if i:
            d += [nn.BatchNorm2d(width)]
        d += [nn.LeakyReLU(0.2, inplace=True)]
        before, width = width, width * 2
    d += [nn.Conv2d(before, 1, 4, 1, 0, bias=False)]
    return nn.Sequential(*g).apply(weights_dcgan), nn.Sequential(*d).apply(weights_dcgan)


def mlp(slope):
    def act():
        return nn.LeakyReLU(slope, inplace=True) if slope else nn.ReLU(inplace=True)
    return nn.Sequential(nn.Linear(2, 128), act(), nn.Linear(128, 128), act(), nn.Linear(128, 1 if slope else 2))


def critic():
    return nn.Sequential(nn.Conv2d(3, 64, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(64, 128, 4, 2, 1), nn.LeakyReLU(0.2),
                         nn.Conv2d(128, 256, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(256, 1, 4, 1, 0))


def adam(module, lr, betas):
    for extra in ({"fused": True}, {"foreach": True}, {}):
        try:
            return torch.optim.Adam(module.parameters(), lr=lr, betas=betas, **extra)
        except (RuntimeError, TypeError, ValueError):
            continue


def adversarial(g, d, latent, real, lr, freeze, placed):
    """D on reals, D on fakes, G on the same fakes."""
    g, d, real = placed(g), placed(d), placed(real)
    opt_g, opt_d = adam(g, lr, (0.5, 0.999)), adam(d, lr, (0.5, 0.999))
    loss = nn.BCEWithLogitsLoss()
    parameters = list(d.parameters())
    with torch.no_grad():
        logits = d(real).shape
    ones, zeros = torch.ones(logits), torch.zeros(logits)

    def step():
        opt_d.zero_grad(set_to_none=True)
        loss(d(real), ones).backward()
        fake = g(torch.randn(latent))
        loss(d(fake.detach()), zeros).backward()
        opt_d.step()
        opt_g.zero_grad(set_to_none=True)
        if freeze:
            for p in parameters:
                p.requires_grad_(False)
        loss(d(fake), ones).backward()
        if freeze:
            for p in parameters:
                p.requires_grad_(True)
        opt_g.step()
    return step


def penalised(placed):
    d = placed(critic())
    real = placed(torch.tanh(torch.randn(64, 3, 32, 32)))
    opt = adam(d, 1e-4, (0.0, 0.9))

    def step():
        fake = placed(torch.tanh(torch.randn(64, 3, 32, 32)))
        t = torch.rand(64, 1, 1, 1)
        x = (real + t * (fake - real)).requires_grad_(True)
        gx, = torch.autograd.grad(d(x).sum(), x, create_graph=True)
        penalty = ((gx.flatten(1).norm(dim=1) - 1) ** 2).mean()
        total = d(fake).mean() - d(real).mean() + 10 * penalty
        opt.zero_grad(set_to_none=True)
        total.backward()
        opt.step()
    return step


def workload(name, nhwc, freeze):
    def placed(x):
        image = isinstance(x, nn.Module) or x.dim() == 4
        return x.to(memory_format=torch.channels_last) if nhwc and image else x
    if name == "S1":
        return adversarial(*dcgan(64, 3), (64, 100, 1, 1), torch.tanh(torch.randn(64, 3, 64, 64)), 2e-4, freeze, placed)
    if name == "S2":
        return adversarial(*dcgan(32, 1), (64, 100, 1, 1), torch.tanh(torch.randn(64, 1, 32, 32)), 2e-4, freeze, placed)
    if name == "S3":
        return penalised(placed)
    return adversarial(mlp(0), mlp(0.2), (256, 2), torch.tanh(torch.randn(256, 2)), 1e-3, freeze, lambda x: x)


def time_steps(step, steps):
    begin = time.perf_counter()
    for _ in range(steps):
        step()
    return (time.perf_counter() - begin) / steps


def say(**what):
    print(json.dumps(what), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("workload", choices=["S1", "S2", "S3", "S4"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--format", choices=["nchw", "nhwc"], default="nchw")
    parser.add_argument("--as-example", action="store_true")
    parser.add_argument("--serve", action="store_true")
    o = parser.parse_args()
    torch.set_num_threads(o.threads)
    torch.manual_seed(1)
    step = workload(o.workload, o.format == "nhwc", not o.as_example)
    step()
    say(first=time.monotonic() - BEGIN)
    seconds, steps = time_steps(step, 2), 1
    while seconds * steps < 0.1:
        steps *= 2
        seconds = time_steps(step, steps)
    say(ready=True)
    if o.serve:
        for _ in sys.stdin:
            say(seconds=time_steps(step, steps), steps=steps)
    else:
        for _ in range(5):
            say(seconds=time_steps(step, steps), steps=steps)
    say(torch=torch.__version__, threads=torch.get_num_threads(), format=o.format,
        rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


main()
