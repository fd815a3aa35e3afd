"""Draws pictures from nothing by a small diffusion in pixels, so that a head can learn how these fail.

The diffusion learns from the paintings and photographs of the training split and stays weak: it draws fields of
stained noise, as larger ones do when they fail. Nothing of it ships. Denoising diffusion after Ho et al. 2020,
https://arxiv.org/abs/2006.11239; sampled after Song et al. 2021, https://arxiv.org/abs/2010.02502.

Usage: python -m training.pixels --data ../shared/data --out .cache/pixels [--steps 4500] [--count 150]. Half an hour.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from safetensors.torch import load_file, save
from torch import Tensor

from artaudit.auditor.matching.overlay import encode_png
from artaudit.datasets.drawings import draw, soften
from artaudit.image import write_atomically
from training.pictures import open_picture, training_paths

SEED = 20261124
SIDE, BATCH, RATE = 64, 8, 1e-3
DRAWN = 0.08
"""Share of crops that come from drawings."""

DRAWS_SIDE, DRAWS_STEPS = 192, 20
NOISE = (0.0, 0.5, 1.0)
"""How much noise is added anew while drawing, in turn; DDIM's eta."""


def network() -> Any:  # noqa: ANN401 - diffusers is not typed
    """Return a blank U-Net of 0.8 M weights without attention."""
    from diffusers import UNet2DModel  # noqa: PLC0415 - heavy

    return UNet2DModel(
        sample_size=SIDE,
        block_out_channels=(24, 48, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D",) * 3,
        up_block_types=("UpBlock2D",) * 3,
        norm_num_groups=8,
        add_attention=False,
    ).to(memory_format=torch.channels_last)


def schedule() -> Any:  # noqa: ANN401 - diffusers is not typed
    """Return the noise schedule."""
    from diffusers import DDIMScheduler  # noqa: PLC0415 - heavy

    return DDIMScheduler(1000, beta_schedule="linear", clip_sample=True)


def batch(pictures: list[np.ndarray], step: int) -> tuple[Float[Tensor, "count 3 side side"], Tensor]:
    """Return the crops of a step, samples in [-1, 1], and how far into the schedule each is noised."""
    rng, crops = np.random.default_rng((SEED, step)), []
    for _ in range(BATCH):
        drawn = rng.random() < DRAWN
        picture = np.asarray(soften(draw(rng), rng)) if drawn else pictures[int(rng.integers(len(pictures)))]
        top, left = (int(rng.integers(length - SIDE + 1)) for length in picture.shape[:2])
        crop = picture[top : top + SIDE, left : left + SIDE]
        crops.append(crop[:, ::-1] if rng.random() < 0.5 else crop)
    pixels = torch.from_numpy(np.stack(crops).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1)
    return pixels, torch.from_numpy((rng.random(BATCH) ** 1.2 * 1000).astype(np.int64))


def learn(pictures: list[np.ndarray], steps: int) -> dict[str, Tensor]:
    """Return the weights, their running mean."""
    torch.manual_seed(SEED)
    model, noising = network(), schedule()
    mean = {name: value.clone() for name, value in model.state_dict().items()}
    optimiser = torch.optim.AdamW(model.parameters(), RATE, weight_decay=1e-4)
    for step in range(steps):
        pixels, times = batch(pictures, step)
        noise = torch.randn_like(pixels)
        noised = noising.add_noise(pixels, noise, times).contiguous(memory_format=torch.channels_last)
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * step / steps))
        loss = (model(noised, times).sample - noise).square().mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        for name, value in model.state_dict().items():
            mean[name].lerp_(value, 1 - min(0.995, (step + 1) / (step + 10)))
        if step % 100 == 0:
            print(f"{step}: {loss.item():.4f}", flush=True)
    return {name: value.contiguous() for name, value in mean.items()}


def drawn(model: Any, seed: int) -> np.ndarray:  # noqa: ANN401 - diffusers is not typed
    """Return one picture of 8 bits, drawn from noise."""
    chance, steps = torch.Generator().manual_seed(seed), schedule()
    steps.set_timesteps(DRAWS_STEPS)
    pixels = torch.randn((1, 3, DRAWS_SIDE, DRAWS_SIDE), generator=chance)
    with torch.inference_mode():
        for time in steps.timesteps:
            noise = model(pixels.contiguous(memory_format=torch.channels_last), time).sample
            pixels = steps.step(noise, time, pixels, eta=NOISE[seed % len(NOISE)], generator=chance).prev_sample
    levels = ((pixels[0] + 1) * 127.5).clamp(0, 255).round().to(torch.uint8)
    return levels.permute(1, 2, 0).contiguous().numpy()


def main() -> None:
    """Learn once, then draw what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(".cache/pixels"))
    parser.add_argument("--steps", type=int, default=4500)
    parser.add_argument("--count", type=int, default=150)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    weights = asked.out / "denoiser.safetensors"
    if not weights.exists():
        real = [path for path in training_paths(asked.data) if "generated" not in path.parts]
        write_atomically(weights, save(learn([np.asarray(open_picture(path)) for path in real], asked.steps)))
    model = network().eval()
    model.load_state_dict(load_file(weights))
    for seed in range(asked.count):
        target = asked.out / f"{seed:03d}.png"
        if not target.exists():
            write_atomically(target, encode_png(drawn(model, seed)))


if __name__ == "__main__":
    main()
