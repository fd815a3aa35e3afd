"""The command `audit` in this process, in a home of its own."""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

from artaudit.cli import main

PLACES = {
    "ARTAUDIT_DB": "registry.db",
    "ARTAUDIT_MODELS": "models",
    "ARTAUDIT_KEYS": "keys",
    "ARTAUDIT_SETTINGS": "settings/settings.toml",
}


class Answer(NamedTuple):
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty working folder with a registry, models, keys and settings of its own."""
    for variable, name in PLACES.items():
        monkeypatch.setenv(variable, str(tmp_path / name))
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Audit:
    """Runs the command in this process, with a registry, models, keys and settings of its own in `home`.

    `env` holds the variables it is given, None for those that are to be unset.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.env: dict[str, str | None] = {variable: str(home / name) for variable, name in PLACES.items()}

    def __call__(self, *words: object, given: bytes = b"") -> Answer:
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name, value in self.env.items():
                if value is None:
                    patch.delenv(name, raising=False)
                else:
                    patch.setenv(name, value)
            patch.chdir(self.home)
            patch.setattr(sys, "argv", ["audit", *map(str, words)])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
            with pytest.raises(SystemExit) as left:
                main()
        return Answer(int(left.value.code or 0), out.getvalue(), err.getvalue())

    def json(self, *words: object, given: bytes = b"") -> object:
        return json.loads(self(*words, "--json", given=given).stdout)


@pytest.fixture(scope="session")
def audit_in() -> type[Audit]:
    """Return what runs `audit` in a folder, for homes that several tests share."""
    return Audit


@pytest.fixture
def run_audit(home: Path) -> Audit:
    """Return what runs `audit` with words, as if typed in `home`; quicker than a process for each."""
    return Audit(home)
