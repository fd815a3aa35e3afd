"""The measures of every cloak: its visibility, and how far it moves latents beside noise that is as visible.

Visibility has three judges, SSIMULACRA2, FLIP and Butteraugli. By each, noise of three kinds (white, low-pass, fine
colour) is made as visible as the change; the strictest judge of a change is the one that allows the most noise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float

from artaudit.generators.clip import ClipVision
from artaudit.image import Image
from artaudit.protect.effect import FINE_COLOUR, MEASURES, PLAIN, amplitudes, displacements, of_equal_psnr, with_noise
from artaudit.protect.trial.style_reference import EDITS
from artaudit.protect.visibility import visibility
from artaudit.protocols import Encoder
from artaudit.tensors import to_array, to_batch
from artaudit.transforms import Blur, Jpeg, Noise, Rescale, Screenshot, Transform
from benchmarks.butteraugli import butteraugli

Picture = Float[np.ndarray, "height width 3"]
Measured = dict[str, float]

JUDGES = {**MEASURES, "Butteraugli": butteraugli}
"""Measures of visibility by the judge's name."""

SURVIVAL: Mapping[str, Transform] = {
    "JPEG 75": Jpeg(75),
    "blur 1": Blur(1.0),
    "half size": Rescale(0.5),
    "screenshot": Screenshot(),
    "noise .05": Noise(0.05),
}
"""Edits that happen to published pictures, applied to the changed picture and the controls alike."""

SHOWN = {
    "ssimulacra2": "SSIMULACRA2",
    "ssimulacra2_worst_tile": "SSIMULACRA2, worst tile",
    "flip": "FLIP",
    "flip_worst_tile": "FLIP, worst tile",
    "psnr_db": "PSNR dB",
    "delta_e_mean": "mean CIEDE2000",
}
_TINY = 1e-9
_DRAW = 9


@dataclass(frozen=True)
class Panel:
    """The encoders that measure gains, the first and the last after `SURVIVAL` too, and that of style references."""

    encoders: tuple[Encoder, ...] = field(repr=False)
    tower: ClipVision | None = field(default=None, repr=False)


def measured(panel: Panel, clean: Image, changed: Image, *, seed: int) -> Measured:
    """Return all measures of one change of one picture, by the titles of the tables' rows."""
    before, after = clean.pixels, changed.pixels
    shows = visibility(clean, changed)
    found = {words: float("nan") if (value := shows[name]) is None else value for name, words in SHOWN.items()}
    found["Butteraugli, 3-norm"] = butteraugli(before, after)
    controls = by_judge(before, after, seed=seed)
    noises = loudest(before, after, controls, seed=seed)
    for judge, kinds in controls.items():
        found |= {f"{kind} as visible by {judge}, levels": 255 * loud for kind, loud in kinds.items()}
    for encoder in panel.encoders:
        found |= moved(encoder, before, after, controls, seed=seed)
    for encoder in (panel.encoders[0], panel.encoders[-1]):
        found |= survived(encoder, before, after, noises)
    return found | ({} if panel.tower is None else style_reference(panel.tower, before, after, list(noises.values())))


def by_judge(clean: Picture, changed: Picture, *, seed: int) -> dict[str, dict[str, float]]:
    """Return by judge the amplitude of noise of every kind that is as visible as the change."""
    return {
        name: amplitudes(clean, changed, seed=seed, kinds=PLAIN, measures={name: judge})
        for name, judge in JUDGES.items()
    }


def loudest(
    clean: Picture, changed: Picture, controls: Mapping[str, Mapping[str, float]], *, seed: int
) -> dict[str, Picture]:
    """Return the clean picture with noise of every kind, at the largest amplitude of all judges."""
    return {
        kind: with_noise(clean, changed, kind, max(loud[kind] for loud in controls.values()), seed=seed)
        for kind in PLAIN
    }


def moved(
    encoder: Encoder, clean: Picture, changed: Picture, controls: Mapping[str, Mapping[str, float]], *, seed: int
) -> Measured:
    """Return the displacement of latents, and gains: by the strictest judge, by each judge, and at equal PSNR."""
    name, jobs = short(encoder), [(judge, kind) for judge, kinds in controls.items() for kind in kinds]
    pictures = [with_noise(clean, changed, kind, controls[judge][kind], seed=seed) for judge, kind in jobs]
    far, *rest = displacements(encoder, clean, [changed, *pictures, *of_equal_psnr(clean, changed, seed=seed)])
    noise = dict(zip(jobs, rest, strict=False))

    def gain(values: Sequence[float]) -> float:
        return far / max(*values, _TINY)

    found = {f"{name}, displacement": far, f"{name}, gain": gain(list(noise.values()))}
    coarse = [moves for (_, kind), moves in noise.items() if kind != FINE_COLOUR]
    found[f"{name}, gain without fine colour"] = gain(coarse)
    for judge in controls:
        found[f"{name}, gain by {judge}"] = gain([moves for (by, _), moves in noise.items() if by == judge])
    return found | {f"{name}, gain at equal PSNR": gain(rest[len(jobs) :])}


def survived(encoder: Encoder, clean: Picture, changed: Picture, noises: Mapping[str, Picture]) -> Measured:
    """Return the gains after every edit, and the lowest of them."""
    found, grey = {}, []
    for name, edit in SURVIVAL.items():
        start, *after = (to_array(edit(to_batch(picture), _DRAW)) for picture in (clean, changed, *noises.values()))
        far, *rest = displacements(encoder, start, after)
        noise = dict(zip(noises, rest, strict=True))
        found[f"{short(encoder)}, gain after {name}"] = far / max(*noise.values(), _TINY)
        grey.append(far / max(_TINY, *(moves for kind, moves in noise.items() if kind != FINE_COLOUR)))
    worst = {"worst of these": min(found.values()), "worst of these without fine colour": min(grey)}
    return found | {f"{short(encoder)}, {name}": value for name, value in worst.items()}


def style_reference(tower: ClipVision, clean: Picture, changed: Picture, noises: Sequence[Picture]) -> Measured:
    """Return the image encoder's cosines of the clean picture to the changed one and to the worst noise, by edit."""
    found = {}
    for name, edit in EDITS.items():
        with torch.no_grad():
            seen = torch.cat([tower.squashed(edit(to_batch(picture))) for picture in (clean, changed, *noises)])
            start, *after = tower.features(seen).embedding
        alike = [float(F.cosine_similarity(start, embedding, dim=0)) for embedding in after]
        found[f"style reference, cosine, {name}"] = alike[0]
        found[f"style reference, cosine of noise, {name}"] = min(alike[1:])
    return found


def short(encoder: Encoder) -> str:
    """Return an encoder's name without its revision."""
    return encoder.name.partition("@")[0]
