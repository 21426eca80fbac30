"""Golden values of layers and ready-made models, from PyTorch in float64: nn.safetensors, nn_names.txt.

Parameters are rounded to float32, so that both builds of the library start from the very same numbers, and are written in the
library's layout: images [n, h, w, c], convolution weights [kh, kw, in, out] (transposed: [kh, kw, out, in]), linear weights next to
an image with their features in the order [h, w, c].
nn_names.txt lists the state dicts of the models in PyTorch's own order and shapes: model, name, dimensions.
"""
import os

import torch
from safetensors.torch import save_file
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
random = torch.Generator().manual_seed(20)
tensors, names = {}, []


def rounded(t):
    return t.to(torch.float32).to(torch.float64)


def randn(*shape):
    return rounded(torch.randn(shape, generator=random, dtype=torch.float64))


def put(name, t):
    assert name not in tensors, name
    tensors[name] = t.detach().to(torch.float64).clone().contiguous()


def hwc(t):
    """[n, c, h, w] to [n, h, w, c]; points stay."""
    return t.permute(0, 2, 3, 1) if t.dim() == 4 else t


def ours(module, name, t):
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)) and name == "weight":
        return t.permute(2, 3, 1, 0)
    if isinstance(module, nn.LayerNorm) and t.dim() == 3:
        return t.permute(1, 2, 0)
    if hasattr(module, "from_chw"):
        return t.reshape(-1, *module.from_chw).permute(0, 2, 3, 1).reshape(t.shape) if name == "weight" else t
    if hasattr(module, "to_chw"):
        return t.reshape(*module.to_chw, -1).permute(1, 2, 0, 3).reshape(t.shape)
    return t


def randomise(net):
    """Weights as after some training: norms are neither 1 nor 0, statistics have moved."""
    net.to(torch.float64)
    with torch.no_grad():
        for m in net.modules():
            for key, p in m.named_parameters(recurse=False):
                norm = isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.InstanceNorm2d)) and key == "weight"
                p.copy_(rounded(1 + 0.3 * randn(*p.shape)) if norm else rounded(0.4 * randn(*p.shape)))
    return net


def put_state(name, net, moment):
    for path, m in net.named_modules():
        for key, t in list(m.named_parameters(recurse=False)) + list(m.named_buffers(recurse=False)):
            if moment == "start" or key in dict(m.named_buffers(recurse=False)):
                put(f"{name}.{moment}.{path + '.' if path else ''}{key}", ours(m, key, t))


def case(name, net, *shape, batches=1, inputs=None):
    """Training-mode outputs of `batches` batches, the buffers after them, and the first batch again in evaluation mode."""
    randomise(net)
    put_state(name, net, "start")
    xs = inputs or [randn(*shape) for _ in range(batches)]
    net.train()
    for i, x in enumerate(xs):
        put(f"{name}.x{i}", hwc(x))
        put(f"{name}.train{i}", hwc(net(x)))
    put_state(name, net, "end")
    net.eval()
    put(f"{name}.eval", hwc(net(xs[0])))


def list_names(name, net):
    for key, t in net.state_dict().items():
        names.append(" ".join([name, key, *map(str, t.shape)]))


class Sided(nn.Module):
    """Names as in PyTorch's example: everything is in `main`."""

    def __init__(self, main):
        super().__init__()
        self.main = main

    def forward(self, x):
        return self.main(x)


class Generator(Sided):
    def forward(self, z):
        return self.main(z[:, :, None, None])


class Discriminator(Sided):
    def forward(self, x):
        return self.main(x).flatten()


def dcgan_g(latent, f, channels, k, kernel=(4, 4)):
    layers, before = [], latent
    for i in range(k):
        width = f * 2 ** (k - 1 - i)
        conv = nn.ConvTranspose2d(before, width, 4, 2, 1, bias=False) if i else nn.ConvTranspose2d(before, width, kernel, 1, 0, bias=False)
        layers += [conv, nn.BatchNorm2d(width), nn.ReLU(True)]
        before = width
    return Generator(nn.Sequential(*layers, nn.ConvTranspose2d(before, channels, 4, 2, 1, bias=False), nn.Tanh()))


def dcgan_d(channels, f, k, kernel=(4, 4)):
    layers, before = [], channels
    for i in range(k):
        width = f * 2**i
        layers += [nn.Conv2d(before, width, 4, 2, 1, bias=False)] + ([nn.BatchNorm2d(width)] if i else []) + [nn.LeakyReLU(0.2, True)]
        before = width
    return Discriminator(nn.Sequential(*layers, nn.Conv2d(before, 1, kernel, 1, 0, bias=False)))


def mlp(sizes, activation):
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), activation()]
    return nn.Sequential(*layers[:-1])


