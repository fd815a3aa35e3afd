"""What all handlers share: the registry, the depot, and how forms are read and answered."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from artaudit.auditor.registry import Registry
from artaudit.errors import UsageError
from artaudit.image.sources import READABLE
from artaudit.language import ENGLISH
from artaudit.web.depot import Depot
from artaudit.web.jobs import Queue
from artaudit.web.rendering import page
from artaudit.web.tasks import LANES

FILES, FIELDS, FIELD_BYTES = 5000, 5000, 1 << 20
"""Most files and fields of one form, and most bytes of a field."""

Handler = Callable[[Request], Response]
FormHandler = Callable[[Request, FormData], Response]
Language = Callable[[], str]


def english() -> str:
    """Return the language of reports where none is set."""
    return ENGLISH


@dataclass(frozen=True, slots=True)
class Desk:
    """The registry that is worked on, in whose name, and the depot beside it.

    `language` returns the one of reports that is set, unless another is chosen.
    """

    path: Path
    depot: Depot
    by: str | None = None
    language: Language = english

    @property
    def queue(self) -> Queue:
        """The queue of jobs."""
        return self.depot.queue

    @contextmanager
    def registry(self) -> Iterator[Registry]:
        """Open the registry for one request."""
        with Registry(self.path, by=self.by) as registry:
            yield registry

    def order(self, kind: str, title: str, batch: str = "", /, **spec: object) -> int:
        """Ask for a job; return its number."""
        return self.queue.add(kind, LANES[kind], title, spec, batch)


def desk(request: Request) -> Desk:
    """Return what all handlers share."""
    return cast(Desk, request.app.state.desk)


def get(path: str, handler: Handler) -> Route:
    """Return the route of a page."""

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(handler, request)

    return Route(path, endpoint, methods=["GET"])


def post(path: str, handler: FormHandler) -> Route:
    """Return the route of a form; one without the token of its session is refused before the handler sees it."""

    async def endpoint(request: Request) -> Response:
        async with request.form(max_files=FILES, max_fields=FIELDS, max_part_size=FIELD_BYTES) as form:
            return await run_in_threadpool(_answer, handler, request, form)

    return Route(path, cast(Callable[[Request], Awaitable[Response]], endpoint), methods=["POST"])


def _answer(handler: FormHandler, request: Request, form: FormData) -> Response:
    given = request.headers.get("x-csrf-token") or text(form, "csrf")
    if not secrets.compare_digest(given.encode(), request.state.session.csrf.encode()):
        return page(request, "error.html", 403, sentence="This form is out of date: reload the page and try again.")
    return handler(request, form)


def text(form: FormData, name: str) -> str:
    """Return a field of a form as text, empty where it is missing."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def passphrase(form: FormData, name: str = "passphrase") -> str:
    """Return a passphrase of a form as it was typed, blanks included."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def place(form: FormData, name: str = "place") -> Path:
    """Return the file or folder of this machine that a field names; raises UsageError where there is none."""
    said = text(form, name)
    try:
        found = Path(said).expanduser()
        there = found.is_absolute() and found.exists()
    except (OSError, RuntimeError, ValueError):
        there = False
    if not there:
        raise UsageError(f"{said} is not on this computer: write the whole path, like {Path.home() / 'pictures'}.")
    return found


def taken(request: Request, form: FormData, suffixes: frozenset[str] = READABLE) -> list[str]:
    """Keep the files of a form and return their names here; raises UsageError where there is none."""
    files = [file for file in form.getlist("files") if isinstance(file, UploadFile) and file.filename]
    if not files:
        raise UsageError("There is no file yet: drop one on the page, or choose one.")
    return [desk(request).depot.take(file.file, file.filename or "", suffixes) for file in files]


def see(place: str) -> Response:
    """Return the answer that leads on to another page."""
    return RedirectResponse(place, 303)
