"""Whose autoencoder a candidate is: proved by known weights or by how near its latents come, and told in words.

A configuration proves nothing, as it holds a library's defaults where nobody said otherwise.
"""

from __future__ import annotations

from types import MappingProxyType

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.generators import pool
from artaudit.generators.families import FAMILIES, FLUX_1, SD_1, SDXL
from artaudit.generators.opening import open_model
from artaudit.image import decode
from artaudit.protocols import Autoencoder, Encoder
from artaudit.tensors import to_batch

KNOWN_WEIGHTS = MappingProxyType(
    {
        "735e4c3a447a3255760d7f86845f09f937809baa529c17370d83e4c3758f3c75": SD_1,
        "a1d993488569e928462932c8c38a0760b874d166399b14414135bd9c42df5815": SD_1,
        "63aeecb90ff7bc1c115395962d3e803571385b61938377bc7089b36e81e92e2e": SDXL,
        "afc8e28272cd15db3919bacdb6918ce9c1ed22e96cb12c4d5ed0fba823529e38": FLUX_1,
    }
)
"""Families by the sha256 of weights that their publishers give out: `vae-ft-mse-840000-ema-pruned.safetensors` and
`sd-vae-ft-mse` of stabilityai, `sdxl_vae.safetensors` of stabilityai, `ae.safetensors` of black-forest-labs."""

NEAR = 0.6
"""The least mean correlation of latents, channel by channel, with those of a known member of a family."""

_SIDE = 256


def proved_family(record: pool.Record, model: Autoencoder) -> str:
    """Return the family that a model's weights or latents prove, empty where they prove none."""
    if record in pool.embedded():
        return record.family
    for _, digest in record.files:
        if digest in KNOWN_WEIGHTS:
            return KNOWN_WEIGHTS[digest]
    near = {member.family: nearness(model, _opened(member)) for member in pool.embedded() if member.kind == "studio"}
    family, value = max(near.items(), key=lambda pair: pair[1])
    return family if value >= NEAR else ""


@torch.no_grad()
def nearness(model: Encoder, member: Encoder) -> float:
    """Return the mean correlation of two models' latents of test pictures, over channels; 0 if their shapes differ.

    In [-1, 1]; scales and shifts of latents do not matter.
    """
    pixels = _test_pictures()
    ours, theirs = model.encode(pixels), member.encode(pixels)
    if ours.shape != theirs.shape:
        return 0.0
    pairs = zip(ours.transpose(0, 1).flatten(1), theirs.transpose(0, 1).flatten(1), strict=True)
    correlations = [float(torch.corrcoef(torch.stack(pair))[0, 1].nan_to_num()) for pair in pairs]
    return sum(correlations) / len(correlations)


def in_words(name: str, family: str, *, copy: bool) -> str:
    """Return a candidate's decoder in words, with the models that use it if its `family` was proved.

    `copy` says that the decoder is a small copy of its family's decoder, whose traces differ.
    """
    if not family:
        return f"an autoencoder of your own, {name}"
    if copy:
        return f"the decoder of {name} (a small copy of the one of {family}, which itself draws otherwise)"
    known = FAMILIES.get(family)
    return f"the {family} autoencoder ({known.members})" if known else f"the autoencoder of {name} ({family})"


def _test_pictures() -> Float[Tensor, "batch 3 height width"]:
    """Return the middles of the photographs that are always there."""
    wholes = [to_batch(decode(photograph(name), name=name).pixels) for name in PHOTOGRAPHS]
    corners = [tuple((length - _SIDE) // 2 for length in whole.shape[-2:]) for whole in wholes]
    return torch.cat(
        [whole[..., top : top + _SIDE, left : left + _SIDE] for whole, (top, left) in zip(wholes, corners, strict=True)]
    )


def _opened(member: pool.Record) -> Autoencoder:
    model = open_model(member, denoiser=False)
    if not isinstance(model, Autoencoder):
        raise TypeError(f"{member.name} has no decoder.")
    return model
