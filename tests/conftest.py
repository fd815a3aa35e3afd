"""Checks every annotation of artaudit, shapes included, while the tests run."""

import os
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

install_import_hook("artaudit", "beartype.beartype")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of development pictures and weights, where this machine has them."""
    folder = Path(os.environ.get("ARTAUDIT_SHARED", Path(__file__).parents[2] / "shared" / "data"))
    if not (folder / "manifest.csv").is_file():
        pytest.skip(f"development pictures are not at {folder} (set ARTAUDIT_SHARED)")
    return folder
