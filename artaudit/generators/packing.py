"""Matrices in four bits per weight: groups of 64 along the inputs, a half-precision scale and a zero point for each.

A weight is `(code - zero) * scale`. Two codes lie in a byte, the lower half first.
Dettmers and Zettlemoyer, "The case for 4-bit precision", https://arxiv.org/abs/2212.09720
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float, Float16, UInt8
from torch import Tensor

from artaudit.generators.state_dicts import other_layout

GROUP = 64
"""Weights of one output, side by side along the inputs, that share a scale and a zero point."""

LEVELS = 16

SHRINKS = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65)
"""Parts of a group's range, from its least to its largest weight, that are tried as the range of the codes."""

_SMALLEST_SCALE = 2.0**-24
"""The least positive number in half precision."""


@dataclass(frozen=True, slots=True)
class QuantizationGrid:
    """Which values the groups of a matrix can take: `(code - zero) * scale` for codes from 0 to 15."""

    scales: Float16[Tensor, "outputs groups"]
    zeros: UInt8[Tensor, "outputs groups"]

    def round(self, weights: Float[Tensor, "outputs inputs"]) -> UInt8[Tensor, "outputs inputs"]:
        """Return the codes of the values that lie nearest to the weights."""
        scales, zeros = self.spread()
        return (weights / scales + zeros).round().clamp(0, LEVELS - 1).to(torch.uint8)

    def values(self, codes: UInt8[Tensor, "outputs inputs"]) -> Float[Tensor, "outputs inputs"]:
        """Return the float32 weights that codes stand for."""
        grouped = codes.float().view(len(codes), -1, GROUP)
        return grouped.sub_(self.zeros[..., None].float()).mul_(self.scales[..., None].float()).view(codes.shape)

    def spread(self) -> tuple[Float[Tensor, "outputs inputs"], Float[Tensor, "outputs inputs"]]:
        """Return scale and zero point of every weight, in float32."""
        return self.scales.float().repeat_interleave(GROUP, 1), self.zeros.float().repeat_interleave(GROUP, 1)


def fit_grid(weights: Float[Tensor, "outputs inputs"]) -> QuantizationGrid:
    """Return the grid whose nearest values differ least from the weights, in squares, group by group.

    `SHRINKS` says which ranges are tried. The number of inputs is a multiple of `GROUP`.
    """
    grouped = weights.reshape(len(weights), -1, GROUP)
    low, high = grouped.amin(2).clamp(max=0), grouped.amax(2).clamp(min=0)
    tried = [_error(weights, low * shrink, high * shrink) for shrink in SHRINKS]
    best = torch.stack([error for error, _ in tried]).argmin(0, keepdim=True)
    scales = torch.stack([grid.scales for _, grid in tried]).gather(0, best)[0]
    zeros = torch.stack([grid.zeros for _, grid in tried]).gather(0, best)[0]
    return QuantizationGrid(scales, zeros)


def pack(name: str, grid: QuantizationGrid, codes: UInt8[Tensor, "outputs inputs"]) -> dict[str, Tensor]:
    """Return the three tensors that stand for the matrix `name` in a file; its inputs are a multiple of 128."""
    return {f"{name}.codes": _halves(codes), f"{name}.scales": grid.scales, f"{name}.zeros": _halves(grid.zeros)}


def unpacked(state: Mapping[str, Tensor], origin: Path) -> dict[str, Tensor]:
    """Return a state dict in float32 with every packed matrix as weights.

    Raises ModelError where the parts of a matrix are missing or do not fit each other.
    """
    packed = [key.removesuffix(".codes") for key in state if key.endswith(".codes")]
    parts = {f"{name}.{part}" for name in packed for part in ("codes", "scales", "zeros")}
    if not parts <= state.keys():
        raise other_layout(origin)
    plain = {key: value.float() for key, value in state.items() if key not in parts}
    return plain | {
        name: _matrix(state[f"{name}.codes"], state[f"{name}.scales"], state[f"{name}.zeros"], origin)
        for name in packed
    }


def _matrix(codes: Tensor, scales: Tensor, zeros: Tensor, origin: Path) -> Float[Tensor, "outputs inputs"]:
    outputs, groups = scales.shape if scales.ndim == 2 else (0, 0)  # noqa: PLR2004 - a matrix
    expected = (
        (torch.uint8, (outputs, groups * GROUP // 2)),
        (torch.float16, (outputs, groups)),
        (torch.uint8, (outputs, groups // 2)),
    )
    if tuple((part.dtype, tuple(part.shape)) for part in (codes, scales, zeros)) != expected:
        raise other_layout(origin)
    return QuantizationGrid(scales, _whole(zeros)).values(_whole(codes))


def _error(weights: Tensor, low: Tensor, high: Tensor) -> tuple[Float[Tensor, "outputs groups"], QuantizationGrid]:
    scales = ((high - low) / (LEVELS - 1)).clamp(min=_SMALLEST_SCALE).half()
    zeros = (-low / scales.float()).round().clamp(0, LEVELS - 1).to(torch.uint8)
    grid = QuantizationGrid(scales, zeros)
    errors = (grid.values(grid.round(weights)) - weights).square()
    return errors.reshape(*scales.shape, GROUP).sum(2), grid


def _halves(numbers: UInt8[Tensor, "rows columns"]) -> UInt8[Tensor, "rows half_columns"]:
    return (numbers[:, ::2] | numbers[:, 1::2] << 4).contiguous()


def _whole(pairs: UInt8[Tensor, "rows half_columns"]) -> UInt8[Tensor, "rows columns"]:
    return torch.stack((pairs & LEVELS - 1, pairs >> 4), -1).flatten(1)
