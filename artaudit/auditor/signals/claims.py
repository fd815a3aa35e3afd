"""The examiner of what the file itself claims about the generator that made it."""

from __future__ import annotations

from typing import Any

from artaudit.auditor.signals.containers import texts
from artaudit.auditor.signals.generators import READERS
from artaudit.evidence import Finding
from artaudit.image import Image

METHOD = "texts of the file, read from its original bytes"
WEIGHT = "Anyone can write such a text into a file or remove it: it is a claim, not proof."
ABSENCE = "Most platforms remove such texts, so their absence says nothing."
CUT = 10_000
"""Characters of a text that are kept."""


class FileClaims:
    """Finds the parameters that generators write into their pictures."""

    name = "signals"

    def examine(self, image: Image) -> list[Finding]:
        """Return one finding: what the file claims, or that it claims nothing."""
        found = texts(image)
        for tool, read in READERS.items():
            fields = read(found)
            if fields is not None:
                details = {"tool": tool, **_plain(fields), "weight": WEIGHT}
                details["raw"] = {name: text[:CUT] for name, text in found.items()}
                claim = f"the file says that {tool} made it"
                return [Finding(self.name, claim, holds=True, method=METHOD, details=details)]
        claim = "generator parameters in the file"
        return [Finding(self.name, claim, holds=False, method=METHOD, details={"weight": ABSENCE})]


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """Keep what is there, as short plain values."""
    kept = {key: value for key, value in fields.items() if value not in (None, "", [])}
    return {key: value if isinstance(value, bool | int | float) else str(value)[:CUT] for key, value in kept.items()}
