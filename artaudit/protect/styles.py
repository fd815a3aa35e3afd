"""Styles of painting drawn by code, and their transfer to a picture by the statistics of its colours and bands.

Colours after Reinhard et al., "Color Transfer between Images", 2001, https://doi.org/10.1109/38.946629; bands of a
Laplacian pyramid (Burt and Adelson 1983, https://doi.org/10.1109/TCOM.1983.1095851) matched in their histograms
after Heeger and Bergen, "Pyramid-Based Texture Analysis/Synthesis", 1995, https://doi.org/10.1145/218380.218446.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float, UInt
from PIL import Image as Pillow
from PIL import ImageColor, ImageDraw
from torch import Tensor

from artaudit.tensors import to_batch

Pixels = Float[Tensor, "1 3 height width"]
Statistics = Float[Tensor, " numbers"]
Rng = np.random.Generator

SIDE = 256
"""Side in pixels of a drawn example; larger ones repeat it, mirrored."""

LEVELS = 4
"""Bands of the pyramid above its base."""

MIX = 0.5
"""Part of each band that is the example's texture instead of the picture's."""

OPPONENT = torch.tensor([[0.299, 0.587, 0.114], [0.5, 0.5, -1.0], [0.866, -0.866, 0.0]])
"""Luma, blue against yellow, red against green."""


@dataclass(frozen=True, slots=True)
class Style:
    """A style of painting: a prompt for generators, and marks that code draws in the style's palette."""

    prompt: str
    palette: tuple[str, ...]
    mark: Callable[[ImageDraw.ImageDraw, Rng, tuple[int, int, int]], None]
    marks: int

    def example(self, height: int, width: int) -> Pixels:
        """Return a field of the style's marks in [0, 1], the same at every call."""
        around = ((0, max(0, height - SIDE)), (0, max(0, width - SIDE)), (0, 0))
        field = np.pad(_drawn(self), around, mode="symmetric")[:height, :width].astype(np.float32) / 255
        return to_batch(field)


@cache
def _drawn(style: Style) -> UInt[np.ndarray, "side side 3"]:
    """Draw the example of a style in `SIDE` pixels, once."""
    rng = np.random.default_rng(style.marks)
    canvas = Pillow.new("RGB", (SIDE, SIDE), style.palette[0])
    pen = ImageDraw.Draw(canvas)
    for _ in range(style.marks):
        style.mark(pen, rng, _shade(rng, style.palette))
    return np.asarray(canvas)


def statistics(pixels: Pixels) -> Statistics:
    """Return means and deviations of the colours and deviations of the pyramid's bands, all in [0, 1]."""
    opponent = _opponent(pixels)
    colours = opponent.flatten(2)
    bands = [band.flatten(2).std(-1) for band in _bands(opponent)[:-1]]
    return torch.cat([colours.mean(-1), colours.std(-1), *bands], dim=1)[0]


def transfer(pixels: Pixels, style: Style) -> Pixels:
    """Return the picture with the colours and the texture of a style, in [0, 1] and in its own size."""
    own, example = _opponent(pixels), _opponent(style.example(*pixels.shape[-2:]).to(pixels))
    coloured = _moments(own, example)
    *details, base = _bands(coloured)
    *textures, _ = _bands(example)
    mixed = [
        (1 - MIX) * _histogram(detail, texture) + MIX * texture
        for detail, texture in zip(details, textures, strict=True)
    ]
    return _colours(_sum([*mixed, base])).clamp(0, 1)


def _opponent(pixels: Pixels) -> Pixels:
    return torch.einsum("ij,bjhw->bihw", OPPONENT.to(pixels), pixels)


def _colours(opponent: Pixels) -> Pixels:
    return torch.einsum("ij,bjhw->bihw", torch.linalg.inv(OPPONENT).to(opponent), opponent)


def _moments(own: Pixels, example: Pixels) -> Pixels:
    """Give every channel the mean and the deviation of the example's."""
    scale = example.std((-2, -1), keepdim=True) / (own.std((-2, -1), keepdim=True) + 1e-3)
    return (own - own.mean((-2, -1), keepdim=True)) * scale + example.mean((-2, -1), keepdim=True)


