"""What the terminal gets from `audit`: text in which every character shows, whoever wrote it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from artaudit.visible import visible


class Shown:
    """A text stream that shows what is written to it, whatever that does to a terminal; the rest is the stream's own.

    A carriage return may begin a piece, as bars of libraries do. `unguarded` is the stream itself, for bars of ours.
    """

    def __init__(self, stream: Any) -> None:  # noqa: ANN401 - any text stream
        self.unguarded = stream

    def write(self, text: str) -> int:
        """Write a text with visible names in the place of characters that do not show."""
        start = "\r" if text.startswith("\r") else ""
        encoding = self.unguarded.encoding or "utf-8"
        seen = start + visible(text.removeprefix(start))
        self.unguarded.write(seen.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self.unguarded, name)


def unguarded(stream: Any) -> Any:  # noqa: ANN401 - a stream
    """Return the stream itself, which moves the cursor as it is told."""
    return getattr(stream, "unguarded", stream)


@contextmanager
def shown() -> Iterator[None]:
    """Let standard output and standard error show every character as long as this lasts."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = Shown(sys.stdout), Shown(sys.stderr)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
