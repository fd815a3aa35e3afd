"""The encoders that cloaks are made against and measured on, and cloaks as `audit protect` makes them."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.generators import pool
from artaudit.generators.choice import choose
from artaudit.generators.opening import open_model
from artaudit.generators.taesd import TaesdEncoder
from artaudit.generators.vaelight import VaeLight
from artaudit.image import Image
from artaudit.protect.job import CloakJob, CloakOrder, prepare
from artaudit.protect.saving import save_within
from artaudit.protocols import Encoder

MODELS = Path(".cache/bench/models")
"""Folder of models, with real ones in "real" and none in "none", for cloaks against the embedded ones."""

FOLDER = "ARTAUDIT_MODELS"


def real_pool(data: Path) -> tuple[Encoder, ...]:
    """Return the encoders of real latent spaces: FLUX.2's through TAEF2, Stable Diffusion 1.x's through VAElight."""
    weights = data / "weights"
    taef2 = TaesdEncoder(weights / "taef2_encoder.safetensors", name="taef2", family="FLUX.2")
    return taef2, VaeLight(*(weights / f"vaelight_sd1_{half}.safetensors" for half in ("encoder", "decoder")))


class ChannelsLast:
    """An encoder that gets pixels in channels-last layout, which takes a CPU a fifth less time."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.name, self.digest = encoder.name, encoder.digest
        self.family, self.factor = encoder.family, encoder.factor

    def encode(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch channels rows columns"]:
        """Return the encoder's latents."""
        return self._encoder.encode(pixels.contiguous(memory_format=torch.channels_last))


def judges(data: Path) -> tuple[Encoder, ...]:
    """Return the encoders that gains are measured on: the real ones, and TAESANA, which no cloak is made against."""
    taesana = TaesdEncoder(data / "weights" / "taesana_encoder.safetensors", name="taesana", family="Sana")
    return tuple(ChannelsLast(encoder) for encoder in (*real_pool(data), taesana))


def embedded_pool() -> tuple[Encoder, ...]:
    """Return the encoders that cloaks are made against where no model is installed."""
    os.environ[FOLDER] = str(MODELS / "none")
    return choose(("auto",)).encoders


def workshop(strength: str | float = "default", *, real: Path | None = None, steps: int | None = None) -> CloakJob:
    """Return the job that `audit protect --strength` runs, with the embedded models.

    With `real`, the data folder, TAEF2 and VAElight are installed, so that it uses these instead.
    """
    os.environ[FOLDER] = str(MODELS / "none" if real is None else installed(real / "weights"))
    return prepare(CloakOrder(strength=strength, steps=steps))


def installed(weights: Path) -> Path:
    """Install TAEF2 and VAElight, once, as `audit models add` does; return the folder of models."""
    folder = MODELS / "real"
    for name, kind, family, halves in (
        ("taef2", "taesd-encoder", "FLUX.2", ("encoder",)),
        ("vaelight_sd1", "vaelight", "SD 1.x", ("encoder", "decoder")),
    ):
        if (folder / name).exists():
            continue
        paths = [weights / f"{name}_{half}.safetensors" for half in halves]
        about = pool.record_of(name, kind, paths, family=family, licence="see its source", use=pool.SURROGATE)
        pool.install(about, {path.name: path for path in paths}, folder, open_model)
    return folder


def cloaked(job: CloakJob, image: Image, seed: int) -> Image:
    """Return the cloaked file, as `audit protect --seed` writes it."""
    return save_within(image, job.cloak.apply(image, budget=job.budget, seed=seed))
