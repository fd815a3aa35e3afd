"""Trains the embedded latent diffusion model on latents of the embedded autoencoder `studio-sd1`.

Resumable: a checkpoint every minute, every step seeded by its number; latents are made once and cached.
Usage: python -m training.diffusion --data ../shared/data [--minutes 60]
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from artaudit.datasets.drawings import draw, soften
from artaudit.generators import pool
from artaudit.generators.latents import WordTable, build_denoiser
from artaudit.generators.opening import open_model
from training.captions import DRAWN, caption, vocabulary
from training.embedded import CACHE, Run
from training.pictures import choosing_paths, crop_of, open_picture, rows

SEED = 20261125
AUTOENCODER = "studio-sd1"
NAME = "studio-diffusion"
CROPS_A_PICTURE = 24
DRAWINGS = 1500
BATCH = 32
STEPS = 4_500
RATE = 6e-4
UNTOLD = 0.15
"""Share of examples that are shown with the empty prompt."""

WORD_WIDTH = 96
CONFIG = {
    "autoencoder": AUTOENCODER,
    "betas": {"start": 0.00085, "end": 0.012, "steps": 1000, "kind": "scaled_linear"},
    "denoiser": {
        "sample_size": 16,
        "in_channels": 4,
        "out_channels": 4,
        "block_out_channels": [64, 96, 160],
        "layers_per_block": 1,
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        "mid_block_type": "UNetMidBlock2DCrossAttn",
        "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
        "cross_attention_dim": WORD_WIDTH,
        "attention_head_dim": 32,
        "norm_num_groups": 16,
    },
}


def examples(data: Path) -> list[tuple[Path, str]]:
    """Return the pictures to learn from with their captions; those kept apart for choosing are left out."""
    apart = set(choosing_paths(data))
    found = [(data / row["path"], caption(row)) for row in rows(data, "train", "extra")]
    return [(path, told) for path, told in found if path not in apart]


def pictures(data: Path) -> Iterator[tuple[list[np.ndarray], str]]:
    """Yield crops of one picture after the other, then drawings, with their captions."""
    for number, (path, told) in enumerate(examples(data)):
        rng = np.random.default_rng([SEED, number])
        picture = open_picture(path)
        yield [crop_of(picture, rng) for _ in range(CROPS_A_PICTURE)], told
    for number in range(DRAWINGS):
        rng = np.random.default_rng([SEED, 1, number])
        yield [crop_of(soften(draw(rng), rng), rng) for _ in range(2)], DRAWN


def latents_of(data: Path) -> tuple[Tensor, list[str]]:
    """Return the latents of all crops and their captions, made once and cached."""
    path = CACHE / f"{NAME}-latents.safetensors"
    told: list[str] = []
    if not path.exists():
        record = next(record for record in pool.embedded() if record.name == AUTOENCODER)
        encoder, made = open_model(record), []
        for number, (crops, words) in enumerate(pictures(data)):
            pixels = torch.from_numpy(np.stack(crops).transpose(0, 3, 1, 2).astype(np.float32) / 255)
            with torch.no_grad():
                made.append(encoder.encode(pixels).half())
            told += [words] * len(crops)
            if number % 200 == 0:
                print(f"latents of picture {number}", flush=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        latents = torch.cat(made).contiguous()
        save_file({"latents": latents}, path, metadata={"captions": json.dumps(told)})
        return latents, told
    from safetensors import safe_open  # noqa: PLC0415 - only for the metadata

    with safe_open(path, "pt") as file:
        told = json.loads(file.metadata()["captions"])
    return load_file(path)["latents"], told


class Model(nn.Module):
    """The denoiser and its word table, trained together."""

    def __init__(self, config: Mapping[str, object], words: list[str]) -> None:
        """Make an untrained model."""
        super().__init__()
        self.denoiser = build_denoiser(config)
        self.words = WordTable(words, WORD_WIDTH)


def alphas() -> Tensor:
    """Return the cumulative products of the schedule's alphas."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    return torch.cumprod(1 - betas, 0)


class Lesson:
    """The loss of one training step: predict the noise in a batch of latents."""

    def __init__(self, model: Model, latents: Tensor, told: list[str]) -> None:
        """Keep the latents and the word ids of their captions."""
        self.model, self.latents, self.alphas = model, latents, alphas()
        known = {words: model.words.ids(words) for words in set(told)}
        self.ids = torch.stack([known[words] for words in told])

    def __call__(self, step: int) -> dict[str, Tensor]:
        """Return the mean squared error, with everything random drawn by the number of the step."""
        chance = torch.Generator().manual_seed(SEED * 7919 + step)
        pick = torch.randint(len(self.latents), (BATCH,), generator=chance)
        clean, ids = self.latents[pick].float(), self.ids[pick].clone()
        ids[torch.rand(BATCH, generator=chance) < UNTOLD] = 0
        times = torch.randint(len(self.alphas), (BATCH,), generator=chance)
        noise = torch.randn(clean.shape, generator=chance)
        share = self.alphas[times].view(-1, 1, 1, 1)
        noisy = share.sqrt() * clean + (1 - share).sqrt() * noise
        found = self.model.denoiser(noisy, times, encoder_hidden_states=self.model.words(ids)).sample
        return {"loss": F.mse_loss(found, noise)}


def ship(state: dict[str, Tensor], words: list[str]) -> None:
    """Write the averaged weights in half precision, the config, and the record that pins both."""
    folder = Path("artaudit/generators/weights") / NAME
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {key: value.half().contiguous() for key, value in state.items()}
    save_file(tensors, folder / "denoiser.safetensors")
    (folder / "denoiser.safetensors").chmod(0o644)
    (folder / "config.json").write_text(json.dumps(CONFIG | {"words": words}, indent=1) + "\n", "utf-8")
    files = [folder / "config.json", folder / "denoiser.safetensors"]
    about = {"family": "SD 1.x", "licence": "Apache-2.0", "use": pool.SURROGATE}
    (folder / pool.RECORD).write_bytes(pool.describe(pool.record_of(NAME, "latent-diffusion", files, **about)))


def main() -> None:
    """Train what is not yet trained, within the minutes given, and ship what is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long; run again to go on")
    parser.add_argument("--steps", type=int, default=STEPS)
    args = parser.parse_args()
    deadline = time.monotonic() + 60 * args.minutes
    latents, told = latents_of(args.data)
    words = vocabulary(told)
    torch.manual_seed(SEED)
    model = Model(CONFIG, words)
    print(f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters, {len(latents)} crops", flush=True)
    run = Run(model, CACHE / f"{NAME}.pt", args.steps, RATE)
    run.train(Lesson(model, latents, told), deadline)
    ship(run.average, words)


if __name__ == "__main__":
    main()
