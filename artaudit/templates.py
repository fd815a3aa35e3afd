"""The one way in which pages and plain texts are made from the templates of a package."""

from __future__ import annotations

from functools import cache
from importlib import resources

import jinja2

from artaudit.visible import visible


@cache
def template(package: str, name: str, *, escaped: bool = True) -> jinja2.Template:
    """Return the template `name` in the folder `templates` of a package; a name it lacks a value for is an error.

    `escaped` makes what others wrote harmless in HTML; without it the text is plain, and what others wrote one line.
    """
    source = (resources.files(package) / "templates" / name).read_text("utf-8")
    page = jinja2.Environment(
        autoescape=escaped,  # noqa: S701 - plain texts know no markup
        finalize=_shown if escaped else _one_line,
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


def _shown(value: object) -> object:
    """Let every character show of what others wrote; markup of our own stays as it is."""
    return visible(value) if type(value) is str else value


def _one_line(value: object) -> object:
    """Keep what others wrote from looking like lines of the text itself."""
    return visible(" ".join(value.split())) if isinstance(value, str) else value
