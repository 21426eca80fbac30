"""PyTorch's side: opens the library's checkpoint, makes the same images from it, and gives weights back.

    python3 exchange.py GENERATOR-PROGRAM
"""
import json
import struct
import subprocess
import sys
import tempfile

import torch
from torch import nn

try:
    from safetensors.torch import load_file, save_file
except ImportError:  # the format is simple enough to go without

    def load_file(path):
        with open(path, "rb") as f:
            data = f.read()
        (size,) = struct.unpack("<Q", data[:8])
        header, body = json.loads(data[8 : 8 + size]), data[8 + size :]
        kinds = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64}
        return {
            name: torch.frombuffer(bytearray(body[slice(*t["data_offsets"])]), dtype=kinds[t["dtype"]]).reshape(t["shape"])
            for name, t in header.items()
            if name != "__metadata__"
        }

    def save_file(tensors, path):
        header, body = {}, b""
        for name, t in tensors.items():
            raw = t.contiguous().numpy().tobytes()
            kind = {torch.float32: "F32", torch.int64: "I64"}[t.dtype]
            header[name] = {"dtype": kind, "shape": list(t.shape), "data_offsets": [len(body), len(body) + len(raw)]}
            body += raw
        text = json.dumps(header).encode()
        with open(path, "wb") as f:
            f.write(struct.pack("<Q", len(text)) + text + body)


class Generator(nn.Module):
    """The DCGAN of PyTorch's examples, for 16 x 16 grey images."""

    def __init__(self, latent=6, f=4):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(latent, 2 * f, 4, 1, 0, bias=False), nn.BatchNorm2d(2 * f), nn.ReLU(True),
            nn.ConvTranspose2d(2 * f, f, 4, 2, 1, bias=False), nn.BatchNorm2d(f), nn.ReLU(True),
            nn.ConvTranspose2d(f, 1, 4, 2, 1, bias=False), nn.Tanh())

    def forward(self, z):
        return self.main(z)


def numbers(path, *shape):
    with open(path, "rb") as f:
        return torch.frombuffer(bytearray(f.read()), dtype=torch.float32).reshape(shape)


def difference(G, folder):
    z, theirs = numbers(f"{folder}/latents.f32", 5, 6, 1, 1), numbers(f"{folder}/images.f32", 5, 16, 16, 1)
    with torch.no_grad():
        ours = G.eval()(z).permute(0, 2, 3, 1)
    assert ours.std() > 0.01, "images without contrast prove nothing"
    return (ours - theirs).abs().max().item()


def main():
    G = Generator()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], "train", folder], check=True)
        checkpoint = load_file(f"{folder}/checkpoint.safetensors")
        prefix = "G_ema."
        G.load_state_dict({k[len(prefix) :]: v for k, v in checkpoint.items() if k.startswith(prefix)})
        there = difference(G, folder)
        for net in G.modules():
            if isinstance(net, nn.BatchNorm2d):
                nn.init.uniform_(net.running_var, 0.5, 2)
                nn.init.normal_(net.running_mean)
        for p in G.parameters():
            nn.init.normal_(p, 0.1, 0.4)
        save_file({k: v.detach().clone() for k, v in G.state_dict().items()}, f"{folder}/torch.safetensors")
        subprocess.run([sys.argv[1], "images", folder], check=True)
        back = difference(G, folder)
    print(f"largest difference: {there:.2g} with our weights in PyTorch, {back:.2g} with PyTorch's here")
    return 0 if there < 1e-5 and back < 1e-5 else 1


sys.exit(main())
