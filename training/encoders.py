"""Trains the embedded encoders that have no decoder: students taught at the points that attacks on them reach.

Resumable: a checkpoint every minute, every step seeded by its number; only the walks that were under way start anew.
Usage: python -m training.encoders --data DATA [--minutes 60] [--only sd1]
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from artaudit.generators.pool import RECORD, SURROGATE, describe, record_of
from artaudit.generators.studio import StudioEncoder
from training import embedded
from training.pictures import set_apart, training_paths
from training.teachers import keep_answers, past_answers, teacher
from training.walks import Pace, Paths

DRAFTS = Path(".cache/students")
"""Where students lie while they learn."""


@dataclass(frozen=True)
class Student:
    """One encoder: its channels and residual blocks at a half, a quarter and an eighth of the resolution.

    `grown` names the shipped student whose weights it starts from, its new channels mute.
    """

    widths: tuple[int, int, int]
    depths: tuple[int, int, int]
    grown: str = ""


@dataclass(frozen=True)
class Recipe:
    """How students of one latent space learn together: walks against all of them, steps, learning rate.

    With `keep` all answers of the teacher are kept on disk, and a past one is learned from again at every step.
    `after` names the recipe whose kept answers are all that is learned from: no walks, and the teacher rests.
    """

    space: str
    students: dict[str, Student]
    steps: int
    seed: int
    pace: Pace | None = None
    rate: float = 2e-3
    keep: bool = False
    after: str = ""


RECIPES = {
    "sd1": Recipe("sd1", {"sd1-wide": Student((32, 64, 96), (1, 1, 1))}, 1250, 31, Pace(16, side=64, strides=2)),
    "flux2": Recipe(
        "flux2",
        {"flux2-tuned": Student((32, 64, 128), (1, 2, 3), grown="flux2")},
        300,
        32,
        Pace(8, side=96, strides=2, visits=5, rounds=5),
        rate=1e-3,
        keep=True,
    ),
    "flux2-again": Recipe("flux2", {"flux2-wide": Student((64, 64, 96), (1, 1, 2))}, 450, 33, after="flux2"),
}


def grown(state: Mapping[str, Tensor], net: nn.Module) -> nn.Module:
    """Start `net` as the narrower network of `state`; its own channels read the further ones with weights of 0."""
    fresh = net.state_dict()
    for key, value in state.items():
        within = tuple(slice(size) for size in value.shape)
        if value.ndim > 1:
            fresh[key][: value.shape[0], value.shape[1] :] = 0
        fresh[key][within] = value.float()
    net.load_state_dict(fresh)
    return net


def untrained(recipe: Recipe) -> nn.ModuleDict:
    """Return the students as they start."""
    torch.manual_seed(recipe.seed)
    nets: dict[str, nn.Module] = {}
    for name, student in recipe.students.items():
        nets[name] = StudioEncoder(embedded.RECIPES[recipe.space].channels, student.widths, student.depths)
        if student.grown:
            grown(load_file(embedded.weights_path(student.grown, "encoder")), nets[name])
    return nn.ModuleDict(nets).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def lessons(key: str, nets: nn.ModuleDict, data: Path) -> Callable[[int], list[dict[str, Tensor]]]:
    """Return what there is to learn from at each step; the first batch is where walks have just led, if there are."""
    recipe = RECIPES[key]
    folder = embedded.CACHE / f"{recipe.after or key}-walks"
    if recipe.pace is None:
        count = RECIPES[recipe.after].steps
        return lambda step: [past_answers(folder, step, count)]
    apart = set(set_apart(data))
    sources = [path for path in training_paths(data) if path not in apart]
    paths = Paths(recipe.pace, sources, teacher(recipe.space, data / "weights"), recipe.seed)

    def both(step: int) -> list[dict[str, Tensor]]:
        fresh = paths.batch(step, list(nets.values()))
        if not recipe.keep:
            return [fresh]
        keep_answers(folder, step, fresh)
        return [fresh, past_answers(folder, step)] if step else [fresh]

    return both


def loss_of(nets: nn.ModuleDict, batches: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Return the sum of all students' losses, and its parts on the first batch."""
    parts: dict[str, Tensor] = {"loss": torch.zeros(())}
    for name, net in nets.items():
        for again, batch in enumerate(batches):
            found = embedded.encoder_loss(net, batch, 1.0)
            parts["loss"] = parts["loss"] + found.pop("loss")
            parts |= {} if again else {f"{name} {part}": value for part, value in found.items()}
    return parts


def train(key: str, data: Path, deadline: float) -> None:
    """Train the students of one recipe; they are shipped when all steps are done, else written beside the cache."""
    recipe = RECIPES[key]
    nets = untrained(recipe)
    run = embedded.Run(nets, embedded.CACHE / f"{key}-encoders.pt", recipe.steps, recipe.rate)
    if run.step < run.steps:
        batches = lessons(key, nets, data)
        run.train(lambda step: loss_of(nets, batches(step)), deadline)
    for name in nets:
        own = {
            part.removeprefix(f"{name}."): tensor for part, tensor in run.average.items() if part.startswith(f"{name}.")
        }
        write(own, DRAFTS / f"studio-{name}-encoder.safetensors")
        if run.step >= run.steps:
            ship(own, name, embedded.RECIPES[recipe.space].family)


def ship(state: Mapping[str, Tensor], name: str, family: str) -> None:
    """Put a student among the models that come with artaudit, and pin it."""
    path = embedded.weights_path(name, "encoder")
    write(state, path)
    about = {"family": family, "licence": "Apache-2.0", "use": SURROGATE}
    record = record_of(path.parent.name, "studio-encoder", [path], **about)
    (path.parent / RECORD).write_bytes(describe(record))


def write(state: Mapping[str, Tensor], path: Path) -> None:
    """Write weights in half precision, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}")
    save_file({key: value.half().contiguous() for key, value in state.items()}, beside)
    beside.replace(path)
    path.chmod(0o644)


def main() -> None:
    """Train what is not yet trained, within the minutes given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv, pictures and weights")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long; run again to go on")
    parser.add_argument("--only", choices=sorted(RECIPES), help="one recipe alone")
    args = parser.parse_args()
    deadline = time.monotonic() + 60 * args.minutes
    for key in [args.only] if args.only else RECIPES:
        train(key, args.data, deadline)


if __name__ == "__main__":
    main()
