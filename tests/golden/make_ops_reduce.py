"""Golden values of reductions and broadcasts."""
import torch

from golden_writer import Golden

g = Golden("reduce", 12)
x = g.randn(3, 2, 5, 3)


def sum_to(t, shape):
    return t.sum_to_size(shape)


g.case("sum", lambda t: t.sum(), [x])
g.case("sum_scalar", lambda t: t.sum(), [g.randn()])
g.case("mean", lambda t: t.mean(), [x])
g.case("mean_channels", lambda t: t.mean((0, 1, 2)), [x])
g.case("sum_last", lambda t: t.sum(3), [x])
g.case("sum_first_keep", lambda t: t.sum(0, keepdim=True), [x])
g.case("sum_middle", lambda t: t.sum((1, 2)), [x])
g.case("sum_scattered", lambda t: t.sum((0, 2)), [x])
g.case("sum_scattered_keep", lambda t: t.sum((1, 3), keepdim=True), [x])
g.case("sum_scattered_5d", lambda t: t.sum((0, 2, 4)), [g.randn(2, 3, 2, 2, 3)])
g.case("sum_samples", lambda t: t.sum((1, 2, 3)), [x])
g.case("sum_no_axis", lambda t: 1 * t, [g.randn(2, 3)])
g.case("sum_empty", lambda t: t.sum(0), [torch.zeros(0, 3)])
g.case("mean_keep", lambda t: t.mean((1, 2), keepdim=True), [x])

g.case("max_last", lambda t: t.max(3).values, [x])
g.case("max_middle_keep", lambda t: t.max(1, keepdim=True).values, [x])
g.case("min_first", lambda t: t.min(0).values, [x])
g.case("min_negative_axis_keep", lambda t: t.min(-2, keepdim=True).values, [x])


def first_max(t):
    # The first of equals: torch.max does not promise which of them gets the gradient.
    first = (t == t.max(1, keepdim=True).values).to(torch.float64).cumsum(1).cumsum(1) == 1
    return (t * first).sum(1)


ties = torch.tensor([[1.0, 3.0, 3.0, 2.0], [2.0, 2.0, 2.0, 2.0], [-1.0, -4.0, 0.0, 0.0]])
g.case("max_ties", first_max, [ties])
g.case("min_ties", lambda t: -first_max(-t), [ties])

g.case("var", lambda t: t.var((0, 1, 2), unbiased=False), [x])
g.case("var_keep", lambda t: t.var((1, 2), unbiased=False, keepdim=True), [x])
g.case("std", lambda t: t.std(0, unbiased=False), [x])
g.case("std_all", lambda t: t.std(unbiased=False), [x])
g.case("norm", lambda t: t.flatten(1).norm(dim=1), [x])
g.case("norm_vector", lambda t: t.abs(), [g.randn(4)])

g.case("broadcast_new", lambda t: t.expand(2, 4, 3), [g.randn(4, 1)])
g.case("broadcast_scalar", lambda t: t.expand(2, 3), [g.randn()])
g.case("broadcast_middle", lambda t: t.expand(3, 2, 5, 3), [g.randn(3, 1, 5, 1)])
g.case("broadcast_same", lambda t: t.expand(2, 3), [g.randn(2, 3)])
g.case("sum_to_channel", lambda t: sum_to(t, (3,)), [x])
g.case("sum_to_middle", lambda t: sum_to(t, (3, 1, 5, 1)), [x])
g.case("sum_to_scalar", lambda t: t.sum(), [g.randn(2, 3)])
g.case("sum_to_ones", lambda t: sum_to(t, (1, 5, 1)), [x])
g.save()
