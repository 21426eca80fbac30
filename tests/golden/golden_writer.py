"""Golden values of ops, from PyTorch in float64.

Inputs and cotangents are rounded to float32, so that the float32 build of the library starts from the very same numbers.
A case's tensors: NAME.in0, NAME.in1, ..., NAME.out, and, for those inputs that are differentiable, NAME.seed (the cotangent of
out) and NAME.grad0, NAME.grad1, ...
"""
import os

import torch
from safetensors.torch import save_file

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ops")


def rounded(t):
    return t.to(torch.float32).to(torch.float64)


class Golden:
    def __init__(self, group, seed):
        self.group = group
        self.random = torch.Generator().manual_seed(seed)
        self.tensors = {}

    def randn(self, *shape):
        return rounded(torch.randn(shape, generator=self.random, dtype=torch.float64))

    def rand(self, *shape, low=0.0, high=1.0):
        return rounded(low + (high - low) * torch.rand(shape, generator=self.random, dtype=torch.float64))

    def case(self, name, fn, inputs, diff=None):
        """fn(*inputs) in torch; diff: which inputs have gradients, by default all (an empty list: none)."""
        inputs = [rounded(torch.as_tensor(t, dtype=torch.float64)) for t in inputs]
        diff = list(range(len(inputs))) if diff is None else diff
        leaves = [t.clone().requires_grad_(i in diff) for i, t in enumerate(inputs)]
        out = fn(*leaves)
        assert f"{name}.out" not in self.tensors, f"{name} is there twice"
        for i, t in enumerate(inputs):
            self.tensors[f"{name}.in{i}"] = t.contiguous()
        self.tensors[f"{name}.out"] = out.detach().to(torch.float64).contiguous()
        if not diff:
            return
        seed = self.randn(*out.shape)
        grads = torch.autograd.grad(out, [leaves[i] for i in diff], seed)
        self.tensors[f"{name}.seed"] = seed.contiguous()
        for i, g in zip(diff, grads):
            self.tensors[f"{name}.grad{i}"] = g.contiguous()

    def save(self):
        os.makedirs(FOLDER, exist_ok=True)
        copies = {k: v.clone() for k, v in self.tensors.items()}
        path = os.path.join(FOLDER, self.group + ".safetensors")
        save_file(copies, path)
        os.chmod(path, 0o644)
