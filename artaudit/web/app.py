"""The application: all pages, the static files and the guard before them."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from artaudit.errors import ArtauditError
from artaudit.web.depot import Depot
from artaudit.web.desk import Desk, Language, english
from artaudit.web.doors import Doors
from artaudit.web.guard import REQUEST_BYTES, Guard, TooLargeError, too_large
from artaudit.web.pages import cases, check, home, models, portfolio, protect, queue, research
from artaudit.web.rendering import page

_PAGES = (home, protect, portfolio, check, cases, models, research, queue)


def make_app(
    path: Path,
    doors: Doors,
    port: int,
    *,
    by: str | None = None,
    language: Language = english,
    limit: int = REQUEST_BYTES,
) -> Guard:
    """Return the page about the registry at `path`, behind `doors`, for requests to `port` of this machine.

    `language` returns that of reports, as it is set now.
    """
    routes = [route for module in _PAGES for route in module.ROUTES]
    with resources.as_file(resources.files("artaudit.web") / "static") as static:
        shipped = Mount("/static", StaticFiles(directory=static))
    handlers = {ArtauditError: _refused, HTTPException: _missing, TooLargeError: _too_large}
    app = Starlette(routes=[*routes, shipped], exception_handlers=handlers)
    app.state.desk = Desk(path, Depot(path), by, language)
    return Guard(app, doors, port, limit)


async def _refused(request: Request, error: Exception) -> Response:
    return page(request, "error.html", 400, sentence=str(error))


async def _too_large(_request: Request, error: Exception) -> Response:
    return too_large(error.args[0])


async def _missing(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    sentence = "There is nothing at this address." if status == 404 else "This page does not take that."  # noqa: PLR2004
    return page(request, "error.html", status, sentence=sentence)
