"""Golden values of the layers that are tricks, from PyTorch in float64: nn_tricks.safetensors.

Spectral norm is PyTorch's own (torch.nn.utils.spectral_norm); the others are written here from their papers. Each case has three
batches in training mode, the buffers after them, the first batch again in evaluation mode, and for the last training forward the
gradients of <seed, y> by the input and by each parameter. Layouts are the library's, as in make_nn.py.
"""
import os

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import spectral_norm

HERE = os.path.dirname(os.path.abspath(__file__))
random = torch.Generator().manual_seed(77)
torch.manual_seed(78)
tensors = {}


def rounded(t):
    return t.to(torch.float32).to(torch.float64)


def randn(*shape):
    return rounded(torch.randn(shape, generator=random, dtype=torch.float64))


def put(name, t):
    assert name not in tensors, name
    tensors[name] = t.detach().to(torch.float64).clone().contiguous()


def hwc(t):
    return t.permute(0, 2, 3, 1) if t.dim() == 4 else t


def ours(module, name, t):
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        if name in ("weight", "weight_orig"):
            return t.permute(2, 3, 1, 0)
        if name == "weight_v":
            return t.reshape(module.in_channels, *module.kernel_size).permute(1, 2, 0).flatten()
    if hasattr(module, "from_chw") and name in ("weight", "weight_orig"):
        return t.reshape(-1, *module.from_chw).permute(0, 2, 3, 1).reshape(t.shape)
    if hasattr(module, "from_chw") and name == "weight_v":
        return t.reshape(*module.from_chw).permute(1, 2, 0).flatten()
    return t


def put_state(name, net, moment):
    for path, m in net.named_modules():
        for key, t in list(m.named_parameters(recurse=False)) + list(m.named_buffers(recurse=False)):
            if moment == "start" or key in dict(m.named_buffers(recurse=False)):
                put(f"{name}.{moment}.{path + '.' if path else ''}{key}", ours(m, key, t))


def case(name, net, *shape, inputs=None, scale=1.0, batches=3):
    net.to(torch.float64)
    with torch.no_grad():
        for p in list(net.parameters()) + list(net.buffers()):
            p.copy_(rounded(scale * randn(*p.shape)) if isinstance(p, nn.Parameter) else rounded(p))
    put_state(name, net, "start")
    xs = inputs or [randn(*shape) for _ in range(batches)]
    net.train()
    for i, x in enumerate(xs):
        x = x.clone()
        if x.is_floating_point():
            x.requires_grad_()
        y = net(x)
        put(f"{name}.x{i}", hwc(x))
        put(f"{name}.train{i}", hwc(y))
    put_state(name, net, "end")
    seed = randn(*y.shape)
    put(f"{name}.seed", hwc(seed))
    wanted = dict(net.named_parameters())
    if x.requires_grad:
        wanted["x"] = x
    for (key, p), g in zip(wanted.items(), torch.autograd.grad(y, list(wanted.values()), seed)):
        path, _, local = key.rpartition(".")
        put(f"{name}.grad.{key}", hwc(g) if key == "x" else ours(net.get_submodule(path), local, g))
    net.eval()
    put(f"{name}.eval", hwc(net(xs[0])))


def flat_linear(chw, out):
    layer = nn.Linear(chw[0] * chw[1] * chw[2], out, bias=False)
    layer.from_chw = chw
    return layer


class Discrimination(nn.Module):
    """1606.03498, section 3.2: M = f T, o_b(i) = sum over the others of exp(-|M_ib - M_jb|_1), behind the channels of x."""

    def __init__(self, chw, kernels, dims):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(kernels * dims, torch.Size(chw).numel()))
        self.dims = dims
        if len(chw) == 3:
            self.from_chw = chw

    def forward(self, x):
        m = (x.flatten(1) @ self.weight.T).unflatten(1, (-1, self.dims))
        close = torch.exp(-(m[:, None] - m[None]).abs().sum(-1))
        o = torch.stack([close[i, [j for j in range(len(x)) if j != i]].sum(0) for i in range(len(x))])
        return torch.cat([x, o[:, :, None, None].expand(-1, -1, *x.shape[2:]) if x.dim() == 4 else o], 1)


