"""What the pages show in Python runs as it stands there, block after block."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.datasets.photographs import photograph
from artaudit.detect import performance
from artaudit.image import decode

ROOT = Path(__file__).parents[1]


@pytest.fixture
def room(tmp_path, monkeypatch):
    """Return an empty working folder with a painting and models of its own."""
    pixels = decode(photograph("china.jpg"), name="china.jpg").rgb8[120:280, 200:392]
    Pillow.fromarray(np.ascontiguousarray(pixels)).save(tmp_path / "painting.png")
    monkeypatch.setenv("ARTAUDIT_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(performance, "RESAMPLES", 10)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(page):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    names = {"__name__": "page"}
    for number, block in enumerate(blocks):
        exec(compile(block, f"{page} block {number}", "exec", dont_inherit=True), names)  # noqa: S102 - our own pages
    return names


@pytest.mark.slow
def test_the_page_about_python_runs(room, drawings):
    for number in range(64):
        folder, name = (
            room / "pictures" / ("fake" if number % 2 else "real"),
            "abcdefgh"[number // 8] * (1 + number % 8),
        )
        folder.mkdir(parents=True, exist_ok=True)
        Pillow.open(drawings / f"{number}.png").save(folder / f"{name}.bmp")  # as many bytes, whatever is drawn
    assert run("docs/python.md")["found"].examiner == "attribution"


def test_components_of_ones_own_run_as_shown(room):
    assert room.is_dir()
    assert run("CONTRIBUTING.md")["number"] == 1
