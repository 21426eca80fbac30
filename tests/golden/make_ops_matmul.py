"""Golden values of matrix products."""
import torch
import torch.nn.functional as F

from golden_writer import Golden

g = Golden("matmul", 14)


def product(trans_a, trans_b):
    def fn(a, b):
        return (a.mT if trans_a else a) @ (b.mT if trans_b else b)

    return fn


for batch in [(), (2,)]:
    for trans_a in [0, 1]:
        for trans_b in [0, 1]:
            a = g.randn(*batch, *((5, 3) if trans_a else (3, 5)))
            b = g.randn(*batch, *((4, 5) if trans_b else (5, 4)))
            g.case(f"matmul_{trans_a}{trans_b}" + ("_batch" if batch else ""), product(trans_a, trans_b), [a, b])
g.case("matmul_outer", product(0, 0), [g.randn(3, 1), g.randn(1, 4)])
g.case("matmul_empty", product(0, 0), [torch.zeros(3, 0), torch.zeros(0, 4)])
g.case("linear", F.linear, [g.randn(5, 3), g.randn(4, 3), g.randn(4)])
g.case("linear_without_bias", F.linear, [g.randn(1, 3), g.randn(2, 3)])
g.case("linear_leaky", lambda *t: F.leaky_relu(F.linear(*t), 0.2), [g.randn(7, 19), g.randn(9, 19), g.randn(9)])
g.case("linear_relu", lambda *t: F.relu(F.linear(*t)), [g.randn(6, 21), g.randn(3, 21)])
g.save()
