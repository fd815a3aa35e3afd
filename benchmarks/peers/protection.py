"""A plain loop with published settings beside `audit protect`, at equal visibility; `make bench-peers`.

    python benchmarks/peers/protection.py --data ../shared/data [--count 3] [--write]

The loops are signed gradient descent within a bound of each level, against the autoencoders that `audit protect` uses:
latents are pulled to those of a grey picture, as the encoder attack of PhotoGuard does (Salman et al., "Raising the
Cost of Malicious AI-Powered Image Editing", ICML 2023, https://arxiv.org/abs/2302.06588), or to those of a pattern of
high contrast, as Mist does (Liang and Wu, 2023, https://arxiv.org/abs/2305.12683; its semantic loss needs a denoiser
and is left out). Their change is then made weaker until it has the SSIMULACRA2 of the cloak. Gains are beside noise as
visible by SSIMULACRA2 and by FLIP, on encoders that no loop has used.
What was measured is kept picture by picture in .cache/peers/protection.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image as Pillow
from torch import Tensor

from artaudit.distances import ssimulacra2
from artaudit.image import Image
from artaudit.protect.effect import effects
from artaudit.protect.job import CloakJob
from artaudit.protocols import Encoder
from artaudit.tensors import to_array, to_batch
from benchmarks.held_out import paintings
from benchmarks.page import write
from benchmarks.peers.asking import PAGE, ahead, machine, rows
from benchmarks.pools import cloaked, embedded_pool, judges, workshop

OUT = Path(".cache/peers/protection")
DONE = "`audit protect`"
_ROUNDS = 12
_TILE, _STRIPES = 16, 4


@dataclass(frozen=True, slots=True)
class Loop:
    """A published attack: bound and step in units of [0, 1], steps, and the picture whose latents it aims at."""

    bound: float
    step: float
    steps: int
    target: Callable[[Tensor], Tensor]


def pattern(like: Tensor) -> Tensor:
    """Return tiles of black and white stripes, one way and the other, of the size of a picture."""
    down = torch.arange(like.shape[-2])[:, None].expand(like.shape[-2:])
    across = torch.arange(like.shape[-1])[None, :].expand(like.shape[-2:])
    lying = (down // _TILE + across // _TILE) % 2 == 0
    stripes = torch.where(lying, down // _STRIPES, across // _STRIPES) % 2
    return stripes.to(like.dtype).expand_as(like)


LOOPS = {
    "PhotoGuard's encoder attack": Loop(16 / 255, 2 / 255, 200, lambda like: torch.full_like(like, 0.5)),
    "Mist's textural loss": Loop(17 / 255, 1 / 255, 100, pattern),
}


def attacked(loop: Loop, encoders: Sequence[Encoder], clean: np.ndarray) -> np.ndarray:
    """Return the picture after all steps of a loop."""
    start = to_batch(clean)
    with torch.no_grad():
        targets = [encoder.encode(loop.target(start)) for encoder in encoders]
    change = torch.zeros_like(start)
    for _ in range(loop.steps):
        change.requires_grad_()
        pairs = zip(encoders, targets, strict=True)
        loss = torch.stack([(encoder.encode(start + change) - target).square().mean() for encoder, target in pairs])
        (slope,) = torch.autograd.grad(loss.sum(), change)
        change = (change.detach() - loop.step * slope.sign()).clamp(-loop.bound, loop.bound)
        change = (start + change).clamp(0, 1) - start
    return to_array(start + change)


def weakened(clean: np.ndarray, changed: np.ndarray, score: float) -> np.ndarray:
    """Return the picture with the largest share of a change that keeps a SSIMULACRA2 score, in whole levels."""
    low, high = 0.0, 1.0
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if ssimulacra2(clean, _part(clean, changed, middle)) >= score else (low, middle)
    return _part(clean, changed, low)


def _part(clean: np.ndarray, changed: np.ndarray, share: float) -> np.ndarray:
    return np.round((clean + share * (changed - clean)).clip(0, 1) * 255) / 255


def made(job: CloakJob, encoders: Sequence[Encoder], image: Image, number: int) -> dict[str, tuple[np.ndarray, float]]:
    """Return what each way makes of a picture, as visible as the cloak, and the CPU seconds that it took."""
    begun = time.process_time()
    cloak = cloaked(job, image, number).pixels
    results = {DONE: (cloak, time.process_time() - begun)}
    score = ssimulacra2(image.pixels, cloak)
    for name, loop in LOOPS.items():
        begun = time.process_time()
        changed = attacked(loop, encoders, image.pixels)
        results[f"{name}, as published"] = changed, time.process_time() - begun
        results[name] = weakened(image.pixels, changed, score), time.process_time() - begun
    return results


def measured(panel: Sequence[Encoder], clean: np.ndarray, changed: np.ndarray, seed: int) -> dict[str, float]:
    """Return the score of a change, and its gain on every encoder of the panel."""
    found = effects(panel, clean, changed, seed=seed)
    return {"SSIMULACRA2": ssimulacra2(clean, changed)} | {effect.encoder: effect.gain for effect in found}


def kept(data: Path, count: int) -> list[dict[str, dict[str, float]]]:
    """Return the measures of so many held-out paintings by way, made where they are not kept yet."""
    OUT.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    job, encoders, panel = workshop(), embedded_pool(), judges(data)
    measures: list[dict[str, dict[str, float]]] = []
    for number, piece in enumerate(paintings(data, count)):
        path = OUT / f"{piece.name}.json"
        if not path.is_file():
            image = piece.open()
            told: dict[str, Any] = {}
            for name, (changed, seconds) in made(job, encoders, image, number).items():
                told[name] = measured(panel, image.pixels, changed, 1000 + number) | {"CPU s": seconds}
                saved = OUT / f"{piece.name}-{'-'.join(name.strip('`').split())}.png"
                Pillow.fromarray(np.round(changed * 255).astype(np.uint8)).save(saved)
            path.write_text(json.dumps(told, indent=1), "utf-8")
        measures.append(json.loads(path.read_text("utf-8")))
    return measures


def text(measures: Sequence[dict[str, dict[str, float]]]) -> str:
    """Return the table: the mean of every measure by way, and in brackets the picture with the lowest."""
    names = list(next(iter(measures[0].values())))
    lines = []
    for way in measures[0]:
        values = {name: [told[way][name] for told in measures] for name in names}
        lines.append((way, *(f"{np.mean(each):.1f} ({min(each):.1f})" for each in values.values())))
    head = ("way", *(f"gain on {name.partition('@')[0]}" if "@" in name else name for name in names))
    facts = (
        f"{len(measures)} held-out paintings of 256 pixels a side; the mean, and in brackets the lowest. {machine()}"
    )
    gains = {
        way: [float(np.mean([told[way][name] for told in measures])) for name in names if "@" in name] for way in LOOPS
    }
    own = [float(np.mean([told[DONE][name] for told in measures])) for name in names if "@" in name]
    return f"{rows(head, lines)}\n\n{ahead([name for name in head if name.startswith('gain')], own, gains)} {facts}"


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    asked = parser.parse_args()
    shown = text(kept(asked.data, asked.count))
    print(shown)
    if asked.write:
        write(PAGE, "peers-protection", shown)


if __name__ == "__main__":
    main()
