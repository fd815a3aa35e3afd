"""How pages are rendered: templates of the package, everything escaped, with what each page of the house needs."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from artaudit import __version__
from artaudit.templates import moment
from artaudit.web.jobs import Job

_MINUTE, _HOUR = 60, 3600


@cache
def environment() -> jinja2.Environment:
    """Return the templates of the page; a name that they lack a value for is an error."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("artaudit.web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"moment": moment, "time": time_left, "size": size, "name": common_name}
    found.globals |= {"version": __version__}
    return found


def page(request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401 - anything shown
    """Return the page of a template."""
    active: list[Job] = request.app.state.desk.queue.active()
    text = (
        environment()
        .get_template(name)
        .render(path=request.url.path, csrf=request.state.session.csrf, active=active, **values)
    )
    return HTMLResponse(text.encode(errors="replace"), status)


def common_name(subject: str) -> str:
    """Return the name in a certificate's subject, which is like "O=NAME,CN=NAME"; all of it where it has none."""
    found = re.search(r"(?:^|,)CN=((?:\\.|[^,\\])+)", subject)
    return re.sub(r"\\(.)", r"\1", found[1]) if found else subject


def time_left(seconds: float | None) -> str:
    """Say how long something takes, as people say it."""
    if seconds is None:
        return ""
    if seconds < _MINUTE:
        return f"{max(1, round(seconds))} s"
    if seconds < _HOUR:
        return f"{round(seconds / _MINUTE)} min"
    return f"{seconds / _HOUR:.1f} h"


def size(count: int) -> str:
    """Say how large a file of so many bytes is."""
    for unit, least in (("GB", 1000**3), ("MB", 1000**2), ("kB", 1000)):
        if count >= least:
            return f"{count / least:.{0 if unit == 'kB' else 1}f} {unit}"
    return f"{count} bytes"
