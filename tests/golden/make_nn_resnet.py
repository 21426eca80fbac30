"""Golden values of residual nets, from PyTorch in float64: nn_resnet.safetensors. Blocks as in SNGAN (1802.05957, appendix B.4),
with the shortcut's convolution where the paper's code has it. Layouts are the library's, as in make_nn.py."""
import os

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import spectral_norm

HERE = os.path.dirname(os.path.abspath(__file__))
random = torch.Generator().manual_seed(91)
torch.manual_seed(92)
tensors = {}


def rounded(t):
    return t.to(torch.float32).to(torch.float64)


def randn(*shape):
    return rounded(torch.randn(shape, generator=random, dtype=torch.float64))


def put(name, t):
    tensors[name] = t.detach().to(torch.float64).clone().contiguous()


def hwc(t):
    return t.permute(0, 2, 3, 1) if t.dim() == 4 else t


def ours(module, name, t):
    if isinstance(module, nn.Conv2d) and name in ("weight", "weight_orig"):
        return t.permute(2, 3, 1, 0)
    if isinstance(module, nn.Conv2d) and name == "weight_v":
        return t.reshape(module.in_channels, *module.kernel_size).permute(1, 2, 0).flatten()
    if hasattr(module, "to_chw"):
        return t.reshape(*module.to_chw, -1).permute(1, 2, 0, 3).reshape(t.shape)
    return t


def put_state(name, net, moment):
    for path, m in net.named_modules():
        for key, t in list(m.named_parameters(recurse=False)) + list(m.named_buffers(recurse=False)):
            if moment == "start" or key in dict(m.named_buffers(recurse=False)):
                put(f"{name}.{moment}.{path + '.' if path else ''}{key}", ours(m, key, t))


def case(name, net, *shape):
    net.to(torch.float64)
    with torch.no_grad():
        for key, p in net.named_parameters():
            p.copy_(rounded(1 + 0.3 * randn(*p.shape)) if "norm" in key and "weight" in key else rounded(0.3 * randn(*p.shape)))
        for p in net.buffers():
            p.copy_(rounded(p))
    put_state(name, net, "start")
    xs = [randn(*shape) for _ in range(2)]
    net.train()
    for i, x in enumerate(xs):
        put(f"{name}.x{i}", hwc(x))
        put(f"{name}.train{i}", hwc(net(x)))
    put_state(name, net, "end")
    net.eval()
    put(f"{name}.eval", hwc(net(xs[0])))


class Up(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(a), nn.Conv2d(a, b, 3, 1, 1, bias=False)
        self.norm2, self.conv2 = nn.BatchNorm2d(b), nn.Conv2d(b, b, 3, 1, 1)
        self.shortcut = nn.Conv2d(a, b, 1)

    def forward(self, x):
        h = self.conv1(F.interpolate(F.relu(self.norm1(x)), scale_factor=2))
        return self.conv2(F.relu(self.norm2(h))) + self.shortcut(F.interpolate(x, scale_factor=2))


class Down(nn.Module):
    def __init__(self, a, b, first=False, down=True):
        super().__init__()
        hidden = b if first else a
        self.conv1 = spectral_norm(nn.Conv2d(a, hidden, 3, 1, 1))
        self.conv2 = spectral_norm(nn.Conv2d(hidden, b, 3, 1, 1))
        if down:
            self.shortcut = spectral_norm(nn.Conv2d(a, b, 1))
        self.first, self.down = first, down

    def forward(self, x):
        h = self.conv2(F.relu(self.conv1(x if self.first else F.relu(x))))
        if not self.down:
            return x + h
        return F.avg_pool2d(h, 2) + F.avg_pool2d(self.shortcut(x), 2)


class Generator(nn.Module):
    def __init__(self, latent, f, channels):
        super().__init__()
        self.linear = nn.Linear(latent, 2 * f * 16)
        self.linear.to_chw = (2 * f, 4, 4)
        self.block1, self.block2 = Up(2 * f, 2 * f), Up(2 * f, f)
        self.norm, self.conv = nn.BatchNorm2d(f), nn.Conv2d(f, channels, 3, 1, 1)

    def forward(self, z):
        x = self.linear(z).unflatten(1, self.linear.to_chw)
        return torch.tanh(self.conv(F.relu(self.norm(self.block2(self.block1(x))))))


class Discriminator(nn.Module):
    def __init__(self, channels, f):
        super().__init__()
        self.block1, self.block2 = Down(channels, f, first=True), Down(f, 2 * f)
        self.block3, self.linear = Down(2 * f, 2 * f, down=False), spectral_norm(nn.Linear(2 * f, 1))

    def forward(self, x):
        return self.linear(F.relu(self.block3(self.block2(self.block1(x)))).sum([2, 3])).flatten()


case("g", Generator(5, 3, 2), 3, 5)
case("d", Discriminator(2, 3), 3, 2, 16, 16)
save_file(tensors, os.path.join(HERE, "nn_resnet.safetensors"))
os.chmod(os.path.join(HERE, "nn_resnet.safetensors"), 0o644)
