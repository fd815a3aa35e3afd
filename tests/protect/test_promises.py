"""The saved file itself keeps the score that a strength promises, whatever kind of picture it is."""

import io
from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageDraw
from skimage import data

from artaudit.catalog import STRENGTHS
from artaudit.datasets.photographs import photograph
from artaudit.distances import whole_and_worst
from artaudit.generators.choice import choose
from artaudit.image import Image, decode
from artaudit.protect.cloak import DescentCloak
from artaudit.protect.descent import Descent
from artaudit.protect.objectives.push import Push
from artaudit.protect.saving import save_within
from artaudit.protect.visibility import grounds
from artaudit.protocols import TILE_SLACK, Budget

HEIGHT, WIDTH = 144, 192
STEPS = 6


def photograph_with_sky() -> np.ndarray:
    with Pillow.open(io.BytesIO(photograph("china.jpg"))) as china:
        return np.asarray(china)[20 : 20 + HEIGHT, 220 : 220 + WIDTH]


def face() -> np.ndarray:
    return data.astronaut()[40 : 40 + HEIGHT, 130 : 130 + WIDTH]


def skin_gradient() -> np.ndarray:
    """Return skin as it is painted with a soft brush: one smooth gradient, without any grain."""
    down, across = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j]
    light = (0.6 * down + 0.4 * across)[..., None]
    return np.rint((1 - light) * [244, 208, 178] + light * [176, 112, 84]).astype(np.uint8)


def painting() -> np.ndarray:
    """Return short strokes of a few colours, over and over."""
    rng = np.random.default_rng(1)
    picture = Pillow.new("RGB", (WIDTH, HEIGHT), (96, 110, 120))
    pen = ImageDraw.Draw(picture)
    colours = rng.integers(30, 226, (12, 3))
    for _ in range(900):
        start, turn = rng.uniform(-10, (WIDTH + 10, HEIGHT + 10)), rng.normal(0.6, 0.5)
        end = start + rng.uniform(4, 18) * np.array([np.cos(turn), np.sin(turn)])
        colour = tuple((colours[rng.integers(12)] + rng.normal(0, 12, 3)).clip(0, 255).astype(int))
        pen.line((*start, *end), fill=colour, width=int(rng.integers(2, 6)))
    return np.asarray(picture)


def flat_art() -> np.ndarray:
    picture = Pillow.new("RGB", (WIDTH, HEIGHT), (250, 214, 120))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((20, 20, 110, 110), fill=(230, 80, 70))
    pen.polygon((90, 140, 140, 40, 190, 140), fill=(40, 90, 130))
    return np.asarray(picture)


def line_art() -> np.ndarray:
    picture = Pillow.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(picture)
    for number in range(14):
        pen.arc((8 + 6 * number, 6, 100 + 6 * number, 138), 20 * number, 20 * number + 200, fill="black", width=2)
    return np.asarray(picture)


def pixel_art() -> np.ndarray:
    palette = np.array([[28, 28, 44], [92, 60, 92], [178, 62, 84], [240, 125, 88], [255, 205, 117], [56, 184, 100]])
    chosen = np.random.default_rng(2).integers(0, len(palette), (HEIGHT // 8, WIDTH // 8))
    chosen[4:14, 4:20] = 0
    return palette[chosen].repeat(8, axis=0).repeat(8, axis=1).astype(np.uint8)


def comic() -> np.ndarray:
    """Return halftone dots, black outlines and a white balloon."""
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH]
    dots = (np.hypot(down % 6 - 3, across % 6 - 3) < 1 + 2 * across / WIDTH)[..., None]
    picture = Pillow.fromarray(np.where(dots, [220, 60, 60], [250, 235, 215]).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, WIDTH - 1, HEIGHT - 1), outline="black", width=3)
    pen.ellipse((20, 12, 120, 70), fill="white", outline="black", width=3)
    return np.asarray(picture)


def on_black() -> np.ndarray:
    picture = Pillow.new("RGB", (WIDTH, HEIGHT), "black")
    ImageDraw.Draw(picture).ellipse((60, 40, 130, 110), fill=(240, 200, 60))
    return np.asarray(picture)


def on_white() -> np.ndarray:
    return 255 - on_black()


