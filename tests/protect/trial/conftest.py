"""A portfolio with models of its own: one hold-out judge beside the embedded ones, and pictures drawn by code."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from scipy.ndimage import gaussian_filter

from artaudit.auditor.registry import Registry
from artaudit.datasets.photographs import photograph
from artaudit.generators import pool

Art = Callable[[str], Path]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder for models and registry; the image encoder, which takes seconds, is switched off."""
    monkeypatch.setenv("ARTAUDIT_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ARTAUDIT_DB", str(tmp_path / "registry.db"))
    monkeypatch.setenv("ARTAUDIT_BACKBONE", "none")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def hold_out(house: Path) -> str:
    """Install a copy of an embedded encoder as a hold-out; return its name."""
    record = next(shipped for shipped in pool.embedded() if shipped.name == "studio-sd1")
    home = house / "models" / "judge"
    shutil.copytree(record.folder, home)
    text = (home / pool.RECORD).read_text("utf-8")
    text = text.replace('"name": "studio-sd1"', '"name": "judge"', 1).replace(f'"{record.use}"', f'"{pool.HOLD_OUT}"')
    (home / pool.RECORD).write_text(text, "utf-8")
    return "judge"


@pytest.fixture
def registry(house: Path):
    with Registry(house / "registry.db") as opened:
        yield opened


@pytest.fixture
def clean(house: Path) -> Path:
    """Return the file of a photograph's middle, 128 pixels a side."""
    with Pillow.open(io.BytesIO(photograph("china.jpg"))) as opened:
        opened.resize((320, 213)).crop((90, 40, 218, 168)).save(house / "clean.png")
    return house / "clean.png"


@pytest.fixture
def noised(clean: Path) -> Callable[[float], Path]:
    """Return a maker of files: the clean picture with 5 levels of noise, blurred by so many pixels."""

    def make(sigma: float) -> Path:
        with Pillow.open(clean) as opened:
            levels = np.asarray(opened.convert("RGB"), dtype=np.float64)
        noise = np.random.default_rng(5).standard_normal(levels.shape)
        noise = gaussian_filter(noise, (sigma, sigma, 0)) if sigma else noise
        path = clean.with_name(f"noise-{sigma:g}.png")
        shown = np.rint((levels + 5 * noise / noise.std()).clip(0, 255)).astype(np.uint8)
        Pillow.fromarray(shown).save(path)
        return path

    return make
