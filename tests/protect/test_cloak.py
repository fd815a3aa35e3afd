"""What every cloak promises: budget, size, depth, determinism and an effect beyond noise."""

import io

import cv2
import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from artaudit.errors import ImageError
from artaudit.image import Image, decode
from artaudit.protect.cloak import DescentCloak
from artaudit.protect.descent import Descent, Part, Task
from artaudit.protect.effect import effect, noisy
from artaudit.protect.objectives.push import Push
from artaudit.protect.receipt import receipt
from artaudit.protect.saving import save_within
from artaudit.protect.tiles import tiles
from artaudit.protocols import Budget
from artaudit.tensors import pad_to_multiple

BUDGET = Budget(7 / 255)
RANDOM = np.random.default_rng(2)


class SmallEncoder:
    """A real convolutional encoder with seeded weights, 8x down."""

    family = "test"
    factor = 8

    def __init__(self, seed: int = 0) -> None:
        torch.manual_seed(seed)
        layers = [(3, 16), (16, 16), (16, 4)]
        self.net = torch.nn.Sequential(
            *[torch.nn.Sequential(torch.nn.Conv2d(i, o, 3, 2, 1), torch.nn.Tanh()) for i, o in layers]
        ).requires_grad_(requires_grad=False)
        self.name, self.digest = f"small@{seed}", str(seed)

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.net(pad_to_multiple(pixels, self.factor))


def drawn(height: int = 96, width: int = 130, channels: int = 3) -> np.ndarray:
    coarse = RANDOM.integers(0, 256, (6, 8, channels), dtype=np.uint8)
    array = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return array.reshape(height, width, channels)


def as_image(array: np.ndarray, kind: str = "PNG", **options: object) -> Image:
    buffer = io.BytesIO()
    Pillow.fromarray(array[..., 0] if array.shape[2] == 1 else array).save(buffer, kind, **options)
    return decode(buffer.getvalue(), name=f"picture.{kind.lower()}")


def cloak(steps: int = 12, encoders: int = 1) -> DescentCloak:
    return DescentCloak(Push(), tuple(SmallEncoder(seed) for seed in range(encoders)), Descent(steps=steps))


KINDS = [
    ("PNG", 1, {}),
    ("PNG", 2, {}),
    ("PNG", 3, {}),
    ("PNG", 4, {}),
    ("TIFF", 3, {}),
    ("BMP", 3, {}),
    ("WEBP", 4, {"lossless": True}),
    ("WEBP", 3, {"quality": 80}),
    ("JPEG", 3, {"quality": 85}),
    ("JPEG", 1, {"quality": 85}),
]


@pytest.mark.parametrize(("kind", "channels", "options"), KINDS)
def test_the_file_itself_keeps_the_budget_and_everything_else(kind, channels, options):
    image = as_image(drawn(channels=channels), kind, **options)
    saved = save_within(image, cloak().apply(image, budget=BUDGET, seed=1))
    assert 1 < np.abs(saved.samples - image.samples).max() * 255 <= 7 + 1e-4
    assert (saved.format, saved.width, saved.height) == (image.format, image.width, image.height)
    assert saved.stored.shape == image.stored.shape
    if image.alpha is not None:
        assert np.array_equal(saved.alpha, image.alpha)


def test_sixteen_bit_files_keep_their_low_bits():
    deep = RANDOM.integers(3000, 60000, (80, 80, 3), dtype=np.uint16)
    image = decode(cv2.imencode(".png", deep)[1].tobytes(), name="deep.png")
    saved = save_within(image, cloak().apply(image, budget=BUDGET, seed=1))
    moved = saved.stored.astype(int) - image.stored
    assert saved.levels == 65535
    assert np.all(moved % 257 == 0)
    assert 257 < np.abs(moved).max() <= 7 * 257


def test_wholly_transparent_samples_stay_as_they_are():
    array = drawn(channels=4)
    array[..., 3] = 255
    array[:40, :50, 3] = 0
    image = as_image(array)
    moved = cloak().apply(image, budget=BUDGET, seed=1).colours != array[..., :3]
    assert not moved[:40, :50].any()
    assert moved[40:].any()


