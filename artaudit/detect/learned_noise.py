"""The noise that a small learned denoiser sees in a picture's light: what filters of fixed shape cannot tell apart.

Denoisers that predict the residual after Zhang et al. 2017, https://arxiv.org/abs/1608.03981; their residual as a trace
of generators after Liu et al., ECCV 2022, https://doi.org/10.1007/978-3-031-19781-9_6.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from safetensors.torch import load_file

from artaudit.detect.networks import denoiser
from artaudit.detect.residuals import Part

WEIGHTS = Path(__file__).parent / "weights" / "denoiser" / "denoiser.safetensors"
BORDER = 4
"""Pixels at each side of a crop whose noise is not told: what lies beyond them is unknown there."""

_WEIGHTS_OF_LIGHT = np.array([0.299, 0.587, 0.114], np.float32)


def grey(pictures: Float[np.ndarray, "*count height width 3"]) -> Float[np.ndarray, "*count height width"]:
    """Return the light of pictures after ITU-R BT.601, in the samples' own range."""
    return np.asarray(pictures, np.float32) @ _WEIGHTS_OF_LIGHT


def learned_residuals(crops: Float[np.ndarray, "count side side 3"]) -> list[Part]:
    """Return the noise of each crop of samples in [0, 1], in levels of 255, `BORDER` pixels smaller at each side."""
    planes = torch.from_numpy(np.ascontiguousarray(grey(crops)))[:, None]
    with torch.inference_mode():
        noise = _network()(planes.contiguous(memory_format=torch.channels_last))[:, 0].numpy() * 255
    return [np.ascontiguousarray(one[BORDER:-BORDER, BORDER:-BORDER]) for one in noise]


@cache
def _network() -> Any:  # noqa: ANN401 - torch's types know no memory format of modules
    network: Any = denoiser(1)
    network.load_state_dict(load_file(WEIGHTS))
    return network.eval().to(memory_format=torch.channels_last)
