"""Published detectors from a file on this machine: Community Forensics' ViT-S and SAFE, as far as somebody holds them.

Park and Owens, CVPR 2025 (Community Forensics), https://arxiv.org/abs/2411.04125, code
https://github.com/JeongsooP/Community-Forensics; Li et al., KDD 2025 (SAFE), https://arxiv.org/abs/2408.06741, code
https://github.com/Ouxiang-Li/SAFE.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from artaudit.detect.crop_detector import CropDetector, Features, Squares
from artaudit.detect.networks import ResidualNetwork
from artaudit.detect.preprocessing import NORMALS
from artaudit.errors import ModelError, UsageError

Pixels = Float[Tensor, "count 3 height width"]


class CheckpointDetector(CropDetector):
    """Reads the log odds that a published network gives each crop; the head learns what they mean here.

    `file` holds its weights as safetensors, under the names of its own code. `architecture` "vit" is a vision
    transformer as timm names it, of any size, with one output (Community Forensics; its authors scale pictures to 440
    pixels and cut 384, here crops are native, `side` must be what its positions were learned for); "safe" is SAFE's,
    with two outputs. The other settings are those of every detector.
    """

    def __init__(
        self,
        file: str = "",
        architecture: Literal["vit", "safe"] = "vit",
        regularisation: float = 1.0,
        crops: int = 3,
        side: int = 384,
        alarms: float = 0.0,
    ) -> None:
        """Keep the settings; raises UsageError for an architecture that is none."""
        if architecture not in ("vit", "safe"):
            raise UsageError(f"There is no architecture {architecture!r} here: write vit or safe.")
        self.file, self.architecture = file, architecture
        self.regularisation, self.crops, self.side, self.alarms = regularisation, crops, side, alarms
        self._network: nn.Module | None = None

    def describe(self, squares: Squares) -> Features:
        """Return the log odds of each crop; raises UsageError, ModelError for a file that is missing or another's."""
        if self._network is None:
            self._network = opened(self.file, self.architecture)
        pixels = torch.from_numpy(np.ascontiguousarray(squares.transpose(0, 3, 1, 2)))
        with torch.no_grad():
            if self.architecture == "safe":
                found = self._network(finest(pixels))
                odds = found[:, 1:] - found[:, :1]
            else:
                mean, spread = (torch.tensor(colours)[:, None, None] for colours in NORMALS["imagenet"])
                odds = self._network(pixel_values=(pixels - mean) / spread).logits
        return odds.numpy().astype(np.float64)


def opened(file: str, architecture: str) -> nn.Module:
    """Return the network in a file; raises UsageError where none is named, ModelError for weights of another one."""
    path = Path(file).expanduser()
    if not file or not path.is_file():
        raise UsageError(f"A checkpoint detector needs `file`: a safetensors file on this machine; {file!r} is none.")
    try:
        weights = load_file(path)
        network: nn.Module
        if architecture == "safe":
            network = ResidualNetwork(3, (3, 4), outputs=2)
            network.load_state_dict(weights)
        else:
            network = transformer(weights)
    except (OSError, SafetensorError, RuntimeError, KeyError, ValueError) as error:
        raise ModelError(f"{path} holds no weights of {architecture} ({error}): name the right file.") from error
    return network.eval()


def finest(pixels: Pixels) -> Pixels:
    """Return the diagonal band of the wavelet bior1.3, scaled up to the crop's size: what SAFE's network is shown.

    Its high-pass filter has two taps, so the band is Haar's with a mirrored cell more at every edge.
    """
    a, b = pixels[:, :, ::2, ::2], pixels[:, :, ::2, 1::2]
    c, d = pixels[:, :, 1::2, ::2], pixels[:, :, 1::2, 1::2]
    band = (a - b - c + d) / 2
    band = torch.cat([-band[:, :, :1], band, -band[:, :, -1:]], dim=2)
    band = torch.cat([-band[..., :1], band, -band[..., -1:]], dim=3)
    return nn.functional.interpolate(band, size=pixels.shape[2:], mode="bilinear")


def transformer(weights: Mapping[str, Tensor]) -> nn.Module:
    """Return transformers' vision transformer with weights that timm named; sizes are read off the weights.

    Raises KeyError, ValueError or RuntimeError for weights of another network.
    """
    from transformers import ViTConfig, ViTForImageClassification  # noqa: PLC0415 - heavy

    plain = {name.removeprefix("vit."): value for name, value in weights.items()}
    patches = plain["patch_embed.proj.weight"]
    width, patch = patches.shape[0], patches.shape[-1]
    cells = round((plain["pos_embed"].shape[1] - 1) ** 0.5)
    layers = 1 + max(int(name.split(".")[1]) for name in plain if name.startswith("blocks."))
    config = ViTConfig(
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=max(1, width // 64),
        intermediate_size=plain["blocks.0.mlp.fc1.weight"].shape[0],
        image_size=cells * patch,
        patch_size=patch,
        layer_norm_eps=1e-6,
        num_labels=plain["head.weight"].shape[0],
    )
    network: nn.Module = ViTForImageClassification(config)
    network.load_state_dict(dict(_renamed(plain)))
    return network


NAMES = {
    "cls_token": "vit.embeddings.cls_token",
    "pos_embed": "vit.embeddings.position_embeddings",
    "patch_embed.proj": "vit.embeddings.patch_embeddings.projection",
    "norm": "vit.layernorm",
    "head": "classifier",
    "norm1": "layernorm_before",
    "norm2": "layernorm_after",
    "attn.proj": "attention.o_proj",
    "mlp.fc1": "mlp.fc1",
    "mlp.fc2": "mlp.fc2",
}
"""timm's names and transformers' for the same layers."""


def _renamed(plain: Mapping[str, Tensor]) -> list[tuple[str, Tensor]]:
    found = []
    for name, value in plain.items():
        layer, _, last = name.rpartition(".")
        before, ending = "", f".{last}"
        if name in NAMES:
            layer, ending = name, ""
        if layer.startswith("blocks."):
            _, number, layer = layer.split(".", 2)
            before = f"vit.layers.{number}."
        if layer == "attn.qkv":
            parts = zip("qkv", value.chunk(3), strict=True)
            found += [(f"{before}attention.{letter}_proj{ending}", part) for letter, part in parts]
        else:
            found.append((before + NAMES[layer] + ending, value))
    return found
