"""What every objective of the catalog promises, against a small but real latent diffusion model."""

import inspect
import io

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from artaudit import catalog
from artaudit.errors import UsageError
from artaudit.image import Image, decode
from artaudit.protect.cloak import DescentCloak
from artaudit.protect.descent import Descent
from artaudit.protect.effect import noisy
from artaudit.protect.motifs import Lettering, Picture, cover
from artaudit.protect.objective import Learning, Objective
from artaudit.protocols import Budget, Generator
from artaudit.tensors import to_array, to_batch
from artaudit.transforms import Identity

NAMES = list(catalog.CLOAKS)
ENCODER_ONLY = [name for name in NAMES if not catalog.load(catalog.CLOAKS, name)().needs_generator]
BUDGET = Budget(8 / 255)


@pytest.fixture(params=NAMES)
def objective(request) -> Objective:
    return catalog.load(catalog.CLOAKS, request.param)()


def drawn(height: int = 72, width: int = 90, seed: int = 0) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def as_image(array: np.ndarray) -> Image:
    buffer = io.BytesIO()
    Pillow.fromarray(array).save(buffer, "PNG")
    return decode(buffer.getvalue(), name="picture.png")


def pixels(height: int = 72, width: int = 90, seed: int = 0) -> torch.Tensor:
    return to_batch(drawn(height, width, seed).astype(np.float32) / 255)


def test_the_tiny_model_is_a_generator_as_the_protocol_says(generator):
    assert isinstance(generator, Generator)
    for method in ("condition", "add_noise", "predict", "training_target", "generate"):
        given, asked = (inspect.signature(getattr(owner, method)) for owner in (type(generator), Generator))
        assert list(given.parameters) == list(asked.parameters)


def test_objectives_say_what_they_need(objective):
    assert isinstance(objective, Objective)
    assert isinstance(objective.needs_generator, bool)


@pytest.mark.parametrize("size", [(64, 64), (65, 131), (200, 97)])
def test_targets_and_gradients_fit_pictures_of_any_size(objective, generator, size):
    clean = pixels(*size)
    target = objective.target(clean, [generator], 0)
    if target is not None:
        assert target.shape == clean.shape
        assert target.min() >= 0
        assert target.max() <= 1
        assert not torch.equal(target, clean)
    moved = (clean + 0.01 * torch.rand(clean.shape, generator=torch.Generator().manual_seed(1))).requires_grad_()
    (slope,) = torch.autograd.grad(objective.aim(generator, clean, target, 0)(moved, 0), moved)
    assert torch.isfinite(slope).all()
    assert (slope != 0).float().mean() > 0.5


def test_the_same_seed_and_step_give_the_same_loss(objective, generator):
    clean, moved = pixels(), pixels(seed=1)

    def losses(seed: int) -> list[float]:
        target = objective.target(clean, [generator], seed)
        aim = objective.aim(generator, clean, target, seed)
        return [float(aim(moved, step)) for step in (3, 4, 3)]

    first, again = losses(7), losses(7)
    assert first == again
    assert first[0] == first[2]


def test_a_cloak_of_any_objective_keeps_the_budget_and_repeats(objective, generator):
    image = as_image(drawn(70, 101))
    cloak = DescentCloak(objective, (generator,), Descent(steps=6))
    first, again = (cloak.apply(image, budget=BUDGET, seed=2).colours for _ in range(2))
    assert np.array_equal(first, again)
    assert 4 < np.abs(first.astype(int) - image.stored).max() <= 8


def test_a_few_steps_lower_the_loss_beyond_noise_of_equal_psnr(objective, generator):
    image = as_image(drawn(96, 96))
    cloak = DescentCloak(objective, (generator,), Descent(steps=16), expectation=(Identity(),))
    result = cloak.apply(image, budget=BUDGET, seed=4)
    clean, moved = image.pixels, result.colours.astype(np.float32) / 255
    control = noisy(clean, float(np.mean((moved - clean) ** 2)), sigma=0.0, seed=9)
    target = objective.target(to_batch(clean), [generator], 4)
    aim = objective.aim(generator, to_batch(clean), target, 4)
    cloaked, noised = (np.mean([float(aim(to_batch(x), step)) for step in range(16)]) for x in (moved, control))
    assert cloaked < noised - 0.02 * abs(noised)


def test_objectives_that_need_a_denoiser_refuse_models_without(objective, encoder):
    clean = pixels()
    if not objective.needs_generator:
        target = objective.target(clean, [encoder], 0)
        assert torch.isfinite(objective.aim(encoder, clean, target, 0)(pixels(seed=1), 0))
    else:
        with pytest.raises(UsageError, match=r"needs a model with a denoiser.*audit models add"):
            objective.target(clean, [encoder], 0)


@pytest.mark.parametrize("name", ENCODER_ONLY)
def test_losses_do_not_depend_on_the_scale_of_an_encoder(name, encoder):
    objective = catalog.load(catalog.CLOAKS, name)()
    clean, moved = pixels(), pixels(seed=1)
    large = type(encoder)(scale=20.0)
    small_loss, large_loss = (
        float(objective.aim(model, clean, objective.target(clean, [model], 0), 0)(moved, 0))
        for model in (encoder, large)
    )
    assert large_loss == pytest.approx(small_loss, rel=1e-3)


