"""Research: the runs of detectors that lie in a folder, with their curves, read from their logs."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from artaudit.errors import UsageError
from artaudit.web.desk import get
from artaudit.web.rendering import page
from artaudit.web.runs import read_runs


def start(request: Request) -> Response:
    """Show the runs below a folder of this machine."""
    given = request.query_params.get("place", "").strip()
    place = Path(given).expanduser() if given else None
    if place is not None and not (place.is_absolute() and place.is_dir()):
        raise UsageError(f"{given} is no folder of this machine: write the whole path.")
    return page(request, "research.html", place=given, runs=[] if place is None else read_runs(place))


ROUTES = [get("/research", start)]
