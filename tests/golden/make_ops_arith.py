"""Golden values of arithmetic, elementwise mathematics and comparisons."""
import torch

from golden_writer import Golden

g = Golden("arith", 11)
a, b = g.randn(3, 1, 5), g.randn(4, 5)
c = g.randn(2, 2, 3, 5)

g.case("accumulate", lambda x, y: x + y, [g.randn(3, 5), g.randn(3, 5)])

for name, fn in [("add", torch.add), ("sub", torch.sub), ("mul", torch.mul)]:
    g.case(f"{name}_same", fn, [g.randn(3, 7), g.randn(3, 7)])
    g.case(f"{name}_both", fn, [a, b])
    g.case(f"{name}_channel", fn, [c, g.randn(5)])
    g.case(f"{name}_sample", fn, [g.randn(2, 1, 1, 1), c])
    g.case(f"{name}_number", fn, [c, g.randn()])
    g.case(f"{name}_middle", fn, [c, g.randn(2, 1, 3, 1)])
g.case("div_same", torch.div, [g.randn(3, 7), g.rand(3, 7, low=0.5, high=2)])
g.case("div_both", torch.div, [a, g.rand(4, 5, low=-2, high=-0.5)])
g.case("div_channel", torch.div, [c, g.rand(5, low=0.5, high=2)])
g.case("div_number", torch.div, [g.randn(), g.rand(2, 3, low=0.5, high=2)])

g.case("scale", lambda x: -2.5 * x, [g.randn(3, 5)])
g.case("add_scalar", lambda x: x + 0.75, [g.randn(3, 5)])
g.case("neg", torch.neg, [g.randn(7)])
g.case("lerp", torch.lerp, [g.randn(3, 5), g.randn(3, 5), g.rand(3, 1)])

g.case("maximum", torch.maximum, [a, b])
g.case("minimum", torch.minimum, [a, b])
ties = [[1.0, -2.0, 0.0, 3.0], [1.0, 2.0, 0.0, -3.0]]
g.case("maximum_ties", torch.maximum, ties)
g.case("minimum_ties", torch.minimum, ties)
g.case("clamp", lambda x: x.clamp(-0.5, 0.75), [g.randn(3, 7)])
g.case("clamp_edges", lambda x: x.clamp(-0.5, 0.75), [[-0.5, 0.75, 0.0, -0.6, 0.8]])

positive = g.rand(3, 5, low=0.3, high=3)
g.case("square", torch.square, [g.randn(3, 5)])
g.case("sqrt", torch.sqrt, [positive])
g.case("reciprocal", torch.reciprocal, [positive])
for power in [2.5, -0.5, 0.5, 2, 3, -1, 1]:
    g.case(f"pow_{power}", lambda x: x**power, [positive])
g.case("pow_0", lambda x: x**0, [positive], diff=[])
g.case("pow_negative_base", lambda x: x**3, [g.randn(7)])
g.case("exp", torch.exp, [g.randn(3, 5)])
g.case("log", torch.log, [positive])
g.case("sin", torch.sin, [3 * g.randn(3, 5)])
g.case("cos", torch.cos, [3 * g.randn(3, 5)])
g.case("abs", torch.abs, [g.randn(3, 5)])
g.case("abs_zero", torch.abs, [[-1.5, 0.0, 2.0]])
g.case("sign", torch.sign, [[-1.5, 0.0, 2.0]], diff=[])

whole_a, whole_b = torch.round(2 * g.randn(3, 1, 5)), torch.round(2 * g.randn(4, 5))
for name in ["gt", "ge", "lt", "le", "eq"]:
    g.case(name, getattr(torch, name), [whole_a, whole_b], diff=[])
g.case("where", lambda m, x, y: torch.where(m != 0, x, y), [whole_a, b, g.randn(3, 4, 1)], diff=[1, 2])
g.case("where_scalar", lambda m, x, y: torch.where(m != 0, x, y), [whole_b, g.randn(), g.randn(4, 5)], diff=[1, 2])
g.save()
