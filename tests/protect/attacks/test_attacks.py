"""What every attack must be: repeatable, of the picture's size, and as its source describes it."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from artaudit import catalog
from artaudit.datasets.drawings import draw
from artaudit.generators import pool
from artaudit.generators.opening import open_model
from artaudit.protect.attacks.adverse import AdverseCleaner, Guide
from artaudit.protect.attacks.combined import Then
from artaudit.protect.attacks.diffusing import DiffPure, GridPure, starts
from artaudit.protect.attacks.filters import Bilateral
from artaudit.protect.attacks.handling import CropResize, Resize, SocialMedia
from artaudit.protect.attacks.redrawing import Impress, dissimilarity, redrawn
from artaudit.protect.attacks.sweep import AttackSweep, Need
from artaudit.protect.attacks.trained import Remover, RemoverTrainer, TrainedRemover, suspicion
from artaudit.protocols import Generator
from artaudit.tensors import to_array, to_batch
from artaudit.transforms import Identity, Noise


def drawing(seed: int, side: int = 64) -> torch.Tensor:
    picture = draw(np.random.default_rng(seed)).resize((side, side))
    return to_batch(np.asarray(picture, dtype=np.float32) / 255)


def psnr(first: torch.Tensor, second: torch.Tensor) -> float:
    return float(-10 * torch.log10((first - second).square().mean()))


@pytest.fixture(scope="session")
def autoencoder():
    return open_model(next(record for record in pool.embedded() if record.kind == "studio"))


class Painter(Generator):
    """Returns its start picture with a little noise, and records its arguments."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, int, torch.Size]] = []

    def generate(self, prompt, *, seed, start, strength, guidance, steps):
        assert prompt == "" and guidance == 1.0
        self.asked.append((strength, steps, start.shape))
        return Noise(0.01)(start, seed)


def tool(axis: AttackSweep, autoencoder):
    return {
        Need.NOTHING: None,
        Need.AUTOENCODER: autoencoder,
        Need.GENERATOR: Painter(),
        Need.CLOAK: Remover(width=8, depth=2),
    }[axis.needs]


@pytest.mark.parametrize("name", catalog.ATTACKS)
def test_every_attack_keeps_the_size_and_the_range_and_repeats_itself(name, autoencoder):
    axis = catalog.load(catalog.ATTACKS, name)
    strength = 2.0 if name == "impress" else axis.strengths[0]
    attack = axis.attack(strength, tool(axis, autoencoder))
    pixels = torch.cat([drawing(0), drawing(1)])[..., :61]
    first, second = attack(pixels, 3), attack(pixels, 3)
    assert first.shape == pixels.shape and first.dtype == pixels.dtype
    assert torch.equal(first, second)
    assert first.min() >= 0 and first.max() <= 1
    if axis.needs is Need.NOTHING:
        assert psnr(first, pixels) > 12


@pytest.mark.parametrize("name", [name for name in catalog.ATTACKS if name != "impress"])
def test_strengths_are_ordered_from_weak_to_strong(name, autoencoder):
    axis = catalog.load(catalog.ATTACKS, name)
    if axis.needs in (Need.GENERATOR, Need.CLOAK):
        assert axis.strengths == tuple(sorted(axis.strengths))
        return
    pixels = drawing(2)
    losses = [psnr(axis.attack(strength, tool(axis, autoencoder))(pixels, 0), pixels) for strength in axis.strengths]
    assert all(weaker >= stronger - 0.3 for weaker, stronger in pairwise(losses))


def test_a_guided_filter_keeps_the_edges_of_its_guide_and_smooths_what_is_below_eps():
    step = np.zeros((40, 40, 3), np.float32)
    step[:, 20:] = 100
    faint = step + np.random.default_rng(0).normal(0, 2, step.shape).astype(np.float32)
    kept = Guide(faint, radius=4, eps=16.0).filtered(faint)
    assert abs(kept[:, :20].mean()) < 1 and abs(kept[:, 20:].mean() - 100) < 1
    assert kept[:, 5:15].std() < faint[:, 5:15].std() / 1.3
    assert kept[20, 19].max() < 20 and kept[20, 20].min() > 80


def test_the_guided_filter_of_a_grey_guide_is_that_of_the_one_channel_formula():
    rng = np.random.default_rng(1)
    plane = cv2.GaussianBlur(rng.uniform(0, 255, (32, 32)).astype(np.float32), (0, 0), 1.5)
    grey = np.repeat(plane[..., None], 3, axis=2)

    def mean(values):
        return cv2.blur(values.astype(np.float64), (9, 9))

    for eps in (16.0, 400.0):
        # three equal channels explain a plane as one channel does whose variance counts three times
        slope = 3 * (mean(plane * plane) - mean(plane) ** 2) / (3 * (mean(plane * plane) - mean(plane) ** 2) + eps)
        expected = mean(slope) * plane + mean(mean(plane) - slope * mean(plane))
        assert np.allclose(Guide(grey, radius=4, eps=eps).filtered(grey)[..., 0], expected, atol=0.02)


