"""Who stays out of the page, and what cannot hurt it."""

import io
import struct
import zlib
from itertools import repeat

import pytest
from PIL import Image as Pillow
from PIL import PngImagePlugin

pytest.importorskip("starlette", reason="the page needs the extra web")

from starlette.routing import Route

from artaudit.datasets.photographs import photograph
from artaudit.web.doors import COOKIE
from artaudit.web.pages import cases, check, home, models, portfolio, protect, queue, research

ROUTES = [
    route for module in (home, protect, portfolio, check, cases, models, research, queue) for route in module.ROUTES
]


def filled(route: Route) -> str:
    values = {"number": "1", "name": "a.png", "batch": "0" * 12}
    return route.path_format.format(**values)


def asking(method):
    return sorted({filled(route) for route in ROUTES if method in (route.methods or ())})


@pytest.mark.parametrize("path", asking("GET"))
def test_nobody_without_a_link_sees_a_page(outside, path):
    answer = outside.client.get(path)
    assert answer.status_code == 403
    assert "audit serve" in answer.text


@pytest.mark.parametrize("path", asking("POST"))
def test_a_form_without_the_token_of_its_session_is_refused(page, path):
    assert page.client.post(path, data={"csrf": ""}).status_code == 403
    assert page.client.post(path, data={"csrf": "guessed", "verb": "cancel"}).status_code == 403


@pytest.mark.parametrize("path", asking("POST"))
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:8765"])
def test_a_request_from_another_page_is_refused_even_with_the_token(page, path, origin):
    answer = page.client.post(path, data={"csrf": page.csrf}, headers={"origin": origin})
    assert answer.status_code == 403
    assert "another page" in answer.text


def test_a_request_that_names_no_origin_is_refused_unless_the_browser_says_it_is_the_page_s_own(page):
    del page.client.headers["origin"]
    assert page.client.post("/sample", data={"csrf": page.csrf}).status_code == 403
    answer = page.client.post("/sample", data={"csrf": page.csrf}, headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "127.0.0.1", "127.0.0.1:1", "[::1]:8765", ""])
def test_another_name_for_this_address_is_refused(page, host):
    assert page.client.get("/", headers={"host": host}).status_code == 421


def test_a_link_opens_the_page_once(outside):
    used = outside.doors.token
    assert outside.enter().status_code == 200
    outside.client.cookies.clear()
    again = outside.client.get(f"/enter?token={used}")
    assert again.status_code == 403
    assert "used already" in again.text
    assert outside.client.get("/enter?token=").status_code == 403
    outside.client.cookies.set(COOKIE, "guessed")
    assert outside.client.get("/").status_code == 403


def test_the_cookie_is_for_this_page_s_own_requests_alone(outside):
    answer = outside.client.get(f"/enter?token={outside.doors.token}", follow_redirects=False)
    said = answer.headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=strict" in said


@pytest.mark.parametrize("path", ["/", "/check", "/queue/state", "/nothing-here", "/static/page.js"])
def test_every_answer_says_that_nothing_from_outside_may_run(page, path):
    headers = page.client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'self';")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static/") else "no-store")


def test_no_page_of_the_package_has_a_script_or_a_style_inside_or_an_address_outside():
    from importlib import resources

    for file in (resources.files("artaudit.web") / "templates").iterdir():
        text = file.read_text()
        assert "style=" not in text, file.name
        assert "onclick" not in text, file.name
        assert "http://" not in text and "https://" not in text, file.name
        assert text.count("<script") == text.count('<script src="/static/'), file.name


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\boot.ini", "/etc/shadow", "a/../../b.png", "\0.png", "..", "CON.png"]
)
def test_a_name_from_outside_is_never_a_path(page, china, name):
    before = {path for path in page.path.parent.rglob("*") if not path.is_relative_to(page.depot.folder)}
    assert page.post("/check", {name: china}).status_code == 200
    after = {path for path in page.path.parent.rglob("*") if not path.is_relative_to(page.depot.folder)}
    assert {path.name for path in after - before} <= {"registry.db-wal", "registry.db-shm"}
    kept = [path for path in (page.depot.folder / "files").rglob("*") if path.is_file()]
    assert [path.stem for path in kept] == ["original"]
    assert kept[0].read_bytes() == china


@pytest.mark.parametrize("name", ["..%2f..%2fjobs.db", "..", "jobs.db", "%2e%2e%2fjobs.db", "a%00.png"])
def test_files_of_jobs_are_found_by_plain_names_alone(page, name):
    answer = page.client.get(f"/made/1/{name}")
    assert answer.status_code in (400, 404)


def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_read(page):
    answer = page.client.post("/check", content=b"", headers={"content-length": str(2 * 1024**3)})
    assert answer.status_code == 413


def test_a_body_that_does_not_say_how_large_it_is_is_stopped_at_the_limit(page):
    sent = []

    def endless():
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        for part in repeat(b"\0" * 1024**2, 2048):
            sent.append(len(part))
            yield part

    kind = {"content-type": "multipart/form-data; boundary=x"}
    answer = page.client.post("/check", content=endless(), headers=kind)
    assert answer.status_code == 413
    assert not list(page.depot.folder.glob("files/*"))


def bomb(side=60_000):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * (side + 1) * 100, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("bomb.png", bomb(), "pixels, more than"),
        ("picture.svg", SVG, "not a picture artaudit reads"),
        ("picture.png", SVG, "not a picture artaudit reads"),
        ("cut.jpg", photograph("china.jpg")[:20_000], "damaged or truncated"),
    ],
)
def test_what_is_no_sound_picture_is_refused_with_the_command_s_sentence(page, name, data, said):
    answer = page.post("/check", {name: data})
    assert answer.status_code == 200
    page.work_off()
    shown = page.client.get("/queue").text
    assert said in shown
    assert "<script>alert" not in shown


def test_an_empty_file_is_refused_at_once(page):
    answer = page.post("/check", {"empty.png": b""})
    assert answer.status_code == 400
    assert "is empty (0 bytes)" in answer.text


def test_texts_of_a_file_and_its_name_are_shown_as_texts(page):
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    about, buffer = PngImagePlugin.PngInfo(), io.BytesIO()
    about.add_text("parameters", f"{evil}\nSteps: 20, Sampler: Euler, Seed: 1, Model: {evil}")
    Pillow.new("RGB", (300, 200), "teal").save(buffer, "PNG", pnginfo=about)
    page.post("/check", {f"{evil}.png": buffer.getvalue()})
    page.work_off()
    shown = page.client.get("/check/1").text
    assert "&lt;script&gt;alert(2)" in shown
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown


def test_what_others_made_is_never_shown_as_a_page(page, china):
    page.post("/check", {"a.jpg": china})
    page.work_off()
    (page.depot.job(1) / "page.html").write_text("<script>alert(1)</script>")
    answer = page.client.get("/made/1/page.html")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
