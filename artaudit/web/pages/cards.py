"""The card of a trial, a whole page of its own that loads nothing and runs nothing."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from artaudit.web.desk import desk

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; frame-ancestors 'none'"


def card(request: Request) -> Response:
    """Return the card that a trial wrote."""
    path = desk(request).depot.made(int(request.path_params["number"]), "card.html")
    return HTMLResponse(path.read_bytes(), headers={"content-security-policy": POLICY})
