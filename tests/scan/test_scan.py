"""A scan finds copies, counts what it cannot read, and goes on after any end as if it had never stopped."""

import csv
import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from artaudit.errors import ScanError
from artaudit.image import isolation
from artaudit.matching import Portfolio
from artaudit.scan.pool import PoolEngine
from artaudit.scan.run import scan
from artaudit.scan.stage import Stage
from artaudit.scan.store import Store
from artaudit.scan.summary import page, summary, write_list
from artaudit.scan.works import Works

pytestmark = pytest.mark.skipif(not isolation.possible(), reason="this system limits no processes")


@pytest.fixture
def source(tmp_path, pictures):
    """Write the pictures into a folder."""
    folder = tmp_path / "source"
    folder.mkdir()
    for name, data in pictures.items():
        (folder / name).write_bytes(data)
    return folder


def pool(folder):
    return PoolEngine(Stage(folder), 2)


def found_in(folder):
    """Return outcome, step and works by key, of what is kept of a scan."""
    with Store(folder, write=False) as store:
        rows = [row for row, _ in store.findings("found", "unsure", "listed", "refused")]
    works = {row["key"]: [match["work"] for match in row.get("matches", [])] for row in rows}
    return {row["key"]: (row["outcome"], row.get("step"), works[row["key"]]) for row in rows}


EXPECTED = {
    "a-file.png": ("found", "digest", [1]),
    "b-copy.jpg": ("found", "pdq", [2]),
    "c-crop.png": ("found", "confirmation", [3]),
    "d-damaged.jpg": ("refused", None, []),
}


def test_copies_are_found_by_the_cheapest_step_and_damage_is_a_row(tmp_path, source, portfolio):
    progress = scan([source], tmp_path / "out", portfolio, pool)
    assert found_in(tmp_path / "out") == EXPECTED
    assert (progress.pictures, progress.found, progress.refused) == (8, 3, 1)
    told = summary(tmp_path / "out")
    assert {name: told[name] for name in ("pictures", "found", "clear", "refused", "repeated", "works")} == {
        "pictures": 8,
        "found": 3,
        "clear": 4,
        "refused": 1,
        "repeated": 0,
        "works": 3,
    }


