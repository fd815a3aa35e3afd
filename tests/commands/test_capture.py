"""A picture from a web archive is checked with what the archive says of it, and the report tells it as custody."""

import hashlib
import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.datasets.drawings import draw

URL, PAGE = "https://shop.example/mug.png", "https://shop.example/mugs"


def in_archive(body: bytes) -> bytes:
    """Return a WARC file that holds a picture as it was asked for by a page."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\n\r\n"
    request = f"GET /mug.png HTTP/1.1\r\nReferer: {PAGE}\r\n\r\n".encode()
    records = []
    for kind, block in (("request", request), ("response", head + body)):
        told = f"WARC-Type: {kind}\r\nWARC-Target-URI: {URL}\r\nWARC-Date: 2026-01-02T03:04:06Z\r\n"
        records.append(f"WARC/1.1\r\n{told}Content-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n")
    return b"".join(records)


@pytest.fixture
def audit(run_audit, home):
    draw(np.random.default_rng(4)).resize((256, 256)).save(home / "work.png")
    buffer = io.BytesIO()
    Pillow.open(home / "work.png").crop((10, 10, 230, 220)).save(buffer, "PNG")
    (home / "shop.warc").write_bytes(in_archive(buffer.getvalue()))
    assert run_audit("register", "work.png").returncode == 0
    return run_audit


def test_where_a_picture_was_saved_from_goes_from_the_archive_into_the_report(audit, home):
    taken = audit("capture", "shop.warc", "-o", "shop")
    assert taken.returncode == 0, taken.stderr
    assert f"bytes, {URL}" in taken.stdout
    digest = hashlib.sha256((home / "shop.warc").read_bytes()).hexdigest()
    assert f"shop.warc (WARC), sha256 {digest}: keep it" in taken.stderr
    checked = audit("check", "--capture", "shop")
    assert (checked.returncode, f"saved from {URL}" in checked.stdout) == (1, True)
    assert audit("report", 1, "-o", "case.zip", "--unsigned").returncode == 0
    assert audit("verify", "case.zip").returncode == 0
    with zipfile.ZipFile(home / "case.zip") as opened:
        record = json.loads(opened.read("data/report.json"))
        page, draft = (opened.read(f"data/{name}").decode() for name in ("report.html", "CERTIFICATION-902.md"))
    custody = record["custody"][0]
    assert (custody["url"], custody["page"], custody["archive_sha256"]) == (URL, PAGE, digest)
    for words in (
        f"saved from {URL}, on the page {PAGE}",
        "sent, by the server&#39;s clock",
        "2026-01-02 03:04:05 UTC",
        "the archive shop.warc, as it says",
        digest,
        "HTTP/1.1 200 OK; Content-Type: image/png",
    ):
        assert words in page, words
    assert "as the person who saved it says" not in page
    assert "the server's clock" in draft and digest in draft


def test_a_picture_of_the_capture_alone_is_checked_and_no_other(audit, home):
    taken = audit.json("capture", "shop.warc", "-o", "shop")
    [picture] = [home / "shop" / entry["file"] for entry in taken["resources"]]
    [checked] = audit.json("check", picture, "--capture", "shop")
    assert checked["source"]["page"] == PAGE
    assert audit("check", "work.png", "--capture", "shop").returncode == 2
    assert audit("check", "--capture", "nowhere").returncode == 3
    assert audit("capture", "shop.warc", "-o", "shop").returncode == 2
    assert audit("capture", "work.png", "-o", "other").returncode == 3
