"""The last steps of an inversion: damped Gauss-Newton on a small input, exact for the generator's own pictures.

Levenberg 1944, https://doi.org/10.1090/qam/10666; Marquardt 1963, https://doi.org/10.1137/0111030. A standard normal
prior, weighted by the remaining error, keeps the search from distant local minima.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

Generate = Callable[[Tensor], Float[Tensor, "batch channels height width"]]
"""A function from the generator's inputs to pixels in [0, 1]."""

PRIOR = 30.0
"""Weight of the input's squared norm, in units of the mean squared error, against the sum of squared errors."""

EXACT = (0.4 / 255) ** 2
"""A mean squared error that rounding to 8 bits explains; the search ends there."""

_STRIDE = 0.01
_DAMPING, _EASED = 0.1, 3.0
_TRIES = 8
_PATIENCE, _DROP = 3, 0.02


@torch.no_grad()
def polish(
    generate: Generate, code: Float[Tensor, "*code"], picture: Float[Tensor, "channels height width"], steps: int = 30
) -> tuple[Float[Tensor, "*code"], float]:
    """Return the input after at most `steps` steps from `code`, and its mean squared error.

    Each step computes the Jacobian of all pixels by all numbers of the input, so inputs should be small. The search
    ends when no step helps, when three steps gained little, or when the error is below `EXACT`.
    """
    code, damping, history = code.clone(), _DAMPING, []
    missing, slopes = _linearised(generate, code, picture)
    while True:
        history.append(float(missing.square().mean()))
        if len(history) > steps or history[-1] < EXACT or _has_settled(history):
            return code, history[-1]
        weight = PRIOR * history[-1]
        downhill = slopes @ missing - weight * code.flatten()
        curved = slopes @ slopes.T + weight * torch.eye(code.numel(), device=code.device)
        reached = missing.square().sum() + weight * code.square().sum()
        for _ in range(_TRIES):
            stride = torch.linalg.solve(curved + damping * curved.diagonal().diag(), downhill)
            tried = code + stride.view_as(code)
            left = (picture - generate(tried[None])[0]).square().sum() + weight * tried.square().sum()
            if left < reached:
                break
            damping *= _EASED
        else:
            return code, history[-1]
        code, damping = tried, damping / _EASED
        missing, slopes = _linearised(generate, code, picture)


def _linearised(
    generate: Generate, code: Float[Tensor, "*code"], picture: Float[Tensor, "channels height width"]
) -> tuple[Float[Tensor, " pixels"], Float[Tensor, "numbers pixels"]]:
    """Return the residual of the picture at an input, and the Jacobian there by finite differences."""
    here = generate(code[None]).flatten()
    strides = _STRIDE * torch.eye(code.numel(), device=code.device).view(-1, *code.shape)
    return picture.flatten() - here, (generate(code + strides).flatten(1) - here) / _STRIDE


def _has_settled(history: list[float]) -> bool:
    return len(history) > _PATIENCE and history[-1] > (1 - _DROP) * history[-1 - _PATIENCE]
