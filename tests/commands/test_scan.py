"""`audit scan` from works to cases: found pictures, the page, the list that checks read."""

import json

import numpy as np
import pytest

from artaudit.datasets.drawings import draw
from artaudit.image import isolation

pytestmark = pytest.mark.skipif(not isolation.possible(), reason="this system limits no processes")


def drawing(seed):
    return draw(np.random.default_rng(seed)).convert("RGB").resize((256, 256))


@pytest.fixture
def crawl(run_audit):
    """Register a drawing, and lay a copy of it with its address among a stranger and a damaged file."""
    drawing(1).save(run_audit.home / "mine.png")
    assert run_audit("register", "mine.png").returncode == 0
    folder = run_audit.home / "crawl"
    folder.mkdir()
    drawing(1).save(folder / "copy.jpg", quality=70)
    (folder / "copy.json").write_text(json.dumps({"url": "https://shop.example/mug.jpg", "caption": "a mug"}))
    drawing(50).save(folder / "other.jpg")
    (folder / "damaged.jpg").write_bytes(b"\xff\xd8\xff no picture")
    return folder


def test_a_scan_says_what_it_found_and_a_found_picture_becomes_a_case(run_audit, crawl):
    done = run_audit("scan", crawl, "-o", "out", "--workers", 1)
    assert done.returncode == 1
    assert "3 pictures in 1 of 1 shards looked at, compared with 1 works" in done.stdout
    assert "  1 show a registered work" in done.stdout
    assert "a second" in done.stderr
    again = run_audit("scan", crawl, "-o", "out", "--json")
    told = json.loads(again.stdout)
    assert (again.returncode, told["found"], told["refused"], told["this_run"]["pictures"]) == (1, 1, 1, 0)
    page = run_audit("report", "out", "-o", "scan.html")
    assert page.returncode == 0
    assert "1 of 3 pictures show a registered work" in (run_audit.home / "scan.html").read_text()
    checked = run_audit("check", "--urls", "out/found.csv", "--json")
    (evidence,) = json.loads(checked.stdout)
    assert evidence["source"]["url"] == "https://shop.example/mug.jpg"
    assert evidence["case"] == 1


def test_a_scan_that_finds_nothing_says_so_and_does_not_clear_anybody(run_audit, crawl):
    (crawl / "copy.jpg").unlink()
    done = run_audit("scan", crawl, "-o", "out")
    assert done.returncode == 0
    assert "1 show no registered work, as far as the steps of a scan can tell" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("missing",), "is not there"),
        (("crawl", "--address", "ray://a"), "--engine ray"),
    ],
)
@pytest.mark.usefixtures("crawl")
def test_what_cannot_be_scanned_is_said_in_one_line(run_audit, words, said):
    done = run_audit("scan", *words, "-o", "out")
    assert done.returncode == 2
    assert said in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_folder_that_is_no_scan_has_no_page(run_audit, crawl):
    done = run_audit("report", crawl, "-o", "scan.html")
    assert done.returncode == 3
    assert "is no scan" in done.stderr
