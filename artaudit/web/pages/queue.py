"""The queue: what runs, what waits, what ended; and the files that jobs made."""

from __future__ import annotations

import mimetypes

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from artaudit.errors import UsageError
from artaudit.web.depot import Depot
from artaudit.web.desk import desk, get, post, see, text
from artaudit.web.jobs import Job
from artaudit.web.rendering import page, time_left

NOW = "now.jpg"
"""The picture of a job as it stands."""
_PICTURES = frozenset({"image/png", "image/jpeg"})


def queue(request: Request) -> Response:
    """Show the queue."""
    return page(request, "queue.html", ended=desk(request).queue.ended())


def state(request: Request) -> Response:
    """Say how far jobs are, as JSON: those that are asked for by number, else all that did not end."""
    wanted = [int(part) for part in request.query_params.get("jobs", "").split(",") if part.isdecimal()]
    kept = desk(request).queue
    jobs = [kept.job(number) for number in wanted] if wanted else kept.active()
    return JSONResponse({"jobs": [_said(job, desk(request).depot) for job in jobs], "active": len(kept.active())})


def _said(job: Job, depot: Depot) -> dict[str, object]:
    left = f"about {time_left(job.left)} left" if job.left is not None else ""
    return {
        "id": job.id,
        "state": job.state,
        "wish": job.wish,
        "share": round(job.share, 4),
        "stage": job.stage,
        "left": left,
        "seconds": round(job.seconds, 1),
        "shown": len(str(job.result)),
        "seen": depot.has_made(job.id, NOW),
    }


def change(request: Request, form: FormData) -> Response:
    """Cancel, pause or resume a job, and show the page that asked for it again."""
    kept, number = desk(request).queue, int(request.path_params["number"])
    verbs = {"cancel": kept.cancel, "pause": kept.pause, "resume": kept.resume}
    verb = text(form, "verb")
    if verb not in verbs:
        raise UsageError("A job can be cancelled, paused or resumed.")
    verbs[verb](number)
    back = text(form, "back")
    return see(back if back.startswith("/") and not back.startswith("//") else "/queue")


def made(request: Request) -> Response:
    """Return a file that a job made: a picture to be shown, or any file to be kept under its name outside."""
    number, name = int(request.path_params["number"]), request.path_params["name"]
    path = desk(request).depot.made(number, name)
    kind = mimetypes.guess_type(name)[0] or ""
    keep = request.query_params.get("keep", "")
    if keep or kind not in _PICTURES:
        job = desk(request).queue.job(number)
        return FileResponse(path, media_type="application/octet-stream", filename=job.title if keep == "1" else name)
    return FileResponse(path, media_type=kind)


ROUTES = [
    get("/queue", queue),
    get("/queue/state", state),
    post("/queue/{number:int}", change),
    get("/made/{number:int}/{name}", made),
]
