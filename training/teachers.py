"""What a teacher answers on crops and on attacked crops: latents and input gradients, cached on disk.

Matching a teacher's gradients besides its outputs: Czarnecki et al., "Sobolev Training for Neural Networks",
https://arxiv.org/abs/1706.04859
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from artaudit.generators.taesd import TaesdEncoder
from artaudit.generators.vaelight import VaeLight
from artaudit.transforms import Blur
from training.pictures import crops

Encode = Callable[[Tensor], Tensor]

SHARD = 32
VISITS = 3
"""Attacked versions of each crop that are asked about, besides the crop itself."""


def teacher(name: str, weights: Path) -> Encode:
    """Load the encoder of the latent space `name`, flux2 or sd1, that students learn from."""
    if name == "flux2":
        return TaesdEncoder(weights / "taef2_encoder.safetensors", name="taef2", family="FLUX.2").encode
    files = (weights / f"vaelight_sd1_{half}.safetensors" for half in ("encoder", "decoder"))
    return VaeLight(*files).encode


def build_shard(encode: Encode, paths: Sequence[Path], seed: int, number: int) -> dict[str, Tensor]:
    """Ask the teacher about `SHARD` crops along a short attack of its own.

    Returns `clean` uint8 crops, `latents` of them and `gradients` of <E(x), v> for Gaussian v; then, for each
    visit k, `moved_k` (pixels x_k), `latents_k` and `gradients_k` of <E(x_k), E(x_k) - E(x)>, all float16.
    """
    chance = torch.Generator().manual_seed(seed * 100_003 + number)
    clean = crops((seed, number), paths, SHARD)
    pixels = clean.float() / 255
    latents, gradient = ask(encode, pixels, lambda z: torch.randn(z.shape, generator=chance))
    shard = {"clean": clean, "latents": latents.half(), "gradients": compact(gradient)}
    bound = (torch.rand(SHARD, 1, 1, 1, generator=chance) * 10 + 2) / 255
    shift = start(pixels.shape, chance) * bound
    for visit in range(VISITS):
        moved = (pixels + shift).clamp(0, 1).half()
        seen, gradient = ask(encode, moved.float(), lambda z: z - latents)
        shard |= {f"moved_{visit}": moved, f"latents_{visit}": seen.half(), f"gradients_{visit}": compact(gradient)}
        stride = bound * (torch.rand(SHARD, 1, 1, 1, generator=chance) * 0.6 + 0.3)
        shift = (moved.float() - pixels + stride * gradient.sign()).clamp(-bound, bound)
    return shard


def ask(encode: Encode, pixels: Tensor, direction: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """Return E(x) and the gradient of <E(x), direction(E(x))> with the direction held fixed."""
    pixels = pixels.detach().contiguous(memory_format=torch.channels_last).requires_grad_()
    latents = encode(pixels)
    (gradient,) = torch.autograd.grad((latents * direction(latents.detach())).sum(), pixels)
    return latents.detach(), gradient


def start(shape: Sequence[int], chance: torch.Generator) -> Tensor:
    """Return noise in [-1, 1]: a third each white uniform, random signs, and low-pass."""
    noise = torch.rand(tuple(shape), generator=chance) * 2 - 1
    kind = torch.randint(3, (shape[0], 1, 1, 1), generator=chance)
    smooth = Blur(1.0)(torch.randn(tuple(shape), generator=chance), 0)
    smooth = (smooth / smooth.std() * 0.5).clamp(-1, 1)
    return torch.where(kind == 0, noise, torch.where(kind == 1, noise.sign(), smooth))


def compact(gradient: Tensor) -> Tensor:
    """Return each gradient at unit mean square, as float16."""
    return (gradient / gradient.square().mean((1, 2, 3), keepdim=True).sqrt().clamp_min(1e-12)).half()


def cached_shard(cache: Path, number: int, build: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
    """Read shard `number` of the cache, building and keeping it where it is absent."""
    path = cache / f"{number:05d}.safetensors"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(f".{os.getpid()}")
        save_file({key: value.contiguous() for key, value in build().items()}, beside)
        beside.replace(path)
    return load_file(path)


def keep_answers(folder: Path, number: int, batch: Mapping[str, Tensor]) -> None:
    """Keep one batch of answers in half precision, the crops in bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f"{os.getpid()}.part"
    small = {key: value.detach().half().contiguous() for key, value in batch.items()}
    save_file(small | {"clean": (batch["clean"] * 255).round().byte().contiguous()}, beside)
    beside.replace(folder / f"{number:05d}.safetensors")


def past_answers(folder: Path, step: int, count: int = 0) -> dict[str, Tensor]:
    """Return one of the first `count` batches kept in `folder` [default: `step`], drawn by the number of the step."""
    chance = torch.Generator().manual_seed(step * 7919 + 5)
    number = int(torch.randint(count or step, (1,), generator=chance))
    kept = {key: value.float() for key, value in load_file(folder / f"{number:05d}.safetensors").items()}
    return kept | {"clean": kept["clean"] / 255}
