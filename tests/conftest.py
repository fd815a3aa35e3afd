"""Checks every annotation of artaudit, shapes included, while the tests run."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

install_import_hook("artaudit", "beartype.beartype")
settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of development pictures and weights, where this machine has them."""
    folder = Path(os.environ.get("ARTAUDIT_SHARED", Path(__file__).parents[2] / "shared" / "data"))
    if not (folder / "manifest.csv").is_file():
        pytest.skip(f"development pictures are not at {folder} (set ARTAUDIT_SHARED)")
    return folder


@pytest.fixture(scope="session")
def openssl() -> str:
    """Return where the program `openssl` lies, where this machine has it."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("the program openssl is not installed here")
    return program


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    """Write 64 drawings, half of them with a grid of upsampling, all PNG of one size, and their manifest."""
    import numpy as np
    from PIL import Image as Pillow

    from artaudit.datasets.drawings import draw

    folder = tmp_path_factory.mktemp("data")
    lines = ["path,label,generator,source,group,split,codec,width,height"]
    for number in range(64):
        rng = np.random.default_rng(number)
        made, split = bool(number % 2), "train" if number < 40 else "val"
        side = 224
        picture = draw(rng).resize((side, side)).convert("RGB")
        levels = np.asarray(picture).astype(int) + rng.integers(-6, 7, (side, side, 3))
        if made:
            levels = levels[::2, ::2].repeat(2, axis=0).repeat(2, axis=1)
        Pillow.fromarray(levels.clip(0, 255).astype(np.uint8)).save(folder / f"{number}.png")
        label, generator = ("generated", "toy") if made else ("real", "")
        lines.append(f"{number}.png,{label},{generator},drawn,{number},{split},PNG,{side},{side}")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    return folder
