"""Small pictures as files."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.datasets.drawings import draw


@pytest.fixture(scope="session")
def encoded() -> Callable[..., bytes]:
    """Return a function that draws a picture and encodes it."""

    def encode(seed: int, kind: str = "PNG", size: tuple[int, int] = (64, 64), mode: str = "RGB", **options) -> bytes:
        buffer = io.BytesIO()
        picture = draw(np.random.default_rng(seed)).resize(size, Pillow.Resampling.LANCZOS)
        picture.convert(mode).save(buffer, kind, **options)
        return buffer.getvalue()

    return encode


@pytest.fixture
def put(tmp_path: Path, encoded) -> Callable[..., Path]:
    """Return a function that draws files into a tree; each is another picture unless told."""
    count = iter(range(10_000))

    def lay(*names: str, seed: int | None = None) -> Path:
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            kind = {".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}.get(path.suffix.lower(), "PNG")
            path.write_bytes(encoded(next(count) if seed is None else seed, kind))
        return tmp_path

    return lay
