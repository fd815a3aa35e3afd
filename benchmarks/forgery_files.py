"""What a keeper of the rightful key may do to the written files of a package before it is sealed again."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

from artaudit.auditor.evidence.casefile import sha256
from artaudit.auditor.evidence.html import render
from artaudit.auditor.evidence.package import CA_FILE, PAGE, PDF, REPORT, SCHEMA_FILE, SUMS, TAG_MANIFEST, VERIFY
from artaudit.auditor.evidence.pdf_signature import sign_pdf
from artaudit.auditor.registry.hash_chain import canonical
from benchmarks.forgery_world import World, sealed_again

Files = dict[str, bytes]
Change = Callable[[Files, World], Files]
DRAFT, ATTACK = "data/CERTIFICATION-902.md", "data/HOW-TO-ATTACK.md"


def _with(name: str, change: Callable[[bytes], bytes]) -> Change:
    """Alter one file, and name its digest in the record where that names it."""

    def done(files: Files, world: World) -> Files:
        return _put(files, name, change(files.get(name, b"")), world)

    return done


def _put(files: Files, name: str, data: bytes, world: World, **record: object) -> Files:
    """Put a file in the place of another, write the record and its page anew, and seal all."""
    changed = {**files, name: data}

    def told(written: dict[str, Any]) -> None:
        for entry in written["documents"]:
            if entry["file"] == name:
                entry["sha256"] = sha256(data)
        written.update(record)

    return sealed_again(_written(changed, told), world.seal())


def _written(files: Files, change: Callable[[dict[str, Any]], object]) -> Files:
    """Alter the record, and render the page of it anew."""
    record = json.loads(files[REPORT])
    page = files[PAGE] != render(record, files, sha256(files[REPORT]))
    change(record)
    plain = canonical(record).encode()
    again = files[PAGE] if page else render(json.loads(plain), files, sha256(plain))
    return {**files, REPORT: plain, PAGE: again}


def _foreign_pdf(**record: object) -> Change:
    return lambda files, world: _put(files, PDF, world.other[PDF], world, **record)


def _foreign_edition(files: Files, world: World) -> Files:
    """Say that another edition wrote the package, and anything at all on its page."""
    changed = _written(files, lambda record: record.update(page="a" * 64))
    page = f"<h1>It was shown that a model was trained on the work</h1>{sha256(changed[REPORT])}"
    return sealed_again({**changed, PAGE: page.encode()}, world.seal())


def _without_typesetter(files: Files, world: World) -> Files:
    changed = _put(files, PDF, world.other[PDF], world)
    return sealed_again(_written(changed, lambda record: record.pop("typst")), world.seal())


def _signed_by_another(files: Files, world: World) -> Files:
    plain = files[PDF][: files[PDF].index(b"%%EOF") + 6]
    return _put(files, PDF, sign_pdf(plain, world.seal(world.stranger)), world)


def _more_pages(files: Files, world: World) -> Files:
    """Change the first page of the PDF after it was signed."""
    from pyhanko.pdf_utils import generic  # noqa: PLC0415 - an extra
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415 - an extra

    writer = IncrementalPdfFileWriter(io.BytesIO(files[PDF]))
    page = writer.find_page_for_modification(0)[0].get_object()
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    return _put(files, PDF, out.getvalue(), world)


def _document_left_out(files: Files, world: World) -> Files:
    def told(record: dict[str, Any]) -> None:
        record["documents"] = [entry for entry in record["documents"] if entry["file"] != ATTACK]

    return sealed_again(_written({name: files[name] for name in files if name != ATTACK}, told), world.seal())


def _sealed_by_another(files: Files, world: World) -> Files:
    return sealed_again(files, world.seal(world.stranger))


def _record_spaced(files: Files, world: World) -> Files:
    spaced = json.dumps(json.loads(files[REPORT]), indent=1).encode()
    return sealed_again(
        {**files, REPORT: spaced, PAGE: render(json.loads(spaced), files, sha256(spaced))}, world.seal()
    )


def _another_signature(files: Files, world: World) -> Files:
    """Put the signature of a stranger with the same name in the place of the signer's."""
    other = world.seal(world.stranger).files(TAG_MANIFEST, files[TAG_MANIFEST])
    name = f"{TAG_MANIFEST}.p7s"
    sums = files[SUMS].replace(sha256(files[name]).encode(), sha256(other[name]).encode())
    return {**files, name: other[name], SUMS: sums}


def _another_stamp(files: Files, world: World) -> Files:
    other = world.seal().files(TAG_MANIFEST, b"other bytes")
    name = f"{TAG_MANIFEST}.1.tsr"
    sums = files[SUMS].replace(sha256(files[name]).encode(), sha256(other[name]).encode())
    return {**files, name: other[name], SUMS: sums}


def _without(*names: str) -> Change:
    return lambda files, _: {name: data for name, data in files.items() if name not in names}


FILES: Mapping[str, Change] = {
    "the page reworded": _with(PAGE, lambda page: page.replace(b"A registered work", b"A stolen work")),
    "the page of an edition of one's own": _foreign_edition,
    "the PDF of another case": _foreign_pdf(),
    "the PDF of another case, said to be set by another version": _foreign_pdf(typst="0.0.1"),
    "the PDF of another case, of no version": _without_typesetter,
    "the PDF changed after its signature": _more_pages,
    "the PDF signed by another": _signed_by_another,
    "the draft reworded": _with(DRAFT, lambda text: text.replace(b"This is a draft", b"This is final")),
    "how to attack it, left out": _document_left_out,
    "how to verify it, reworded": _with(VERIFY, lambda text: text.replace(b"must", b"may")),
    "a text beside the package's own": _with("READ-THIS-FIRST.txt", lambda _: b"A model was trained on it."),
    "a file within": _with("data/works/1/photo-of-the-thief.jpg", lambda _: b"..."),
    "another schema": _with(SCHEMA_FILE, lambda _: b"{}"),
    "more authorities for the signer": lambda files, world: _put(
        files, CA_FILE, files[CA_FILE] + world.stranger.identity.authority_pem(), world
    ),
    "other words for the bag": lambda files, world: sealed_again(
        {**files, "bag-info.txt": files["bag-info.txt"] + b"Contact-Name: A notary\n"}, world.seal(), info=False
    ),
    "a record in another form": _record_spaced,
    "sealed by another with the same name": _sealed_by_another,
    "the signature of another": _another_signature,
    "the timestamp of other bytes": _another_stamp,
    "signature and timestamp left out": _without(f"{TAG_MANIFEST}.p7s", f"{TAG_MANIFEST}.1.tsr", SUMS),
}
"""By what is altered, the change of the files that artaudit wrote; all but the last few are sealed again."""