def test_the_same_seed_gives_the_same_picture_and_another_seed_another():
    image = as_image(drawn())
    first, again, other = (cloak(4).apply(image, budget=BUDGET, seed=seed).colours for seed in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("encoders", [1, 2])
def test_the_latents_move_further_than_noise_that_is_as_visible_moves_them(encoders):
    image, tool = as_image(drawn(128, 128)), cloak(25, encoders)
    saved = save_within(image, tool.apply(image, budget=BUDGET, seed=3))
    for encoder in tool.models:
        assert effect(encoder, image.pixels, saved.pixels).gain > 1.5


def test_noise_itself_gains_nothing():
    clean = as_image(drawn(128, 128)).pixels
    for sigma in (0.0, 1.0):
        changed = noisy(clean, (4 / 255) ** 2, sigma=sigma, seed=99)
        measured = effect(SmallEncoder(), clean, changed, seed=1)
        assert 0.1 < measured.gain < 1.15
        assert 0.3 < measured.gain_at_equal_psnr < 1.15


def test_noise_controls_have_the_power_that_was_asked_for():
    clean = as_image(drawn(128, 128)).pixels
    changed = noisy(clean, (5 / 255) ** 2, sigma=1.0, seed=0)
    assert np.mean((changed - clean) ** 2) == pytest.approx((5 / 255) ** 2, rel=0.01)


def test_a_picture_larger_than_a_tile_is_cloaked_everywhere():
    image = as_image(drawn(200, 1100))
    moved = cloak(2).apply(image, budget=BUDGET, seed=1).colours != image.stored
    assert min(moved[:, column : column + 50].mean() for column in range(0, 1100, 50)) > 0.3


def test_progress_reaches_its_total():
    calls: list[tuple[int, int]] = []
    cloak(3).apply(as_image(drawn()), budget=BUDGET, seed=1, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 3), (2, 3), (3, 3)]


def test_a_step_that_would_go_beyond_the_time_is_not_begun(monkeypatch):
    clock, losses = [0.0], []

    def ten_seconds(moved, _step):
        clock[0] += 10
        losses.append(moved)
        return moved.square().mean()

    monkeypatch.setattr("artaudit.protect.descent.time.monotonic", lambda: clock[0])
    task = Task(torch.full((1, 3, 64, 64), 0.5), [Part(next(tiles(64, 64)), ten_seconds)], room=7 / 255, seed=1)
    for seconds, steps in ((5.0, 1), (25.0, 2), (30.0, 3), (1000.0, 40)):
        losses.clear()
        Descent(steps=40).run(task, seconds=seconds)
        assert len(losses) == steps


def test_too_small_pictures_and_empty_budgets_are_refused():
    with pytest.raises(ImageError, match="needs 64 pixels"):
        cloak().apply(as_image(drawn(63, 200)), budget=BUDGET, seed=1)
    with pytest.raises(ImageError, match="at least 1/255"):
        cloak().apply(as_image(drawn()), budget=Budget(0.5 / 255), seed=1)


def test_the_receipt_tells_what_is_needed_to_repeat_and_to_judge():
    image, tool = as_image(drawn()), cloak(20)
    cloaked = tool.apply(image, budget=BUDGET, seed=8)
    saved = save_within(image, cloaked)
    record = receipt(image, saved, cloaked, tool.models, "a note")
    assert record["seed"] == 8
    assert record["input"]["sha256"] == image.sha256
    assert record["output"]["sha256"] == saved.sha256
    assert record["models"] == [{"name": "small@0", "digest": "0"}]
    assert record["visibility"]["linf"] <= 7 / 255 + 1e-6
    assert record["visibility"]["psnr_db"] > 31
    assert record["effect"][0]["gain_over_visible_noise"] > 1
    assert record["method"]["name"] == "push"
    assert record["method"]["objective"] == {"kind": "Push"}
    assert record["method"]["descent"]["steps"] == 20
