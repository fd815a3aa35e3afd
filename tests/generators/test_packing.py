"""Four bits a weight: unpacked weights lie on their grid, near the original weights."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from artaudit.errors import ModelError
from artaudit.generators.packing import GROUP, LEVELS, QuantizationGrid, fit_grid, pack, unpacked

ORIGIN = Path("encoder.safetensors")

matrices = st.builds(
    lambda outputs, pairs, scale, shift, seed: (
        scale * (torch.randn(outputs, pairs * 2 * GROUP, generator=torch.Generator().manual_seed(seed)) + shift)
    ),
    st.integers(1, 9),
    st.integers(1, 3),
    st.sampled_from((0.0, 1e-4, 0.02, 1.0, 300.0)),
    st.floats(-3, 3),
    st.integers(0, 2**16),
)


@given(matrices)
def test_packed_matrices_come_back_on_their_grid(weights):
    grid = fit_grid(weights)
    codes = grid.round(weights)
    back = unpacked(pack("a.weight", grid, codes) | {"a.bias": torch.ones(3).half()}, ORIGIN)
    assert torch.equal(back["a.weight"], grid.values(codes))
    assert torch.equal(grid.round(back["a.weight"]), codes) or not weights.any()
    assert {weights.dtype for weights in back.values()} == {torch.float32}
    assert set(back) == {"a.weight", "a.bias"}


@given(matrices)
def test_the_search_for_a_range_leaves_no_larger_error_than_the_whole_range(weights):
    grid = fit_grid(weights)
    grouped = weights.unflatten(1, (-1, GROUP))
    low, high = grouped.amin(2).clamp(max=0), grouped.amax(2).clamp(min=0)
    step = ((high - low) / (LEVELS - 1)).clamp(min=2.0**-24)
    plain = QuantizationGrid(step.half(), (-low / step.half().float()).round().clamp(0, LEVELS - 1).to(torch.uint8))
    error = (grid.values(grid.round(weights)) - weights).square().sum()
    assert error <= (plain.values(plain.round(weights)) - weights).square().sum() * (1 + 1e-6)


def test_gaussian_weights_lose_a_tenth():
    weights = torch.randn(64, 768, generator=torch.Generator().manual_seed(1)) * 0.03
    grid = fit_grid(weights)
    assert (grid.values(grid.round(weights)) - weights).norm() / weights.norm() < 0.1


@pytest.mark.parametrize("part", ["codes", "scales", "zeros"])
def test_parts_that_are_missing_or_do_not_fit_are_refused(part):
    weights = torch.randn(4, 128)
    whole = pack("a.weight", fit_grid(weights), fit_grid(weights).round(weights))
    name = f"a.weight.{part}"
    for broken in (whole[name][:, :0], whole[name][:1], whole[name][0], whole[name].float(), torch.zeros(())):
        with pytest.raises(ModelError, match="another layout"):
            unpacked(whole | {name: broken}, ORIGIN)
    if part != "codes":
        with pytest.raises(ModelError, match="another layout"):
            unpacked({key: value for key, value in whole.items() if key != name}, ORIGIN)
