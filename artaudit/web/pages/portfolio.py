"""Portfolio: the works, a page of them at a time, what was done with each, and adding more."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image as Pillow
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from artaudit.auditor.places import described, state_of
from artaudit.auditor.registry import Registry
from artaudit.auditor.registry.thumbnail import open_thumbnail
from artaudit.errors import UsageError
from artaudit.image import write_atomically
from artaudit.web.desk import Desk, desk, get, place, post, see, taken, text
from artaudit.web.pages.protect import preview_of
from artaudit.web.rendering import environment, page

COUNT = 60
"""Works of one page."""
SIDE = 360
"""Most pixels along a side of a thumbnail."""


def start(request: Request) -> Response:
    """Show the works, the latest first, or those whose title holds what is looked for."""
    adding = [job for job in desk(request).queue.active() if job.kind == "register"]
    with desk(request).registry() as registry:
        return page(request, "portfolio.html", count=registry.count(), adding=adding, **_found(request, registry))


def more(request: Request) -> Response:
    """Return the next works as a part of the page."""
    with desk(request).registry() as registry:
        return HTMLResponse(environment().get_template("works.html").render(**_found(request, registry)))


def _found(request: Request, registry: Registry) -> dict[str, Any]:
    looked_for, withdrawn = request.query_params.get("q", "").strip(), "withdrawn" in request.query_params
    given = request.query_params.get("before", "")
    before = int(given) if given.isdecimal() else None
    if looked_for:
        works = registry.search(looked_for, COUNT + 1, before, withdrawn=withdrawn)
    else:
        works = registry.latest(COUNT + 1, before, withdrawn=withdrawn)
    return {"works": works[:COUNT], "more": len(works) > COUNT, "q": looked_for, "withdrawn": withdrawn}


def thumbnail(request: Request) -> Response:
    """Return the small picture of a work, from the cache beside the registry."""
    number = int(request.path_params["number"])
    return Response(_small(desk(request), number), media_type="image/jpeg")


def _small(shared: Desk, number: int) -> bytes:
    path = shared.depot.folder / "thumbnails" / f"{number}.jpg"
    if not path.is_file():
        with shared.registry() as registry:
            picture = Pillow.fromarray(open_thumbnail(registry.preview(number)))
        picture.thumbnail((SIDE, SIDE))
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=82)
        write_atomically(path, buffer.getvalue())
    return path.read_bytes()


def preview(request: Request) -> Response:
    """Return the picture of a work as the registry keeps it."""
    with desk(request).registry() as registry:
        return Response(registry.preview(int(request.path_params["number"])), media_type="image/jpeg")


def work(request: Request) -> Response:
    """Show one work: what is said of it, its versions, its credential, its history."""
    number = int(request.path_params["number"])
    with desk(request).registry() as registry:
        row = described(registry.work(number), registry)
        history = registry.history(number)
    row["state"] = state_of(row["path"], row["sha256"])
    for version in row["versions"]:
        version["state"] = state_of(version["path"], version["sha256"])
    return page(request, "work.html", work=row, history=history)


def add(request: Request, form: FormData) -> Response:
    """Ask for the registration of files that came in, or of a folder of this machine."""
    if text(form, "place"):
        folder = place(form)
        desk(request).order("register", str(folder), places=[str(folder)])
    else:
        files = taken(request, form)
        name = desk(request).depot.name(files[0])
        desk(request).order("register", name if len(files) == 1 else f"{len(files)} pictures", files=files)
    return see("/portfolio")


def edit(request: Request, form: FormData) -> Response:
    """Say another title, year, note or other tags of a work."""
    number = int(request.path_params["number"])
    wanted = {name: " ".join(text(form, name).split()) for name in ("title", "year", "note", "tags")}
    wanted["tags"] = ", ".join(filter(None, dict.fromkeys(tag.strip() for tag in wanted["tags"].split(","))))
    with desk(request).registry() as registry:
        registry.edit(number, **wanted)
    return see(f"/portfolio/{number}")


def withdraw(request: Request, form: FormData) -> Response:
    """Leave a work out of checks, or take it in again."""
    number = int(request.path_params["number"])
    with desk(request).registry() as registry:
        if registry.work(number).withdrawn:
            registry.restore(number, text(form, "reason"))
        else:
            registry.withdraw(number, text(form, "reason"))
    return see(f"/portfolio/{number}")


def protect(request: Request, _form: FormData) -> Response:
    """Take the original of a work to the page where its cloak is chosen."""
    with desk(request).registry() as registry:
        path = Path(registry.work(int(request.path_params["number"])).path)
    try:
        with path.open("rb") as file:
            kept = desk(request).depot.take(file, path.name)
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}): is it where it was?") from error
    return see(f"/protect/{preview_of(request, [kept])}")


ROUTES = [
    get("/portfolio", start),
    get("/portfolio/more", more),
    post("/portfolio", add),
    get("/portfolio/{number:int}", work),
    get("/portfolio/{number:int}/small.jpg", thumbnail),
    get("/portfolio/{number:int}/picture.jpg", preview),
    post("/portfolio/{number:int}", edit),
    post("/portfolio/{number:int}/withdraw", withdraw),
    post("/portfolio/{number:int}/protect", protect),
]
