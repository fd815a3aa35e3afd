"""Tables that spreadsheets may open: no cell of them is taken for a formula.

OWASP, "CSV Injection", https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
"""How a text begins that a spreadsheet computes, or that was guarded already."""


def guarded(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cells of a line, an apostrophe before every text that begins like a formula; numbers stay."""
    return {name: f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell for name, cell in row.items()}


def unguarded(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cells of a line as they were before `guarded`."""
    return {
        name: cell[1:] if isinstance(cell, str) and cell[:1] == "'" and _FORMULA.match(cell) else cell
        for name, cell in row.items()
    }
