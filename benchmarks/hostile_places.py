"""Places where nothing may be written: full disks, and registries and folders that may only be read.

Each function yields names with what to do; that returns the outcome, or raises AssertionError for a wrong answer.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path

from artaudit.auditor.check import check
from artaudit.auditor.register import register
from artaudit.auditor.registry import Registry
from artaudit.auditor.report import report
from artaudit.errors import ArtauditError
from benchmarks.hostile_files import Act, picture, portfolio

COMMANDS = (
    ("works", "list"),
    ("works", "withdraw", "1"),
    ("check", "new.png"),
    ("check", "0.png", "--json"),
    ("register", "new.png"),
    ("case", "note", "1", "a remark"),
    ("report", "1", "-o", "evidence.zip", "--unsigned"),
    ("seal", "-o", "seal.json"),
    ("db", "verify"),
    ("db", "backup", "copy.db"),
    ("protect", "new.png", "--steps", "1"),
    ("protect", "new.png", "--steps", "1", "-o", "out"),
)
"""What is typed where nothing may be written."""

PROMISED = (0, 1, 2, 3)
"""Exit codes that are promised: nothing found, something found, not understood, not done."""

_OWN = {"ARTAUDIT_DB": "registry.db", "ARTAUDIT_SETTINGS": "s.toml", "ARTAUDIT_KEYS": "k", "ARTAUDIT_MODELS": "m"}
_CARELESS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner")
"""What takes from root the right to write where the permissions say no."""


def disk(folder: Path, count: int) -> Iterator[Act]:
    """Let files grow no further anywhere: what was registered stays, what was not is told."""
    for number in range(count):
        place = folder / str(number)
        place.mkdir()
        yield f"limit {number}", partial(_full, place, 150_000 + 60_000 * number)


def _full(place: Path, limit: int) -> str:
    path, kept, outcome = place / "registry.db", list[str](), "room enough"
    pictures = [picture(place / f"{number}.png", number) for number in range(8)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        with Registry(path) as registry:
            for one in pictures:
                kept += [register(one, registry)[0].sha256]
            report(check(pictures[0], registry, [])[0], place / "case.zip", registry)
    except ArtauditError:
        outcome = "told that the disk is full"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    left = [file.name for file in place.iterdir() if file.name.startswith(".")]
    with Registry(path) as registry:
        assert registry.verify() == [], "the registry is broken"  # noqa: S101 - likewise
        assert [work.sha256 for work in registry.works()] == kept, "what was registered is lost"  # noqa: S101
    assert not left, f"half written: {left}"  # noqa: S101 - likewise
    return outcome


def readonly(folder: Path, count: int) -> Iterator[Act]:
    """Type commands where registry, folder or both may only be read: one sentence, and nothing is left behind."""
    whole = folder / "whole"
    whole.mkdir()
    portfolio(whole)
    picture(whole / "new.png", 99)
    held = (("registry.db",), (".",), ("registry.db", "."))
    for number, (protected, words) in enumerate([*product(held, COMMANDS)][:count]):
        place = Path(shutil.copytree(whole, folder / str(number)))
        yield f"{' and '.join(protected)} protected: {' '.join(words)}", partial(_typed, place, protected, words)


def _typed(place: Path, protected: tuple[str, ...], words: tuple[str, ...]) -> str:
    before = {path.name for path in place.iterdir()}
    for name in protected:
        (place / name).chmod(0o555)
    line = [*(_CARELESS if os.geteuid() == 0 else ()), sys.executable, "-m", "artaudit", *words]
    done = subprocess.run(line, cwd=place, env=os.environ | _OWN, capture_output=True, text=True, check=False)  # noqa: S603
    for name in protected:
        (place / name).chmod(0o755)
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said[-200:]  # noqa: S101 - told as a failure
    assert done.returncode in PROMISED, f"exit code {done.returncode}: {said[-200:]}"  # noqa: S101 - likewise
    new = {path.name for path in place.iterdir()} - before
    assert not [name for name in new if name.startswith(".")], f"half written: {new}"  # noqa: S101 - likewise
    with Registry(place / "registry.db") as registry:
        assert registry.verify() == [], "the registry is broken"  # noqa: S101 - likewise
    return "refused in a sentence" if done.returncode > 1 else "answered"
