"""Golden values of convolution: PyTorch's NCHW and OIHW are turned into NHWC and HWIO inside of each case."""
import torch
import torch.nn.functional as F

from golden_writer import Golden

g = Golden("conv", 22)


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def conv(stride, pad):
    top, left, bottom, right = pad
    return lambda x, w: nhwc(F.conv2d(F.pad(nchw(x), (left, right, top, bottom)), w.permute(3, 2, 0, 1).contiguous(), stride=stride))


def conv_transpose(stride, pad, out_pad):
    """Without padding, then cropped: that is what padding means here, and it may be asymmetric."""
    top, left, bottom, right = pad

    def fn(x, w):
        y = F.conv_transpose2d(nchw(x), w.permute(3, 2, 0, 1).contiguous(), stride=stride, output_padding=out_pad)
        return nhwc(y)[:, top: y.shape[2] - bottom, left: y.shape[3] - right]
    return fn


def conv_weight(kernel, stride, pad):
    def fn(x, y):
        w = torch.zeros(*kernel, x.shape[3], y.shape[3], dtype=torch.float64, requires_grad=True)
        return torch.autograd.grad(conv(stride, pad)(x, w), w, y, create_graph=True)[0]
    return fn


# name, x, kernel [kh, kw, c, k], stride, padding [top, left, bottom, right]
CASES = [
    ("k3s1p1", (2, 5, 7, 3), (3, 3, 3, 4), (1, 1), (1, 1, 1, 1)),
    ("k4s2p1", (2, 8, 6, 3), (4, 4, 3, 5), (2, 2), (1, 1, 1, 1)),
    ("k1s1p0", (3, 3, 5, 2), (1, 1, 2, 7), (1, 1), (0, 0, 0, 0)),
    ("whole", (3, 4, 3, 5), (4, 3, 5, 1), (1, 1), (0, 0, 0, 0)),
    ("rest", (1, 8, 9, 2), (3, 3, 2, 3), (3, 2), (0, 0, 0, 1)),      # 2 rows and a column are left over
    ("asymmetric", (2, 7, 9, 2), (2, 5, 2, 3), (3, 2), (1, 0, 2, 1)),
    ("gaps", (2, 7, 8, 3), (1, 2, 3, 2), (2, 3), (0, 1, 0, 0)),      # stride beyond the kernel
    ("wide_pad", (1, 3, 2, 2), (2, 2, 2, 3), (1, 2), (3, 2, 0, 4)),  # windows of nothing but padding
    ("same_k5s2", (1, 6, 5, 3), (5, 5, 3, 2), (2, 2), (1, 2, 2, 2)), # TensorFlow's SAME
]
for name, xs, ws, stride, pad in CASES:
    x, w = g.randn(*xs), g.randn(*ws)
    g.case(f"conv_{name}", conv(stride, pad), [x, w])
    y = conv(stride, pad)(x, w)
    g.case(f"weight_{name}", conv_weight(ws[:2], stride, pad), [x, g.randn(*y.shape)])

# name, x, kernel [kh, kw, c_out, c_in], stride, padding, output padding
TRANSPOSED = [
    ("k3s1p1", (2, 5, 4, 3), (3, 3, 4, 3), (1, 1), (1, 1, 1, 1), (0, 0)),
    ("k4s2p1", (2, 3, 4, 5), (4, 4, 3, 5), (2, 2), (1, 1, 1, 1), (0, 0)),
    ("k4s1p0", (3, 1, 1, 7), (4, 4, 2, 7), (1, 1), (0, 0, 0, 0), (0, 0)),
    ("k3s2p1o1", (2, 3, 2, 3), (3, 3, 2, 3), (2, 2), (1, 1, 1, 1), (1, 1)),
    ("asymmetric", (1, 3, 4, 2), (2, 5, 3, 2), (3, 2), (1, 0, 0, 2), (2, 1)),
    ("gaps", (2, 3, 2, 3), (1, 2, 2, 3), (2, 3), (0, 1, 0, 0), (1, 2)),
]
for name, xs, ws, stride, pad, out_pad in TRANSPOSED:
    g.case(f"transpose_{name}", conv_transpose(stride, pad, out_pad), [g.randn(*xs), g.randn(*ws)])


def plus_bias(fn):
    return lambda x, w, b: fn(x, w) + b


for name, xs, ws, stride, pad in (CASES[1], CASES[3]):
    g.case(f"conv_bias_{name}", plus_bias(conv(stride, pad)), [g.randn(*xs), g.randn(*ws), g.randn(ws[3])])
for name, xs, ws, stride, pad, out_pad in TRANSPOSED[1:3]:
    g.case(f"transpose_bias_{name}", plus_bias(conv_transpose(stride, pad, out_pad)), [g.randn(*xs), g.randn(*ws), g.randn(ws[2])])


def then_leaky(fn, slope):
    return lambda *t: F.leaky_relu(fn(*t), slope)


# Last, so that the numbers before stay what they were.
for (name, xs, ws, stride, pad), slope, bias in ((CASES[1], 0.2, True), (CASES[3], 0.0, True), (CASES[0], 1.5, False)):
    fn = conv(stride, pad)
    g.case(f"conv_leaky_{name}", then_leaky(plus_bias(fn) if bias else fn, slope),
           [g.randn(*xs), g.randn(*ws)] + ([g.randn(ws[3])] if bias else []))
for (name, xs, ws, stride, pad, out_pad), slope, bias in ((TRANSPOSED[1], 0.2, True), (TRANSPOSED[2], 0.0, False)):
    fn = conv_transpose(stride, pad, out_pad)
    g.case(f"transpose_leaky_{name}", then_leaky(plus_bias(fn) if bias else fn, slope),
           [g.randn(*xs), g.randn(*ws)] + ([g.randn(ws[2])] if bias else []))
g.save()
