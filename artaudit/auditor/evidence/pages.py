"""The texts of a package that are made from its record, so that they can be made again and compared."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import jinja2

from artaudit.auditor.evidence.casefile import sha256

TEXTS = {"data/CERTIFICATION-902.md": "certification.md", "VERIFY.txt": "VERIFY.txt"}
"""By file of the package, the template it is made from."""


@cache
def edition() -> str:
    """Return the digest of what weighs findings and makes the texts and the page: editions may do so differently."""
    here = resources.files(__package__)
    makers = (here / "html.py", here / "pages.py", resources.files("artaudit.auditor") / "weighing.py")
    parts = [*sorted((here / "templates").iterdir(), key=lambda one: one.name), *makers]
    return sha256(b"".join(one.read_bytes() for one in parts))


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