def linear_from(chw, out):
    layer = nn.Linear(chw[0] * chw[1] * chw[2], out)
    layer.from_chw = chw
    return layer


def linear_to(features, chw):
    layer = nn.Linear(features, chw[0] * chw[1] * chw[2])
    layer.to_chw = chw
    return layer


class Maxout(nn.Module):
    def forward(self, x):
        return x.unflatten(-1, (-1, 3)).amax(-1)


case("linear", nn.Linear(5, 3), 4, 5)
case("linear_no_bias", nn.Linear(5, 3, bias=False), 4, 5)
case("conv", nn.Conv2d(3, 4, (3, 2), (2, 1), (1, 0)), 2, 3, 5, 6)
case("conv_transpose", nn.ConvTranspose2d(3, 4, (3, 2), (2, 1), (1, 0), output_padding=(1, 0)), 2, 3, 3, 4)
case("batch_norm", nn.BatchNorm2d(3, eps=1e-3, momentum=0.3), 2, 3, 3, 4, batches=3)
case("batch_norm_points", nn.BatchNorm1d(4), 5, 4, batches=3)
case("batch_norm_plain", nn.BatchNorm2d(2, affine=False), 2, 2, 3, 3, batches=2)
case("layer_norm", nn.LayerNorm([3, 2, 4]), 2, 3, 2, 4)
case("layer_norm_points", nn.LayerNorm(6, eps=1e-2), 3, 6)
case("instance_norm", nn.InstanceNorm2d(3, affine=True), 2, 3, 3, 4)
case("embedding", nn.Embedding(5, 3), inputs=[torch.tensor([4, 0, 2, 4])])
case("flatten", nn.Sequential(nn.Flatten(), linear_from((3, 2, 4), 5)), 2, 3, 2, 4)
case("reshape", nn.Sequential(linear_to(5, (3, 2, 4)), nn.Unflatten(1, (3, 2, 4))), 2, 5)
for name, layer in {
    "leaky_relu": nn.LeakyReLU(0.3), "relu": nn.ReLU(), "tanh": nn.Tanh(), "sigmoid": nn.Sigmoid(), "softplus": nn.Softplus(),
    "maxout": Maxout(),
}.items():
    case(name, layer, 3, 6)
case("pixel_shuffle", nn.PixelShuffle(2), 2, 8, 2, 3)
case("upsample", nn.Upsample(scale_factor=2), 2, 3, 2, 3)
case("avg_pool", nn.AvgPool2d((3, 2), (2, 1), (1, 0)), 2, 3, 5, 4)
case("max_pool", nn.MaxPool2d((3, 2), (2, 1), (1, 0)), 2, 3, 5, 4)
case("dcgan_g", dcgan_g(6, 2, 1, 2), 2, 6, batches=2)
case("dcgan_d", dcgan_d(1, 2, 2), 2, 1, 16, 16)
case("dcgan_g_wide", dcgan_g(3, 2, 3, 1, (4, 8)), 2, 3)
case("dcgan_d_wide", dcgan_d(3, 2, 1, (4, 8)), 2, 3, 8, 16)
case("mlp_g", Sided(mlp([3, 8, 8, 2], nn.ReLU)), 4, 3)
case("mlp_d", Discriminator(mlp([4, 8, 8, 1], lambda: nn.LeakyReLU(0.2))), 4, 4)

list_names("dcgan_g", dcgan_g(6, 2, 1, 2))
list_names("dcgan_d", dcgan_d(1, 2, 2))
list_names("dcgan32_g", dcgan_g(100, 64, 3, 3))
list_names("dcgan32_d", dcgan_d(3, 64, 3))
list_names("dcgan64_g", dcgan_g(100, 64, 3, 4))
list_names("dcgan64_d", dcgan_d(3, 64, 4))
list_names("dcgan_g_wide", dcgan_g(3, 2, 3, 1, (4, 8)))
list_names("dcgan_d_wide", dcgan_d(3, 2, 1, (4, 8)))
list_names("mlp_g", Sided(mlp([3, 8, 8, 2], nn.ReLU)))
list_names("mlp_d", Sided(mlp([4, 8, 8, 1], nn.ReLU)))

# The order of own parameters, own buffers, children, when they were registered in another one.
mixed = nn.Module()
mixed.child = nn.BatchNorm2d(2)
mixed.register_buffer("seen", torch.zeros(3))
mixed.scale = nn.Parameter(torch.zeros(2))
mixed.twin = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.LayerNorm([4, 2, 3]), nn.Embedding(3, 2)))
list_names("mixed", mixed)

save_file(tensors, os.path.join(HERE, "nn.safetensors"))
with open(os.path.join(HERE, "nn_names.txt"), "w") as f:
    f.write("\n".join(names) + "\n")