def test_the_pictures_that_were_found_lie_in_the_folder_of_the_scan(tmp_path, source, portfolio, pictures):
    (source / "b-copy.json").write_text('{"url": "https://shop.example/mug.jpg"}')
    scan([source], tmp_path / "out", portfolio, pool)
    kept = sorted((tmp_path / "out" / "found").iterdir())
    assert {path.read_bytes() for path in kept} == {pictures[name] for name in list(EXPECTED)[:3]}
    write_list(tmp_path / "out")
    with (tmp_path / "out" / "found.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["url"] == "https://shop.example/mug.jpg"
    assert (tmp_path / "out" / row["file"]).read_bytes() == pictures["b-copy.jpg"]


def test_a_second_run_looks_at_nothing_again_and_new_pictures_alone_are_compared(tmp_path, source, portfolio, pictures):
    scan([source], tmp_path / "out", portfolio, pool)
    assert scan([source], tmp_path / "out", portfolio, pool).pictures == 0
    (source / "z-same.png").write_bytes(pictures["a-file.png"])
    scan([source], tmp_path / "out", portfolio, pool)
    told = summary(tmp_path / "out")
    assert (told["pictures"], told["found"], told["repeated"]) == (9, 3, 1)
    with Store(tmp_path / "out", write=False) as store:
        first, *_ = (places for row, places in store.findings("found") if row["key"] == "a-file.png")
    assert [place["key"] for place in first] == ["a-file.png", "z-same.png"]


def test_a_scan_goes_on_with_the_works_it_began_with(tmp_path, source, portfolio):
    scan([source], tmp_path / "out", portfolio, pool)

    def never():
        raise AssertionError("the registry is not opened again")

    scan([source], tmp_path / "out", never, pool)
    assert Works(tmp_path / "out").count == 3


def test_digests_of_a_list_are_compared_where_no_picture_is_at_hand(tmp_path, portfolio, pictures):
    import hashlib

    import pyarrow as pa
    import pyarrow.parquet as pq

    digests = [hashlib.sha256(pictures["a-file.png"]).hexdigest(), "ab" * 32, "no digest"]
    urls = [f"https://shop.example/{number}" for number in range(3)]
    pq.write_table(pa.table({"URL": urls, "SHA256": digests}), tmp_path / "laion.parquet")
    scan([tmp_path / "laion.parquet"], tmp_path / "out", portfolio, pool)
    assert found_in(tmp_path / "out") == {urls[0]: ("listed", "digest", [1])}
    assert summary(tmp_path / "out")["absent"] == 2


def test_a_portfolio_without_works_and_a_folder_of_something_else_are_refused(tmp_path, source, portfolio):
    from contextlib import nullcontext

    with pytest.raises(ScanError, match="no works to look for"):
        scan([source], tmp_path / "out", lambda: nullcontext(Portfolio([])), pool)
    with pytest.raises(ScanError, match="something else"):
        scan([source], source, portfolio, pool)


def test_the_page_says_what_was_scanned_and_found_and_how_sure(tmp_path, source, portfolio):
    hostile = "<script>alert(1)</script>"
    (source / "b-copy.txt").write_text(hostile)
    scan([source], tmp_path / "out", portfolio, pool)
    text = page(tmp_path / "out").decode()
    assert "3 of 8 pictures show a registered work" in text
    assert "drawing 2" in text and "d-damaged.jpg" in text and str(source) in text
    assert re.search(r": \d bits of 256 that differ, fewer is nearer \(bar 31\)", text)
    assert not (tmp_path / "out" / "found.csv").exists()
    assert "does not prove" in text and "audit check" in text
    assert hostile not in text and "&lt;script&gt;" in text
    assert text.count("data:image/jpeg;base64,") == 3
    assert not re.search(r"(src|href)=\"(?!data:)", text)


def scanning(source, out):
    """Start a scan in a process of its own."""
    words = ["scan", str(source), "-o", str(out), "--workers", "2"]
    heeded = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # where tests run in the background it is ignored
    command = [sys.executable, "-m", "artaudit", *words]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, preexec_fn=heeded)  # noqa: PLW1509 - likewise elsewhere


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_what_was_ended_in_the_middle_goes_on_to_the_same_findings(tmp_path, source, portfolio, pictures, how):
    for number in range(200):  # so many that the scan is not over when its first findings are there
        (source / f"b{number:03}.png").write_bytes(pictures["s1.jpg"] + bytes([number]))
    begun = tmp_path / "begun"
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "a.jpg").write_bytes(pictures["s0.jpg"])
    scan([tmp_path / "none"], begun, portfolio, pool)  # it holds the works now, so the other process needs no registry
    process = scanning(source, begun)
    until = time.monotonic() + 120
    while _count(begun) < 4 and time.monotonic() < until and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(how)
    asked = time.monotonic()
    code = process.wait(60)
    assert time.monotonic() - asked < 10
    assert code == (-9 if how == signal.SIGKILL else 130)
    before = _count(begun)
    progress = scan([source], begun, portfolio, pool)
    assert 4 <= before < 209
    assert progress.pictures <= 208 - before + 1
    assert found_in(begun) == EXPECTED
    assert summary(begun)["pictures"] == 209
    assert summary(begun)["repeated"] == 1


def _count(folder: Path) -> int:
    with Store(folder, write=False) as store:
        return sum(shard["position"] for shard in store.shards())


def test_a_worker_that_is_killed_is_started_again_and_its_picture_is_looked_at(tmp_path, source, portfolio):
    killed = []

    def kill_one(_progress):
        if not killed and isolation._running:
            worker = next(iter(isolation._running))
            os.kill(worker.id, signal.SIGKILL)
            killed.append(worker.id)

    scan([source], tmp_path / "out", portfolio, pool, kill_one)
    assert killed
    assert found_in(tmp_path / "out") == EXPECTED
