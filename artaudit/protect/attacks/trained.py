"""The attacker who has this tool: a small network trained on pairs of pictures and their cloaked versions.

After Foerster et al., "LightShed: Defeating Perturbation-based Image Copyright Protections", USENIX Security 2025,
https://www.usenix.org/conference/usenixsecurity25/presentation/foerster
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor, nn

from artaudit.protect.attacks.sweep import AttackSweep, Need, Pixels

LEVELS = 255
WIDTH = 48
DEPTH = 5
SIDE = 64
"""Pixels along a side of the crops for training."""


class Remover(nn.Module):
    """Estimates what was added to a picture, zero for a clean one; about a tenth of a million weights."""

    def __init__(self, width: int = WIDTH, depth: int = DEPTH) -> None:
        """Make an untrained network, whose estimate is zero."""
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, width, 3, padding=1)]
        for number in range(depth):
            reach = 2 ** (number % 3)
            layers += [nn.SiLU(), nn.Conv2d(width, width, 3, padding=reach, dilation=reach)]
        self.body = nn.Sequential(*layers, nn.SiLU())
        self.head = nn.Conv2d(width, 3, 3, padding=1)
        for weight in self.head.parameters():
            nn.init.zeros_(weight)

    def forward(self, pixels: Pixels) -> Float[Tensor, "batch 3 height width"]:
        """Return the estimated change, in units of the full range."""
        return self.head(self.body(pixels - 0.5))


Crops = Float[Tensor, "crops 3 side side"]


@dataclass(frozen=True, slots=True)
class TrainedRemover:
    """Subtracts `times` the change that a trained network estimates."""

    times: float
    network: Remover = field(repr=False)

    @torch.no_grad()
    def __call__(self, pixels: Pixels, seed: int) -> Pixels:  # noqa: ARG002 - nothing random here
        """Return pixels without the estimated change."""
        return (pixels - self.times * self.network(pixels)).clamp(0, 1)


@dataclass(frozen=True, slots=True)
class RemoverTrainer:
    """How the attacker trains: Adam on random crops, half of them clean, each turned at random."""

    steps: int = 800
    batch: int = 12
    rate: float = 1e-3

    def train(self, clean: Pixels, cloaked: Pixels, *, seed: int) -> Remover:
        """Return a network trained on pairs, of which the n-th of `cloaked` shows the n-th of `clean`."""
        random = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            network = Remover()
        optimizer = torch.optim.Adam(network.parameters(), lr=self.rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.steps)
        for _ in range(self.steps):
            seen, added = self._crops(clean, cloaked, random)
            loss = (LEVELS * (network(seen) - added)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        return network.eval().requires_grad_(requires_grad=False)

    def _crops(self, clean: Pixels, cloaked: Pixels, random: torch.Generator) -> tuple[Crops, Crops]:
        def drawn(below: int) -> int:
            return int(torch.randint(below, (), generator=random))

        seen, added = [], []
        side = min(SIDE, *clean.shape[-2:])
        for number in range(self.batch):
            pair = drawn(len(clean))
            top, left = (drawn(length - side + 1) for length in clean.shape[-2:])
            window = (slice(None), slice(top, top + side), slice(left, left + side))
            turn = drawn(8)
            before, after = (_turned(pictures[pair][window], turn) for pictures in (clean, cloaked))
            shown = after if number % 2 else before
            seen.append(shown)
            added.append(shown - before)
        return torch.stack(seen), torch.stack(added)


def suspicion(network: Remover, pixels: Pixels) -> Float[Tensor, " batch"]:
    """Return the root mean square of the change that the network estimates in each picture."""
    with torch.no_grad():
        return network(pixels).square().mean(dim=(1, 2, 3)).sqrt()


def _turned(picture: Float[Tensor, "3 side side"], turn: int) -> Float[Tensor, "3 side side"]:
    """Return one of the eight turns and mirror images of a square."""
    turned = torch.rot90(picture, turn % 4, (1, 2))
    return turned.flip(2) if turn >= 4 else turned  # noqa: PLR2004 - four quarter turns


TRAINED_REMOVER = AttackSweep("times", (1.0, 1.5), TrainedRemover, needs=Need.CLOAK)
