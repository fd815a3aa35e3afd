"""Cases: checks and notes that belong together, their packages, and packages of others; the keys that sign them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from artaudit.auditor.cases import described
from artaudit.auditor.evidence import Seal, Statement
from artaudit.auditor.evidence.enclosure import CHOICES, SUSPECT
from artaudit.auditor.registry import Registry
from artaudit.auditor.registry.cases import CaseFolder
from artaudit.auditor.report import report
from artaudit.auditor.seal import seal_log
from artaudit.auditor.signing import keys as tools
from artaudit.errors import UsageError
from artaudit.language import LANGUAGES
from artaudit.web.depot import PACKAGES
from artaudit.web.desk import desk, get, passphrase, post, see, taken, text
from artaudit.web.jobs import DONE
from artaudit.web.rendering import page


def start(request: Request) -> Response:
    """List the cases, show the keys, and take packages to verify."""
    closed = "closed" in request.query_params
    with desk(request).registry() as registry:
        folders = [folder for folder in registry.case_store.folders() if closed or not folder.closed]
        rows = [_row(folder, registry) for folder in reversed(folders)]
    identity = tools.identity(tools.default_folder())
    verified = desk(request).queue.ended(12, "verify")
    keys = None if identity is None else identity.as_dict()
    return page(request, "cases.html", rows=rows, closed=closed, keys=keys, verified=verified)


def _row(folder: CaseFolder, registry: Registry) -> dict[str, Any]:
    return described(folder, [registry.case(check).evidence for check in folder.checks])


def case(request: Request) -> Response:
    """Show one case: its checks, notes, history and how to export it."""
    number = int(request.path_params["number"])
    with desk(request).registry() as registry:
        folder = registry.case_store.folder(number)
        evidence = {check: registry.case(check).evidence for check in folder.checks}
        history = registry.case_store.history(number)
        others = [line for line in registry.cases() if line.id not in folder.checks][::-1][:50]
    has_keys = tools.identity(tools.default_folder()) is not None
    values: dict[str, Any] = {"row": described(folder, list(evidence.values())), "evidence": evidence, "others": others}
    values |= {"languages": LANGUAGES, "language": desk(request).language(), "choices": CHOICES}
    return page(request, "case.html", history=history, has_keys=has_keys, **values)


def open_one(request: Request, form: FormData) -> Response:
    """Open a case that will gather checks."""
    title = text(form, "title")
    if not title:
        raise UsageError("A title has at least one letter: name the case.")
    with desk(request).registry() as registry:
        return see(f"/cases/{registry.case_store.open(title)}")


def change(request: Request, form: FormData) -> Response:
    """Note, rename, add a check, close or reopen, as the form says."""
    number, verb, said = int(request.path_params["number"]), text(form, "verb"), text(form, "text")
    if verb in ("note", "rename") and not said:
        raise UsageError("There is nothing to keep: write a line first.")
    with desk(request).registry() as registry:
        book = registry.case_store
        if verb == "note":
            book.note(number, said)
        elif verb == "rename":
            book.rename(number, said)
        elif verb == "add":
            book.add(number, int(said) if said.isdecimal() else 0)
        elif verb == "close":
            book.close(number, said)
        elif verb == "reopen":
            book.reopen(number)
    return see(f"/cases/{number}")


def export(request: Request, form: FormData) -> Response:
    """Write the package of a case and return it; the passphrase unlocks the keys for this one time."""
    number, enclose = int(request.path_params["number"]), text(form, "enclose") or SUSPECT
    unsigned = not passphrase(form)
    said = {name: text(form, name) for name in ("by", "client", "purpose", "maker")}
    said["language"] = text(form, "language") or desk(request).language()
    target = Path(tempfile.mkdtemp()) / f"case-{number}.zip"
    with desk(request).registry() as registry:
        stated = Statement(**said, unsigned=unsigned)
        report(number, target, registry, _seal(form), enclose=enclose, stated=stated)
    return _given(target)


def seal(request: Request, form: FormData) -> Response:
    """Write a seal of the log, with its signature, and return both in one folder's ZIP."""
    folder = Path(tempfile.mkdtemp())
    inside = folder / "seal"
    inside.mkdir()
    with desk(request).registry() as registry:
        seal_log(inside / "seal.json", registry, _seal(form))
    return _given(Path(shutil.make_archive(str(folder / "seal"), "zip", inside)))


def _seal(form: FormData) -> Seal:
    """Return who signs: the keys at hand, unlocked; nobody without a passphrase."""
    word = passphrase(form)
    return Seal(tools.unlock(tools.default_folder(), word) if word else None)


def _given(path: Path) -> Response:
    """Return a file to be kept, and clear its temporary folder away afterwards."""
    cleared = BackgroundTask(shutil.rmtree, path.parent, ignore_errors=True)
    return FileResponse(path, media_type="application/zip", filename=path.name, background=cleared)


def verify(request: Request, form: FormData) -> Response:
    """Ask for the verification of a package that came in."""
    (file, *_) = taken(request, form, PACKAGES)
    return see(f"/verified/{desk(request).order('verify', desk(request).depot.name(file), file=file)}")


def verified(request: Request) -> Response:
    """Show how far a verification is, then what it found."""
    job = desk(request).queue.job(int(request.path_params["number"]))
    if job.kind != "verify":
        raise UsageError(f"Job {job.id} is no verification.")
    return page(request, "verified.html" if job.state == DONE else "checking.html", job=job)


def make_keys(_request: Request, form: FormData) -> Response:
    """Make a signing key under a passphrase, which is not kept."""
    name, word = text(form, "name"), passphrase(form)
    if not name:
        raise UsageError("Signatures show a name: write yours or your studio's.")
    if word != passphrase(form, "again"):
        raise UsageError("The two passphrases differ: type the same one twice.")
    tools.create(tools.default_folder(), name, word)
    return see("/cases#keys")


ROUTES = [
    get("/cases", start),
    post("/cases", open_one),
    get("/cases/{number:int}", case),
    post("/cases/{number:int}", change),
    post("/cases/{number:int}/export", export),
    post("/verify", verify),
    get("/verified/{number:int}", verified),
    post("/keys", make_keys),
    post("/seal", seal),
]
