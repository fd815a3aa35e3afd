"""The first page: what there is to do, and for an empty portfolio what all of it is for."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from artaudit.web.desk import desk, get, post, see
from artaudit.web.rendering import page

SAMPLE = "china.jpg"


def home(request: Request) -> Response:
    """Show the first page."""
    with desk(request).registry() as registry:
        works, cases = registry.count(), len(registry.cases())
        latest = registry.latest(8)
    return page(request, "home.html", works=works, cases=cases, latest=latest)


def sample(request: Request, _form: FormData) -> Response:
    """Check a screenshot of a shipped photograph against a portfolio that holds it for the while."""
    number = desk(request).order("check", "found-somewhere.jpg", sample=SAMPLE)
    return see(f"/check/{number}")


ROUTES = [get("/", home), post("/sample", sample)]
