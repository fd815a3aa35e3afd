"""WebDataset shards are read where they lie, and hostile ones cost nothing."""

import io
import json
import tarfile

import pytest

from artaudit.datasets.layouts.webdataset import WebDataset
from artaudit.datasets.listing import Found, Left
from artaudit.datasets.manifest import Row
from artaudit.datasets.pictures import Pictures


def shard(path, members, **settings):
    with tarfile.open(path, "w", **settings) as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def test_a_sample_is_told_by_its_members(tmp_path, encoded):
    facts = {"label": "generated", "generator": "sd-x", "group": 7, "nonsense": [1]}
    shard(
        tmp_path / "0.tar",
        [
            ("a/000.jpg", encoded(1, "JPEG")),
            ("a/000.json", json.dumps(facts).encode()),
            ("a/000.txt", b"a castle\n"),
            ("a/001.cls", b"0"),
            ("a/001.png", encoded(2)),
        ],
    )
    first, second = WebDataset().find(tmp_path)
    assert first.told == Row("0.tar::a/000.jpg", "generated", generator="sd-x", group="7", prompt="a castle")
    assert first.read() == encoded(1, "JPEG")
    assert (second.told.path, second.told.label, second.read()) == ("0.tar::a/001.png", "real", encoded(2))


@pytest.mark.parametrize("name", ["/etc/a.png", "../a.png", "b/../../a.png", "a\nb.png", "c:\\a.png", "\udcff.png"])
def test_names_that_lead_elsewhere_are_left_out(tmp_path, encoded, name):
    shard(tmp_path / "0.tar", [(name, encoded(1)), ("good.png", encoded(2))])
    left, good = WebDataset().find(tmp_path / "0.tar")
    assert isinstance(left, Left) and "leads elsewhere" in left.reason
    assert str(left).isprintable()
    assert good.told.path == "0.tar::good.png"


def test_links_and_devices_are_left_out(tmp_path):
    with tarfile.open(tmp_path / "0.tar", "w") as tar:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            info = tarfile.TarInfo(f"{kind.decode()}.png")
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
    assert [left.reason for left in WebDataset().find(tmp_path)] == ["is no plain file"] * 4


def test_members_over_the_limit_and_repeated_names_are_left_out(tmp_path, encoded):
    shard(tmp_path / "0.tar", [("a.png", encoded(1)), ("a.png", encoded(2)), ("b.png", bytes(100_000))])
    first, again, large = WebDataset(largest=50_000).find(tmp_path)
    assert first.read() == encoded(1)
    assert "before it" in again.reason and "50,000" in large.reason


def test_a_header_that_claims_gigabytes_is_not_believed(tmp_path):
    info = tarfile.TarInfo("a.png")
    info.type, info.size = tarfile.XHDTYPE, 6 * 1024**3
    (tmp_path / "0.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    [left] = WebDataset().find(tmp_path)
    assert "a header claims" in left.reason


def test_a_shard_cut_off_yields_what_is_whole(tmp_path, encoded):
    path = shard(tmp_path / "0.tar", [("a.png", encoded(1)), ("b.png", encoded(2))])
    path.write_bytes(path.read_bytes()[: 512 + 512 * -(-len(encoded(1)) // 512) + 512 + 20])
    found = list(WebDataset().find(tmp_path))
    assert found[0].read() == encoded(1)
    assert len(found) > 1 and all(isinstance(left, Left) for left in found[1:])


def test_damage_in_the_middle_is_said(tmp_path, encoded):
    path = shard(tmp_path / "0.tar", [("a.png", encoded(1)), ("b.png", encoded(2))])
    data = bytearray(path.read_bytes())
    second = 512 + 512 * -(-len(encoded(1)) // 512)
    data[second : second + 512] = b"x" * 512
    path.write_bytes(data)
    found, left = WebDataset().find(tmp_path)
    assert isinstance(found, Found) and "damaged in the middle" in left.reason


@pytest.mark.parametrize("data", [b"", b"no tar at all" * 100, b"\x1f\x8b" + bytes(2000)])
def test_what_is_no_tar_is_left_out(tmp_path, data):
    (tmp_path / "0.tar").write_bytes(data)
    assert all(isinstance(left, Left) for left in WebDataset().find(tmp_path))


def test_a_chain_of_long_names_does_not_end_the_reader(tmp_path):
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1
    link = info.tobuf(tarfile.GNU_FORMAT) + b"a" + bytes(511)
    (tmp_path / "0.tar").write_bytes(link * 3000)
    assert all(isinstance(left, Left) for left in WebDataset().find(tmp_path))


def test_sidecars_that_are_no_json_tell_nothing(tmp_path, encoded):
    shard(tmp_path / "0.tar", [("a.png", encoded(1)), ("a.json", b"[" * 100_000), ("b.json", b"[1]"), ("b.png", b"")])
    assert [picture.told.label for picture in WebDataset().find(tmp_path)] == ["", ""]


def test_members_are_found_again_in_any_order(tmp_path, encoded):
    for number in (0, 1):
        shard(tmp_path / f"{number}.tar", [(f"{place}.png", encoded(10 * number + place)) for place in range(3)])
    rows = [picture.told for picture in WebDataset().find(tmp_path)]
    for order in (rows, rows[::-1]):
        opened = list(Pictures(tmp_path).open(order))
        assert [image.data for _, image in opened] == [
            encoded(10 * int(row.path[0]) + int(row.path[-5])) for row in order
        ]
    [(_, left)] = Pictures(tmp_path).open([Row("0.tar::../9.png", "real")])
    assert "index it again" in str(left)
