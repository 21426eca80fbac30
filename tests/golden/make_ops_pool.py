"""Golden values of pooling and resampling, NHWC."""
import torch
import torch.nn.functional as F

from golden_writer import Golden

g = Golden("pool", 23)


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def padded(x, pad, value):
    top, left, bottom, right = pad
    return F.pad(nchw(x), (left, right, top, bottom), value=value)


def avg_pool(size, stride, pad):
    return lambda x: nhwc(F.avg_pool2d(padded(x, pad, 0.0), size, stride))


def max_pool(size, stride, pad):
    return lambda x: nhwc(F.max_pool2d(padded(x, pad, float("-inf")), size, stride))


def distinct(*shape):
    """No two values close to each other, so that differences do not move a maximum."""
    n = torch.Size(shape).numel()
    return (torch.randperm(n, generator=g.random) * (6.0 / n) - 3).reshape(shape)


# name, x, window, stride, padding [top, left, bottom, right]
CASES = [
    ("2", (2, 4, 6, 3), (2, 2), (2, 2), (0, 0, 0, 0)),
    ("rest", (2, 5, 7, 3), (2, 2), (2, 2), (0, 0, 0, 0)),
    ("overlap", (2, 7, 6, 3), (3, 3), (2, 2), (1, 1, 1, 1)),
    ("mixed", (1, 7, 5, 2), (2, 3), (3, 1), (1, 2, 0, 1)),
    ("all", (3, 3, 5, 2), (3, 5), (3, 5), (0, 0, 0, 0)),
    ("gaps", (1, 7, 8, 5), (1, 2), (2, 3), (0, 0, 0, 1)),
    ("apart", (2, 6, 7, 3), (2, 2), (3, 3), (1, 1, 1, 1)),                   # windows apart, padding on all sides
]
for name, shape, size, stride, pad in CASES:
    g.case(f"avg_{name}", avg_pool(size, stride, pad), [g.randn(*shape)])
    g.case(f"max_{name}", max_pool(size, stride, pad), [distinct(*shape)])
few = torch.randint(0, 3, (2, 6, 5, 3), generator=g.random) - 1.0
g.case("max_ties", max_pool((2, 3), (1, 2), (1, 0, 0, 1)), [few])


def repeat(h, w):
    return lambda x: x.repeat_interleave(h, 1).repeat_interleave(w, 2)


g.case("upsample_2", repeat(2, 2), [g.randn(2, 3, 4, 3)])
g.case("upsample_3_1", repeat(3, 1), [g.randn(1, 3, 5, 2)])
g.case("upsample_1_4", repeat(1, 4), [g.randn(2, 1, 3, 1)])

# Picking and placing by an index: windows of 3 x 2 with strides 2 x 2 over 5 x 6, padded by one row above.
ROWS, COLUMNS = 5, 6
where = distinct(2, ROWS, COLUMNS, 3)
flat = F.max_pool2d(padded(where, (1, 0, 0, 0), float("-inf")), (3, 2), (2, 2), return_indices=True)[1]
y, x = flat // COLUMNS, flat % COLUMNS  # in the padded image
oy, ox = torch.meshgrid(torch.arange(flat.shape[2]), torch.arange(flat.shape[3]), indexing="ij")
tap = (y - 2 * oy) * 2 + (x - 2 * ox)


def pick(image):
    return nhwc(padded(image, (1, 0, 0, 0), 0.0).flatten(2).gather(2, flat.flatten(2)).reshape(flat.shape))


def place(values):
    image = torch.zeros(2, ROWS, COLUMNS, 3, dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(pick(image), image, values, create_graph=True)[0]


g.case("pick", pick, [g.randn(2, ROWS, COLUMNS, 3)])
g.tensors["pick.in1"] = nhwc(tap).double()
g.case("place", place, [g.randn(*nhwc(tap).shape)])
g.tensors["place.in1"] = nhwc(tap).double()

for r in (1, 2, 3):
    g.case(f"shuffle_{r}", lambda x: nhwc(F.pixel_shuffle(nchw(x), r)), [g.randn(2, 3, 2, 5 * r * r)])
    g.case(f"unshuffle_{r}", lambda x: nhwc(F.pixel_unshuffle(nchw(x), r)), [g.randn(2, 2 * r, 3 * r, 2)])
g.save()
