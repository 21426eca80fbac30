"""Ten training steps of a small DCGAN in PyTorch, float64: what tests/train/test_golden_steps.c compares with.

Weights and pixels are drawn here; latents come from the library's own random stream, computed again below, so that the trainer can
be run just as users run it. Every epoch is one batch of all images: their order does not matter.

    python3 tests/golden/make_train.py        writes tests/golden/train.safetensors
"""
import copy
import math
import os

import torch
from safetensors.torch import save_file
from torch import nn

from library_stream import philox, stream_key

SEED, LATENT, FEATURES, BATCH, STEPS = 7, 5, 3, 4, 10


class Latents:
    def __init__(self):
        self.key, self.block = stream_key(SEED, "latents"), 0

    def next(self):
        count, z = BATCH * LATENT, []
        for _ in range((count + 3) // 4):
            w = philox(self.key, self.block)
            self.block += 1
            for k in (0, 2):
                r = math.sqrt(-2 * math.log((w[k] + 1) * 2.0**-32))
                a = 2 * math.pi * (w[k + 1] * 2.0**-32)
                z += [r * math.cos(a), r * math.sin(a)]
        return torch.tensor(z[:count], dtype=torch.float64).reshape(BATCH, LATENT, 1, 1)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        f = FEATURES
        self.main = nn.Sequential(
            nn.ConvTranspose2d(LATENT, 2 * f, 4, 1, 0, bias=False), nn.BatchNorm2d(2 * f), nn.ReLU(),
            nn.ConvTranspose2d(2 * f, f, 4, 2, 1, bias=False), nn.BatchNorm2d(f), nn.ReLU(),
            nn.ConvTranspose2d(f, 1, 4, 2, 1, bias=False), nn.Tanh())

    def forward(self, z):
        return self.main(z)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        f = FEATURES
        self.main = nn.Sequential(
            nn.Conv2d(1, f, 4, 2, 1, bias=False), nn.LeakyReLU(0.2),
            nn.Conv2d(f, 2 * f, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * f), nn.LeakyReLU(0.2),
            nn.Conv2d(2 * f, 1, 4, 1, 0, bias=False))

    def forward(self, x):
        return self.main(x).flatten()


def bce(x, t):
    return (nn.functional.softplus(x) - t * x).mean()


def half_square(x, t):
    return 0.5 * ((x - t) ** 2).mean()


def apart(loss):
    """A loss for which D judges reals and fakes without regard to each other."""
    return (lambda r, f, smooth: loss(r, smooth) + loss(f, 0.0)), (lambda r, f: loss(f, 1.0))


def average(winner, loser):
    return bce(winner - loser.mean(), 1.0) + bce(loser - winner.mean(), 0.0)


def adam(net, lr):
    return torch.optim.Adam(net.parameters(), lr=lr, betas=(0.5, 0.999), eps=1e-8)


def scheduled(optimizer, warm_up, then):
    """PyTorch's own schedules, one after the other: a linear warm-up, multiplied into `then`."""
    S = torch.optim.lr_scheduler
    return [S.LinearLR(optimizer, 1 / warm_up, 1.0, warm_up - 1), then(S, optimizer)]


def train(G, D, real, loss, smooth, opt_g, opt_d, n_critic, simultaneous, relativistic, record, ema_decay, schedules=()):
    latents, losses = Latents(), []
    loss_of_d, loss_of_g = loss
    average = copy.deepcopy(G)
    params_g, params_d = list(G.parameters()), list(D.parameters())
    for _ in range(STEPS):
        for i in range(n_critic):
            fake = G(latents.next())
            logits_real, logits_fake = D(real), D(fake if simultaneous else fake.detach())
            loss_d = loss_of_d(logits_real, logits_fake, smooth)
            opt_d.zero_grad()
            loss_d.backward(inputs=params_d, retain_graph=simultaneous)
            if not simultaneous:
                opt_d.step()
        if not simultaneous:
            logits_fake = D(fake)
            if relativistic:
                logits_real = D(real).detach()
        loss_g = loss_of_g(logits_real, logits_fake)
        opt_g.zero_grad()
        loss_g.backward(inputs=params_g)
        if simultaneous:
            opt_d.step()
        opt_g.step()
        for schedule in schedules:
            schedule.step()
        with torch.no_grad():
            for (name, a), b in zip(average.state_dict().items(), G.state_dict().values()):
                a.copy_(b if a.dtype == torch.int64 else ema_decay * a + (1 - ema_decay) * b)
        losses.append([loss_d.item(), loss_g.item()])
        if len(losses) == 1:
            record("step1", G, D, average)
    record("end", G, D, average)
    return torch.tensor(losses, dtype=torch.float64)


def main():
    torch.manual_seed(3)
    torch.set_default_dtype(torch.float64)
    G0, D0 = Generator(), Discriminator()
    for net in (G0, D0):
        for m in net.modules():
            if isinstance(m, nn.BatchNorm2d):
                nn.init.normal_(m.weight, 1.0, 0.1)
                nn.init.normal_(m.bias, 0.0, 0.1)
            elif hasattr(m, "weight"):
                nn.init.normal_(m.weight, 0.0, 0.1)
    real = torch.rand(BATCH, 1, 16, 16) * 2 - 1
    out = {"real": real.permute(0, 2, 3, 1).contiguous()}

    def put(prefix, net):
        for name, value in net.state_dict().items():
            out[prefix + name] = value.detach().clone().contiguous()

    put("start.G.", G0)
    put("start.D.", D0)
    runs = {
        "plain": dict(loss=apart(bce), smooth=0.9, n_critic=1, simultaneous=False, lr=(1e-3, 4e-3)),
        "atonce": dict(loss=apart(half_square), smooth=1.0, n_critic=1, simultaneous=True, lr=(2e-3, 1e-3)),
        "critic": dict(loss=apart(bce), smooth=1.0, n_critic=2, simultaneous=False, lr=(1e-3, 5e-4)),
        "relativistic": dict(loss=((lambda r, f, smooth: average(r, f)), (lambda r, f: average(f, r))), smooth=1.0, n_critic=2,
                             simultaneous=False, lr=(1e-3, 2e-3)),
        "rates": dict(loss=apart(bce), smooth=1.0, n_critic=2, simultaneous=False, lr=(1e-3, 2e-3)),
    }
    for run, o in runs.items():
        G, D = copy.deepcopy(G0), copy.deepcopy(D0)
        lr_g, lr_d = o["lr"]
        opt_g = adam(G, lr_g)
        opt_d = torch.optim.RMSprop(D.parameters(), lr=lr_d) if run == "critic" else adam(D, lr_d)

        def record(when, G, D, average, run=run):
            put(f"{run}.{when}.G.", G)
            put(f"{run}.{when}.D.", D)
            put(f"{run}.{when}.G_ema.", average)

        schedules = []
        if run == "rates":
            schedules += scheduled(opt_g, 4, lambda S, optimizer: S.ExponentialLR(optimizer, 0.1 ** (1 / 12)))
            schedules += scheduled(opt_d, 3, lambda S, optimizer: S.StepLR(optimizer, 4, 0.3))
        out[f"{run}.losses"] = train(G, D, real, o["loss"], o["smooth"], opt_g, opt_d, o["n_critic"], o["simultaneous"],
                                     run == "relativistic", record, 0.9, schedules)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "train.safetensors")
    save_file(out, path)


main()
