"""Saved pages and web archives are read as browsers and crawlers write them; no archive, however broken, does harm."""

import base64
import gzip
import hashlib
import http.server
import io
import json
import os
import shutil
import subprocess
import threading
import zipfile
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from artaudit.auditor.capture import archives, found
from artaudit.auditor.capture.folder import capture, read_capture
from artaudit.auditor.suspects import suspects
from artaudit.errors import ArtauditError, CaptureError, UsageError

SHOP, MUG, SENT = "https://shop.example/", "https://shop.example/mug.png?w=2", "Fri, 02 Jan 2026 03:04:05 GMT"


def png(shade: int = 7) -> bytes:
    buffer = io.BytesIO()
    Pillow.new("RGB", (16, 12), (shade, 90, 200)).save(buffer, "PNG")
    return buffer.getvalue()


PNG, HTML = png(), b'<!doctype html><h1>Mugs</h1><img src="mug.png?w=2">'
HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nDate: {SENT}\r\n"


def record(kind: str, url: str, block: bytes, **more: str) -> bytes:
    """Return a record of a WARC file."""
    told = {
        "WARC-Type": kind,
        "WARC-Target-URI": url,
        "WARC-Date": "2026-01-02T03:04:06Z",
        "WARC-Record-ID": f"<urn:uuid:{hashlib.md5(block, usedforsecurity=False).hexdigest()}>",
        "Content-Length": str(len(block)),
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"WARC/1.1\r\n{head}\r\n".encode() + block + b"\r\n\r\n"


def answer(body: bytes = PNG, head: str = HEAD) -> bytes:
    return f"{head}\r\n".encode() + body


def sha1(data: bytes) -> str:
    return f"sha1:{base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()}"


def warc(*records: bytes) -> bytes:
    """Return a WARC file as crawlers pack it: each record a member of its own."""
    return b"".join(gzip.compress(part, mtime=0) for part in records)


REQUEST = record("request", MUG, f"GET /mug.png HTTP/1.1\r\nReferer: {SHOP}\r\n\r\n".encode())
PAGE = record("response", SHOP, answer(HTML, HEAD.replace("image/png", "text/html; charset=utf-8")))
PICTURE = record("response", MUG, answer(), WARC_Block_Digest=sha1(answer()))
SHOT = record("resource", f"urn:view:{SHOP}", png(9))


def wacz(path: Path, data: bytes, told: str = "") -> Path:
    """Write a WACZ file; `told` is the digest that its list of parts holds of the archive."""
    digest = told or hashlib.sha256(data).hexdigest()
    parts = [{"name": "data.warc.gz", "path": "archive/data.warc.gz", "hash": f"sha256:{digest}", "bytes": len(data)}]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.warc.gz", data)
        archive.writestr("datapackage.json", json.dumps({"profile": "data-package", "resources": parts}))
    return path


def mhtml(path: Path) -> Path:
    """Write a page as Chromium's "Save page as, single file" does."""
    message = EmailMessage()
    message["Snapshot-Content-Location"], message["Date"] = SHOP, SENT
    message.set_content(HTML.decode(), subtype="html", cte="quoted-printable")
    message.add_related(PNG, "image", "png", headers=[f"Content-Location: {MUG}"])
    path.write_bytes(message.as_bytes())
    return path


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def taken(path: Path) -> dict:
    """Capture an archive; return its record, with its pictures by role."""
    folder = path.with_name(f"{path.name}-taken")
    made = capture([path], folder)
    assert json.loads((folder / "capture.json").read_text()) == made
    for entry in made["resources"]:
        assert hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
    return made


def of(made: dict, role: str) -> list[dict]:
    return [entry for entry in made["resources"] if entry["role"] == role]


def test_a_warc_file_gives_page_picture_screenshot_headers_and_times(tmp_path):
    made = taken(written(tmp_path / "shop.warc.gz", warc(REQUEST, PAGE, PICTURE, SHOT)))
    [picture] = of(made, "picture")
    assert picture["url"] == MUG
    assert picture["page"] == SHOP
    assert picture["at"] == "2026-01-02T03:04:06+00:00"
    assert picture["server_date"] == "2026-01-02T03:04:05+00:00"
    assert picture["answer"].startswith("HTTP/1.1 200 OK\nContent-Type: image/png")
    assert picture["digest"] == "fits"
    assert [entry["url"] for entry in (*of(made, "page"), *of(made, "screenshot"))] == [SHOP, SHOP]
    [archive] = made["archives"]
    assert (archive["kind"], archive["remarks"]) == ("WARC", [])


def test_the_same_archive_gives_the_same_folder_whether_it_is_packed_or_not(tmp_path):
    one = taken(written(tmp_path / "shop.warc.gz", warc(PAGE, PICTURE)))
    again = capture([tmp_path / "shop.warc.gz"], tmp_path / "again")
    assert one == again
    plain = taken(written(tmp_path / "shop.warc", PAGE + PICTURE))
    assert [entry["sha256"] for entry in plain["resources"]] == [entry["sha256"] for entry in one["resources"]]


def test_a_wacz_file_is_read_and_a_part_without_its_digest_is_a_remark(tmp_path):
    data = warc(PAGE, PICTURE)
    assert [entry["url"] for entry in of(taken(wacz(tmp_path / "shop.wacz", data)), "picture")] == [MUG]
    [archive] = taken(wacz(tmp_path / "other.wacz", data, "0" * 64))["archives"]
    assert "archive/data.warc.gz in it has not the digest" in archive["remarks"][0]


def test_a_page_saved_as_one_file_gives_the_addresses_of_its_pictures(tmp_path):
    made = taken(mhtml(tmp_path / "shop.mhtml"))
    [picture] = of(made, "picture")
    assert (picture["url"], picture["page"], picture["at"]) == (MUG, SHOP, "2026-01-02T03:04:05+00:00")
    assert [entry["url"] for entry in of(made, "page")] == [SHOP]


def test_a_page_saved_with_its_folder_gives_its_pictures_and_its_own_address(tmp_path):
    (tmp_path / "Mugs_files").mkdir()
    written(tmp_path / "Mugs_files" / "mug one.png", PNG)
    written(tmp_path / "Mugs_files" / "large.png", png(8))
    text = f"<!-- saved from url=({len(SHOP):04}){SHOP} -->".encode()
    text += b'<img src="./Mugs_files/mug%20one.png" srcset="Mugs_files/large.png 2x, Mugs_files/none.png 3x">'
    made = taken(written(tmp_path / "Mugs.html", text))
    assert [entry["page"] for entry in of(made, "picture")] == [SHOP, SHOP]
    assert all("the time of the saved file" in entry["dated_by"] for entry in made["resources"])


def test_a_page_of_singlefile_gives_the_pictures_inside_it(tmp_path):
    head = (
        f"<!--\n Page saved with SingleFile \n url: {SHOP} \n saved date: Fri Jan 02 2026 04:04:05 GMT+0100 (CET)\n-->"
    )
    text = f'{head}<img src="data:image/png;base64,{base64.b64encode(PNG).decode()}">'
    [picture] = of(taken(written(tmp_path / "page.html", text.encode())), "picture")
    assert (picture["page"], picture["at"]) == (SHOP, "2026-01-02T03:04:05+00:00")
    assert picture["sha256"] == hashlib.sha256(PNG).hexdigest()


class Served(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def shop(tmp_path):
    """Return the address of a web server of this computer, with a page that shows a picture."""
    written(tmp_path / "index.html", b'<h1>Mugs</h1><img src="mug.png">')
    written(tmp_path / "mug.png", PNG)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Served, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.skipif(shutil.which("wget") is None, reason="wget is not installed here")
def test_what_wget_archives_is_read(shop, tmp_path):
    line = ["wget", "-q", "--no-config", "--warc-file=wget", "--page-requisites", "-P", "out", shop]
    subprocess.run(line, cwd=tmp_path, check=True)
    made = taken(tmp_path / "wget.warc.gz")
    [picture] = of(made, "picture")
    assert (picture["url"], picture["page"], picture["digest"]) == (f"{shop}mug.png", shop, "fits")
    assert picture["server_date"] and picture["sha256"] == hashlib.sha256(PNG).hexdigest()


def test_bodies_are_unpacked_as_servers_pack_them(tmp_path):
    zipped = gzip.compress(PNG, mtime=0)
    parts = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (zipped[:20], zipped[20:])) + b"0\r\n\r\n"
    head = HEAD + "Content-Encoding: gzip\r\n"
    records = [
        record("response", f"{SHOP}1", answer(parts, f"{head}Transfer-Encoding: chunked\r\n")),
        record("response", f"{SHOP}2", answer(zipped, head)),
        record("response", f"{SHOP}3", answer(PNG, f"{head}Transfer-Encoding: chunked\r\n")),
    ]
    made = taken(written(tmp_path / "packed.warc", b"".join(records)))
    assert {entry["sha256"] for entry in of(made, "picture")} == {hashlib.sha256(PNG).hexdigest()}
    assert len(of(made, "picture")) == 3


def test_what_is_not_read_or_does_not_fit_is_a_remark(tmp_path):
    records = [
        PICTURE.replace(SENT.encode(), b"Fri, 02 Jan 2026 03:04:06 GMT"),
        record("response", f"{SHOP}br", answer(b"...", f"{HEAD}Content-Encoding: br\r\n")),
        record("response", f"{SHOP}later", answer(), WARC_Date="2999-01-01T00:00:00Z"),
        record("response", f"{SHOP}gone", answer(PNG, HEAD.replace("200 OK", "404 Not Found"))),
    ]
    made = taken(written(tmp_path / "odd.warc", b"".join(records)))
    first, later = of(made, "picture")
    assert (first["digest"], later["at"]) == ("does not fit", "")
    [archive] = made["archives"]
    for words in ("has not the digest", "is packed as br", "no time that has passed"):
        assert any(words in remark for remark in archive["remarks"]), words


def test_files_outside_of_the_saved_page_are_not_read(tmp_path):
    inner = tmp_path / "saved"
    inner.mkdir()
    written(tmp_path / "secret.png", png(3))
    written(inner / "own.png", PNG)
    (inner / "link.png").symlink_to(tmp_path / "secret.png")
    names = ("../secret.png", f"{tmp_path}/secret.png", "link.png", "..%2Fsecret.png", f"file://{tmp_path}/secret.png")
    images = "".join(f'<img src="{name}">' for name in (*names, "own.png", "\0.png", "a" * 5000 + ".png"))
    made = taken(written(inner / "page.html", images.encode()))
    assert [entry["sha256"] for entry in of(made, "picture")] == [hashlib.sha256(PNG).hexdigest()]


@pytest.mark.parametrize("url", ["https://shop.example/../../etc/passwd", f"{SHOP}%2e%2e%2f%00.png", f"{SHOP}\x1b[2J"])
def test_addresses_name_no_places_on_this_computer(tmp_path, url):
    [picture] = of(taken(written(tmp_path / "a.warc", record("response", url, answer()))), "picture")
    assert picture["file"].startswith("pictures/0001") and ".." not in picture["file"]
    assert picture["url"].isprintable()


def test_archives_that_unpack_to_far_too_much_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(found, "SPARE", 1 << 20)
    bomb = gzip.compress(record("response", MUG, b"HTTP/1.1 200 OK\r\n\r\n" + bytes(40 << 20)))
    endless = gzip.compress(b"WARC/1.1\r\n" + b"a" * (1 << 20))
    folded = answer(gzip.compress(bytes(200 << 20), 1), f"{HEAD}Content-Encoding: gzip\r\n")
    zipped = wacz(tmp_path / "bomb.wacz", bomb)
    with zipfile.ZipFile(tmp_path / "wide.wacz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/a.warc", record("resource", MUG, bytes(40 << 20)))
    for path in (written(tmp_path / "bomb.warc.gz", bomb), zipped, tmp_path / "wide.wacz"):
        with pytest.raises(CaptureError, match="unpacks to more"):
            capture([path], tmp_path / "never")
    with pytest.raises(CaptureError, match="too long"):
        capture([written(tmp_path / "line.warc.gz", endless)], tmp_path / "never")
    monkeypatch.undo()
    made = taken(written(tmp_path / "folded.warc", record("response", MUG, folded) + PICTURE))
    assert len(of(made, "picture")) == 1
    assert "unpacks to more than a picture may have" in made["archives"][0]["remarks"][0]
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.warc", PICTURE[:-40]),
        ("a.warc.gz", warc(PICTURE)[:-30]),
        ("a.warc", PICTURE + b"words\r\n"),
        ("a.warc", PICTURE.replace(b"Content-Length: ", b"Content-Length: -")),
        ("a.warc", PICTURE.replace(b"Content-Length", b"Content-Width", 1)),
        ("a.warc", b"WARC/1.1\r\n" + b"a: b\r\n" * 300),
        ("a.wacz", b"PK\x03\x04 no zip file"),
        ("a.html", b"<p>no picture here"),
        ("a.mhtml", b"Content-Type: multipart/related; boundary=x\r\n\r\n--x\r\n\r\nwords\r\n--x--"),
        ("a.pdf", b"%PDF-1.7"),
        ("a.warc", b""),
    ],
)
def test_what_is_no_whole_archive_is_an_error_and_leaves_nothing(tmp_path, name, data):
    with pytest.raises(CaptureError, match=name):
        capture([written(tmp_path / name, data)], tmp_path / "taken")
    assert [file.name for file in tmp_path.iterdir()] == [name]


