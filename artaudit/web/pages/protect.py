"""Protect: pictures come in, a strength is chosen by eye, cloaks are made, seen and taken away."""

from __future__ import annotations

import re
import secrets
import tempfile
import zipfile
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any

from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from artaudit import catalog
from artaudit.errors import UsageError
from artaudit.web.desk import desk, get, post, see, taken, text
from artaudit.web.jobs import DONE, Job
from artaudit.web.pages.cards import card
from artaudit.web.rendering import page

METHODS = MappingProxyType(
    {
        "push": "Pushes what models read away from the picture, wherever that leads. The one to begin with.",
        "photoguard": "Makes models read as good as nothing in the picture.",
        "glaze": "Makes models read the picture in a style that is not yours.",
        "nightshade": "Makes models read a still life, so that they learn the wrong thing from your caption.",
        "mist": "Makes models read lettering, and hinders those that would redraw the picture.",
        "mist2": "Leads a model that learns from the picture towards lettering.",
        "advdm": "Makes models that draw fail to explain the picture.",
        "sds": "Aims at models that draw as well, by a shorter way.",
        "antidreambooth": "Lets a model learn the picture, again and again, and changes what it learns. The slowest.",
    }
)
"""Cloaks that need nothing but the picture and the models that come with artaudit, and what each does."""
FIRST = next(iter(METHODS))
NAMES = {"low": "Subtle", "default": "Balanced", "high": "Strong"}
"""What the strengths of the catalog are called on the page."""
TIMES = {"": "as long as it takes", "60": "a minute each", "300": "five minutes each", "1800": "half an hour each"}


def methods() -> dict[str, str]:
    """Return the cloaks on offer and what each does; plug-ins' say whose they are."""
    return dict(METHODS) | {name: f"Of the plug-in {plugin}." for name, plugin in catalog.CLOAKS.offers.items()}


def start(request: Request) -> Response:
    """Show where pictures are dropped, and what was made last."""
    return page(request, "protect.html", made=desk(request).queue.ended(12, "protect"))


def come_in(request: Request, form: FormData) -> Response:
    """Keep pictures and show the first one at three strengths."""
    return see(f"/protect/{preview_of(request, taken(request, form))}")


def preview_of(request: Request, files: list[str]) -> str:
    """Ask for the strengths of the first of some files; return the name of the batch."""
    batch = secrets.token_hex(6)
    _preview(request, batch, files, files[0], FIRST)
    return batch


def _preview(request: Request, batch: str, files: list[str], file: str, method: str) -> None:
    name = desk(request).depot.name(file)
    desk(request).order("preview", name, batch, files=files, file=file, method=method)


def batch(request: Request) -> Response:
    """Show the strengths of pictures that came in, and below what became of them."""
    name, jobs = _batch(request)
    previews = [job for job in jobs if job.kind == "preview"]
    cloaks = [job for job in jobs if job.kind == "protect"]
    trials = {job.spec["job"]: job for job in jobs if job.kind == "trial"}
    files = desk(request).queue.files(previews[-1].spec["files"])
    shown: dict[str, Any] = {"names": NAMES, "methods": methods(), "times": TIMES, "strengths": dict(catalog.STRENGTHS)}
    values: dict[str, Any] = {
        "files": files,
        "cloaks": cloaks,
        "trials": trials,
        "preview": previews[-1],
        "batch": name,
    }
    return page(request, "batch.html", **shown, **values)


def _batch(request: Request) -> tuple[str, list[Job]]:
    name = request.path_params["batch"]
    jobs = desk(request).queue.batch(name) if re.fullmatch(r"[0-9a-f]{12}", name) else []
    if not any(job.kind == "preview" for job in jobs):
        raise UsageError("These pictures are not here: add them again.")
    return name, jobs


def again(request: Request, form: FormData) -> Response:
    """Show another of the pictures at three strengths."""
    name, jobs = _batch(request)
    files = jobs[0].spec["files"]
    file = text(form, "file")
    if file not in files:
        raise UsageError("This picture is not among them.")
    _no_more_previews(request, jobs)
    _preview(request, name, files, file, _method(form))
    return see(f"/protect/{name}")


def begin(request: Request, form: FormData) -> Response:
    """Put the pictures into the queue, each as a job of its own; those that are there already are not put twice."""
    name, jobs = _batch(request)
    _no_more_previews(request, jobs)
    asked = {job.spec["file"] for job in jobs if job.kind == "protect" and (job.active or job.state == DONE)}
    strength, seconds = text(form, "strength"), text(form, "time")
    if strength not in catalog.STRENGTHS or seconds not in TIMES:
        raise UsageError("Choose one of the three strengths.")
    order = {
        "strength": strength,
        "method": _method(form),
        "seconds": float(seconds) if seconds else None,
        "no_train": bool(text(form, "no_train")),
        "again": bool(text(form, "again")),
    }
    for file in jobs[0].spec["files"]:
        if file not in asked:
            desk(request).order("protect", desk(request).depot.name(file), name, file=file, **order)
    return see(f"/protect/{name}#made")


def _no_more_previews(request: Request, jobs: list[Job]) -> None:
    for job in jobs:
        if job.kind == "preview" and job.active:
            desk(request).queue.cancel(job.id)


def _method(form: FormData) -> str:
    method = text(form, "method") or FIRST
    if method not in methods():
        raise UsageError(f"Choose one of {', '.join(methods())}.")
    return method


def attempt(request: Request, _form: FormData) -> Response:
    """Ask whether a cloak works."""
    job = desk(request).queue.job(int(request.path_params["number"]))
    if job.kind != "protect" or job.state != DONE:
        raise UsageError("There is no finished cloak to try.")
    desk(request).order("trial", job.title, job.batch, job=job.id, picture=job.result["picture"])
    return see(f"/protect/{job.batch}#made-{job.id}")


def everything(request: Request) -> Response:
    """Return all finished pictures of a batch, and their receipts, in one ZIP file."""
    _, jobs = _batch(request)
    done = [job for job in jobs if job.kind == "protect" and job.state == DONE]
    if not done:
        raise UsageError("Nothing is finished yet.")
    used = set[str]()
    with tempfile.NamedTemporaryFile(suffix=".zip", delete=False) as file, zipfile.ZipFile(file, "w") as packed:
        for job in done:
            name = _new_name(job.title, used)
            packed.write(desk(request).depot.made(job.id, job.result["picture"]), name)
            packed.write(desk(request).depot.made(job.id, job.result["receipt"]), f"{PurePath(name).stem}.receipt.json")
    cleared = BackgroundTask(Path(file.name).unlink)
    return FileResponse(file.name, media_type="application/zip", filename="cloaked.zip", background=cleared)


def _new_name(name: str, used: set[str]) -> str:
    """Return a name for a file in a ZIP, with a number where another has it already."""
    path, number = PurePath(name.replace("/", "_").replace("\\", "_")), 1
    chosen = str(path)
    while chosen.casefold() in used:
        number += 1
        chosen = f"{path.stem} ({number}){path.suffix}"
    used.add(chosen.casefold())
    return chosen


ROUTES = [
    get("/protect", start),
    post("/protect", come_in),
    get("/protect/{batch}", batch),
    post("/protect/{batch}/preview", again),
    post("/protect/{batch}", begin),
    post("/protect/trial/{number:int}", attempt),
    get("/protect/{batch}/cloaked.zip", everything),
    get("/card/{number:int}", card),
]
