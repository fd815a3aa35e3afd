"""Lists what artaudit needs, directly and by way of others, and under which licences it comes, as a page.

python benchmarks/licences.py docs/licences.md
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

HEAD = """# Licences

What artaudit needs, with its extras, directly and by way of others, as the packages themselves state it (`make audit`
writes this page from what is installed). artaudit itself comes under the Apache License 2.0.

| package | licence | needed by |
|---|---|---|
"""
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_LONGEST = 60


def direct() -> set[str]:
    """Return what artaudit requires, with all its extras but that of development."""
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    extras = [line for extra, lines in project["optional-dependencies"].items() if extra != "dev" for line in lines]
    return _names([*project["dependencies"], *extras])


def _names(lines: Iterable[str]) -> set[str]:
    return {match[0].lower().replace("_", "-") for line in lines if (match := _NAME.match(line))}


def needed() -> dict[str, set[str]]:
    """Return by name of a package that is installed here who needs it."""
    asked, waiting = (
        dict[str, set[str]](),
        [("artaudit", name) for name in direct()],
    )
    while waiting:
        asker, name = waiting.pop()
        known = name in asked
        asked.setdefault(name, set()).add(asker)
        if not known:
            try:
                lines = [line for line in distribution(name).requires or [] if "extra ==" not in line]
                waiting += [(name, other) for other in _names(lines)]
            except PackageNotFoundError:
                del asked[name]  # an extra that is not installed, or of another system
    return asked


def licence(found: Distribution) -> str:
    """Return the licence that a package states: an SPDX expression, else its classifiers, else its own words."""
    about: Any = found.metadata  # a message of the email package
    classes = [line.rpartition(" :: ")[2] for line in about.get_all("Classifier") or [] if "License ::" in line]
    words = (about.get("License") or "").strip().splitlines()
    stated: str = about.get("License-Expression") or ", ".join(classes)
    return stated or (words[0][:_LONGEST] if words else "not stated")


def main() -> None:
    """Write the page."""
    rows = [
        f"| {name} | {licence(distribution(name))} | {', '.join(sorted(askers))} |\n"
        for name, askers in sorted(needed().items())
    ]
    Path(sys.argv[1]).write_text(HEAD + "".join(rows), "utf-8")


if __name__ == "__main__":
    main()
