"""Each kind of shard gives its pictures in one order, tells what it knows of them, and goes on after damage."""

import hashlib
import io
import json
import tarfile
from http.client import HTTPMessage

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from artaudit.errors import UsageError
from artaudit.scan.shards.archive import reservations
from artaudit.scan.shards.finding import Shard, shards

ADDRESS = "https://shop.example/7.jpg"


@pytest.fixture
def tar(tmp_path, pictures):
    """Write a tar as img2dataset does: picture, caption and facts of each sample next to each other."""
    path = tmp_path / "00000.tar"
    with tarfile.open(path, "w") as opened:
        for number, data in enumerate(pictures.values()):
            facts = {"url": ADDRESS, "caption": "a mug", "sha256": hashlib.sha256(data).hexdigest(), "width": 3}
            for end, body in ((".jpg", data), (".txt", b"a mug"), (".json", json.dumps(facts).encode())):
                info = tarfile.TarInfo(f"{number:09}{end}")
                info.size = len(body)
                opened.addfile(info, io.BytesIO(body))
    return path


def table(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path


def test_a_tar_gives_each_picture_with_what_lies_beside_it(tar, pictures):
    items = list(Shard(tar, "tar").items())
    assert [item.data for item in items] == list(pictures.values())
    assert [item.place for item in items] == list(range(len(pictures)))
    assert items[0].key == "000000000.jpg"
    digest = hashlib.sha256(items[0].data).hexdigest()
    assert items[0].context == {"url": ADDRESS, "caption": "a mug", "sha256 of the original": digest}


@pytest.mark.parametrize("start", [0, 3, 7, 100])
def test_a_shard_goes_on_from_any_place(tar, start):
    whole = list(Shard(tar, "tar").items())
    assert list(Shard(tar, "tar").items(start)) == whole[start:]


def test_a_tar_that_is_cut_off_gives_what_is_whole_and_says_what_is_not(tar, pictures):
    tar.write_bytes(tar.read_bytes()[:-30_000])
    *whole, last = Shard(tar, "tar").items()
    held = list(pictures.values())
    assert [item.data for item in whole if item.data] == held[: sum(bool(item.data) for item in whole)]
    assert last.left and not last.data


def test_a_table_holds_pictures_in_its_rows(tmp_path, pictures):
    held = list(pictures.values())
    path = table(tmp_path / "a.parquet", key=[f"{n}" for n in range(len(held))], url=[ADDRESS] * len(held), jpg=held)
    items = list(Shard(path, "parquet").items())
    assert [item.data for item in items] == held
    assert items[1].context == {"url": ADDRESS, "key": "1"}
    nested = table(tmp_path / "b.parquet", image=[{"bytes": data, "path": "x"} for data in held])
    assert [item.data for item in Shard(nested, "parquet").items()] == held


@pytest.mark.usefixtures("tar")
def test_a_table_finds_its_pictures_in_the_folder_and_in_the_tar_beside(tmp_path, pictures):
    keys = [f"{number:09}" for number in range(len(pictures))]
    beside = table(tmp_path / "00000.parquet", key=keys, url=[ADDRESS] * len(keys), caption=["a mug"] * len(keys))
    assert [item.data for item in Shard(beside, "parquet").items()] == list(pictures.values())
    folder = tmp_path / "00001"
    folder.mkdir()
    for key, data in zip(keys, pictures.values(), strict=True):
        (folder / f"{key}.jpg").write_bytes(data)
    other = table(tmp_path / "00001.parquet", key=keys)
    assert [item.data for item in Shard(other, "parquet").items()] == list(pictures.values())


def test_rows_without_a_picture_keep_their_address_and_digest(tmp_path):
    path = table(tmp_path / "laion.parquet", URL=[ADDRESS], TEXT=["a mug"], sha256=["ab" * 32])
    (item,) = Shard(path, "parquet").items()
    assert not item.data and not item.left
    assert item.context == {"url": ADDRESS, "caption": "a mug", "sha256 of the original": "ab" * 32}


def test_a_table_that_is_none_is_one_item_that_says_so(tmp_path):
    path = tmp_path / "broken.parquet"
    path.write_bytes(b"PAR1 nothing PAR1")
    (item,) = Shard(path, "parquet").items()
    assert "cannot be read as Parquet" in item.left


def test_a_web_archive_gives_addresses_and_what_servers_reserve(tmp_path, pictures):
    path, held = tmp_path / "crawl.warc.gz", list(pictures.values())[:3]
    write_warc(path, held)
    items = list(Shard(path, "archive").items())
    assert [item.data for item in items] == held
    assert items[2].key == "https://shop.example/2.png"
    assert items[2].context["url"] == "https://shop.example/2.png"
    assert items[2].context["x-robots-tag"] == "noai, noimageai, noindex"
    assert items[2].context["tdm-reservation"] == "1"
    assert items[2].context["saved at"]
    assert list(Shard(path, "archive").items(2)) == items[2:]
    path.write_bytes(path.read_bytes()[:-900])
    *_, last = Shard(path, "archive").items()
    assert "no whole WARC file" in last.left


def write_warc(path, pictures):
    """Write a crawl with warcio, whose servers reserve mining."""
    writer = pytest.importorskip("warcio.warcwriter", reason="warcio is not installed (extra dev)")
    headers = pytest.importorskip("warcio.statusandheaders")
    with path.open("wb") as file:
        archive = writer.WARCWriter(file, gzip=True)
        for number, data in enumerate(pictures):
            lines = [
                ("Content-Type", "image/png"),
                ("X-Robots-Tag", "noai, noimageai"),
                ("X-Robots-Tag", "noindex"),
                ("TDM-Reservation", "1"),
            ]
            http = headers.StatusAndHeaders("200 OK", lines, protocol="HTTP/1.1")
            address = f"https://shop.example/{number}.png"
            record = archive.create_warc_record(address, "response", io.BytesIO(data), http_headers=http)
            archive.write_record(record)
            record.raw_stream.close()


def test_headers_that_repeat_are_all_kept():
    told = HTTPMessage()
    told["X-Robots-Tag"] = "noai"
    told["X-Robots-Tag"] = "otherbot: noindex"
    told["tdm-policy"] = "https://shop.example/policy.json"
    told["Server"] = "x"
    assert reservations(f"HTTP/1.1 200 OK\n{told.as_string()}") == {
        "x-robots-tag": "noai, otherbot: noindex",
        "tdm-policy": "https://shop.example/policy.json",
    }


def test_a_folder_is_searched_for_all_kinds(tmp_path, tar, pictures):
    (tmp_path / "loose" / ".hidden").mkdir(parents=True)
    for name, data in pictures.items():
        (tmp_path / "loose" / name).write_bytes(data)
        (tmp_path / "loose" / ".hidden" / name).write_bytes(data)
    (tmp_path / "loose" / "s1.json").write_text(json.dumps({"url": ADDRESS}))
    (tmp_path / "loose" / "notes.txt").write_text("no picture")
    table(tmp_path / "00000.parquet", key=["beside its tar"])
    found = shards([tmp_path, tar])
    assert [(shard.path.name, shard.kind) for shard in found] == [("00000.tar", "tar"), ("loose", "folder")]
    items = {item.key: item for item in found[1].items()}
    assert {key: item.data for key, item in items.items()} == pictures
    assert items["s1.jpg"].context == {"url": ADDRESS}


def test_the_state_of_a_folder_changes_with_its_pictures(tmp_path, pictures):
    shard = Shard(tmp_path, "folder")
    empty = shard.state
    (tmp_path / "a.jpg").write_bytes(pictures["s1.jpg"])
    filled = shard.state
    assert empty != filled == shard.state


@pytest.mark.parametrize("name", ["missing", "text.txt", "."])
def test_what_holds_no_pictures_is_refused(tmp_path, name):
    (tmp_path / "text.txt").write_text("no picture")
    with pytest.raises(UsageError, match=r"name pictures, folders, tar files"):
        shards([tmp_path / name])
