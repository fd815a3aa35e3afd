"""The attacker who has this tool: a network trained on pairs that the cloak under test makes, and how well it detects.

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

from artaudit import catalog
from artaudit.datasets.drawings import SIDE as DRAWN
from artaudit.datasets.drawings import draw
from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.distances import linf, ssimulacra2
from artaudit.errors import UsageError
from artaudit.findings import PLUGIN
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
"""Settings of a receipt's method that are used again, besides its transforms."""

_DEFAULT = CloakOrder().method
_BEST = 95.0
"""The highest SSIMULACRA2 score of training pairs, since nothing is learned from pairs without a change."""

HELD_OUT = 0.25
"""Share of the pairs that are held out from training, to measure detection."""


@dataclass(frozen=True, slots=True)
class Schooling:
    """How the attacker trains: on `pairs` pairs of `side` pixels, cloaked in `steps`, as `lessons` says."""

    pairs: int = 48
    side: int = 96
    steps: int = 40
    lessons: RemoverTrainer = field(default_factory=RemoverTrainer)


@dataclass(frozen=True, slots=True)
class Adversary:
    """A trained attacker: its weights, and how well it detects cloaks in held-out pairs.

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
        """Return how suspicious a picture is, as JSON values."""
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
    """Train an attacker on pairs made like the picture under trial: by the method and models of its receipt.

    The budget is that of the picture's own change, or the default one where no original is known. The loss against
    style references is left out: on pictures this small it takes the most time.
    """
    job = job_like(pair.receipt, schooling.steps)
    tool = replace(job.cloak, style=None)
    budget = _budget(pair) or job.budget
    clean, cloaked = [], []
    for number in range(schooling.pairs):
        image = _material(number, schooling.side, seed)
        cloak = tool.apply(image, budget=budget, seed=seed + number)
        clean.append(to_batch(image.samples))
        cloaked.append(to_batch(cloak.colours.astype(np.float32) / image.levels))
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
    """Return a job with a receipt's method, settings and models, in `steps` steps; without a receipt the default job.

    Receipts of the second schema hold only the method's name.
    """
    job = prepare(_order(receipt, steps))
    method = None if receipt is None else receipt["method"]
    if not isinstance(method, Mapping) or not method["name"]:
        return job
    cloak = with_settings(job.cloak, {name: method[name] for name in REPEATED})
    transforms = [transform_of(settings) for settings in method["expectation"]]
    known = tuple(transform for transform in transforms if transform is not None)
    expectation = known if len(known) == len(transforms) else cloak.expectation
    cloak = replace(cloak, descent=replace(cloak.descent, steps=steps), expectation=expectation)
    return replace(job, cloak=cloak)


def _order(receipt: Mapping[str, Any] | None, steps: int) -> CloakOrder:
    """Return an order with a receipt's method and those of its models that are installed; else the default order."""
    if receipt is None:
        return CloakOrder(steps=steps)
    here = {record.name for record in pool.available() if record.use == pool.SURROGATE}
    known = tuple(name for name in models_of(receipt) if name in here)
    return CloakOrder(method=_method(receipt["method"]), models=known or ("auto",), steps=steps)


def _method(method: Mapping[str, Any] | str) -> str:
    """Return the name of a receipt's method, the default one where it is not in the catalog.

    Receipts of the second schema hold the text of a Python object, which names the class of its objective.
    """
    if isinstance(method, str):
        match = re.search(r"objective=(\w+)", method)
        return method_named(match[1] if match else "") or _DEFAULT
    name = str(method["name"]) or _DEFAULT
    if name not in catalog.CLOAKS:
        of = f"of {method[PLUGIN]}, which is" if method.get(PLUGIN) else "which is"
        raise UsageError(f"It was cloaked with {name}, {of} not installed here: no attacker can train on that.")
    return name


def _budget(pair: Pair) -> Budget | None:
    if pair.clean is None or pair.untouched:
        return None
    clean, changed = middle(pair.clean), middle(pair.changed)
    levels = max(1, round(linf(clean, changed) * 255))
    return Budget(levels / 255, min(ssimulacra2(clean, changed), _BEST))


def _material(number: int, side: int, seed: int) -> Image:
    """Return a training picture: every fourth is a part of a photograph, the others are drawings by code."""
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