@settings(max_examples=60, deadline=None)
@given(draw=st.data())
def test_no_broken_archive_is_more_than_a_clear_error(tmp_path_factory, draw):
    folder = tmp_path_factory.mktemp("broken")
    whole = draw.draw(st.sampled_from([wacz(folder / "a", warc(PAGE, PICTURE)), mhtml(folder / "b")]))
    data = bytearray(draw.draw(st.sampled_from([whole.read_bytes(), REQUEST + PAGE + PICTURE, warc(PICTURE)])))
    for _ in range(draw.draw(st.integers(1, 4))):
        data[draw.draw(st.integers(0, len(data) - 1))] ^= draw.draw(st.integers(1, 255))
    try:
        capture([written(folder / "c.html", bytes(data))], folder / "taken")
    except ArtauditError:
        assert not (folder / "taken").exists()


def test_an_archive_of_too_many_parts_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("artaudit.auditor.capture.folder.MOST_PARTS", 3)
    records = b"".join(record("response", f"{SHOP}{number}", answer(png(number))) for number in range(5))
    with pytest.raises(CaptureError, match="holds more than 3"):
        capture([written(tmp_path / "many.warc", records)], tmp_path / "taken")
    assert not (tmp_path / "taken").exists()


def test_nothing_is_overwritten_and_nothing_but_files_is_opened(tmp_path):
    path = written(tmp_path / "shop.warc", PICTURE)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="nothing is overwritten"):
        capture([path], tmp_path)
    for name in ("pipe", "missing", "."):
        with pytest.raises(CaptureError, match="is no file"):
            archives.open_archive(tmp_path / name)


