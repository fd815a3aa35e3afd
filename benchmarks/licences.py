"""Lists what artaudit needs, directly and by way of others, and under which licences it comes, as a page.

python benchmarks/licences.py docs/licences.md
"""

from __future__ import annotations

import re
import sys
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


def required(found: Distribution, *, extras: bool) -> set[str]:
    """Return the names of what a package requires, with its extras but for those of development."""
    lines = [line for line in found.requires or [] if extras or "extra ==" not in line]
    lines = [line for line in lines if not re.search(r"extra == ['\"]dev['\"]", line)]
    return {match[0].lower().replace("_", "-") for line in lines if (match := _NAME.match(line))}


def needed() -> dict[str, set[str]]:
    """Return by name of a package that is installed here who needs it."""
    asked, waiting = (
        dict[str, set[str]](),
        [("artaudit", name) for name in required(distribution("artaudit"), extras=True)],
    )
    while waiting:
        asker, name = waiting.pop()
        known = name in asked
        asked.setdefault(name, set()).add(asker)
        if not known:
            try:
                waiting += [(name, other) for other in required(distribution(name), extras=False)]
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