def _bands(pixels: Pixels) -> list[Float[Tensor, "1 3 _ _"]]:
    """Split into differences of ever coarser versions, finest first, and the coarsest one."""
    bands: list[Tensor] = []
    for _ in range(LEVELS):
        height, width = pixels.shape[-2:]
        smaller = F.interpolate(
            pixels, size=(-(-height // 2), -(-width // 2)), mode="bilinear", antialias=True, align_corners=False
        )
        bands.append(pixels - _grown(smaller, height, width))
        pixels = smaller
    return [*bands, pixels]


def _sum(bands: list[Float[Tensor, "1 3 _ _"]]) -> Pixels:
    *details, whole = bands
    for detail in reversed(details):
        whole = detail + _grown(whole, *detail.shape[-2:])
    return whole


def _grown(pixels: Float[Tensor, "1 3 _ _"], height: int, width: int) -> Float[Tensor, "1 3 {height} {width}"]:
    return F.interpolate(pixels, size=(height, width), mode="bilinear", align_corners=False)


def _histogram(own: Pixels, example: Pixels) -> Pixels:
    """Give every channel the example's values in the order of its own."""
    order = own.flatten(2).argsort(-1)
    matched = torch.empty_like(own).flatten(2).scatter(-1, order, example.flatten(2).sort(-1).values)
    return matched.view_as(own)


def _shade(rng: Rng, palette: tuple[str, ...]) -> tuple[int, int, int]:
    """Draw a colour of the palette, slightly varied."""
    colour = ImageColor.getrgb(palette[rng.integers(len(palette))])
    red, green, blue = np.clip(np.add(colour, rng.normal(0, 10, 3)), 0, 255).astype(int)
    return int(red), int(green), int(blue)


def _facet(pen: ImageDraw.ImageDraw, rng: Rng, colour: tuple[int, int, int]) -> None:
    corners = rng.uniform(0, SIDE, 2) + rng.uniform(-50, 50, (4, 2))
    pen.polygon([(float(x), float(y)) for x, y in corners], fill=colour, outline="#2b221b", width=2)


def _dot(pen: ImageDraw.ImageDraw, rng: Rng, colour: tuple[int, int, int]) -> None:
    x, y = rng.uniform(0, SIDE, 2)
    pen.ellipse((x - 2, y - 2, x + 2, y + 2), fill=colour)


def _dab(pen: ImageDraw.ImageDraw, rng: Rng, colour: tuple[int, int, int]) -> None:
    x, y = rng.uniform(0, SIDE, 2)
    pen.line((x, y, x + rng.uniform(6, 16), y + rng.uniform(-3, 3)), fill=colour, width=4)


def _swirl(pen: ImageDraw.ImageDraw, rng: Rng, colour: tuple[int, int, int]) -> None:
    x, y = rng.uniform(0, SIDE, 2)
    radius, start = rng.uniform(6, 50), rng.uniform(0, 360)
    pen.arc((x - radius, y - radius, x + radius, y + radius), start, start + 120, fill=colour, width=4)


def _hatch(pen: ImageDraw.ImageDraw, rng: Rng, colour: tuple[int, int, int]) -> None:
    x, y = rng.uniform(0, SIDE, 2)
    pen.line((x, y, x + 14, y - 14), fill=colour, width=1)


def _splash(pen: ImageDraw.ImageDraw, rng: Rng, colour: tuple[int, int, int]) -> None:
    walk = rng.uniform(0, SIDE, 2) + np.cumsum(np.cumsum(rng.normal(0, 1.5, (25, 2)), 0), 0)
    pen.line([(float(x), float(y)) for x, y in walk], fill=colour, width=int(rng.integers(1, 6)), joint="curve")


def _block(pen: ImageDraw.ImageDraw, rng: Rng, colour: tuple[int, int, int]) -> None:
    (left, top), size = rng.uniform(-40, SIDE, 2), rng.uniform(20, 120, 2)
    pen.rectangle((left, top, left + size[0], top + size[1]), fill=colour, outline="#111111", width=5)


STYLES: tuple[Style, ...] = (
    Style("a cubist painting by Picasso", ("#8c7853", "#b7a57a", "#5b4a36", "#d8cba6", "#6f7d7a"), _facet, 150),
    Style("a pointillist painting by Seurat", ("#7fa05a", "#e0c45c", "#5a7fb0", "#d98a5a", "#8a5a9a"), _dot, 9000),
    Style("an impressionist painting by Monet", ("#8fb0c4", "#b8c8b0", "#d8c8d0", "#7a9a8a", "#5a7a9a"), _dab, 2500),
    Style("an oil painting by van Gogh", ("#1f3f7a", "#e8c23a", "#3f7ab0", "#f0e0a0", "#1a2a4a"), _swirl, 1200),
    Style("a copper engraving by Dürer", ("#f4efe2", "#1c1a18", "#3a3530", "#e8e0cc"), _hatch, 3500),
    Style("an abstract painting by Pollock", ("#d8d0c0", "#151515", "#8a2a1a", "#2a3a5a", "#e8c050"), _splash, 260),
    Style("an abstract painting by Mondrian", ("#f5f2e8", "#c8201f", "#1f3fa0", "#f0d020", "#f5f2e8"), _block, 40),
    Style("a woodcut by Hokusai", ("#e8dcc0", "#1f3a5f", "#6f8fa8", "#c8b890", "#2a2a2a"), _swirl, 500),
)
"""Styles that a cloak may make models take a picture for."""
