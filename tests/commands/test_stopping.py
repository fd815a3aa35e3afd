"""Commands end soon after they are told to, their processes with them, and nothing is half written."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from zipfile import is_zipfile

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.auditor.registry import Registry

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="there is no /proc to count processes in"),
]
SOON = 2.0
"""Seconds within which a command ends; as many again are allowed for a machine that does other things besides."""


@pytest.fixture
def pictures(home, monkeypatch):
    monkeypatch.setenv("ARTAUDIT_BACKBONE", "none")
    random = np.random.default_rng(0)
    clean = np.asarray(Pillow.fromarray(random.integers(0, 256, (40, 40, 3), np.uint8)).resize((640, 640)))
    changed = np.clip(clean.astype(int) + random.integers(-6, 7, clean.shape), 0, 255).astype(np.uint8)
    Pillow.fromarray(clean).save(home / "clean.png")
    Pillow.fromarray(changed).save(home / "changed.png")
    for number in range(30):
        Pillow.fromarray(np.roll(clean, 20 * number, axis=0)).save(home / f"work-{number}.png")
    return home


def descendants(process: int) -> set[int]:
    found = set()
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in task.read_text().split():
            found |= {int(child)} | descendants(int(child))
    return found


def alive(processes: set[int]) -> set[int]:
    def runs(process: int) -> bool:
        try:
            return ") Z " not in Path(f"/proc/{process}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return False

    return {process for process in processes if runs(process)}


LISTEN = "signal.signal(signal.SIGINT, signal.default_int_handler)"  # what a shell starts in the background does not
AUDIT = (
    *(sys.executable, "-c"),
    f"import runpy, signal; {LISTEN}; runpy.run_module('artaudit', run_name='__main__', alter_sys=True)",
)


def stopped(home: Path, number: int, words: list[str], after: float, least: int = 0) -> tuple[int, float, set[int]]:
    """Stop a command `after` seconds, once it has `least` processes; return exit code, seconds and what is left."""
    with subprocess.Popen([*AUDIT, *words], cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as command:
        try:
            until = time.monotonic() + 90
            while len(descendants(command.pid)) < least and command.poll() is None and time.monotonic() < until:
                time.sleep(0.05)
            time.sleep(after)
            below = descendants(command.pid)
            assert command.poll() is None, command.stderr.read()
            started = time.monotonic()
            command.send_signal(number)
            said = command.communicate(timeout=30)[1]
            took = time.monotonic() - started
            assert b"Traceback" not in said, said
            time.sleep(0.5)
            return command.returncode, took, alive(below)
        finally:
            command.kill()


TRIAL = ["trial", "changed.png", "--original", "clean.png", "--attacks", "all", "--processes", "2", "-o", "card.html"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize(
    ("words", "after", "least"),
    [(TRIAL, 1.0, 4), (["register", "."], 1.5, 1), (["check", "."], 4.0, 1), (["protect", "clean.png"], 6.0, 0)],
    ids=["trial", "register", "check", "protect"],
)
def test_a_command_ends_soon_and_its_processes_with_it(pictures, number, code, words, after, least):
    before = {path.name for path in pictures.iterdir()}
    left, took, processes = stopped(pictures, number, words, after, least)
    assert left == code
    assert took < 2 * SOON
    assert processes == set()
    new = {path.name for path in pictures.iterdir()} - before
    assert not [name for name in new if name.startswith(".") or name.endswith((".html", ".zip"))], new
    if (pictures / "registry.db").exists():
        with Registry(pictures / "registry.db") as registry:
            assert registry.verify() == []


@pytest.mark.parametrize("after", [2.0, 3.0, 4.0])
def test_a_report_ends_soon_and_leaves_a_whole_package_or_none(pictures, run_audit, after):
    assert run_audit("register", "clean.png").returncode == 0
    assert run_audit("check", "clean.png").returncode == 1
    try:
        left, took, processes = stopped(pictures, signal.SIGINT, ["report", "1", "--pdf", "-o", "case.zip"], after)
    except AssertionError:
        if not (pictures / "case.zip").exists():
            raise
        pytest.skip("the report was done before it could be stopped")
    written = [path for path in pictures.iterdir() if "case.zip" in path.name]
    assert written in ([], [pictures / "case.zip"]) and all(map(is_zipfile, written)), "whole, or not at all"
    if left in (0, -signal.SIGINT) and written:  # the latter: told while the interpreter was already leaving
        pytest.skip("the report was done before it could be stopped")
    assert (left, processes) == (130, set())
    assert took < 2 * SOON


def test_a_second_signal_does_not_disturb_the_end(pictures):
    command = subprocess.Popen(
        [*AUDIT, "register", "."],
        cwd=pictures,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    time.sleep(2)
    for _ in range(3):
        os.kill(command.pid, signal.SIGINT)
    said = command.communicate(timeout=30)[1]
    assert b"Traceback" not in said
    assert command.returncode == 130
