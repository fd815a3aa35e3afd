"""Redrawing of a cloaked picture: whether the cloak spoils image-to-image more than noise would.

Salman et al., "Raising the Cost of Malicious AI-Powered Image Editing" (PhotoGuard), ICML 2023,
https://arxiv.org/abs/2302.06588
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from artaudit.distances import ssimulacra2
from artaudit.generators.opening import open_model
from artaudit.protect.attacks.diffusing import DiffPure
from artaudit.protect.attacks.redrawing import AutoencoderLoop
from artaudit.protect.effect import mean_flip
from artaudit.protect.trial.judges import CHANGED, CLEAN
from artaudit.protect.trial.pairs import Picture
from artaudit.protect.trial.survival import Tools
from artaudit.protocols import Autoencoder, Generator
from artaudit.tensors import to_array, to_batch
from artaudit.transforms import Transform

DEPTH, STEPS = 300, 20
"""The step of 1000 to which pictures are noised before they are redrawn, and the sampler's steps for all 1000."""


@dataclass(frozen=True, slots=True)
class Redrawing:
    """How much the redrawn changed picture differs from the redrawn original, beside the strongest noise.

    `ssimulacra2` (100: equal) and mean `flip` (0: equal) of the changed picture and of the noise, whose kind is
    `control`; `gain` is the ratio of the two values of FLIP.
    """

    how: str
    model: str
    ssimulacra2: float
    flip: float
    noise_ssimulacra2: float
    noise_flip: float
    control: str
    gain: float


def redrawings(pictures: Mapping[str, Picture], tools: Tools, *, seed: int) -> list[dict[str, Any]]:
    """Redraw all pictures of a trial with the attacker's models; return a `Redrawing` for each as JSON values."""
    return [asdict(_measured(how, name, way, pictures, seed)) for how, name, way in _ways(tools)]


def _ways(tools: Tools) -> list[tuple[str, str, Transform]]:
    ways: list[tuple[str, str, Transform]] = []
    if tools.autoencoder is not None:
        coder = cast(Autoencoder, open_model(tools.autoencoder, denoiser=False))
        ways.append(("encoded and decoded", tools.autoencoder.name, AutoencoderLoop(1, coder)))
    if tools.generator is not None:
        drawer = cast(Generator, open_model(tools.generator))
        part = f"redrawn from {DEPTH / 1000:.0%} of the noise"
        ways.append((part, tools.generator.name, DiffPure(DEPTH, drawer, steps=STEPS)))
    return ways


def _measured(how: str, model: str, way: Transform, pictures: Mapping[str, Picture], seed: int) -> Redrawing:
    drawn = {}
    for name, picture in pictures.items():
        height, width = picture.shape[:2]
        drawn[name] = to_array(way(to_batch(picture), seed))[:height, :width].clip(0, 1)
    clean, changed = drawn.pop(CLEAN), drawn.pop(CHANGED)
    flips = {name: mean_flip(clean, noised) for name, noised in drawn.items()}
    control = max(flips, key=lambda name: flips[name])
    far, noise = mean_flip(clean, changed), flips[control]
    return Redrawing(
        how,
        model,
        round(ssimulacra2(clean, changed), 2),
        round(far, 5),
        round(ssimulacra2(clean, drawn[control]), 2),
        round(noise, 5),
        control,
        round(far / max(noise, 1e-9), 4),
    )
