"""Cloaks every picture of a folder against a model of your own, and says what shows of it and how far it moves latents.

python examples/cloak_folder.py paintings cloaked --vae my-model/vae
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path

import diffusers
import torch
from torch import Tensor

import artaudit
from artaudit.distances import ssimulacra2
from artaudit.protect import Budget, Cloak, Descent, load_objective, save_within
from artaudit.tensors import pad_to_multiple, to_batch


class OwnModel:
    """An encoder of yours, as cloaks meet it; here one that diffusers saved. It needs no more than this."""

    family = "mine"
    """The latent space: models of one family count as one."""

    def __init__(self, folder: Path) -> None:
        """Open the autoencoder in `folder`."""
        self._network = diffusers.AutoencoderKL.from_pretrained(folder).eval().requires_grad_(requires_grad=False)
        self.factor = 2 ** (len(self._network.config.block_out_channels) - 1)
        weights = (folder / "diffusion_pytorch_model.safetensors").read_bytes()
        self.name, self.digest = folder.name, hashlib.sha256(weights).hexdigest()

    def encode(self, pixels: Tensor) -> Tensor:
        """Return latents of about unit variance for pixels in [0, 1], differentiable."""
        padded = pad_to_multiple(pixels, self.factor)
        return self._network.encode(padded * 2 - 1).latent_dist.mean * self._network.config.scaling_factor


def moved(model: OwnModel, first: artaudit.Image, second: artaudit.Image) -> float:
    """Return how far the latents of two pictures lie apart, in spreads of the first one's."""
    with torch.no_grad():
        before, after = (model.encode(to_batch(image.pixels)) for image in (first, second))
    return float((after - before).square().mean().sqrt() / before.std())


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and cloak."""
    parser = argparse.ArgumentParser(description="Cloak a folder of pictures against a model of your own.")
    parser.add_argument("pictures", type=Path, help="folder of PNG files")
    parser.add_argument("output", type=Path, help="new folder for the results")
    parser.add_argument("--vae", type=Path, required=True, help="folder with an AutoencoderKL of diffusers")
    parser.add_argument("--objective", default="push", help="what latents should do, a name of catalog.CLOAKS")
    parser.add_argument("--score", type=float, default=80.0, help="SSIMULACRA2 that the files keep")
    parser.add_argument("--steps", type=int, default=300)
    asked = parser.parse_args(arguments)

    model = OwnModel(asked.vae)
    cloak = Cloak(load_objective(asked.objective), (model,), Descent(steps=asked.steps))
    asked.output.mkdir()
    for path in sorted(asked.pictures.glob("*.png")):
        image = artaudit.read(path)
        saved = save_within(image, cloak.apply(image, budget=Budget(ssimulacra2=asked.score), seed=0))
        (asked.output / path.name).write_bytes(saved.data)
        score = ssimulacra2(image.pixels, saved.pixels)
        print(f"{path.name}: SSIMULACRA2 {score:.1f}, latents moved by {moved(model, image, saved):.2f}")


if __name__ == "__main__":
    main()
