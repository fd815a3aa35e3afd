"""Learned noise patterns: what a denoiser takes away, with its spectrum, read by a residual network (LNP).

Liu et al., ECCV 2022, https://doi.org/10.1007/978-3-031-19781-9_6; code
https://github.com/Tangsenghenshou/Detecting-Generated-Images-by-Real-Images. The denoiser there is CycleISP, trained on
raw photographs; here a small one learns from the real crops, so that nothing needs to be fetched.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from artaudit.detect.network_detector import Maps, NetworkDetector, Pixels
from artaudit.detect.networks import ResidualNetwork, denoiser
from artaudit.detect.training_loop import Draw, Precision, RunDirectory, train
from artaudit.errors import UsageError

_LIMIT = 10 / 255
"""The size that clean residuals are measured in."""


class LnpDetector(NetworkDetector):
    """Reads the residual of a learned denoiser, and the amplitude and phase of its spectrum.

    `variant` "clean" shows the signed residual. "paper" shows what the published code writes to its files: the positive
    half alone, in levels that wrap round in eight bits (1 becomes 255, 2 becomes 254), red and blue exchanged; every
    published figure rests on those. `blocks` (3, 4) is a short network, (3, 4, 6, 3) the published ResNet-50.
    `denoiser_steps` says how long the denoiser learns. The other settings are those of every detector with a network.
    """

    denoiser_: nn.Module

    def __init__(  # noqa: PLR0913 - settings
        self,
        variant: Literal["clean", "paper"] = "clean",
        steps: int = 600,
        batch: int = 16,
        rate: float = 5e-4,
        seed: int = 0,
        precision: Precision = "no",
        *,
        patience: int = 0,
        denoiser_steps: int = 300,
        blocks: tuple[int, ...] | list[int] = (3, 4),
        regularisation: float = 0.01,
        crops: int = 8,
        side: int = 128,
        alarms: float = 0.0,
    ) -> None:
        """Keep the settings; raises UsageError for a variant that is none."""
        if variant not in ("clean", "paper"):
            raise UsageError(f"There is no variant {variant!r} of lnp: write clean or paper.")
        self.variant, self.denoiser_steps, self.blocks = variant, denoiser_steps, blocks
        self.steps, self.batch, self.rate, self.seed, self.precision = steps, batch, rate, seed, precision
        self.patience = patience
        self.regularisation, self.crops, self.side, self.alarms = regularisation, crops, side, alarms

    def view(self, pixels: Pixels) -> Maps:
        """Return five maps: the noise in three colours, then amplitude and phase of its grey spectrum."""
        noise = self.denoiser_.to(pixels.device)(_softened(pixels))
        if self.variant == "paper":
            noise, grey = wrapped(noise), (0.11, 0.59, 0.30)
        else:
            noise, grey = noise / _LIMIT, (0.30, 0.59, 0.11)
        weights = torch.tensor(grey, device=noise.device)[:, None, None]
        spectrum = torch.fft.fftshift(torch.fft.fft2((noise * weights).sum(1), norm="ortho"), dim=(1, 2))
        return torch.cat([noise, (spectrum.abs() ** 0.8)[:, None], spectrum.angle()[:, None]], dim=1)

    def networks(self) -> dict[str, nn.Module]:
        """Return the blank denoiser and the blank network."""
        return {"denoiser_": denoiser(3), "network_": ResidualNetwork(5, self.blocks)}

    def prepare(self, draw: Draw, run: RunDirectory) -> None:
        """Teach the denoiser on real crops with added noise."""
        schedule = replace(self.schedule(), steps=self.denoiser_steps, rate=2e-3)
        train(self.denoiser_, draw, _noise_left, schedule, replace(run, folder=run.folder / "denoiser"))


def wrapped(noise: Maps) -> Maps:
    """Return noise as the published code stores it, in [0, 1]."""
    levels = (noise.clamp(0, 1) * 255).round()
    return (-levels).remainder(256).flip(1) / 255


def _noise_left(network: nn.Module, pixels: Pixels, made: Bool[Tensor, " count"]) -> Float[Tensor, ""]:
    """Return the denoiser's loss: its error about noise added to real crops, which grows with brightness."""
    real = pixels[~made]
    sizes = torch.rand(len(real), 1, 1, 1, device=real.device) * 12 / 255
    noise = torch.randn_like(real) * sizes * (0.5 + real).sqrt()
    return nn.functional.mse_loss(network(real + noise), noise) * 255**2


def _softened(pixels: Pixels) -> Maps:
    """Blur by one pixel over 5 x 5, which the published code does before it denoises."""
    line = torch.exp(-0.5 * torch.arange(-2.0, 3.0, device=pixels.device) ** 2)
    kernel = torch.outer(line, line) / line.sum() ** 2
    padded = nn.functional.pad(pixels, (2, 2, 2, 2), mode="reflect")
    return nn.functional.conv2d(padded, kernel.expand(3, 1, 5, 5), groups=3)
