"""The package: a BagIt bag in a ZIP file; the same content gives the same bytes.

RFC 8493, https://www.rfc-editor.org/rfc/rfc8493. The bag lies at the top of the ZIP file: the folder it is
unpacked into is the bag.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from importlib import resources
from typing import Any

from artaudit.auditor.evidence.casefile import CaseFile, entries, sha256
from artaudit.auditor.evidence.html import render
from artaudit.auditor.evidence.pages import EDITION, texts
from artaudit.auditor.evidence.pdf import render_pdf, typesetter
from artaudit.auditor.registry.hash_chain import canonical
from artaudit.auditor.signing.seals import Seal
from artaudit.errors import PackageError

REPORT, PAGE, PDF = "data/report.json", "data/report.html", "data/report.pdf"
VERIFY = "VERIFY.txt"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
MOST_BYTES = 2 << 30
MOST_FILES = 10_000
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?"
NAME = re.compile(rf"{_PART}(?:/{_PART})*")
"""Names that files of a package may have: such as work on every computer."""
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)

SUMS = f"{TAG_MANIFEST}.sums"
"""Digests of the seals: some bytes of a signature or timestamp can change without making it invalid."""

SCHEMA_FILE, CA_FILE = "report.schema.json", "signer-ca.pem"

CLOCK = "The time is that of the computer that made this package; it is not vouched for by anybody else."
STAMPED = "The timestamps say by when the package was there; all other times are those of the computer that made it."


def write_package(case: CaseFile, seal: Seal | None = None, *, pdf: bool = False) -> bytes:
    """Return the ZIP file of a case, sealed, with a PDF of the report if `pdf`.

    Raises PackageError when the case contradicts itself or is too large to be verified, or an authority gives no
    timestamp; MissingExtraError when a PDF is wanted and the extra for it is not installed.
    """
    data = pack(bag(case, seal or Seal(), pdf=pdf))
    if len(data) > MOST_BYTES:
        raise PackageError(f"case {case.id} is larger than any package may be: leave the works' originals out.")
    return data


def bag(case: CaseFile, seal: Seal, *, pdf: bool = False) -> dict[str, bytes]:
    """Return the files of a case's bag by name."""
    _refuse_contradictions(case)
    return finished(_record(case, seal), case.files(), seal, pdf=pdf)


def finished(record: dict[str, Any], named: Mapping[str, bytes], seal: Seal, *, pdf: bool = False) -> dict[str, bytes]:
    """Return the files of the bag about a record, which names those of `named`, by name: with documents, tags and seal.

    The documents are added to the record.
    """
    documents = {name: data for name, data in texts(record).items() if name.startswith("data/")}
    if pdf:
        record["typst"] = typesetter()
        documents[PDF] = render_pdf(record, named, seal)
    record["documents"] = entries(documents)
    plain = _canonical(record).encode()
    record = json.loads(plain)
    payload = {REPORT: plain, PAGE: render(record, named, sha256(plain)), **documents, **named}
    _refuse_odd_names(payload)
    return tagged(payload, texts(record)[VERIFY], record, seal)


def tagged(payload: Mapping[str, bytes], verify: bytes, record: Mapping[str, Any], seal: Seal) -> dict[str, bytes]:
    """Return the files of a bag: its payload, the files that describe it (`verify` is VERIFY.txt), and its seal."""
    tags = {
        "bagit.txt": BAGIT,
        "bag-info.txt": bag_info(record, payload),
        VERIFY: verify,
        SCHEMA_FILE: schema(),
        MANIFEST: manifest(payload),
    }
    if seal.signer is not None:
        tags[CA_FILE] = seal.signer.identity.authority_pem()
    return sealed(payload, tags, seal)


def sealed(payload: Mapping[str, bytes], tags: Mapping[str, bytes], seal: Seal) -> dict[str, bytes]:
    """Return payload and tag files with the manifest of the tag files and the seal on it."""
    listed = manifest(tags)
    seals = seal.files(TAG_MANIFEST, listed)
    return {**payload, **tags, TAG_MANIFEST: listed, **seals, **({SUMS: manifest(seals)} if seals else {})}


def _record(case: CaseFile, seal: Seal) -> dict[str, Any]:
    """Return the record without its documents, as read back from JSON."""
    times = STAMPED if seal.authorities else CLOCK
    record = case.report()
    record |= {"limits": [*record["limits"], times], "seal": seal.as_dict(), "page": EDITION}
    return json.loads(_canonical(record))


def _canonical(record: dict[str, Any]) -> str:
    try:
        return canonical(record)
    except ValueError as error:
        number = record["case"]["id"]
        raise PackageError(f"case {number} holds what JSON cannot say ({error}): check the picture again.") from error


def schema() -> bytes:
    """Return the JSON Schema of report.json."""
    return (resources.files(__package__) / "schemas" / "report-3.json").read_bytes()


def bag_info(record: Mapping[str, Any], payload: Mapping[str, bytes]) -> bytes:
    """Return a bag's description of itself; the Oxum counts the payload's bytes and files."""
    size = sum(map(len, payload.values()))
    lines = {
        "Bag-Software-Agent": "artaudit",
        "Bagging-Date": record["exported"]["at"][:10],
        "External-Identifier": f"case-{record['case']['id']}",
        "Payload-Oxum": f"{size}.{len(payload)}",
    }
    return "".join(f"{label}: {value}\n" for label, value in lines.items()).encode()


def manifest(files: Mapping[str, bytes]) -> bytes:
    """Return a manifest of files in the format of `sha256sum`, ordered by name."""
    return "".join(f"{sha256(files[name])}  {name}\n" for name in sorted(files)).encode()


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a ZIP file without compression and with fixed times, so that the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as package:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            package.writestr(entry, files[name])
    return buffer.getvalue()


def _refuse_contradictions(case: CaseFile) -> None:
    """Raise PackageError when the files at hand do not have the digests of the case."""
    for check in case.checks:
        if sha256(check.suspect) != check.evidence["sha256"]:
            raise PackageError(f"check {check.id} is about another picture than the one given: check it again.")
    for work in case.works:
        if work.original is not None and sha256(work.original) != work.sha256:
            raise PackageError(f"{work.path} is no longer what was registered as work {work.id}: leave it out.")


def _refuse_odd_names(payload: Mapping[str, bytes]) -> None:
    odd = [name for name in payload if not NAME.fullmatch(name)]
    if odd:
        raise PackageError(f"{odd[0]!r} is no name for a file of a package: choose a plain file extension.")