class Stddev(nn.Module):
    """minibatch_stddev_layer of 1710.10196's code."""

    def __init__(self, group):
        super().__init__()
        self.group = group

    def forward(self, x):
        y = x.reshape(self.group, -1, *x.shape[1:])
        y = (y - y.mean(0)).square().mean(0).add(1e-8).sqrt().flatten(1).mean(1)
        y = y.repeat(self.group).reshape(-1, *[1] * (x.dim() - 1))
        return torch.cat([x, y.expand(-1, -1, *x.shape[2:])], 1)


class Attention(nn.Module):
    """1805.08318; with pooling as in its code."""

    def __init__(self, c, pool=False, normed=False):
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1))
        make = spectral_norm if normed else (lambda layer: layer)
        self.f, self.g, self.h = (make(nn.Conv2d(c, k, 1, bias=False)) for k in (max(c // 8, 1), max(c // 8, 1), c))
        self.pool = pool

    def forward(self, x):
        f, g, h = self.f(x), self.g(x), self.h(x)
        if self.pool:
            g, h = F.max_pool2d(g, 2), F.max_pool2d(h, 2)
        beta = torch.softmax(torch.einsum("ncl,ncm->nlm", f.flatten(2), g.flatten(2)), -1)
        return x + self.gamma * torch.einsum("nlm,ncm->ncl", beta, h.flatten(2)).reshape(x.shape)


class Virtual(nn.Module):
    """1606.03498, section 3.4: by the moments of the reference batch and the sample itself, from their sums."""

    def __init__(self, c, reference):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(c)), nn.Parameter(torch.zeros(c))
        self.reference = reference

    def forward(self, x):
        def normed(values, batch):
            dims = [0, *range(2, x.dim())]
            mean, mean_sq = batch.mean(dims, keepdim=True), batch.square().mean(dims, keepdim=True)
            z = (values - mean) / (mean_sq - mean.square() + 1e-5).sqrt()
            shape = [1, -1] + [1] * (x.dim() - 2)
            return z * self.weight.reshape(shape) + self.bias.reshape(shape)

        first = x[: self.reference]
        rest = [normed(s[None], torch.cat([first, s[None]])) for s in x[self.reference :]]
        return torch.cat([normed(first, first), *rest])


class WithReference(nn.Module):
    def __init__(self, inner, reference):
        super().__init__()
        self.inner = inner
        self.register_buffer("reference", reference)

    def forward(self, x):
        return self.inner(torch.cat([self.reference, x]))[len(self.reference) :]


case("linear", spectral_norm(nn.Linear(5, 3)), 4, 5)
case("linear_from", nn.Sequential(nn.Flatten(), spectral_norm(flat_linear((3, 2, 4), 5))), 2, 3, 2, 4)
case("conv", spectral_norm(nn.Conv2d(3, 4, (3, 2), (2, 1), (1, 0))), 2, 3, 5, 6)
case("conv_no_bias", spectral_norm(nn.Conv2d(2, 5, 3, bias=False)), 2, 2, 4, 4)
case("conv_transpose", spectral_norm(nn.ConvTranspose2d(3, 4, (3, 2), (2, 1), (1, 0), output_padding=(1, 0))), 2, 3, 3, 4)
case("embedding", spectral_norm(nn.Embedding(5, 3)), inputs=[torch.tensor(t) for t in ([4, 0, 2, 4], [1, 1, 3, 0], [2, 2, 2, 4])])
case("discrimination", Discrimination((6,), 4, 3), 5, 6, scale=0.3)
case("discrimination_images", Discrimination((3, 2, 4), 4, 2), 4, 3, 2, 4, scale=0.2)
case("stddev", Stddev(4), 8, 3, 2, 4)
case("stddev_points", Stddev(3), 6, 5)
case("stddev_small", Stddev(2), 2, 3, 2, 2)
case("attention", Attention(16), 2, 16, 3, 4, scale=0.5)
case("attention_few", Attention(3), 2, 3, 3, 3, scale=0.5)
case("attention_pooled", Attention(8, pool=True, normed=True), 2, 8, 4, 5, scale=0.5)
case("virtual", Virtual(3, 2), 5, 3, 2, 4)
case("virtual_points", Virtual(4, 3), 5, 4)
net = nn.Sequential(nn.Linear(4, 6, bias=False), Virtual(6, 3), nn.ReLU(), nn.Linear(6, 2))
case("reference", WithReference(net, randn(3, 4)), 5, 4)

save_file(tensors, os.path.join(HERE, "nn_tricks.safetensors"))
os.chmod(os.path.join(HERE, "nn_tricks.safetensors"), 0o644)
