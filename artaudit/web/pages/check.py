"""Check: suspicious pictures come in, the verdict comes first, then what it rests on."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from artaudit.errors import UsageError
from artaudit.findings import KINDS
from artaudit.web.desk import desk, get, post, see, taken, text
from artaudit.web.jobs import DONE, Job
from artaudit.web.rendering import page

KIND_WORDS = {
    "": "I do not know",
    "photograph": "a photograph",
    "painting": "a painting or drawing on paper",
    "digital-art": "digital art",
    "comics-line-art": "comics or line art",
    "rendering": "a 3D rendering",
    "cloaked": "a cloaked painting",
}


def start(request: Request) -> Response:
    """Show where pictures are dropped or pasted, and what was checked last."""
    return page(request, "check.html", kinds=KIND_WORDS, checked=desk(request).queue.ended(24, "check"))


def come_in(request: Request, form: FormData) -> Response:
    """Ask for a check of each picture; show the one, or the list of several."""
    kind = text(form, "kind")
    if kind and kind not in KINDS:
        raise UsageError(f"There is no kind {kind!r}: choose {', '.join(KINDS)}.")
    files = taken(request, form)
    numbers = [desk(request).order("check", desk(request).depot.name(file), file=file, kind=kind) for file in files]
    return see(f"/check/{numbers[0]}" if len(numbers) == 1 else "/check#checked")


def result(request: Request) -> Response:
    """Show a check: how far it is, then what it found."""
    job = _check(request)
    if job.state != DONE:
        return page(request, "checking.html", job=job)
    evidence = job.result["evidence"]
    shown = [(number, finding) for number, finding in enumerate(evidence["findings"]) if finding["holds"] is not False]
    absent = [finding for finding in evidence["findings"] if finding["holds"] is False]
    ordered = sorted(shown, key=lambda pair: pair[1]["holds"] is None)
    works = _titles(request, job, [finding for _, finding in shown])
    values = {"evidence": evidence, "shown": ordered, "absent": absent, "works": works, "tone": tone(evidence)}
    return page(request, "checked.html", job=job, **values)


def tone(evidence: dict[str, Any]) -> str:
    """Return how a verdict is coloured: what was found, what is open, or nothing; never more than the words say."""
    weighed = evidence["assessment"]
    if weighed["copy"] == "found" or weighed["origin"] == "machine-made":
        return "found"
    return "open" if weighed["copy"] == "possible" or weighed["origin"] == "cannot tell" else "nothing"


def keep(request: Request, _form: FormData) -> Response:
    """Make a case of a check, once, and show it."""
    return see(f"/cases/{kept(request, _check(request))}")


def kept(request: Request, job: Job) -> int:
    """Return the number of the case of a check, which is made where there is none yet."""
    if job.state != DONE or job.spec.get("sample"):
        raise UsageError("A case is made of a check that is done; a sample makes none.")
    data = desk(request).depot.file(job.spec["file"]).read_bytes()

    def make() -> int:
        with desk(request).registry() as registry:
            return registry.add_case(job.result["evidence"], data)

    number: int = desk(request).queue.once(job.id, "case", make)
    return number


def _check(request: Request) -> Job:
    job = desk(request).queue.job(int(request.path_params["number"]))
    if job.kind != "check":
        raise UsageError(f"Job {job.id} is no check.")
    return job


def _titles(request: Request, job: Job, findings: list[dict[str, Any]]) -> dict[int, str]:
    """Return the works of findings that have a page here, by number."""
    if job.spec.get("sample"):
        return {}
    with desk(request).registry() as registry:
        numbers = {finding["work"] for finding in findings if finding["work"] is not None}
        return {number: registry.work(number).title for number in numbers}


ROUTES = [
    get("/check", start),
    post("/check", come_in),
    get("/check/{number:int}", result),
    post("/check/{number:int}/case", keep),
]
