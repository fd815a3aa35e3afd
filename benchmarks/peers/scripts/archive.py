"""Makes an unsigned WACZ of one picture and asks wacz about it and about changed ones: python archive.py ASKED TOLD."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

from wacz.main import main as wacz
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

ADDRESS = "https://shop.example/picture.jpg"


def crawl(path: Path, data: bytes) -> None:
    """Write a web archive with one answer of a server."""
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        headers = StatusAndHeaders("200 OK", [("Content-Type", "image/jpeg")], protocol="HTTP/1.1")
        record = writer.create_warc_record(ADDRESS, "response", payload=io.BytesIO(data), http_headers=headers)
        writer.write_record(record)


def packed(folder: Path, name: str, data: bytes) -> Path:
    """Return a WACZ of one picture."""
    crawl(folder / f"{name}.warc.gz", data)
    path = folder / f"{name}.wacz"
    wacz(["create", "-o", str(path), "--url", ADDRESS, str(folder / f"{name}.warc.gz")])
    return path


def changed(path: Path, other: Path) -> Path:
    """Return a WACZ whose web archive is that of another, with all the rest left as it was."""
    result = path.with_name("changed.wacz")
    with zipfile.ZipFile(path) as kept, zipfile.ZipFile(other) as taken, zipfile.ZipFile(result, "w") as written:
        inside = next(name for name in taken.namelist() if name.startswith("archive/"))
        for info in kept.infolist():
            data = taken.read(inside) if info.filename.startswith("archive/") else kept.read(info)
            written.writestr(info, data)
    return result


def valid(path: Path) -> bool:
    """Return whether `wacz validate` accepts a file."""
    return not wacz(["validate", "-f", str(path)])


def main() -> None:
    """Make and ask, and write what was accepted and what the digest's file holds."""
    (named,) = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    data = Path(named).read_bytes()
    with TemporaryDirectory() as folder:
        whole = packed(Path(folder), "whole", data)
        again = packed(Path(folder), "again", data + b"\0")
        digest = json.loads(zipfile.ZipFile(whole).read("datapackage-digest.json"))
        told = {
            "whole": valid(whole),
            "changed": valid(changed(whole, again)),
            "made again": valid(again),
            "signed": "signedData" in digest,
            "versions": {"wacz": metadata.version("wacz")},
        }
    Path(sys.argv[2]).write_text(json.dumps(told), "utf-8")


if __name__ == "__main__":
    main()
