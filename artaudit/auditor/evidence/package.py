"""The package: a BagIt bag in a ZIP file that is the same, byte for byte, whenever its content is.

RFC 8493, https://www.rfc-editor.org/rfc/rfc8493. The bag lies at the top of the ZIP file: the folder it is
unpacked into is the bag.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from typing import Any

from artaudit.auditor.chain import canonical
from artaudit.auditor.evidence.casefile import CaseFile, sha256
from artaudit.auditor.evidence.html import edition, render
from artaudit.errors import PackageError

REPORT, PAGE = "data/report.json", "data/report.html"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
MOST_BYTES = 2 << 30
MOST_FILES = 10_000
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?"
NAME = re.compile(rf"{_PART}(?:/{_PART})*")
"""What a file of a package may be called: names that every computer can hold."""
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_EPOCH = (1980, 1, 1, 0, 0, 0)

VERIFY = """How to verify this package without artaudit
===========================================

1. Unpack the ZIP file into an empty folder and open a terminal there.
2. Recompute the digest of every file of the case, and of the files that describe the package:

       sha256sum -c manifest-sha256.txt
       sha256sum -c tagmanifest-sha256.txt

   (on a Mac: shasum -a 256 -c FILE; on Windows, file by file: Get-FileHash FILE). Every line must end in "OK".
   There must be no other file in the folder.
3. data/report.json is the record. Its entry "suspect" names the sha256 of the checked file, its entries "works"
   those of the registered works; compare them with the files you hold yourself.
4. data/report.html is the same for people. It opens in any browser, offline.

With artaudit: audit verify PACKAGE.zip

The digests show that nothing changed since the package was written. They do not show who wrote it, or when.
"""


def write_package(case: CaseFile) -> bytes:
    """Return the ZIP file of a case.

    Raises PackageError when the case contradicts itself or is larger than what can be verified.
    """
    data = pack(bag(case))
    if len(data) > MOST_BYTES:
        raise PackageError(f"case {case.id} is larger than any package may be: leave the works' originals out.")
    return data


def bag(case: CaseFile) -> dict[str, bytes]:
    """Return the files of a case's bag by name."""
    _refuse_contradictions(case)
    record = {**case.report(), "page": edition()}
    try:
        plain = canonical(record).encode()
    except ValueError as error:
        raise PackageError(f"case {case.id} holds what JSON cannot say ({error}): check the picture again.") from error
    named = case.files()
    payload = {REPORT: plain, PAGE: render(json.loads(plain), named, sha256(plain)), **named}
    odd = [name for name in payload if not NAME.fullmatch(name)]
    if odd:
        raise PackageError(f"{odd[0]!r} is no name for a file of a package: choose a plain file extension.")
    tags = {
        "bagit.txt": BAGIT,
        "bag-info.txt": bag_info(record, payload),
        "VERIFY.txt": VERIFY.encode(),
        MANIFEST: manifest(payload),
    }
    return {**payload, **tags, TAG_MANIFEST: manifest(tags)}


def bag_info(record: Mapping[str, Any], payload: Mapping[str, bytes]) -> bytes:
    """Return what a bag says about itself; the Oxum counts the payload's bytes and files."""
    size = sum(map(len, payload.values()))
    lines = {
        "Bag-Software-Agent": "artaudit",
        "Bagging-Date": record["created_at"][:10],
        "External-Identifier": f"case-{record['case']}",
        "Payload-Oxum": f"{size}.{len(payload)}",
    }
    return "".join(f"{label}: {value}\n" for label, value in lines.items()).encode()


def manifest(files: Mapping[str, bytes]) -> bytes:
    """Return what `sha256sum` prints for files, by name."""
    return "".join(f"{sha256(files[name])}  {name}\n" for name in sorted(files)).encode()


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a ZIP file without compression, times or anything else that could differ."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as package:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            package.writestr(entry, files[name])
    return buffer.getvalue()


def _refuse_contradictions(case: CaseFile) -> None:
    """Raise PackageError when the bytes at hand are not those that the case is about."""
    if sha256(case.suspect) != case.evidence["sha256"]:
        raise PackageError(f"case {case.id} is about another picture than the one given: check the picture again.")
    for work in case.works:
        if work.original is not None and sha256(work.original) != work.sha256:
            raise PackageError(f"{work.path} is no longer what was registered as work {work.id}: leave it out.")
