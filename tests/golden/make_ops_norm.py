"""Golden values of normalisation, from its definitions."""
import torch
import torch.nn.functional as F

from golden_writer import Golden

g = Golden("norm", 24)


def batch_norm(x, gamma=None, beta=None, eps=1e-5):
    flat = x.reshape(-1, x.shape[-1])
    return F.batch_norm(flat, None, None, gamma, beta, training=True, eps=eps).reshape(x.shape)


def stats(x):
    flat = x.reshape(-1, x.shape[-1])
    return torch.stack([flat.mean(0), flat.var(0, unbiased=False)])


def instance_norm(x, gamma=None, beta=None, eps=1e-5):
    return F.instance_norm(x.permute(0, 3, 1, 2), weight=gamma, bias=beta, eps=eps).permute(0, 2, 3, 1)


def layer_norm(x, gamma=None, beta=None, eps=1e-5):
    return F.layer_norm(x, x.shape[1:], gamma, beta, eps)


def normalize(x, mean, var, gamma=None, beta=None, eps=1e-5):
    return F.batch_norm(x.reshape(-1, x.shape[-1]), mean, var, gamma, beta, eps=eps).reshape(x.shape)


def normalize_plain(x, mean, var, gamma=1.0, beta=0.0, eps=1e-5):
    """PyTorch has no gradient by the statistics; the formula has."""
    return gamma * (x - mean) / torch.sqrt(var + eps) + beta


image, rows = 2 * g.randn(3, 4, 5, 7) + 1, g.randn(9, 5)
affine = lambda *shape: [1 + 0.3 * g.randn(*shape), g.randn(*shape)]
g.case("batch", batch_norm, [image, *affine(7)])
g.case("batch_rows", batch_norm, [rows, *affine(5)])
g.case("batch_sequence", batch_norm, [g.randn(3, 6, 2), *affine(2)])
g.case("batch_plain", batch_norm, [image])
g.case("batch_eps", lambda x, a, b: batch_norm(x, a, b, 0.5), [rows, *affine(5)])
g.case("batch_long", batch_norm, [g.randn(139, 3), *affine(3)])  # more than one block of rows
g.case("batch_wide", batch_norm, [g.randn(3, 67), *affine(67)])  # more than one tile of channels
g.case("batch_far", batch_norm, [g.randn(6, 3, 3, 2) + 1000, *affine(2)])
g.case("batch_stats", stats, [image], diff=[])
g.case("batch_stats_far", stats, [g.randn(150, 3) + 4096], diff=[])
g.case("instance", instance_norm, [image, *affine(7)])
g.case("instance_plain", instance_norm, [g.randn(4, 3, 3, 1)])
g.case("instance_eps", lambda x, a, b: instance_norm(x, a, b, 0.5), [g.randn(2, 5, 3, 3), *affine(3)])
g.case("layer", layer_norm, [g.randn(3, 2, 3, 5), *affine(2, 3, 5)])
g.case("layer_rows", layer_norm, [rows, *affine(5)])
g.case("layer_plain", layer_norm, [g.randn(2, 70)])
g.case("layer_eps", lambda x, a, b: layer_norm(x, a, b, 0.5), [rows, *affine(5)])

mean, var = g.randn(7), g.rand(7, low=0.5, high=2)
scale, shift = affine(7)
assert torch.allclose(normalize(image, mean, var, scale, shift), normalize_plain(image, mean, var, scale, shift))
g.case("given", normalize_plain, [image, mean, var, scale, shift])
g.case("given_plain", normalize_plain, [image, mean, var])
g.case("given_eps", lambda *t: normalize_plain(*t, eps=0.5), [rows, g.randn(5), g.rand(5, low=0.5, high=2), *affine(5)])
g.case("given_wide", normalize_plain, [g.randn(3, 67), g.randn(67), g.rand(67, low=0.5, high=2), *affine(67)])

# Last, so that the numbers before stay what they were.
leaky = lambda slope, eps=1e-5: lambda *t: F.leaky_relu(batch_norm(*t, eps=eps), slope)
g.case("leaky", leaky(0.2), [image, *affine(7)])
g.case("leaky_relu", leaky(0.0), [rows, *affine(5)])
g.case("leaky_plain", leaky(0.3), [image])
g.case("leaky_eps", leaky(0.1, 0.5), [g.randn(3, 6, 2), *affine(2)])
g.case("leaky_steep", leaky(1.5), [g.randn(139, 3), *affine(3)])
g.save()
