"""How far a short attack on a pool of students carries to encoders outside it; for choosing between students.

Twelve crops of 192 pixels: one of each painting kept apart for choosing, and of four other training pictures. The
score is the root mean square displacement of latents over that under the stronger of white and low-pass noise of the
same power, as geometric mean over the crops: 1 is noise.
Usage: python -m training.transfer --data DATA studio-flux2,studio-sd1 path/encoder.safetensors …
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from artaudit.generators.state_dicts import fill, read_state
from artaudit.generators.studio import StudioEncoder, shape_of
from artaudit.generators.taesd import TaesdEncoder
from artaudit.transforms import Blur
from training.pictures import choosing_paths, open_picture, set_apart
from training.teachers import Encode, teacher

SIDE = 192
STEPS = 30
BUDGET = 2.5 / 255
SEED = 5


def clean_crops(data: Path) -> Tensor:
    """Return the crops that students are chosen on, in [0, 1]."""
    rng = np.random.default_rng(SEED)
    found = []
    for path in (*choosing_paths(data), *set_apart(data)):
        picture = np.asarray(open_picture(path))
        top, left = (int(rng.integers(size - SIDE + 1)) for size in picture.shape[:2])
        found.append(picture[top : top + SIDE, left : left + SIDE])
    return torch.from_numpy(np.stack(found).transpose(0, 3, 1, 2).copy()).float() / 255


def student(name: str) -> Encode:
    """Open an encoder by its path or as `NAME` among the shipped ones."""
    path = Path(name)
    if path.suffix != ".safetensors":
        path = Path("artaudit/generators/weights") / name / "encoder.safetensors"
    state, _ = read_state(path)
    return fill(StudioEncoder(*shape_of(state, path)), state, path)


def attack(pool: Sequence[Encode], clean: Tensor) -> Tensor:
    """Return changes of `clean` at the budget that push the latents of all in `pool` away, by Adam."""
    clean = clean.contiguous(memory_format=torch.channels_last)
    origins = [encode(clean).detach() for encode in pool]
    change = torch.randn(clean.shape, generator=torch.Generator().manual_seed(SEED)).mul_(2 / 255).requires_grad_()
    optimiser = torch.optim.Adam([change], lr=1 / 255, betas=(0.8, 0.98))
    for step in range(STEPS):
        optimiser.param_groups[0]["lr"] = 0.1 ** (step / (STEPS - 1)) / 255
        loss = torch.zeros(())
        for encode, origin in zip(pool, origins, strict=True):
            far = (encode((clean + change).clamp(0, 1)) - origin).square().mean((1, 2, 3))
            loss = loss - far.add(1e-8).log().sum()
        (change.grad,) = torch.autograd.grad(loss, change)
        optimiser.step()
        with torch.no_grad():
            change.mul_((BUDGET / power(change).sqrt()).clamp_max(1))
    return (clean + change.detach() * (BUDGET / power(change.detach()).sqrt())).clamp(0, 1) - clean


def power(change: Tensor) -> Tensor:
    """Return each change's mean square."""
    return change.square().mean((1, 2, 3), keepdim=True)


def noises(change: Tensor) -> list[Tensor]:
    """Return white and low-pass noise of the same power as `change`, crop by crop."""
    white = torch.randn(change.shape, generator=torch.Generator().manual_seed(SEED + 1))
    return [noise * (power(change) / power(noise)).sqrt() for noise in (white, Blur(1.0)(white, 0))]


def scores(encode: Encode, clean: Tensor, changes: Sequence[Tensor]) -> list[float]:
    """Return the score of each attack by one judge; noise has the first attack's power."""
    with torch.no_grad():
        origin = _each(encode, clean)
        white, soft, *cloaks = (
            (_each(encode, (clean + change).clamp(0, 1)) - origin).square().mean((1, 2, 3)).sqrt()
            for change in (*noises(changes[0]), *changes)
        )
    return [float((cloak / torch.maximum(white, soft)).log().mean().exp()) for cloak in cloaks]


def _each(encode: Encode, pixels: Tensor) -> Tensor:
    """Return the latents of each picture; with the channels innermost, convolutions take a fifth less time."""
    return torch.cat(
        [encode(picture.contiguous(memory_format=torch.channels_last)) for picture in torch.split(pixels, 1)]
    )


def judges(data: Path, *, hold_out: bool) -> dict[str, Encode]:
    """Return the encoders that say how far an attack carries."""
    found: dict[str, Encode] = {
        "TAEF2": teacher("flux2", data / "weights"),
        "VAElight": teacher("sd1", data / "weights"),
    }
    if hold_out:
        path = data / "weights" / "taesana_encoder.safetensors"
        found["TAESANA"] = TaesdEncoder(path, name="taesana", family="SANA").encode
    return found


def main() -> None:
    """Print one line a pool."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv, pictures and weights")
    parser.add_argument("--hold-out", action="store_true", help="ask TAESANA too: for the last measurement only")
    parser.add_argument("pools", nargs="+", help="names or paths, joined by commas; or TAEF2 and VAElight themselves")
    args = parser.parse_args()
    clean, panel = clean_crops(args.data), judges(args.data, hold_out=args.hold_out)
    changes = [attack([panel.get(name) or student(name) for name in pool.split(",")], clean) for pool in args.pools]
    table = {judge: scores(encode, clean, changes) for judge, encode in panel.items()}
    for number, pool in enumerate(args.pools):
        print(pool, *(f"{judge} {column[number]:.2f}" for judge, column in table.items()), flush=True)


if __name__ == "__main__":
    main()
