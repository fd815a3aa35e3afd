"""Pictures drawn by code: flat shapes, gradients, line art, strokes like writing, noise textures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Rng = np.random.Generator
SIDE = 320
HALF = 0.5


def draw(rng: Rng) -> Image.Image:
    """Return one square picture of `SIDE` pixels: a ground and one to three layers over it."""
    picture = GROUNDS[rng.integers(len(GROUNDS))](rng)
    for _ in range(rng.integers(1, 4)):
        layer = LAYERS[rng.integers(len(LAYERS))]
        layer(ImageDraw.Draw(picture), rng)
    return picture


def _colour(rng: Rng) -> tuple[int, int, int]:
    red, green, blue = rng.integers(0, 256, 3)
    return int(red), int(green), int(blue)


def _flat(rng: Rng) -> Image.Image:
    return Image.new("RGB", (SIDE, SIDE), _colour(rng))


def _gradient(rng: Rng) -> Image.Image:
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    ramp = np.clip(0.5 + (columns - 0.5) * np.cos(angle) + (rows - 0.5) * np.sin(angle), 0, 1)[..., None]
    return _picture((1 - ramp) * _colour(rng) + ramp * _colour(rng))


def _texture(rng: Rng) -> Image.Image:
    """Noise of a power spectrum f^-a around one colour, as paper, canvas or clouds have it."""
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None]) + 1 / SIDE
    shape = frequency ** -rng.uniform(0.3, 2.0)
    noise = np.stack([np.fft.irfft2(np.fft.rfft2(rng.standard_normal((SIDE, SIDE))) * shape) for _ in range(3)], -1)
    return _picture(np.array(_colour(rng)) + noise / noise.std() * rng.uniform(5, 60))


def _shapes(pen: ImageDraw.ImageDraw, rng: Rng) -> None:
    """Cel-shaded shapes, some with an outline."""
    for _ in range(rng.integers(3, 25)):
        corners = [tuple(point) for point in rng.uniform(-20, SIDE + 20, (rng.integers(3, 7), 2))]
        outline = _colour(rng) if rng.random() < HALF else None
        if rng.random() < HALF:
            pen.polygon(corners, fill=_colour(rng), outline=outline, width=int(rng.integers(1, 5)))
        else:
            (left, top), (right, bottom) = np.sort(np.array(corners[:2]), axis=0)
            pen.ellipse((left, top, right, bottom), fill=_colour(rng), outline=outline, width=int(rng.integers(1, 5)))


def _lines(pen: ImageDraw.ImageDraw, rng: Rng) -> None:
    """Line art: long smooth strokes and hatching."""
    colour = _colour(rng)
    for _ in range(rng.integers(4, 30)):
        walk = rng.uniform(0, SIDE, 2) + np.cumsum(np.cumsum(rng.standard_normal((30, 2)), 0), 0)
        pen.line([tuple(point) for point in walk], fill=colour, width=int(rng.integers(1, 5)), joint="curve")


def _writing(pen: ImageDraw.ImageDraw, rng: Rng) -> None:
    """Rows of short strokes as tall as letters."""
    height, colour = rng.uniform(6, 24), _colour(rng)
    for row in np.arange(rng.uniform(0, SIDE / 2), SIDE, height * 1.6):
        for column in np.arange(5, SIDE - 10, height * 0.7):
            points = rng.uniform(0, 1, (rng.integers(2, 5), 2)) * (height * 0.6, height) + (column, row)
            pen.line([tuple(point) for point in points], fill=colour, width=max(1, int(height / 8)))


def _picture(values: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def soften(picture: Image.Image, rng: Rng) -> Image.Image:
    """Blur a drawing a little, half of the time: edges in scans and renders are seldom perfectly sharp."""
    return picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.5))) if rng.random() < HALF else picture


GROUNDS: tuple[Callable[[Rng], Image.Image], ...] = (_flat, _gradient, _texture)
LAYERS: tuple[Callable[[ImageDraw.ImageDraw, Rng], None], ...] = (_shapes, _lines, _writing)
