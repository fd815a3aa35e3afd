"""What a transferred style promises, and how Glaze chooses and makes one."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from artaudit.protect.denoising import source
from artaudit.protect.objectives.glaze import COMPARED, Glaze, far_style
from artaudit.protect.styles import STYLES, Style, statistics, transfer
from artaudit.tensors import to_batch


def picture(height: int = 128, width: int = 128, seed: int = 0) -> torch.Tensor:
    coarse = torch.rand(1, 3, 7, 9, generator=source(seed))
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic", align_corners=False).clamp(0, 1)


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.prompt)
def test_a_transfer_comes_closer_to_the_style_and_keeps_the_picture(style):
    clean = picture()
    changed = transfer(clean, style)
    goal = statistics(style.example(128, 128))
    assert (statistics(changed) - goal).norm() < 0.6 * (statistics(clean) - goal).norm()
    luma = torch.stack([pixels.mean(1).flatten() for pixels in (clean, changed)])
    assert torch.corrcoef(luma)[0, 1] > 0.4


@given(st.integers(64, 300), st.integers(64, 300), st.sampled_from(STYLES))
@settings(max_examples=15, deadline=None)
def test_a_transfer_fits_any_size_and_stays_in_range(height, width, style):
    changed = transfer(picture(height, width), style)
    assert changed.shape == (1, 3, height, width)
    assert changed.min() >= 0
    assert changed.max() <= 1


def test_a_flat_picture_takes_a_style_without_overflow():
    changed = transfer(torch.full((1, 3, 70, 80), 0.5), STYLES[0])
    assert torch.isfinite(changed).all()
    assert changed.std() > 0.02


def test_examples_are_the_same_at_every_call_and_all_different():
    first, again = ([style.example(96, 96) for style in STYLES] for _ in range(2))
    assert all(torch.equal(*examples) for examples in zip(first, again, strict=True))
    numbers = torch.stack([statistics(example) for example in first])
    assert torch.pdist(numbers).min() > 0.02


def distances(clean: torch.Tensor) -> dict[Style, float]:
    return {style: float((statistics(style.example(*COMPARED)) - statistics(clean)).norm()) for style in STYLES}


@pytest.mark.parametrize("seed", range(6))
def test_the_chosen_style_is_far_but_neither_near_nor_farthest(seed):
    clean = picture(seed=seed)
    chosen = far_style(clean, seed)
    far = distances(clean)
    rank = sorted(far.values()).index(far[chosen])
    assert len(STYLES) // 2 <= rank <= round(0.75 * len(STYLES))


def test_the_seed_chooses_among_the_far_styles():
    assert len({far_style(picture(), seed).prompt for seed in range(12)}) == 2


def test_glaze_transfers_by_statistics_where_no_model_draws(encoder):
    clean = picture()
    target = Glaze().target(clean, [encoder], 3)
    assert torch.equal(target, transfer(clean, far_style(clean, 3)))


def test_glaze_lets_the_first_model_that_draws_redraw_every_window(encoder, generator):
    clean = to_batch(picture(64, 1100)[0].permute(1, 2, 0).numpy())
    asked: list[tuple[str, int, float]] = []

    class Watched(type(generator)):
        def generate(self, prompt, *, start=None, strength=1.0, **settings):
            asked.append((prompt, start.shape[-1], strength))
            return super().generate(prompt, start=start, strength=strength, **settings)

    target = Glaze(strength=0.4, steps=2).target(clean, [encoder, Watched(), generator], 3)
    assert asked == [(far_style(clean, 3).prompt, width, 0.4) for width in (576, 652)]
    assert target.shape == clean.shape
    assert not (target == clean).all(dim=1).any()
