"""Golden values of ops that move elements."""
import torch
import torch.nn.functional as F

from golden_writer import Golden

g = Golden("shape", 13)
x = g.randn(2, 3, 4, 3)

g.case("reshape", lambda t: t.reshape(6, 12), [x])
g.case("reshape_inferred", lambda t: t.reshape(4, -1, 3), [x])
g.case("reshape_scalar", lambda t: t.reshape(()), [g.randn(1, 1)])
g.case("flatten", lambda t: t.flatten(1), [x])
g.case("flatten_vector", lambda t: t.reshape(3, 1), [g.randn(3)])
g.case("to_nchw", lambda t: t.permute(0, 3, 1, 2), [x])
g.case("permute_cycle", lambda t: t.permute(2, 0, 3, 1), [x])
g.case("permute_5d", lambda t: t.permute(4, 1, 0, 3, 2), [g.randn(2, 3, 1, 2, 3)])
g.case("permute_same", lambda t: t.permute(0, 1, 2) * 1, [g.randn(2, 3, 2)])
g.case("transpose", lambda t: t.transpose(-1, -2), [g.randn(3, 5)])
g.case("transpose_batch", lambda t: t.transpose(-1, -2), [x])

parts = [g.randn(2, 1, 3), g.randn(2, 4, 3), g.randn(2, 2, 3)]
g.case("concat_middle", lambda *t: torch.cat(t, 1), parts)
g.case("concat_last", lambda *t: torch.cat(t, -1), [g.randn(2, 1), g.randn(2, 3)])
g.case("concat_first", lambda *t: torch.cat(t, 0), [g.randn(1, 3), g.randn(2, 3)])
g.case("concat_one", lambda t: 1 * t, [g.randn(2, 3)])
g.case("slice_first", lambda t: t[1:2], [x])
g.case("slice_middle", lambda t: t[:, :, 1:4], [x])
g.case("slice_last_negative_axis", lambda t: t[..., 0:2], [x])
g.case("slice_empty", lambda t: t[:, 2:2], [g.randn(2, 3)])
g.case("pad_images", lambda t: F.pad(t, (0, 0, 2, 1, 1, 0)), [x])
g.case("pad_all", lambda t: F.pad(t, (1, 0, 0, 2)), [g.randn(2, 3)])
g.case("pad_none", lambda t: 1 * t, [g.randn(2, 3)])

index = torch.tensor([2.0, 0.0, 2.0, 1.0, 2.0])
g.case("gather", lambda t, i: t[i.long()], [g.randn(3, 2, 2), index], diff=[0])
g.case("gather_vector", lambda t, i: t[i.long()], [g.randn(4), index], diff=[0])
g.case("embedding", lambda t, i: F.embedding(i.long(), t), [g.randn(4, 3), index], diff=[0])


def scatter_add(t, i, rows):
    return torch.zeros((rows,) + t.shape[1:], dtype=torch.float64).index_add(0, i.long(), t)


g.case("scatter_add", lambda t, i: scatter_add(t, i, 4), [g.randn(5, 2, 2), index], diff=[0])
g.case("scatter_add_vector", lambda t, i: scatter_add(t, i, 3), [g.randn(5), index], diff=[0])
g.case("one_hot", lambda i: F.one_hot(i.long(), 4), [index], diff=[])
g.save()
