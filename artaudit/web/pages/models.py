"""Models: what is installed and what it can do, adding one from a folder, making one known to attribution."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from artaudit.errors import UsageError
from artaudit.web.desk import desk, get, place, post, see, text
from artaudit.web.rendering import page

KINDS = ("install", "calibrate")


def start(request: Request) -> Response:
    """Show the models and what is done with them now."""
    from artaudit.attribution.candidate import candidates  # noqa: PLC0415 - heavy
    from artaudit.generators.opening import described  # noqa: PLC0415 - heavy

    words = {candidate.record.name: candidate.obstacle or candidate.words for candidate in candidates()}
    active = [job for job in desk(request).queue.active() if job.kind in KINDS]
    ended = [job for kind in KINDS for job in desk(request).queue.ended(3, kind)]
    return page(request, "models.html", models=described(), words=words, doing=active, ended=ended)


def add(request: Request, form: FormData) -> Response:
    """Ask for the installation of a model from a folder of this machine."""
    name, folder = text(form, "name"), place(form)
    if not name:
        raise UsageError("A model has a name: write a short one.")
    said = {"licence": text(form, "licence"), "family": text(form, "family")}
    desk(request).order("install", name, name=name, place=str(folder), **said)
    return see("/models")


def calibrate(request: Request, form: FormData) -> Response:
    """Ask for the calibration of a model on pictures that no model made."""
    name = text(form, "name")
    desk(request).order("calibrate", name, name=name, place=str(place(form)))
    return see("/models")


ROUTES = [get("/models", start), post("/models", add), post("/models/calibrate", calibrate)]
