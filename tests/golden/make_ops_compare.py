"""Golden values of attention and of the similarity of samples."""
import torch

from golden_writer import Golden

g = Golden("compare", 31)


def attention(q, k, v):
    return torch.softmax(q @ k.mT, -1) @ v


def similarity(m):
    distance = (m[:, None] - m[None]).abs().sum(-1)
    return (torch.exp(-distance) * (1 - torch.eye(len(m), dtype=m.dtype))[:, :, None]).sum(1)


g.case("attention", attention, [g.randn(2, 5, 3), g.randn(2, 4, 3), g.randn(2, 4, 2)])
g.case("attention_one", attention, [g.randn(1, 3, 1), g.randn(1, 1, 1), g.randn(1, 1, 2)])
g.case("attention_empty", attention, [torch.zeros(0, 3, 2), torch.zeros(0, 2, 2), torch.zeros(0, 2, 1)])
g.case("similarity", similarity, [0.5 * g.randn(5, 3, 2)])
g.case("similarity_pair", similarity, [g.randn(2, 1, 4)])
g.case("similarity_alone", similarity, [g.randn(1, 2, 3)])
same = torch.ones(3, 2, 2)
g.case("similarity_collapsed", similarity, [same])
g.save()
