"""One yardstick for every cloak: what it shows, and what it moves beside noise that shows as much.

Three judges say what shows, SSIMULACRA2, FLIP and Butteraugli. By each, noise of three kinds (white, low-pass, fine
colour) is made as visible as the change; the strictest judge of a change is the one that allows noise most.
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
"""What shows, by judge."""

SURVIVAL: Mapping[str, Transform] = {
    "JPEG 75": Jpeg(75),
    "blur 1": Blur(1.0),
    "half size": Rescale(0.5),
    "screenshot": Screenshot(),
    "noise .05": Noise(0.05),
}
"""What happens to pictures on their way; change and controls pass it alike."""

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
    """The encoders that say what moves, the first and the last also after `SURVIVAL`, and image prompts' tower."""

    encoders: tuple[Encoder, ...] = field(repr=False)
    tower: ClipVision | None = field(default=None, repr=False)


def measured(panel: Panel, clean: Image, changed: Image, *, seed: int) -> Measured:
    """Return everything about one change of one picture, by the words of the tables."""
    one, other = clean.pixels, changed.pixels
    told = visibility(clean, changed)
    found = {words: float("nan") if (value := told[name]) is None else value for name, words in SHOWN.items()}
    found["Butteraugli, 3-norm"] = butteraugli(one, other)
    controls = by_judge(one, other, seed=seed)
    noises = loudest(one, other, controls, seed=seed)
    for judge, kinds in controls.items():
        found |= {f"{kind} as visible by {judge}, levels": 255 * loud for kind, loud in kinds.items()}
    for encoder in panel.encoders:
        found |= moved(encoder, one, other, controls, seed=seed)
    for encoder in (panel.encoders[0], panel.encoders[-1]):
        found |= survived(encoder, one, other, noises)
    return found | ({} if panel.tower is None else style_reference(panel.tower, one, other, list(noises.values())))


def by_judge(clean: Picture, changed: Picture, *, seed: int) -> dict[str, dict[str, float]]:
    """Return by judge how loud noise of every kind is that shows as much as the change."""
    return {
        name: amplitudes(clean, changed, seed=seed, kinds=PLAIN, measures={name: judge})
        for name, judge in JUDGES.items()
    }


def loudest(
    clean: Picture, changed: Picture, controls: Mapping[str, Mapping[str, float]], *, seed: int
) -> dict[str, Picture]:
    """Return the clean picture with noise of every kind, as loud as the judge that allows it most says."""
    return {
        kind: with_noise(clean, changed, kind, max(loud[kind] for loud in controls.values()), seed=seed)
        for kind in PLAIN
    }


def moved(
    encoder: Encoder, clean: Picture, changed: Picture, controls: Mapping[str, Mapping[str, float]], *, seed: int
) -> Measured:
    """Return how far latents move, and gains: by the strictest of the judges, by each, and as papers have them."""
    name, jobs = short(encoder), [(judge, kind) for judge, kinds in controls.items() for kind in kinds]
    pictures = [with_noise(clean, changed, kind, controls[judge][kind], seed=seed) for judge, kind in jobs]
    far, *rest = displacements(encoder, clean, [changed, *pictures, *of_equal_psnr(clean, changed, seed=seed)])
    noise = dict(zip(jobs, rest, strict=False))

    def gain(values: Sequence[float]) -> float:
        return far / max(*values, _TINY)

    found = {f"{name}, displacement": far, f"{name}, gain": gain(list(noise.values()))}
    found[f"{name}, gain without fine colour"] = gain([one for (_, kind), one in noise.items() if kind != FINE_COLOUR])
    for judge in controls:
        found[f"{name}, gain by {judge}"] = gain([one for (by, _), one in noise.items() if by == judge])
    return found | {f"{name}, gain at equal PSNR": gain(rest[len(jobs) :])}


def survived(encoder: Encoder, clean: Picture, changed: Picture, noises: Mapping[str, Picture]) -> Measured:
    """Return the gains that are left after every edit, and the worst."""
    found, grey = {}, []
    for name, edit in SURVIVAL.items():
        start, *after = (to_array(edit(to_batch(one), _DRAW)) for one in (clean, changed, *noises.values()))
        far, *rest = displacements(encoder, start, after)
        noise = dict(zip(noises, rest, strict=True))
        found[f"{short(encoder)}, gain after {name}"] = far / max(*noise.values(), _TINY)
        grey.append(far / max(_TINY, *(moves for kind, moves in noise.items() if kind != FINE_COLOUR)))
    worst = {"worst of these": min(found.values()), "worst of these without fine colour": min(grey)}
    return found | {f"{short(encoder)}, {name}": value for name, value in worst.items()}


def style_reference(tower: ClipVision, clean: Picture, changed: Picture, noises: Sequence[Picture]) -> Measured:
    """Return how alike the tower finds clean and changed picture, and clean picture and the worst noise."""
    found = {}
    for name, edit in EDITS.items():
        with torch.no_grad():
            seen = torch.cat([tower.squashed(edit(to_batch(one))) for one in (clean, changed, *noises)])
            start, *after = tower.features(seen).embedding
        alike = [float(F.cosine_similarity(start, one, dim=0)) for one in after]
        found[f"style reference, cosine, {name}"] = alike[0]
        found[f"style reference, cosine of noise, {name}"] = min(alike[1:])
    return found


def short(encoder: Encoder) -> str:
    """Return an encoder's name without its revision."""
    return encoder.name.partition("@")[0]
