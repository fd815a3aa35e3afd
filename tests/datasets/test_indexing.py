"""An index tells the truth about every picture, and broken ones are named instead of fatal."""

import hashlib

import pytest

from artaudit.datasets import manifest
from artaudit.datasets.indexing import index
from artaudit.datasets.layouts.folder import Folder
from artaudit.datasets.listing import Left
from artaudit.datasets.manifest import Row
from artaudit.datasets.pictures import Pictures
from artaudit.image import Image, Limits


def test_rows_hold_what_the_containers_say(put, tmp_path):
    root = put("set/real/a.jpg", "set/generated/glide/b.png")
    rows = {row.path: row for row in index(Folder(), root / "set", tmp_path)}
    real = rows["set/real/a.jpg"]
    data = (root / "set/real/a.jpg").read_bytes()
    assert (real.codec, real.quality, real.subsampling, real.width, real.height) == ("JPEG", 75, "4:2:0", 64, 64)
    assert (real.bytes, real.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (rows["set/generated/glide/b.png"].codec, rows["set/generated/glide/b.png"].generator) == ("PNG", "glide")


def test_paths_lead_from_the_manifest_to_the_pictures(put, tmp_path):
    root = put("set/real/a.jpg")
    folder = tmp_path / "elsewhere" / "deep"
    manifest.write(folder / "m.csv", index(Folder(), root / "set", folder))
    [(row, image)] = Pictures(folder).open(manifest.read(folder / "m.csv"))
    assert isinstance(image, Image) and image.sha256 == row.sha256


def test_what_the_layout_does_not_tell_is_filled_in(put, tmp_path):
    root = put("set/a.jpg", "set/generated/b.jpg")
    told = {"label": "real", "licence": "CC0"}
    rows = {row.path: row for row in index(Folder(), root / "set", tmp_path, otherwise=told)}
    assert rows["set/a.jpg"].label == "real" and rows["set/generated/b.jpg"].label == "generated"
    assert {row.licence for row in rows.values()} == {"CC0"}


def test_broken_pictures_are_named_and_the_rest_goes_on(put, tmp_path):
    root = put("real/good.png", "real/cut.png", "real/locked.png", "stray.png")
    whole = (root / "real/cut.png").read_bytes()
    (root / "real/cut.png").write_bytes(whole[: len(whole) // 2])
    (root / "real/empty.png").write_bytes(b"")
    (root / "real/text.jpg").write_bytes(b"no picture at all")
    (root / "real/locked.png").unlink()
    (root / "real/locked.png").symlink_to("nowhere")
    found = list(index(Folder(), root, tmp_path))
    left = {row.path: row.reason for row in found if isinstance(row, Left)}
    assert [row.path for row in found if isinstance(row, Row)] == ["real/good.png"]
    assert set(left) == {"real/cut.png", "real/empty.png", "real/text.jpg", "real/locked.png", "stray.png"}
    assert "truncated" in left["real/cut.png"] and "--label" in left["stray.png"]


def test_headers_alone_do_not_notice_what_is_cut_off(put, tmp_path):
    root = put("real/cut.png")
    whole = (root / "real/cut.png").read_bytes()
    (root / "real/cut.png").write_bytes(whole[: len(whole) // 2])
    [row] = index(Folder(), root, tmp_path, headers_only=True)
    assert isinstance(row, Row)


def test_files_over_the_limit_are_left_out(put, tmp_path):
    [left] = index(Folder(), put("real/a.png"), tmp_path, limits=Limits(file_bytes=100))
    assert isinstance(left, Left) and "100 allowed" in left.reason


@pytest.mark.parametrize("change", ["gone", "other"])
def test_a_picture_that_changed_since_is_not_opened(put, tmp_path, change):
    root = put("real/a.png", "real/b.png")
    rows = list(index(Folder(), root, tmp_path))
    if change == "gone":
        (root / "real/a.png").unlink()
    else:
        (root / "real/a.png").write_bytes((root / "real/b.png").read_bytes())
    (_, first), (_, second) = Pictures(tmp_path).open(rows)
    assert isinstance(first, Left) and isinstance(second, Image)
