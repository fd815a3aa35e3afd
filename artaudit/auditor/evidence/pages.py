"""The texts of a package that are made from its record, so that they can be made again and compared."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import jinja2

TEXTS = {"data/CERTIFICATION-902.md": "certification.md", "VERIFY.txt": "VERIFY.txt"}
"""By file of the package, the template it is made from."""

EDITION = "c69fed72e3764db2d37f39551af54c4a9749aecd5172f8a50b885f3a5dfe5054"
"""Which edition weighs findings and makes the texts and the page; packages are compared with their own.

Where one of them changes, it becomes any other 64 hexadecimal digits: tests/auditor/evidence/test_edition.py tells.
"""


def texts(record: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the plain texts of a record by their names in the package."""
    return {
        name: template(source, escaped=False).render(record=record).encode(errors="backslashreplace")
        for name, source in TEXTS.items()
    }


@cache
def template(name: str, *, escaped: bool) -> jinja2.Template:
    """Return a template of this package; `escaped` makes what others wrote harmless in HTML, else it is one line."""
    source = (resources.files(__package__) / "templates" / name).read_text("utf-8")
    page = jinja2.Environment(
        autoescape=escaped,  # noqa: S701 - plain texts know no markup
        finalize=None if escaped else _one_line,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    page.filters |= {"moment": moment}
    return page.from_string(source)


def moment(text: str) -> str:
    """Show an ISO 8601 time in UTC to the second."""
    return f"{text[:19].replace('T', ' ')} UTC"


def _one_line(value: object) -> object:
    """Keep what others wrote from looking like lines of the text itself."""
    return " ".join(value.split()) if isinstance(value, str) else value
