"""The file of a scan keeps rows together with how far their shard is, and every picture once."""

import subprocess
import sys

import pytest

from artaudit.errors import ScanError
from artaudit.scan.rows import Row
from artaudit.scan.store import Store

DIGEST = "ab" * 32
MATCH = [{"work": 1, "title": "a work", "tier": "file"}]


def row(place=0, outcome="clear", sha256=DIGEST, **more):
    return Row(place=place, key=f"{place}.jpg", sha256=sha256, outcome=outcome, context={}, **more)


def test_a_shard_goes_on_where_its_last_batch_ended(tmp_path):
    with Store(tmp_path) as store:
        number, place, finished = store.begin("a.tar", "tar", "state")
        assert (place, finished) == (0, False)
        store.add(number, [row(0), row(1, sha256="cd" * 32)], finished=False)
    with Store(tmp_path) as store:
        assert store.begin("a.tar", "tar", "state") == (number, 2, False)
        store.add(number, [], finished=True)
        assert store.begin("a.tar", "tar", "state") == (number, 2, True)
        assert store.begin("a.tar", "tar", "another state") == (number, 0, False)


def test_a_picture_counts_once_and_every_place_of_a_found_one_is_kept(tmp_path):
    with Store(tmp_path) as store:
        first, *_ = store.begin("a.tar", "tar", "")
        store.add(first, [row(0, "found", matches=MATCH), row(1, "found")], finished=True)
        second, *_ = store.begin("b.tar", "tar", "")
        store.add(second, [row(0, "found"), row(0, "found")], finished=True)
        ((kept, places),) = store.findings("found", "unsure")
        counts = store.counts()
    assert kept["matches"] == MATCH
    assert [(place["shard"], place["place"]) for place in places] == [("a.tar", 0), ("a.tar", 1), ("b.tar", 0)]
    assert {name: counts[name] for name in ("pictures", "found", "repeated", "shards", "finished")} == {
        "pictures": 3,
        "found": 1,
        "repeated": 2,
        "shards": 2,
        "finished": 2,
    }


def test_a_picture_that_comes_after_its_digest_takes_its_place(tmp_path):
    with Store(tmp_path) as store:
        number, *_ = store.begin("a.parquet", "parquet", "")
        rows = [row(0, "listed", matches=MATCH), row(1, "found", matches=MATCH, size=[3, 4])]
        store.add(number, rows, finished=False)
        store.add(number, [row(2, "listed", matches=MATCH)], finished=True)
        assert store.outcome(DIGEST) == "found"
        ((kept, _),) = store.findings("found")
        assert kept["size"] == [3, 4]
        assert list(store.findings("listed")) == []


def test_what_has_no_bytes_is_counted(tmp_path):
    with Store(tmp_path) as store:
        number, *_ = store.begin("a.tar", "tar", "")
        rows = [row(0, "refused", "", reason="is cut off"), row(1, "absent", ""), row(2, "refused", reason="broken")]
        store.add(number, rows, finished=True)
        assert (store.counts()["refused"], store.counts()["absent"], store.counts()["repeated"]) == (2, 1, 0)
        assert store.left_out(9) == [("a.tar", "0.jpg", "is cut off")]


def test_rows_that_cannot_all_be_kept_leave_nothing_behind(tmp_path):
    with Store(tmp_path) as store:
        number, *_ = store.begin("a.tar", "tar", "")
        with pytest.raises(ValueError, match="hexadecimal"):
            store.add(number, [row(0), row(1, sha256="no digest")], finished=False)
        assert store.outcome(DIGEST) is None
        assert store.begin("a.tar", "tar", "") == (number, 0, False)


def test_one_scan_at_a_time_writes_and_its_end_lets_go(tmp_path):
    hold = "import sys; from pathlib import Path; from artaudit.scan.store import Store; Store(Path(sys.argv[1])); "
    line = [sys.executable, "-c", f"{hold}print(flush=True); sys.stdin.read()", str(tmp_path)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with pytest.raises(ScanError, match="Another scan writes"):
            Store(tmp_path)
        with Store(tmp_path, write=False) as reading:
            assert reading.counts()["pictures"] == 0
        other.kill()
    with Store(tmp_path) as store:
        assert store.counts()["pictures"] == 0


def test_a_folder_that_holds_no_scan_is_refused(tmp_path):
    with pytest.raises(ScanError, match="is no scan"):
        Store(tmp_path, write=False)
    (tmp_path / "scan.db").write_text("no database, but a text that is long enough to be taken for one" * 20)
    with pytest.raises(ScanError, match=r"scan\.db failed"):
        Store(tmp_path)
