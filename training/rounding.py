"""Rounds the matrices of a vision transformer to four bits, each rounding making up for those before it.

Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers",
https://arxiv.org/abs/2210.17323
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from artaudit.generators.packing import GROUP, LEVELS, QuantizationGrid, fit_grid, pack
from artaudit.generators.vision_transformer import VisionTransformer

DAMPING = 0.01
"""Part of the mean second moment that is added to every input's own, so that few pictures suffice."""


def packed_blocks(network: VisionTransformer, pixels: Float[Tensor, "batch 3 side side"]) -> dict[str, Tensor]:
    """Round all matrices of the blocks in place, block after block as `pixels` pass, and return their packed parts."""
    body = network.vision_model
    packed: dict[str, Tensor] = {}
    tokens = body.pre_layrnorm(body.embeddings(pixels))
    for number, layer in enumerate(body.encoder.layers):
        with _moments(layer) as moments:
            _each(layer, tokens)
        for name, moment in moments.items():
            weights = layer.get_parameter(f"{name}.weight")
            grid, codes = rounded(weights, moment)
            weights.copy_(grid.values(codes))
            packed |= pack(f"vision_model.encoder.layers.{number}.{name}.weight", grid, codes)
        tokens = _each(layer, tokens)
        print("block", number, flush=True)
    return packed


def rounded(
    weights: Float[Tensor, "outputs inputs"], moment: Float[Tensor, "inputs inputs"]
) -> tuple[QuantizationGrid, UInt8[Tensor, "outputs inputs"]]:
    """Return grids and codes of a matrix for which the outputs change least, given the inputs' second moment."""
    left, inputs = weights.clone(), weights.shape[1]
    damped = moment + DAMPING * moment.diagonal().mean() * torch.eye(inputs, dtype=moment.dtype)
    upper = torch.linalg.cholesky(torch.cholesky_inverse(torch.linalg.cholesky(damped)), upper=True).float()
    grids, codes = [], torch.empty(weights.shape, dtype=torch.uint8)
    for start in range(0, inputs, GROUP):
        stop = start + GROUP
        grid = fit_grid(left[:, start:stop])
        errors = torch.empty(len(weights), GROUP)
        for column in range(start, stop):
            value = left[:, column : column + 1]
            code = (value / grid.scales.float() + grid.zeros).round().clamp(0, LEVELS - 1).to(torch.uint8)
            codes[:, column : column + 1] = code
            error = (value - (code.float() - grid.zeros) * grid.scales.float()) / upper[column, column]
            left[:, column + 1 : stop] -= error * upper[column, column + 1 : stop]
            errors[:, column - start : column - start + 1] = error
        left[:, stop:] -= errors @ upper[start:stop, stop:]
        grids.append(grid)
    return QuantizationGrid(
        torch.cat([grid.scales for grid in grids], 1), torch.cat([grid.zeros for grid in grids], 1)
    ), codes


def _each(layer: nn.Module, tokens: Tensor) -> Tensor:
    return torch.cat([layer(part) for part in torch.split(tokens, 8)])


@contextmanager
def _moments(layer: nn.Module) -> Iterator[dict[str, Float[Tensor, "inputs inputs"]]]:
    """Gather the second moments of what a block's matrices are given, in float64, by their names."""
    found: dict[str, Tensor] = {}

    def gather(name: str, inputs: Tensor) -> None:
        flat = inputs.flatten(0, -2)
        found[name] = found.get(name, 0) + (flat.T @ flat).double()

    linear = [(name, module) for name, module in layer.named_modules() if isinstance(module, nn.Linear)]
    hooks = [
        module.register_forward_pre_hook(lambda _, given, name=name: gather(name, given[0])) for name, module in linear
    ]
    yield found
    for hook in hooks:
        hook.remove()
