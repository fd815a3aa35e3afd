"""Asks other tools about files: a script runs in their own environment, reads a list of files and writes JSON."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PAGE = Path("docs/benchmarks.md")
ENVIRONMENTS = Path(".cache/peers")
"""Folder of the environments that `make bench-peers` fills from benchmarks/peers/requirements."""
SCRIPTS = Path(__file__).with_name("scripts")


def ask(environment: str, script: str, files: Sequence[Path]) -> Any:  # noqa: ANN401 - what the script writes
    """Return what a script of `benchmarks/peers/scripts` says about files, run in an environment of the peers.

    Raises SystemExit where the environment is not there.
    """
    python = ENVIRONMENTS / environment / "bin" / "python"
    if not python.exists():
        raise SystemExit(f"{python} is not there: run `make bench-peers`")
    with TemporaryDirectory() as folder:
        asked, told = Path(folder, "asked.json"), Path(folder, "told.json")
        asked.write_text(json.dumps([str(path.absolute()) for path in files]), "utf-8")
        words = [python.absolute(), (SCRIPTS / f"{script}.py").absolute(), asked, told]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own script
        return json.loads(told.read_text("utf-8"))


def machine() -> str:
    """Return the processor and the Python that figures were measured with."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines() if Path("/proc/cpuinfo").is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = f"{names[0]}, {len(names)} processors" if names else platform.processor() or platform.machine()
    return f"{processor}; {platform.system()}, Python {platform.python_version()}; one thread each."


def versions(told: dict[str, str]) -> str:
    """Return names and versions of packages as a list in words."""
    return ", ".join(f"{name} {version}" for name, version in sorted(told.items()))


def rows(head: Sequence[str], lines: Sequence[Sequence[object]]) -> str:
    """Return a table of a page."""
    shown = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in shown)


def ahead(columns: Sequence[str], own: Sequence[float], others: Mapping[str, Sequence[float]]) -> str:
    """Say in a sentence in which columns, where more is better, other tools are better than `audit`."""
    better = [
        f"{name} ({', '.join(where)})"
        for name, each in others.items()
        if (where := [column for column, ours, its in zip(columns, own, each, strict=True) if its > ours])
    ]
    return f"Better than `audit`: {'; '.join(better) or 'none of them, in no column'}."


def share(count: int, of: int) -> str:
    """Return a count with its share."""
    return f"{count} of {of} ({count / of:.0%})" if of else "-"