@pytest.fixture
def folder(tmp_path) -> Path:
    capture([written(tmp_path / "shop.warc", REQUEST + PAGE + PICTURE + SHOT)], tmp_path / "shop")
    return tmp_path / "shop"


def test_checks_take_every_picture_of_a_capture_with_what_the_archive_says(folder):
    [suspect] = suspects([], captures=[folder])
    assert suspect.source["url"] == MUG
    assert suspect.source["page"] == SHOP
    assert suspect.source["server_date"] == "2026-01-02T03:04:05+00:00"
    digest = hashlib.sha256((folder.parent / "shop.warc").read_bytes()).hexdigest()
    assert (suspect.source["archive"], suspect.source["archive_sha256"]) == ("shop.warc", digest)
    assert suspect.source["page_sha256"] == hashlib.sha256(HTML).hexdigest()
    assert suspect.source["screenshot_sha256"] == hashlib.sha256(png(9)).hexdigest()
    assert suspect.open().data == PNG


def test_checks_of_named_pictures_take_those_alone_even_where_they_were_copied_to(folder, tmp_path):
    shutil.copy(next((folder / "pictures").iterdir()), tmp_path / "copy.png")
    [suspect] = suspects([tmp_path / "copy.png"], captures=[folder])
    assert (suspect.name, suspect.source["url"]) == (str(tmp_path / "copy.png"), MUG)
    with pytest.raises(UsageError, match=r"other\.png is not among the pictures"):
        suspects([written(tmp_path / "other.png", png(1))], captures=[folder])


