"""The attacker who owns this tool: trained on pairs that the cloak under test makes, and asked what it can tell.

After Foerster et al., "LightShed", USENIX Security 2025,
https://www.usenix.org/conference/usenixsecurity25/presentation/foerster
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from PIL import Image as Pillow

from artaudit.datasets.drawings import SIDE as DRAWN
from artaudit.datasets.drawings import draw
from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.distances import linf, ssimulacra2
from artaudit.generators import pool
from artaudit.image import Image, decode
from artaudit.metrics import auc
from artaudit.protect.attacks.trained import RemoverTrainer, suspicion
from artaudit.protect.job import CloakJob, CloakOrder, prepare
from artaudit.protect.receipt import middle
from artaudit.protect.settings import method_named, transform_of, with_settings
from artaudit.protect.trial.judges import models_of
from artaudit.protect.trial.pairs import Pair
from artaudit.protect.trial.survival import remover_of, weights_of
from artaudit.protocols import Budget, Progress
from artaudit.tensors import to_batch

REPEATED = ("objective", "descent", "together")
"""Parts of a method that fit any picture and any models; the transforms are repeated too."""

_DEFAULT = CloakOrder().method
_BEST = 95.0
"""The highest SSIMULACRA2 score of training pairs: nothing is learned from pairs without a change."""

HELD_OUT = 0.25
"""Share of the pairs that the attacker never trains on, to see what it can tell."""


@dataclass(frozen=True, slots=True)
class Schooling:
    """How the attacker trains: on so many `pairs` of `side` pixels, cloaked in `steps`, and by what schedule."""

    pairs: int = 48
    side: int = 96
    steps: int = 40
    lessons: RemoverTrainer = field(default_factory=RemoverTrainer)


@dataclass(frozen=True, slots=True)
class Adversary:
    """A trained attacker: its weights, and what it tells apart on held-out pairs.

    `threshold` is the largest suspicion of `held_out` clean pictures; `auc` the chance that a cloaked picture is more
    suspicious than a clean one; `found` the share of cloaked ones above the threshold.
    """

    weights: Mapping[str, np.ndarray] = field(repr=False)
    method: str
    threshold: float
    auc: float
    found: float
    held_out: int

    def judge(self, image: Image) -> dict[str, Any]:
        """Say how suspicious a picture is."""
        score = float(suspicion(remover_of(self.weights), to_batch(middle(image)))[0])
        above = score > self.threshold
        return {
            "score": round(score, 6),
            "threshold": round(self.threshold, 6),
            "above": above,
            "auc": round(self.auc, 4),
            "found": round(self.found, 4),
            "held_out": self.held_out,
            "method": self.method,
            "sentence": f"An attacker trained on {self.method} {'suspects a cloak' if above else 'suspects nothing'} "
            f"(score {255 * score:.2f} levels, threshold {255 * self.threshold:.2f}). On {self.held_out} held-out "
            f"pairs it tells cloaked from clean with an AUC of {self.auc:.3f} and finds {self.found:.0%} with no "
            "false alarm. They were drawings by code and photographs: on paintings it may err more often.",
        }


def school(pair: Pair, schooling: Schooling, *, seed: int, progress: Progress | None = None) -> Adversary:
    """Train an attacker on pairs made like the picture under trial: by the method and models that a receipt names.

    The budget is what shows of the picture's own change; where no original is known, the default one. Style references
    are left out: on pictures this small they cost the most.
    """
    job = job_like(pair.receipt, schooling.steps)
    tool = replace(job.cloak, style=None)
    budget = _budget(pair) or job.budget
    clean, cloaked = [], []
    for number in range(schooling.pairs):
        image = _material(number, schooling.side, seed)
        made = tool.apply(image, budget=budget, seed=seed + number)
        clean.append(to_batch(image.samples))
        cloaked.append(to_batch(made.colours.astype(np.float32) / image.levels))
        if progress is not None:
            progress(number + 1, schooling.pairs)
    before, after = torch.cat(clean), torch.cat(cloaked)
    kept = max(1, round(HELD_OUT * schooling.pairs))
    network = schooling.lessons.train(before[kept:], after[kept:], seed=seed)
    low, high = (suspicion(network, pictures[:kept]) for pictures in (before, after))
    threshold = float(low.max())
    found = float((high > threshold).double().mean())
    return Adversary(
        weights_of(network), job.order.method, threshold, auc(high.double().numpy(), low.double().numpy()), found, kept
    )


def job_like(receipt: Mapping[str, Any] | None, steps: int) -> CloakJob:
    """Return a job that cloaks as a receipt says, in so many steps: its method, settings and models; else the default.

    Receipts of the second schema keep the method's name alone.
    """
    job = prepare(_order(receipt, steps))
    made = None if receipt is None else receipt["method"]
    if not isinstance(made, Mapping) or not made["name"]:
        return job
    cloak = with_settings(job.cloak, {name: made[name] for name in REPEATED})
    seen = [transform_of(one) for one in made["expectation"]]
    known = tuple(one for one in seen if one is not None)
    expectation = known if len(known) == len(seen) else cloak.expectation
    cloak = replace(cloak, descent=replace(cloak.descent, steps=steps), expectation=expectation)
    return replace(job, cloak=cloak)


def _order(receipt: Mapping[str, Any] | None, steps: int) -> CloakOrder:
    """Read method and models off a receipt, as far as they are still here; the default cloak without one."""
    if receipt is None:
        return CloakOrder(steps=steps)
    here = {one.name for one in pool.available() if one.use == pool.SURROGATE}
    known = tuple(name for name in models_of(receipt) if name in here)
    return CloakOrder(method=_method(receipt["method"]), models=known or ("auto",), steps=steps)


def _method(made: Mapping[str, Any] | str) -> str:
    """Return the name of the method of a receipt, the default where it is not of the catalog.

    Receipts of the second schema hold the text of a Python object, which names the class of its objective.
    """
    if isinstance(made, str):
        found = re.search(r"objective=(\w+)", made)
        return method_named(found[1] if found else "") or _DEFAULT
    return str(made["name"]) or _DEFAULT


def _budget(pair: Pair) -> Budget | None:
    if pair.clean is None or pair.untouched:
        return None
    clean, changed = middle(pair.clean), middle(pair.changed)
    levels = max(1, round(linf(clean, changed) * 255))
    return Budget(levels / 255, min(ssimulacra2(clean, changed), _BEST))


def _material(number: int, side: int, seed: int) -> Image:
    """Return a picture to learn from: every fourth a part of a photograph, the others drawings by code."""
    rng = np.random.default_rng([seed, number])
    if number % 4 == 0:
        names = sorted(PHOTOGRAPHS)
        with Pillow.open(io.BytesIO(photograph(names[number // 4 % len(names)]))) as opened:
            whole = opened.convert("RGB")
    else:
        whole = draw(rng)
    part = min(*whole.size, int(rng.integers(min(side, DRAWN), DRAWN + 1)))
    left, top = (int(rng.integers(length - part + 1)) for length in whole.size)
    buffer = io.BytesIO()
    whole.crop((left, top, left + part, top + part)).resize((side, side)).save(buffer, "PNG")
    return decode(buffer.getvalue(), name=f"lesson {number}")