def test_the_noisy_guide_of_adverse_cleaner_brings_some_of_the_change_back():
    clean = drawing(3, 128)
    noisy = Noise(0.05)(clean, 0)
    back, gone = (psnr(AdverseCleaner(noisy_guide=noisily)(noisy, 0), clean) for noisily in (True, False))
    assert gone >= back
    assert torch.equal(torch.round(AdverseCleaner()(noisy, 0) * 255), AdverseCleaner()(noisy, 0) * 255)


def test_cropping_shows_the_middle_larger():
    pixels = torch.zeros(1, 3, 64, 64)
    pixels[..., 8:56, 8:56] = 1
    assert CropResize(0.75)(pixels, 0).min() == 1


def test_social_media_shrinks_large_pictures_more():
    wide = drawing(4, 64).repeat(1, 1, 1, 40)
    lost = psnr(SocialMedia(95, side=640)(wide, 0), wide)
    assert lost < psnr(SocialMedia(95, side=2560)(wide, 0), wide)


def test_combined_attacks_equal_the_single_ones_in_turn():
    pixels = drawing(5)
    both = Then((Noise(0.05), Resize(0.5)))(pixels, 7)
    assert torch.equal(both, Resize(0.5)(Noise(0.05)(pixels, 7), 8))
    assert torch.equal(Then((Identity(),))(pixels, 0), pixels)


def test_bilateral_filters_keep_what_is_stronger_than_their_range():
    pixels = drawing(6)
    assert psnr(Bilateral(4)(pixels, 0), pixels) > psnr(Bilateral(4, colour=80.0)(pixels, 0), pixels)


def test_impress_finds_a_picture_that_the_model_redraws_better(autoencoder):
    pixels = drawing(7)
    purified = Impress(40, autoencoder)(pixels, 0)
    with torch.no_grad():
        before, after = (
            float((redrawn(autoencoder, picture) - picture).square().mean()) for picture in (pixels, purified)
        )
    assert after < before


def test_dissimilarity_is_that_of_scikit_image_and_none_between_equals():
    clean, noisy = drawing(8), Noise(0.05)(drawing(8), 0)
    assert float(dissimilarity(clean, clean)) == pytest.approx(0, abs=1e-5)
    expected = 1 - structural_similarity(
        to_array(clean),
        to_array(noisy),
        channel_axis=2,
        data_range=1.0,
        gaussian_weights=True,
        use_sample_covariance=False,
    )
    assert float(dissimilarity(clean, noisy)) == pytest.approx(expected, abs=0.03)


def test_purifiers_ask_the_generator_for_the_depths_of_their_papers():
    painter = Painter()
    DiffPure(100, painter)(drawing(9), 0)
    assert painter.asked == [(0.1, 100, torch.Size((1, 3, 64, 64)))]
    painter.asked.clear()
    GridPure(2, painter)(drawing(9, 512), 0)
    assert len(painter.asked) == 2 * (9 + 1)
    assert {asked[0] for asked in painter.asked} == {0.01}
    assert {tuple(asked[2]) for asked in painter.asked} == {(1, 3, 256, 256)}


def test_windows_cover_every_length():
    for length in (100, 256, 257, 511, 512, 700):
        begins = starts(length, 256)
        covered = {place for start in begins for place in range(start, min(start + 256, length))}
        assert covered == set(range(length)) and max(begins) + 256 <= max(length, 256)


def test_a_grid_of_windows_leaves_a_picture_whole_where_the_model_does():
    class Faithful(Painter):
        def generate(self, prompt, *, start, **settings):
            super().generate(prompt, start=start, **settings)
            return start

    pixels = drawing(10, 300)
    assert torch.allclose(GridPure(3, Faithful())(pixels, 0), pixels, atol=1e-6)


@pytest.mark.slow
def test_a_trained_remover_takes_a_fixed_pattern_off_and_leaves_clean_pictures_alone():
    pictures = torch.cat([drawing(number) for number in range(12)])
    pattern = 0.04 * torch.sign(torch.sin(torch.arange(64.0) * 1.3)).expand(1, 3, 64, 64)
    cloaked = (pictures + pattern).clamp(0, 1)
    network = RemoverTrainer(steps=150, batch=8).train(pictures[:8], cloaked[:8], seed=0)
    clean, protected = pictures[8:], cloaked[8:]
    remove = TrainedRemover(1.0, network)
    assert psnr(remove(protected, 0), clean) > psnr(protected, clean) + 3
    assert psnr(remove(clean, 0), clean) > psnr(protected, clean)
    assert suspicion(network, protected).min() > suspicion(network, clean).max()


def test_an_untrained_remover_says_that_nothing_was_added():
    assert torch.equal(TrainedRemover(1.0, Remover())(drawing(11), 0), drawing(11))