PICTURES: tuple[Callable[[], np.ndarray], ...] = (
    photograph_with_sky,
    face,
    skin_gradient,
    painting,
    flat_art,
    line_art,
    pixel_art,
    comic,
    on_black,
    on_white,
)


def as_file(array: np.ndarray, kind: str = "PNG", **options: object) -> Image:
    buffer = io.BytesIO()
    Pillow.fromarray(array).save(buffer, kind, **options)
    return decode(buffer.getvalue(), name=f"picture.{kind.lower()}")


def grey() -> Image:
    return as_file(cv2.cvtColor(face(), cv2.COLOR_RGB2GRAY))


def sixteen_bits() -> Image:
    smooth = cv2.GaussianBlur(photograph_with_sky().astype(np.float32), (0, 0), 2) * 257
    return decode(cv2.imencode(".png", smooth[..., ::-1].astype(np.uint16))[1].tobytes(), name="picture.png")


def transparent() -> Image:
    """Return a face that fades out to the left and is wholly transparent at its right border."""
    alpha = np.tile(np.linspace(0, 255, WIDTH), (HEIGHT, 1)).astype(np.uint8)
    alpha[:, -30:] = 0
    return as_file(np.dstack([face(), alpha]))


KINDS: dict[str, Callable[[], Image]] = {
    "grey": grey,
    "16 bits": sixteen_bits,
    "alpha": transparent,
    "JPEG": lambda: as_file(photograph_with_sky(), "JPEG", quality=90),
    "JPEG of flat art": lambda: as_file(flat_art(), "JPEG", quality=90),
    "JPEG, grey": lambda: as_file(cv2.cvtColor(face(), cv2.COLOR_RGB2GRAY), "JPEG", quality=90),
    "WebP": lambda: as_file(face(), "WEBP", quality=85),
    "WebP, lossless": lambda: as_file(flat_art(), "WEBP", lossless=True),
    "TIFF": lambda: as_file(painting(), "TIFF"),
}


@cache
def cloak(steps: int) -> DescentCloak:
    return DescentCloak(Push(), choose(("studio-sd1",)).encoders, Descent(steps=steps))


def ensure_kept(image: Image, score: float, quality: int | None = None, steps: int = STEPS) -> None:
    cloaked = cloak(steps).apply(image, budget=Budget(ssimulacra2=score), seed=1)
    saved = decode(save_within(image, cloaked, quality).data, name="saved")
    assert (saved.samples != image.samples).any()
    if image.alpha is not None:
        assert (saved.alpha == image.alpha).all()
    pairs = list(grounds(image, saved))
    assert len(pairs) == (1 if image.alpha is None else 2)
    for before, after in pairs:
        whole, worst = whole_and_worst(before, after)
        assert whole >= score
        assert worst >= score - TILE_SLACK


@pytest.mark.parametrize("drawn", PICTURES, ids=lambda drawn: drawn.__name__)
def test_every_kind_of_picture_keeps_the_default(drawn):
    ensure_kept(as_file(drawn()), STRENGTHS["default"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_keeps_the_default(kind):
    ensure_kept(KINDS[kind](), STRENGTHS["default"])


@pytest.mark.parametrize("score", [STRENGTHS["low"], STRENGTHS["high"], 75.0, 92.5])
@pytest.mark.parametrize("drawn", [photograph_with_sky, skin_gradient, line_art], ids=lambda drawn: drawn.__name__)
def test_every_strength_keeps_its_own_score(drawn, score):
    ensure_kept(as_file(drawn()), score)


@pytest.mark.parametrize("score", [STRENGTHS["low"], STRENGTHS["high"]])
def test_a_jpeg_keeps_other_strengths_too(score):
    ensure_kept(KINDS["JPEG"](), score)


@pytest.mark.slow
def test_a_picture_of_several_tiles_keeps_the_score_of_its_worst():
    """Half of it is blank, so that its two halves carry very different changes."""
    rng = np.random.default_rng(0)
    array = np.full((HEIGHT, 6 * 256, 3), 235, np.uint8)
    array[:, 3 * 256 :] = rng.integers(0, 256, (HEIGHT, 3 * 256, 3))
    ensure_kept(as_file(array), STRENGTHS["default"], steps=4)
