"""Trains the embedded autoencoders: distils two encoders from larger teachers, then fits a decoder to each.

Resumable: a checkpoint every minute, every step seeded by its number. Teachers are asked once, their answers
cached. Usage: python -m training.embedded --data ../shared/data [--minutes 60] [--only flux2|sd1]
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from artaudit.generators.pool import RECORD, SURROGATE, describe, record_of
from artaudit.generators.studio import StudioDecoder, StudioEncoder
from training.pictures import crops, training_paths
from training.teachers import VISITS, build_shard, cached_shard, teacher

SEED = 1
CACHE = Path(".cache/embedded")
CHECKPOINT_SECONDS = 60


@dataclass(frozen=True)
class Recipe:
    """How one student is made: latent space, channels, widths, the teacher's answers, steps, batch, learning rate.

    `answers_seed` draws the crops and attacks that the teacher is asked about.
    """

    family: str
    channels: int
    widths: tuple[int, int, int]
    shards: int
    encoder_steps: int
    decoder_steps: int
    answers_seed: int = SEED
    batch: int = 12
    rate: float = 1e-3
    slope_weight: float = 1.0


RECIPES = {
    "flux2": Recipe("FLUX.2", 32, (32, 64, 128), 96, encoder_steps=2240, decoder_steps=500, answers_seed=20261124),
    "sd1": Recipe("SD 1.x", 4, (24, 48, 96), shards=24, encoder_steps=600, decoder_steps=300),
}


def shard(name: str, data: Path, paths: list[Path], number: int) -> dict[str, Tensor]:
    """Return what the teacher answers on shard `number`, asked once."""
    seed, weights = RECIPES[name].answers_seed, data / "weights"
    return cached_shard(CACHE / name, number, lambda: build_shard(teacher(name, weights), paths, seed, number))


def encoder_loss(student: nn.Module, answers: dict[str, Tensor], weight: float) -> dict[str, Tensor]:
    """Compare a student with its teacher's latents and input gradients on clean and attacked crops."""
    moved = answers["moved"].requires_grad_()
    mine, mine_moved = student(answers["clean"]), student(moved)
    theirs, theirs_moved = answers["latents"], answers["latents_moved"]
    spread = theirs.var()
    shift, wanted = mine_moved - mine, theirs_moved - theirs
    power = wanted.square().mean((1, 2, 3), keepdim=True) + 0.02 * spread
    (slope,) = torch.autograd.grad((mine_moved * wanted).sum(), moved, create_graph=True)
    parts = {
        "latents": ((mine - theirs).square().mean() + (mine_moved - theirs_moved).square().mean()) / (2 * spread),
        "shift": ((shift - wanted).square() / power).mean(),
        "slope": 1 - F.cosine_similarity(slope.flatten(1), answers["gradients_moved"].flatten(1)).mean(),
    }
    parts["loss"] = parts["latents"] + 0.3 * parts["shift"] + weight * parts["slope"]
    return parts


class Shards:
    """All cached answers of one teacher in memory, as batches."""

    def __init__(self, name: str, data: Path, count: int) -> None:
        """Load `count` shards, asking the teacher for those that are missing."""
        paths = training_paths(data)
        self.shards = []
        for number in range(count):
            self.shards.append(shard(name, data, paths, number))
            print(f"{name}: shard {number + 1}/{count}", end="\r", flush=True)

    def batch(self, step: int, size: int) -> dict[str, Tensor]:
        """Return clean crops with one of their attacked versions each, drawn by the number of the step."""
        chance = torch.Generator().manual_seed(SEED * 7919 + step)
        number = int(torch.randint(len(self.shards), (1,), generator=chance))
        visit = int(torch.randint(VISITS, (1,), generator=chance))
        shard = self.shards[number]
        pick = torch.randperm(len(shard["clean"]), generator=chance)[:size]
        return {
            "clean": shard["clean"][pick].float() / 255,
            "moved": shard[f"moved_{visit}"][pick].float(),
            "latents": shard["latents"][pick].float(),
            "latents_moved": shard[f"latents_{visit}"][pick].float(),
            "gradients_moved": shard[f"gradients_{visit}"][pick].float(),
        }


