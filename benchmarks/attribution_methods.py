"""Compares the statistics of attribution with one another, at like cost, on pictures that were saved as JPEG 85."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import cast

import numpy as np
import torch

from artaudit.attribution.calibration import fit_stratum
from artaudit.attribution.candidate import Candidate, open_candidate, statistic
from artaudit.attribution.evaluation import Crops
from artaudit.attribution.known_pictures import as_levels, as_pixels, to_8_bits
from artaudit.attribution.known_sets import denoised
from artaudit.attribution.regression import BELONGING
from artaudit.attribution.statistic import Statistic, in_parts, redraw
from artaudit.attribution.statistics.ddim import Ddim
from artaudit.attribution.statistics.latenttracer import LatentTracer
from artaudit.attribution.statistics.phase import Phase
from artaudit.attribution.statistics.ronan import Ronan
from artaudit.edits import Saved
from artaudit.generators import pool
from artaudit.metrics import auc
from artaudit.protocols import Autoencoder, Generator
from benchmarks.attribution_pictures import Pictures

SIDE, LARGE = 128, 512
STEPS_OF_SEARCHES = (2, 6, 20)
DENOISER = "studio-diffusion"
METHODS = 40
"""Pictures of a set that statistics are compared on."""


def methods(candidate: Candidate, pictures: Pictures) -> str:
    """Return how each statistic tells one candidate's own pictures, scored by folds, and what it takes.

    The two searches of latents run for as long as the gradient-free statistics do, then four and twelve times as long.
    """
    tried: Mapping[str, Statistic] = {
        **{f"`{name}`": statistic(name) for name in ("inversion", "octaves", "double", "phase", "aeroblade")},
        **{f"`latenttracer`, {steps} steps": LatentTracer(steps=steps, settled=0) for steps in STEPS_OF_SEARCHES},
        **{f"`ronan`, {steps} steps": Ronan(steps=steps, starts=1) for steps in STEPS_OF_SEARCHES},
    }
    sets = {
        BELONGING: pictures.own(candidate, SIDE, METHODS),
        "real pictures": pictures.real(SIDE, METHODS),
        "edited ones": pictures.edited("edited pictures", SIDE, METHODS),
    }
    told = _compared(open_candidate(candidate.record), tried, sets)
    return f"{told}\n\n`{candidate.record.name}`, {METHODS} pictures of {SIDE} pixels a set, JPEG 85."


def window(candidate: Candidate, pictures: Pictures) -> str:
    """Return what `phase` loses by looking at a window alone, on pictures of 512 pixels as they were drawn."""
    sets = {"own": pictures.own(candidate, LARGE, METHODS), "real": pictures.real(LARGE, METHODS)}
    model, told = open_candidate(candidate.record), []
    for side in (96, 192, LARGE):
        begin = time.process_time()
        own, real = (
            torch.cat([Phase(side).measure(model, as_pixels([crop])) for crop in crops])[:, 0].numpy()
            for crops in sets.values()
        )
        spent = (time.process_time() - begin) / (2 * METHODS)
        told.append(f"{side} pixels: AUC {auc(own, real):.3f} in {spent:.2f} s")
    about = (
        f"`phase` of {METHODS} pictures of {LARGE} pixels that `{candidate.record.name}` drew, beside as many real ones"
    )
    return f"{about}, by the side of its window: {', '.join(told)} a picture."


def denoiser(pictures: Pictures) -> str:
    """Return how statistics tell what a denoiser drew from what its autoencoder alone redrew, and from real pictures.

    Its own pictures are real crops that it drew again from 60 % noise, without a prompt, in 20 steps.
    """
    record = pool.by_name(pool.embedded())[DENOISER]
    model = open_candidate(record, denoiser=True)
    crops = pictures.real(SIDE, 2 * METHODS)
    again = as_pixels(crops[METHODS:])
    sets = {
        BELONGING: list(as_levels(denoised(cast(Generator, model), again))),
        "real pictures": crops[:METHODS],
        "redrawn by its autoencoder": list(as_levels(to_8_bits(redraw(model, again)))),
    }
    tried: Mapping[str, Statistic] = {
        **{f"`{name}`": statistic(name) for name in ("inversion", "octaves", "aeroblade")},
        **{f"`ddim`, {steps} steps": Ddim(steps=steps) for steps in (2, 10)},
    }
    told = _compared(model, tried, sets)
    return f"{told}\n\n`{record.name}`, {METHODS} pictures of {SIDE} pixels a set, JPEG 85."


def _compared(model: Autoencoder, tried: Mapping[str, Statistic], sets: Mapping[str, Crops]) -> str:
    """Return a row for every statistic: AUC of own pictures against each other set, and processor seconds."""
    saved = {name: as_pixels([Saved(85)(crop) for crop in crops]) for name, crops in sets.items()}
    names = [name for name in saved if name != BELONGING]
    lines = [f"| statistic | {' | '.join(f'AUC against {name}' for name in names)} | processor seconds a picture |"]
    lines.append("|---|" + "---|" * (len(names) + 1))
    for name, told in tried.items():
        begin = time.process_time()
        numbers = {key: in_parts(partial(told.measure, model), batch).double().numpy() for key, batch in saved.items()}
        spent = (time.process_time() - begin) / sum(map(len, saved.values()))
        known = fit_stratum(numbers, {key: np.arange(len(values)) for key, values in numbers.items()})
        cells = [f"{known.aucs[other]:.3f}" for other in names]
        lines.append(f"| {name} | {' | '.join(cells)} | {spent:.2f} |")
    return "\n".join(lines)
