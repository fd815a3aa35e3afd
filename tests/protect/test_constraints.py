"""Constraints measure their violation, multipliers follow it, and settled changes keep all constraints."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from artaudit.distances import Flip, Ssimulacra2
from artaudit.protect.cloak import turns
from artaudit.protect.constraints import (
    Constraint,
    FlickerCeiling,
    Held,
    ScoreFloor,
    bareness,
    largest_share,
    levelled,
    noise_of,
)
from artaudit.protect.descent import Descent, Part, Task
from artaudit.protect.settling import settled
from artaudit.protect.tiles import tiles, whole


def scene(height: int = 128, width: int = 160) -> torch.Tensor:
    rows, columns = torch.meshgrid(torch.arange(height) / height, torch.arange(width) / width, indexing="ij")
    texture = 0.1 * torch.sin(40 * columns) * (rows > 0.5)
    return levelled(torch.stack([0.4 + 0.3 * rows, 0.5 + texture, 0.8 - 0.4 * rows])[None].float())


def noise(clean: torch.Tensor, size: float, seed: int = 1) -> torch.Tensor:
    return size * torch.randn(clean.shape, generator=torch.Generator().manual_seed(seed))


def bounds_of(clean: torch.Tensor, score: float) -> tuple[Constraint, ...]:
    return ScoreFloor(clean, score), FlickerCeiling(clean, noise_of(clean, score))


@pytest.mark.parametrize("score", [60.0, 80.0, 90.0])
def test_the_noise_of_a_score_has_it(score):
    clean = scene()
    assert float(Ssimulacra2(clean)(noise_of(clean, score))) == pytest.approx(score, abs=1)


@pytest.mark.parametrize("number", [0, 1])
def test_a_bound_is_kept_by_a_little_and_broken_by_much(number):
    clean = levelled(scene() + noise(scene(), 0.06, seed=2))
    bound = bounds_of(clean, 80.0)[number]
    assert isinstance(bound, Constraint)
    assert float(bound.excess(clean)) < 0
    assert float(bound.excess(levelled(clean + noise(clean, 0.1)))) > 0
    assert abs(float(bound.excess(noise_of(clean, 80.0)))) < 0.3


def test_the_flicker_of_one_tile_counts_more_than_that_of_the_mean():
    clean = scene()
    spot = clean.clone()
    spot[..., :32, :32] += noise(clean[..., :32, :32], 0.05)
    everywhere = clean + noise(clean, 0.012)
    bound, shown = FlickerCeiling(clean, noise_of(clean, 80.0)), Flip(clean)
    assert float(shown(spot).mean()) < float(shown(everywhere).mean())
    assert float(bound.excess(spot)) > float(bound.excess(everywhere))


def test_a_change_counts_double_where_there_is_no_texture_to_hide_it():
    clean = scene()
    clean[..., 64:, :] += noise(clean[..., 64:, :], 0.12, seed=2)
    counted = bareness(clean)
    assert counted.shape == clean.shape[-2:]
    assert float(counted[:40].min()) == 2.0
    assert float(counted[80:].max()) == 1.0


def test_a_lone_edge_is_no_texture():
    clean = torch.full((1, 3, 128, 128), 0.3)
    clean[..., 64:] = 0.8
    assert float(bareness(clean).min()) > 1.5


def test_slopes_of_constraints_point_to_less_violation():
    clean = scene()
    for bound in bounds_of(clean, 80.0):
        moved = (clean + noise(clean, 0.06)).clamp(0, 1).requires_grad_()
        before = bound.excess(moved)
        (slope,) = torch.autograd.grad(before, moved)
        after = bound.excess((moved - 0.001 * slope / slope.square().mean().sqrt()).detach())
        assert float(after) < float(before.detach())


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=200))
def test_multipliers_follow_their_violation_and_stay_finite(violations):
    held = Held(ScoreFloor(scene(64, 64), 80.0))
    for excess in violations:
        before = held.multiplier
        held.follow(excess)
        assert 0.02 <= held.multiplier <= 5
        assert (held.multiplier >= before) if excess > 0 else (held.multiplier <= before)


def descended(clean: torch.Tensor, score: float, core: int = 512) -> torch.Tensor:
    parts = []
    for tile in tiles(*clean.shape[-2:], core=core, margin=64):
        window = clean[..., tile.window[0], tile.window[1]]
        parts.append(
            Part(tile, lambda moved, _step, window=window: -(moved - window).square().mean(), bounds_of(window, score))
        )
    task = Task(clean, parts, room=1.0, seed=3)
    return settled(Descent(steps=10).run(task), task)


@pytest.mark.parametrize("score", [70.0, 88.0])
def test_what_is_settled_keeps_the_score_in_whole_levels(score):
    clean = scene()
    change = descended(clean, score)
    assert float(change.abs().max()) > 0
    assert torch.allclose(change * 255, torch.round(change * 255), atol=1e-3)
    assert float(Ssimulacra2(clean)(clean + change)) >= score - 0.1


def test_parts_of_unlike_strength_meet_without_a_seam():
    clean = scene(128, 512)
    clean[..., :256] = 0.5
    change = descended(clean, 80.0, core=256)
    strength = (change.abs().mean(dim=(0, 1)).mean(dim=0).view(32, 16).mean(dim=1)).numpy()
    assert float(Ssimulacra2(clean)(clean + change)) >= 80
    assert np.abs(np.diff(strength)).max() < 0.5 * strength.max()


@settings(deadline=None)
@given(st.floats(0.01, 1.5), st.floats(0.3, 3))
def test_the_largest_share_that_keeps_a_bound_is_found(bound, power):
    largest = largest_share(lambda part: (part / bound) ** power - 1, 1.5)
    assert 0.97 * bound <= largest <= bound


@given(st.lists(st.floats(0.2, 4), min_size=1, max_size=5), st.integers(1, 60))
def test_turns_come_as_often_as_weights_say(weights, steps):
    schedule = turns(weights, steps)
    assert len(schedule) == steps
    for number, weight in enumerate(weights):
        visits = [visit for chosen, visit in schedule if chosen == number]
        assert visits == list(range(len(visits)))
        assert abs(len(visits) - steps * weight / sum(weights)) <= len(weights)


def test_the_whole_picture_is_a_tile():
    tile = whole(30, 40)
    assert tile.window == tile.core == (slice(0, 30), slice(0, 40))
    assert tile.core_in_window == tile.core