def test_modes_and_signs_change_what_is_wanted(generator):
    mist, sds = (catalog.load(catalog.CLOAKS, name) for name in ("mist", "sds"))
    clean, moved = pixels(), pixels(seed=1)

    def value(objective: Objective) -> float:
        return float(objective.aim(generator, clean, objective.target(clean, [generator], 0), 0)(moved, 0))

    semantic, textural, fused = (value(mist(mode=mode)) for mode in ("semantic", "textural", "fused"))
    assert semantic < 0 < textural
    assert fused == pytest.approx(textural + 1e4 / 16384 * semantic, rel=1e-4)
    assert value(sds(ascend=True)) == pytest.approx(-value(sds()))
    assert [mist(mode=mode).needs_generator for mode in ("semantic", "textural", "fused")] == [True, False, True]
    with pytest.raises(UsageError, match="choose one of semantic, textural, fused"):
        mist(mode="both")


def test_mist2_may_pull_the_latents_too(generator):
    mist2 = catalog.load(catalog.CLOAKS, "mist2")
    clean, moved = pixels(), pixels(seed=1)
    target = mist2().target(clean, [generator], 0)
    alone, both, more = (float(mist2(pulled=w).aim(generator, clean, target, 0)(moved, 0)) for w in (0.0, 1.0, 2.0))
    assert both > alone
    assert more - both == pytest.approx(both - alone, rel=1e-3)
    at_target = (float(mist2(pulled=w).aim(generator, clean, target, 0)(target, 0)) for w in (0.0, 100.0))
    assert next(at_target) == pytest.approx(next(at_target), rel=1e-3)


def test_score_distillation_never_derives_through_the_denoiser(generator):
    class Closed(type(generator)):
        def predict(self, noisy, steps, condition):
            assert not torch.is_grad_enabled()
            return super().predict(noisy, steps, condition)

    aim = catalog.load(catalog.CLOAKS, "sds")().aim(Closed(), pixels(), None, 0)
    moved = pixels(seed=1).requires_grad_()
    (slope,) = torch.autograd.grad(aim(moved, 0), moved)
    assert (slope != 0).any()


def test_photoguard_and_nightshade_take_a_picture_to_pull_towards(encoder):
    other = as_image(drawn(50, 40, seed=3))
    motif = Picture(other)
    assert other.sha256 in repr(motif)
    photoguard, nightshade = (catalog.load(catalog.CLOAKS, name) for name in ("photoguard", "nightshade"))
    for objective in (photoguard(motif=motif), nightshade(anchor=motif)):
        assert not objective.needs_generator
        target = objective.target(pixels(), [encoder], 0)
        aim = objective.aim(encoder, pixels(), target, 0)
        assert float(aim(target, 0)) < 0.01 < float(aim(pixels(), 0))
        assert other.sha256 in repr(objective)


def test_nightshade_says_which_caption_belongs_beside_the_picture():
    nightshade = catalog.load(catalog.CLOAKS, "nightshade")(concept="cat", subject="portrait")
    assert nightshade.caption == "a portrait"


def test_nightshade_draws_the_same_anchor_whatever_the_seed(generator):
    nightshade = catalog.load(catalog.CLOAKS, "nightshade")(side=64)
    assert torch.equal(*(nightshade.target(pixels(), [generator], seed) for seed in (1, 2)))


def test_lettering_repeats_is_black_and_white_and_keeps_its_seed():
    first = Lettering(tile=96).fitted(200, 250)
    assert first.shape == (1, 3, 200, 250)
    assert torch.equal(first[..., :96, :96], first[..., 96:192, 96:192])
    assert torch.equal(first, Lettering(tile=96).fitted(200, 250))
    assert not torch.equal(first, Lettering(seed=1, tile=96).fitted(200, 250))
    assert ((first == 0) | (first == 1)).float().mean() > 0.95
    assert 0.35 < to_array(first).mean() < 0.65


def test_learning_objectives_are_the_two_that_say_so(objective):
    assert isinstance(objective, Learning) == (type(objective).__name__ in {"Mist2", "AntiDreamBooth"})


@pytest.mark.parametrize("name", ENCODER_ONLY)
def test_encoders_and_generators_serve_together_where_no_denoiser_is_needed(name, encoder, generator):
    cloak = DescentCloak(catalog.load(catalog.CLOAKS, name)(), (encoder, generator), Descent(steps=3))
    cloaked = cloak.apply(as_image(drawn(64, 64)), budget=BUDGET, seed=0)
    assert len(cloaked.models) == 2


def test_grey_and_transparent_pictures_are_cloaked_too(objective, generator):
    array = np.dstack([drawn(64, 80)[..., 0], np.full((64, 80), 200, np.uint8)])
    image = as_image(array)
    cloaked = DescentCloak(objective, (generator,), Descent(steps=2)).apply(image, budget=BUDGET, seed=0)
    assert cloaked.colours.shape == (64, 80, 1)
    assert 0 < np.abs(cloaked.colours[..., 0].astype(int) - array[..., 0]).max() <= 8


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 90), st.integers(1, 90))
@settings(max_examples=30, deadline=None)
def test_covering_fills_any_size_without_leaving_the_range(height, width, rows, columns):
    covered = cover(torch.rand(1, 3, rows, columns), height, width)
    assert covered.shape == (1, 3, height, width)
    assert covered.min() >= 0
    assert covered.max() <= 1