def test_a_picture_that_was_changed_since_is_refused(folder):
    written(next((folder / "pictures").iterdir()), png(1))
    [suspect] = suspects([], captures=[folder])
    with pytest.raises(CaptureError, match="was changed since it was captured"):
        suspect.open()


@pytest.mark.parametrize(
    "changes",
    [
        {"file": "../../secret.png"},
        {"file": "pictures/../0001.png"},
        {"url": "javascript:alert(1)"},
        {"at": "2999-01-01"},
        {"sha256": "0"},
        {"archive": "0" * 64},
        {"answer": "a" * 9000},
    ],
)
def test_a_record_of_a_capture_is_not_trusted(folder, changes):
    record = json.loads((folder / "capture.json").read_text())
    record["resources"][1].update(changes)
    (folder / "capture.json").write_text(json.dumps(record))
    with pytest.raises(CaptureError, match="no whole capture"):
        read_capture(folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "[" * 100_000, '{"schema": "artaudit-capture/2"}'])
def test_what_is_no_capture_is_a_clear_error(tmp_path, text):
    with pytest.raises(CaptureError, match="is no capture"):
        read_capture(tmp_path)
    (tmp_path / "capture.json").write_text(text)
    with pytest.raises(CaptureError, match="is no whole capture"):
        read_capture(tmp_path)
