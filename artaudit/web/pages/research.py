"""Research: the runs of detectors that lie in a folder, with their curves, read from their logs."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from artaudit.web.desk import get, place
from artaudit.web.rendering import page
from artaudit.web.runs import read_runs


def start(request: Request) -> Response:
    """Show the runs below a folder of this machine."""
    given = request.query_params.get("place", "").strip()
    runs = read_runs(place(FormData({"place": given}))) if given else []
    return page(request, "research.html", place=given, runs=runs)


ROUTES = [get("/research", start)]
