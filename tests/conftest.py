"""Checks every annotation of artaudit, shapes included, while the tests run, and knows which tests are slow."""

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

install_import_hook("artaudit", "beartype.beartype")
settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")


SLOW = Path(__file__).with_name("slow.txt")
"""Tests that took longer than `LEAST` seconds when `--find-slow` last wrote this file; `make quick` leaves them out."""

LEAST = 0.5
_SECONDS = Counter()


def pytest_addoption(parser):
    parser.addoption("--find-slow", action="store_true", help=f"write the tests that take over {LEAST} s into slow.txt")


def pytest_collection_modifyitems(items):
    slow = set(SLOW.read_text().splitlines())
    for item in items:
        if item.nodeid.partition("[")[0] in slow:
            item.add_marker(pytest.mark.slow)


def pytest_runtest_logreport(report):
    _SECONDS[report.nodeid.partition("[")[0]] += report.duration


def pytest_sessionfinish(session):
    if session.config.getoption("find_slow") and not hasattr(session.config, "workerinput"):
        SLOW.write_text("".join(f"{name}\n" for name in sorted(_SECONDS) if _SECONDS[name] > LEAST))


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


@pytest.fixture(scope="session")
def draw_data_set():
    """Return a function that writes 64 drawings and their manifest into a folder, and returns the manifest's path.

    Every second drawing has the grid of an upsampling. All are PNG files of `side` pixels along each side, each in a
    group of its own. Generators and sources take turns; the first `training` drawings are in the split train, all
    others in val.
    """
    import numpy as np
    from PIL import Image as Pillow

    from artaudit.datasets.drawings import draw

    def write(folder, *, side, generators=("toy",), sources=("drawn",), training=0):
        lines = ["path,label,generator,source,group,split,codec,width,height"]
        for number in range(64):
            rng, made, pair = np.random.default_rng(number), bool(number % 2), number // 2
            levels = np.asarray(draw(rng).resize((side, side)).convert("RGB")).astype(int)
            levels = levels + rng.integers(-6, 7, (side, side, 3))
            if made:
                levels = levels[::2, ::2].repeat(2, axis=0).repeat(2, axis=1)
            Pillow.fromarray(levels.clip(0, 255).astype(np.uint8)).save(folder / f"{number}.png")
            label = f"generated,{generators[pair % len(generators)]}" if made else "real,"
            split = "train" if number < training else "val"
            lines.append(f"{number}.png,{label},{sources[pair % len(sources)]},{number},{split},PNG,{side},{side}")
        (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
        return folder / "manifest.csv"

    return write


@pytest.fixture(scope="module")
def drawings(tmp_path_factory, draw_data_set):
    """Return a folder with 64 drawings of one source, half of them of one generator, 40 to train on, and a manifest."""
    return draw_data_set(tmp_path_factory.mktemp("data"), side=224, training=40).parent


@pytest.fixture(scope="module")
def start_authority(openssl):
    """Return what starts a timestamp authority with more settings; without openssl its tests are skipped."""
    from tests.authority import Authority

    started = []

    def start(folder: Path, settings: str = "") -> Authority:
        started.append(Authority(openssl, folder, settings))
        return started[-1]

    yield start
    for authority in started:
        authority.server.shutdown()
        authority.server.server_close()


@pytest.fixture(scope="module")
def authority(start_authority, tmp_path_factory):
    return start_authority(tmp_path_factory.mktemp("authority"))
