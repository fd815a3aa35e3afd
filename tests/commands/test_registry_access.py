"""What commands do about a registry that is not there, empty, locked or only to be read."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from artaudit.datasets.drawings import draw

WITHOUT_RIGHTS = ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override")
"""Lets the superuser write only what others may write, too."""


@pytest.fixture(autouse=True)
def _without_the_tower(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARTAUDIT_BACKBONE", "none")


@pytest.fixture
def drawing(home: Path) -> Path:
    draw(np.random.default_rng(4)).resize((128, 128)).save(home / "drawing.png")
    return home / "drawing.png"


@pytest.mark.parametrize(
    "words",
    [
        ("works", "list"),
        ("works", "withdraw", "1"),
        ("case", "list"),
        ("case", "add", "1", "1"),
        ("report", "1", "-o", "evidence.zip"),
        ("seal", "-o", "seal.json"),
        ("db", "verify"),
        ("db", "backup", "copy.db"),
    ],
)
def test_what_reads_a_registry_refuses_one_that_is_not_there(home, run_audit, words):
    answer = run_audit("--db", "nothere.db", *words)
    assert answer.returncode == 3
    assert "There is no registry at nothere.db" in answer.stderr and "audit register" in answer.stderr
    assert list(home.iterdir()) == []


def test_plans_and_trials_make_no_registry(home, run_audit, drawing):
    assert run_audit("protect", drawing, "--dry-run", "--steps", "2").returncode == 0
    assert run_audit("trial", drawing).returncode == 0
    assert not (home / "registry.db").exists()


def test_what_writes_makes_the_registry_and_an_empty_portfolio_says_so(run_audit):
    assert run_audit("case", "open", "a shop").returncode == 0
    listed = run_audit("works", "list")
    assert listed.returncode == 0
    assert "The portfolio is empty: `audit register PICTURE` adds a work." in listed.stdout
    assert run_audit.json("works", "list") == []


def test_a_locked_registry_says_so_within_five_seconds(home, run_audit, drawing):
    assert run_audit("case", "open", "a shop").returncode == 0
    holder = sqlite3.connect(home / "registry.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    answer = run_audit("case", "note", 1, "seen")
    assert time.monotonic() - started < 10  # the wait takes four of them
    assert answer.returncode == 3 and "close what else is using it" in answer.stderr
    planned = run_audit("protect", drawing, "--dry-run")
    assert planned.returncode == 3 and "close what else is using it" in planned.stderr
    holder.execute("ROLLBACK")
    holder.close()


def test_a_verdict_is_printed_although_another_process_holds_the_registry(home, run_audit, drawing):
    assert run_audit("register", drawing).returncode == 0
    holder = sqlite3.connect(home / "registry.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    answer = run_audit("check", drawing)
    holder.execute("ROLLBACK")
    holder.close()
    assert answer.returncode == 3 and "very file of work 1" in answer.stdout and "(not kept)" in answer.stdout
    assert "close what else is using it" in answer.stderr


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv of Linux")
def test_a_registry_that_may_only_be_read_answers_checks_and_refuses_the_rest_before_any_work(run_audit, drawing):
    assert run_audit("register", drawing).returncode == 0
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        for path in (drawing, drawing.with_name("registry.db")):
            shutil.copy(path, home)
            (home / path.name).chmod(0o444)
        home.chmod(0o555)

        def audit(*words: str) -> subprocess.CompletedProcess[str]:
            own = {"ARTAUDIT_DB": str(home / "registry.db"), "ARTAUDIT_SETTINGS": str(home / "settings.toml")}
            return subprocess.run(
                [*(WITHOUT_RIGHTS if os.geteuid() == 0 else ()), sys.executable, "-m", "artaudit", *words],
                env={**os.environ, **own},
                cwd=place,
                capture_output=True,
                text=True,
                check=False,
            )

        checked = audit("check", "drawing.png")
        assert (checked.returncode, "very file of work 1" in checked.stdout) == (1, True)
        assert "may only be read: checks are answered, but no case is kept" in checked.stderr
        assert json.loads(audit("check", "drawing.png", "--json").stdout)[0]["case"] is None
        assert json.loads(audit("works", "list", "--json").stdout)[0]["title"] == "drawing"
        refused = audit("register", "drawing.png")
        assert audit("works", "withdraw", "1").returncode == 3
        assert (refused.returncode, "may only be read" in refused.stderr) == (3, True)
        assert "may only be read" in audit("works", "withdraw", "1").stderr
        home.chmod(0o755)
        assert sorted(path.name for path in home.iterdir()) == ["drawing.png", "registry.db"]
