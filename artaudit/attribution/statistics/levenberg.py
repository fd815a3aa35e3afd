"""The last strides of an inversion: damped Gauss-Newton steps on a small input, exact where the picture is the model's.

Levenberg 1944, https://doi.org/10.1090/qam/10666; Marquardt 1963, https://doi.org/10.1137/0111030. The input is held
near its standard normal prior by as much as the picture is still missed, which keeps the search out of far valleys.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

Generate = Callable[[Tensor], Float[Tensor, "batch channels height width"]]
"""From inputs of the generator to pixels in [0, 1], differentiable."""

PRIOR = 30.0
"""How many times the mean squared error the square of the input weighs, beside the sum of squared errors."""

EXACT = (0.4 / 255) ** 2
"""A mean squared error that rounding to 8 bits explains: nothing is left to search."""

_STRIDE = 0.01
_DAMPING, _EASED = 0.1, 3.0
_TRIES = 8
_PATIENCE, _DROP = 3, 0.02


@torch.no_grad()
def polish(
    generate: Generate, code: Float[Tensor, "*code"], picture: Float[Tensor, "channels height width"], steps: int = 30
) -> tuple[Float[Tensor, "*code"], float]:
    """Return the input that these steps lead to, and its mean squared error.

    The slopes of all pixels along every number of the input are taken at each step: inputs are to be small. The search
    ends where no step helps, where little was won over three steps, and where the error is `EXACT`.
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
    """Return what is missed at an input, and the slopes of what is drawn: differences a short stride apart."""
    here = generate(code[None]).flatten()
    strides = _STRIDE * torch.eye(code.numel(), device=code.device).view(-1, *code.shape)
    return picture.flatten() - here, (generate(code + strides).flatten(1) - here) / _STRIDE


def _has_settled(history: list[float]) -> bool:
    return len(history) > _PATIENCE and history[-1] > (1 - _DROP) * history[-1 - _PATIENCE]
