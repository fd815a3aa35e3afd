"""Published networks as their code builds them, with random weights, in the files they are published in."""

import warnings

import pytest
import torch
from safetensors.torch import save_file
from torch import nn


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        count, tokens, width = x.shape
        parts = self.qkv(x).reshape(count, tokens, 3, width // 64, 64).permute(2, 0, 3, 1, 4)
        q, k, v = parts[0], parts[1], parts[2]
        shares = torch.softmax(q @ k.transpose(-2, -1) * 64**-0.5, dim=-1)
        return self.proj((shares @ v).transpose(1, 2).reshape(count, tokens, width))


class Mlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return self.fc2(nn.functional.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.attn, self.mlp = Attention(width), Mlp(width)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Patches(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.proj = nn.Conv2d(3, width, 16, 16)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class SmallTransformer(nn.Module):
    """A vision transformer S/16 with one output, its parts named as timm names them."""

    def __init__(self, side, width=384, layers=12):
        super().__init__()
        self.cls_token = nn.Parameter(torch.randn(1, 1, width))
        self.pos_embed = nn.Parameter(0.5 * torch.randn(1, (side // 16) ** 2 + 1, width))
        self.patch_embed, self.norm = Patches(width), nn.LayerNorm(width, eps=1e-6)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(layers)))
        self.head = nn.Linear(width, 1)

    def forward(self, x):
        x = self.patch_embed(x)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1) + self.pos_embed
        return self.head(self.norm(self.blocks(x))[:, 0])


class Classifier(nn.Module):
    """Community Forensics' class: the transformer is called `vit`."""

    def __init__(self, network):
        super().__init__()
        self.vit = network

    def forward(self, x):
        return self.vit(x)


class Wrapped(nn.Module):
    """What both exports wrap a network in: any precision inside, floats outside; `name` is what it is called."""

    def __init__(self, network, name):
        super().__init__()
        setattr(self, name, network)
        self._name = name

    def forward(self, x):
        network = getattr(self, self._name)
        return network(x.to(next(network.parameters()).dtype)).float()


def transformer(side):
    torch.manual_seed(side)
    network = SmallTransformer(side)
    for module in network.modules():
        if isinstance(module, nn.LayerNorm):  # no two alike, as training leaves them: the exporter would join those
            nn.init.normal_(module.weight, 1, 0.1)
            nn.init.normal_(module.bias, 0, 0.1)
    return network.eval()


def export(wrapped, target, ends, side=384):
    """Write the ONNX file that torch's exporter makes, without its last step, which needs onnx and changes nothing."""
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        steps = "torch.onnx._internal.torchscript_exporter.onnx_proto_utils._add_onnxscript_fn"
        patch.setattr(steps, lambda content, _functions: content)
        axes = {name: {0: "batch"} for name in ends}
        told = {"input_names": ends[:1], "output_names": ends[1:], "dynamic_axes": axes, "opset_version": 17}
        torch.onnx.export(wrapped.eval(), torch.zeros(1, 3, side, side), target, dynamo=False, **told)


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """Return by name the file of each network, as it is published, and the network itself in float32."""
    folder = tmp_path_factory.mktemp("published")
    found = {}
    for side in (384, 224):
        network = transformer(side)
        path = folder / f"commfor-{side}.bin"  # the name says nothing
        save_file(Classifier(network).state_dict(), path)
        found[f"community-forensics-{side}"] = path, network
    large = found["community-forensics-384"][1]
    export(Wrapped(Classifier(large), "m"), folder / "a.onnx", ["input", "logit"])
    export(Wrapped(large, "wrapped"), folder / "b.onnx", ["images", "logits"])
    save_file(large.state_dict(), folder / "c.safetensors")
    return found | {"sieve": (folder / "a.onnx", large), "frontier-2026-08": (folder / "b.onnx", large)}


@pytest.fixture(scope="session")
def halved(tmp_path_factory):
    """Return the ONNX file of a small network that computes in half precision, as both releases do, and its views."""
    torch.manual_seed(0)
    network, path = SmallTransformer(32, 64, 1).eval(), tmp_path_factory.mktemp("halved") / "half.onnx"
    views = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        wanted = network(views).numpy()
    export(Wrapped(network.half(), "m"), path, ["input", "logit"], 32)
    return path, views.numpy(), wanted
