"""The package: a BagIt bag in a ZIP file that is the same, byte for byte, whenever its content is.

RFC 8493, https://www.rfc-editor.org/rfc/rfc8493
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from artaudit.auditor.chain import canonical
from artaudit.auditor.evidence.casefile import CaseFile, sha256
from artaudit.auditor.evidence.html import render

REPORT, PAGE = "data/report.json", "data/report.html"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
_EPOCH = (1980, 1, 1, 0, 0, 0)

VERIFY = """How to verify this package without artaudit
===========================================

1. Unpack the ZIP file into an empty folder and open a terminal there.
2. Recompute the digest of every file of the case, and of the files that describe the package:

       sha256sum -c manifest-sha256.txt
       sha256sum -c tagmanifest-sha256.txt

   (on a Mac: shasum -a 256 -c ...). Every line must end in "OK".
3. data/report.json is the record. Its entry "suspect" names the sha256 of the checked file, its entries "works"
   those of the registered works; compare them with the files you hold yourself.
4. data/report.html is the same for people. It opens in any browser, offline.

With artaudit: audit verify PACKAGE.zip

The digests show that nothing changed since the package was written. They do not show who wrote it, or when.
"""


def write_package(case: CaseFile) -> bytes:
    """Return the ZIP file of a case."""
    return pack(bag(case))


def bag(case: CaseFile) -> dict[str, bytes]:
    """Return the files of a case's bag by name."""
    record = canonical(case.report()).encode()
    payload = {REPORT: record, PAGE: render(case, sha256(record)), case.suspect_name: case.suspect}
    for work in case.works:
        preview, original = case.work_names(work)
        payload |= {preview: work.preview} | ({original: work.original} if work.original is not None else {})
    payload |= {case.overlay_name(one): one.jpeg for one in case.overlays}
    size = sum(map(len, payload.values()))
    tags = {
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "bag-info.txt": f"Bag-Software-Agent: artaudit\nPayload-Oxum: {size}.{len(payload)}\n".encode(),
        "VERIFY.txt": VERIFY.encode(),
        MANIFEST: manifest(payload),
    }
    return {**payload, **tags, TAG_MANIFEST: manifest(tags)}


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
