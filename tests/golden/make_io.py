"""Writes the golden files of tests/io with PyTorch and its safetensors package.

python3 tests/golden/make_io.py
"""

import pathlib

import torch
from safetensors.torch import save_file

here = pathlib.Path(__file__).parent


def types():
    """Tensors of several types and shapes, whose values the test computes again."""
    return {
        "f32": torch.arange(12, dtype=torch.float32).reshape(3, 4) / 4 - 1,
        "f64": torch.arange(5, dtype=torch.float64) / 3,
        "i64": torch.tensor([-(2**40), -1, 0, 1, 2**40]),
        "scalar": torch.tensor(7),
        "empty": torch.zeros(2, 0, 3),
        "half": torch.tensor([1.0, 2.0], dtype=torch.float16),
        "bytes": torch.tensor([1, 2, 3], dtype=torch.uint8),
        'odd "näme"\\': torch.tensor([1.5]),
    }


save_file(types(), here / "io_types.safetensors", metadata={"format": "pt", "note": "äöü\n"})
save_file(types(), here / "io_types_no_metadata.safetensors")


def model():
    """Every layout: a Linear before a reshape to an image, both convolutions, batch and layer norm,
    a Linear after a flatten."""
    torch.manual_seed(5)
    m = torch.nn.Sequential(
        torch.nn.Linear(5, 3 * 2 * 4),
        torch.nn.Unflatten(1, (3, 2, 4)),
        torch.nn.ConvTranspose2d(3, 2, (3, 2), stride=2, padding=1),
        torch.nn.BatchNorm2d(2),
        torch.nn.LeakyReLU(0.2),
        torch.nn.Conv2d(2, 4, (2, 3)),
        torch.nn.LayerNorm([4, 2, 4]),
        torch.nn.Flatten(),
        torch.nn.Linear(4 * 2 * 4, 3),
    )
    with torch.no_grad():
        m[6].weight.normal_()
        m[6].bias.normal_()
    m(torch.randn(6, 5))  # moves the running statistics
    m.eval()
    return m


m = model()
save_file(m.state_dict(), here / "io_model.safetensors")
x = torch.randn(2, 5)
with torch.no_grad():
    save_file({"x": x, "y": m(x), "image": m[:6](x).permute(0, 2, 3, 1).contiguous()}, here / "io_model_pass.safetensors")
