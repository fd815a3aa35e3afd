"""The command `audit` in this process, in a home of its own."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from artaudit.cli import main


class Answer(NamedTuple):
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty working folder with a registry, models and keys of its own."""
    for variable, name in (("ARTAUDIT_DB", "registry.db"), ("ARTAUDIT_MODELS", "models"), ("ARTAUDIT_KEYS", "keys")):
        monkeypatch.setenv(variable, str(tmp_path / name))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run_audit(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Return what runs `audit` with words, as if typed in `home`; quicker than a process for each."""
    assert home.is_dir()

    def run(*words: object) -> Answer:
        capsys.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["audit", *map(str, words)])
            with pytest.raises(SystemExit) as left:
                main()
        said = capsys.readouterr()
        return Answer(int(left.value.code or 0), said.out, said.err)

    return run
