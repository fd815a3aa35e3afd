"""Pulls the latents of a picture to given latents, as PhotoGuard, Mist, Glaze and Nightshade do.

Salman et al., "Raising the Cost of Malicious AI-Powered Image Editing", ICML 2023,
https://arxiv.org/abs/2302.06588. Squared distances are taken relative to the spread of the clean latents, so that
encoders of any scale weigh the same in a pool.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.protect.objective import Aim
from artaudit.protocols import Encoder

Pixels = Float[Tensor, "1 3 height width"]

TINY = 1e-8
"""Keeps the spread of flat windows away from zero."""


def pull(model: Encoder, clean: Pixels, target: Pixels | None) -> Aim:
    """Return the relative squared distance to the latents of `target`, or to zero latents where it is None.

    1 is the mean squared distance of the clean latents to their own mean.
    """
    with torch.no_grad():
        origin = model.encode(clean)
        spread = origin.var() + TINY
        target_latents = torch.zeros_like(origin) if target is None else model.encode(target)

    def loss(moved: Pixels, step: int) -> Float[Tensor, ""]:  # noqa: ARG001 - the same at every step
        return (model.encode(moved) - target_latents).square().mean() / spread

    return loss