class Run:
    """A resumable optimisation with an average of its weights, one checkpoint file."""

    def __init__(self, net: nn.Module, path: Path, steps: int, rate: float) -> None:
        """Start `net`, or go on from the checkpoint at `path`."""
        self.net, self.path, self.steps = net, path, steps
        self.optimiser = torch.optim.AdamW(net.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=1e-4)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(self.optimiser, rate, steps, pct_start=0.1)
        self.average = {key: value.clone() for key, value in net.state_dict().items()}
        self.step = 0
        if path.exists():
            self._resume()

    def _resume(self) -> None:
        kept = torch.load(self.path, weights_only=True)
        self.net.load_state_dict(kept["net"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.average, self.step = kept["average"], kept["step"]
        for _ in range(self.step):
            self.schedule.step()

    def keep(self) -> None:
        """Write the checkpoint, whole or not at all."""
        beside = self.path.with_suffix(".part")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        state = {"net": self.net.state_dict(), "optimiser": self.optimiser.state_dict()}
        torch.save(state | {"average": self.average, "step": self.step}, beside)
        beside.replace(self.path)

    def train(self, loss: Callable[[int], dict[str, Tensor]], deadline: float) -> bool:
        """Go on until all steps are done or the deadline passes; True when done."""
        kept = time.monotonic()
        while self.step < self.steps and time.monotonic() < deadline:
            parts = loss(self.step)
            self.optimiser.zero_grad(set_to_none=True)
            parts["loss"].backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
            self.optimiser.step()
            self.schedule.step()
            self.step += 1
            self._follow()
            if self.step % 20 == 0:
                told = " ".join(f"{key} {value.item():.3f}" for key, value in parts.items())
                print(f"{self.path.stem} {self.step}/{self.steps} {told}", flush=True)
            if time.monotonic() - kept > CHECKPOINT_SECONDS:
                self.keep()
                kept = time.monotonic()
        self.keep()
        return self.step >= self.steps

    def _follow(self) -> None:
        share = min(0.995, self.step / (self.step + 20))
        for key, value in self.net.state_dict().items():
            self.average[key].mul_(share).add_(value, alpha=1 - share)


def train_encoder(name: str, data: Path, deadline: float) -> bool:
    """Distil the encoder of student `name`; True when all its steps are done."""
    recipe = RECIPES[name]
    torch.manual_seed(SEED)
    net = StudioEncoder(recipe.channels, recipe.widths)
    run = Run(net, CACHE / f"{name}-encoder.pt", recipe.encoder_steps, recipe.rate)
    if run.step < run.steps:
        shards = Shards(name, data, recipe.shards)
        run.train(lambda s: encoder_loss(net, shards.batch(s, recipe.batch), recipe.slope_weight), deadline)
    ship(run.average, name, "encoder")
    return run.step >= run.steps


def train_decoder(name: str, data: Path, deadline: float) -> bool:
    """Fit the decoder of student `name` to the student's own latents; True when all its steps are done."""
    recipe, paths = RECIPES[name], training_paths(data)
    torch.manual_seed(SEED)
    encoder = StudioEncoder(recipe.channels, recipe.widths)
    encoder.load_state_dict({k: v.float() for k, v in load_file(weights_path(name, "encoder")).items()})
    net = StudioDecoder(recipe.channels, recipe.widths)

    def loss(step: int) -> dict[str, Tensor]:
        pixels = crops((SEED, 2, step), paths, 16).float() / 255
        with torch.no_grad():
            latents = encoder(pixels)
        redrawn = net(latents)
        error = F.mse_loss(redrawn, pixels)
        return {"loss": F.l1_loss(redrawn, pixels) + 5 * error, "mse": error}

    run = Run(net, CACHE / f"{name}-decoder.pt", recipe.decoder_steps, 2e-3)
    done = run.train(loss, deadline)
    ship(run.average, name, "decoder")
    return done


def weights_path(name: str, half: str) -> Path:
    """Return where the shipped file of one half of a student lies."""
    return Path("artaudit/generators/weights") / f"studio-{name}" / f"{half}.safetensors"


def ship(state: dict[str, Tensor], name: str, half: str) -> None:
    """Write the averaged weights in half precision."""
    path = weights_path(name, half)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}")
    save_file({key: value.half().contiguous() for key, value in state.items()}, beside)
    beside.replace(path)
    path.chmod(0o644)
    pin(name)


def pin(name: str) -> None:
    """Write the record of a student whose two halves are there."""
    halves = [weights_path(name, half) for half in ("encoder", "decoder")]
    if all(path.exists() for path in halves):
        folder, about = halves[0].parent, {"family": RECIPES[name].family, "licence": "Apache-2.0"}
        record = record_of(folder.name, "studio", halves, use=SURROGATE, **about)
        (folder / RECORD).write_bytes(describe(record))


def main() -> None:
    """Train what is not yet trained, within the minutes given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv, pictures and weights")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long; run again to go on")
    parser.add_argument("--only", choices=sorted(RECIPES), help="one student alone")
    parser.add_argument("--half", choices=("encoder", "decoder"), help="one half alone")
    args = parser.parse_args()
    deadline = time.monotonic() + 60 * args.minutes
    for name in [args.only] if args.only else RECIPES:
        if args.half != "decoder":
            train_encoder(name, args.data, deadline)
        if args.half != "encoder":
            train_decoder(name, args.data, deadline)


if __name__ == "__main__":
    main()
