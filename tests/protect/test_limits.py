"""Limits keep a cloak where it is allowed, in the shape that was asked for."""

import io
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from artaudit import distances
from artaudit.errors import UsageError
from artaudit.image import decode
from artaudit.protect import jnd
from artaudit.protect.descent import Descent, Task
from artaudit.protect.limits import Limits
from artaudit.protect.mask import Mask
from artaudit.protect.perceptual import MultiScale
from artaudit.protect.tiles import tiles
from artaudit.protocols import Budget
from artaudit.tensors import to_array, to_batch

SIDE = 64
BUDGET = Budget(7 / 255)
LEFT_BLACK = Mask(np.linspace(-1, 1, SIDE, dtype=np.float32).clip(0)[None].repeat(SIDE, 0))


def picture(seed: int = 0, colours: int = 3) -> torch.Tensor:
    """Draw a flat half, with full and empty samples in it, and a half of texture."""
    rng = np.random.default_rng(seed)
    levels = np.tile(rng.choice([0, 40, 128, 255], (1, 1, colours)), (SIDE, SIDE, 1))
    levels[:, SIDE // 2 :] = rng.integers(0, 256, (SIDE, SIDE // 2, colours))
    return to_batch((levels / 255).astype(np.float32))


def descend(limits: Limits, budget: Budget = BUDGET, clean: torch.Tensor | None = None) -> torch.Tensor:
    """Return the change that makes a picture as unlike itself as a random linear map can see."""
    clean = picture() if clean is None else clean
    direction = torch.randn(clean.shape, generator=torch.Generator().manual_seed(5))

    def loss(moved: torch.Tensor, step: int) -> torch.Tensor:
        return (moved * direction[..., : moved.shape[-2], : moved.shape[-1]]).sum() / 100 + step * 0

    losses = [(tile, loss) for tile in tiles(*clean.shape[-2:])]
    return Descent(steps=6).run(Task(clean, losses, budget, 3, limits))


def levels(change: torch.Tensor) -> torch.Tensor:
    return change * 255


masks = st.sampled_from([None, LEFT_BLACK, Mask(np.full((5, 9), 0.4, np.float32))])
some_limits = st.builds(
    Limits,
    jnd=st.floats(0, 1),
    delta_e=st.none() | st.floats(0, 6),
    low_pass=st.just(0.0) | st.floats(0.3, 2.0),
    luma=st.booleans(),
    mask=masks,
)
budgets = st.builds(Budget, st.integers(1, 16).map(lambda n: n / 255), st.none() | st.floats(0.2 / 255, 8 / 255))


@settings(max_examples=40, deadline=None)
@given(some_limits, budgets, st.sampled_from([1, 3]))
def test_no_sample_leaves_its_room_and_all_move_by_whole_levels(limits, budget, colours):
    clean = picture(1, colours)
    change = levels(descend(limits, budget, clean))
    assert torch.all(change.abs() <= limits.room(clean, budget) + 1e-3)
    assert torch.all((change - change.round()).abs() < 1e-3)
    assert torch.all((clean + change / 255 >= -1e-6) & (clean + change / 255 <= 1 + 1e-6))


@settings(max_examples=40, deadline=None)
@given(some_limits, st.integers(1, 11))
def test_a_larger_budget_never_leaves_less_room(limits, count):
    clean = picture(2)
    small, large = (limits.room(clean, Budget(number / 255)) for number in (count, count + 1))
    assert torch.all(small <= large)
    assert torch.all(large <= count + 1)
    assert torch.equal(large, large.round())


@settings(max_examples=25, deadline=None)
@given(some_limits, st.floats(0.1 / 255, 7 / 255))
def test_the_root_mean_square_is_kept_after_rounding(limits, rms):
    change = descend(limits, Budget(7 / 255, rms=rms))
    assert float(change.double().square().mean().sqrt()) <= rms * (1 + 1e-6)


@pytest.mark.parametrize("limits", [Limits(), Limits(low_pass=1.0)], ids=["plain", "low pass"])
def test_a_tight_root_mean_square_is_used_up(limits):
    change = descend(limits, Budget(7 / 255, rms=1.5 / 255))
    assert 1.3 < float(levels(change).square().mean().sqrt()) <= 1.5


def test_without_settings_every_sample_has_the_whole_budget():
    clean = picture()
    change = torch.rand_like(clean)
    assert torch.all(Limits().room(clean, BUDGET) == 7)
    assert Limits().shape(change, clean) is change
    assert Limits().project(change, clean, BUDGET) is change
    assert Limits().penalty(clean, clean) == 0


@given(st.floats(0, 255), st.integers(0, 3))
@settings(max_examples=20, deadline=None)
def test_under_black_nothing_moves_and_under_white_the_whole_budget_is_open(shade, turns):
    values = np.zeros((SIDE, SIDE), np.float32)
    values[:20] = 1.0
    mask = Mask(np.rot90(values, turns).copy())
    clean = torch.full((1, 3, SIDE, SIDE), round(shade) / 255)
    room = Limits(mask=mask).room(clean, BUDGET)[0, 0]
    assert torch.equal(room, 7 * torch.from_numpy(mask.values))
    moved = descend(Limits(mask=mask, low_pass=1.0), clean=clean)[0].abs().sum(0)
    assert torch.all(moved[room == 0] == 0)
    assert torch.any(moved[room > 0] > 0)


@given(st.tuples(st.integers(3, 200), st.integers(3, 200)))
@settings(max_examples=40, deadline=None)
def test_a_mask_of_another_size_is_stretched_and_its_black_half_stays_black(size):
    values = np.zeros((40, 40), np.float32)
    values[20:] = 1
    room = Limits(mask=Mask(values)).room(torch.zeros(1, 3, *size), BUDGET)[0, 0]
    assert room.shape == size
    middle = max(1, size[0] // 10) + max(1, size[0] // 40)
    assert torch.all(room[: max(0, size[0] // 2 - middle)] == 0)
    assert torch.all(room[size[0] // 2 + middle :] == 7)


def test_a_mask_is_painted_in_any_picture_and_known_by_its_digest():
    buffer = io.BytesIO()
    Pillow.fromarray(np.array([[[0, 0, 0], [255, 255, 255], [0, 255, 0]]], np.uint8)).save(buffer, "PNG")
    mask = Mask.painted(decode(buffer.getvalue(), name="mask.png"))
    assert mask.values.tolist()[0] == pytest.approx([0, 1, 0.587])
    assert mask.values[0, 0] == 0
    assert mask == Mask(mask.values.copy())
    assert mask != Mask(mask.values.T.copy())
    assert mask.digest in repr(Limits(mask=mask))


def test_the_jnd_mask_gives_flat_areas_a_fifth_and_strong_texture_everything():
    clean = picture(0)
    clean[..., : SIDE // 2] = 0.5
    room = Limits(jnd=1.0).room(clean, Budget(20 / 255))[0, 0]
    assert torch.all(room[:, : SIDE // 2 - 1] == 4)
    assert (room[:, SIDE // 2 + 1 :] == 20).float().mean() > 0.95


def test_texture_hides_more_the_stronger_it_is_and_dark_flatness_more_than_grey():
    texture = torch.randn(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(3))
    hidden = [float(jnd.share(0.5 + amplitude * texture).mean()) for amplitude in (0.0, 0.02, 0.05, 0.1)]
    assert hidden == sorted(hidden)
    assert hidden[0] == pytest.approx(jnd.FLAT_SHARE)
    black, grey, white = (float(jnd.adaptation(torch.full((1, 1, 8, 8), shade)).mean()) for shade in (0.0, 0.5, 1.0))
    assert black > 1.3 > white > grey == pytest.approx(1)


def test_the_weaker_the_jnd_mask_the_more_room():
    clean = picture(3)
    rooms = [Limits(jnd=strength).room(clean, BUDGET) for strength in (0.0, 0.3, 0.6, 1.0)]
    assert all(torch.all(more >= less) for more, less in pairwise(rooms))
    assert rooms[-1].min() >= 1


@settings(max_examples=15, deadline=None)
@given(st.floats(0.3, 5), st.booleans(), st.integers(0, 50))
def test_no_change_within_the_room_of_a_flat_area_is_further_than_the_cap(cap, luma, seed):
    rng = np.random.default_rng(seed)
    clean = np.repeat(np.repeat(rng.integers(0, 256, (4, 4, 3)), 16, 0), 16, 1)
    clean[:16] = clean[:16, :, :1]
    clean = (clean / 255).astype(np.float32)
    room = Limits(delta_e=cap, luma=luma).room(to_batch(clean), Budget(12 / 255))
    flat = np.zeros((64, 64), bool)
    for top in range(2, 64, 16):
        for left in range(2, 64, 16):
            flat[top : top + 12, left : left + 12] = True
    drawn = rng.uniform(-1, 1, (64, 64, 1 if luma else 3)) if seed % 2 else rng.choice([-1.0, 1.0], (64, 64, 3))
    drawn = drawn[..., :1] if luma else drawn
    changed = (clean + np.rint(drawn * to_array(room)) / 255).clip(0, 1).astype(np.float32)
    assert distances.delta_e(clean, changed)[flat].max() <= cap + 0.01


@pytest.mark.parametrize(("luma", "colours"), [(False, 3), (True, 3), (False, 1)])
def test_the_change_that_is_made_keeps_the_colour_cap_in_flat_areas(luma, colours):
    clean = picture(6, colours)
    change = descend(Limits(delta_e=2.5, luma=luma), Budget(12 / 255), clean)
    one, other = (to_array(pixels.expand(-1, 3, -1, -1)) for pixels in (clean, (clean + change).clamp(0, 1)))
    apart = distances.delta_e(one, other)
    assert 1 < apart[:, : SIDE // 2 - 3].max() <= 2.51
    assert apart[:, SIDE // 2 + 3 :].max() > 2.51


def test_a_shared_change_is_the_same_in_all_colours_that_have_room():
    clean = picture(0).clamp(0.2, 0.8)
    change = levels(descend(Limits(luma=True), clean=clean))
    assert torch.allclose(change, change[:, :1].expand_as(change), atol=1e-3)
    assert change.abs().max() > 3


def test_a_low_pass_takes_the_fine_detail_out_of_a_change():
    def roughness(change: torch.Tensor) -> float:
        return float((change[..., 1:] - change[..., :-1]).square().mean() / change.square().mean())

    clean = picture(0).clamp(0.2, 0.8)
    assert roughness(descend(Limits(low_pass=1.5), clean=clean)) < roughness(descend(Limits(), clean=clean)) / 3


def test_the_hinge_costs_nothing_below_its_threshold_and_alpha_times_the_rest_above():
    clean, distance = picture(4), MultiScale()
    moved = (clean + 0.2 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)
    apart = float(distance(clean, moved))
    assert Limits(hinge=apart + 0.01).penalty(clean, moved) == 0
    assert float(Limits(hinge=apart / 2).penalty(clean, moved)) == pytest.approx(30 * apart / 2, rel=1e-4)
    assert float(Limits(hinge=0.0, alpha=2.0).penalty(clean, moved)) == pytest.approx(2 * apart, rel=1e-4)


def test_the_hinge_makes_a_change_less_visible_and_takes_any_distance():
    def mean_square(clean: torch.Tensor, moved: torch.Tensor) -> torch.Tensor:
        return 1e4 * (moved - clean).square().mean()

    plain = descend(Limits())
    for limits in (Limits(hinge=0.002, alpha=1e5), Limits(hinge=0.0, alpha=1e5, distance=mean_square)):
        kept = descend(limits)
        clean = picture()
        assert MultiScale()(clean, clean + kept) < MultiScale()(clean, clean + plain)


@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("side", [64, 200])
def test_the_perceptual_distance_is_zero_for_equal_pictures_and_grows_with_noise(colours, side):
    clean = torch.rand(1, colours, side, side, generator=torch.Generator().manual_seed(1)) * 0.8 + 0.1
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(2))
    apart = [float(MultiScale()(clean, clean + size * noise)) for size in (0.0, 0.01, 0.05, 0.2)]
    assert apart[0] == pytest.approx(0, abs=1e-5)
    assert apart == sorted(apart)
    assert 0.02 < apart[-1] < 1


def test_a_low_pass_is_wider_where_the_picture_is_flat():
    clean = torch.full((1, 3, 64, 128), 0.5)
    clean[..., 64:] = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(2))
    shaped = Limits(low_pass=1.0).shape(noise, clean)
    assert shaped[..., 4:60].std() < 0.7 * shaped[..., 68:124].std()


def test_the_perceptual_distance_sees_texture_less_than_flatness_and_chroma_less_than_luma():
    noise = 0.03 * torch.randn(1, 3, 128, 128, generator=torch.Generator().manual_seed(2))
    texture = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(1))
    flat = torch.full_like(texture, 0.5)
    distance = MultiScale()
    assert distance(flat, flat + noise) > 3 * distance(texture, texture + noise)
    grey = noise[:, :1].expand_as(noise)
    chroma = noise - (noise * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    chroma = chroma * (grey.square().mean() / chroma.square().mean()).sqrt()
    assert distance(flat, flat + grey) > 1.5 * distance(flat, flat + chroma)


@pytest.mark.parametrize(
    "settings_",
    [{"jnd": 1.5}, {"jnd": -0.1}, {"delta_e": -1.0}, {"low_pass": float("nan")}, {"hinge": -0.1}, {"alpha": -1.0}],
)
def test_settings_without_a_meaning_are_refused(settings_):
    with pytest.raises(UsageError, match="choose"):
        Limits(**settings_)


@pytest.mark.parametrize("values", [[[1.5]], [[-0.1]], [[float("nan")]]])
def test_masks_that_hold_no_shares_are_refused(values):
    with pytest.raises(UsageError, match="scale them"):
        Mask(np.array(values, np.float32))
