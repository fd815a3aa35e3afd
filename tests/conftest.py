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
