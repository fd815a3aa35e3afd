"""A timestamp of the log at registration is worth more than its keeper's word, and packages carry it."""

import json
import zipfile
from pathlib import Path

import pytest

from artaudit.auditor import check, register
from artaudit.auditor.evidence import Trust, verify_package
from artaudit.auditor.evidence.package import pack
from artaudit.auditor.examiners import read_portfolio
from artaudit.auditor.registry import Registry
from artaudit.auditor.registry.stamps import LogStamp
from artaudit.auditor.report import report
from artaudit.auditor.stamping import broken_stamps, stamp_log
from artaudit.datasets.photographs import photograph
from artaudit.errors import UsageError
from artaudit.matching.examiner import PortfolioExaminer

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def home(tmp_path) -> Path:
    (tmp_path / "china.jpg").write_bytes(photograph("china.jpg"))
    with Registry(tmp_path / "registry.db") as registry:
        register.register(tmp_path / "china.jpg", registry)
    return tmp_path


def test_a_package_carries_the_timestamp_that_covers_its_work(home, authority):
    with Registry(home / "registry.db") as registry:
        [answer] = stamp_log(registry, [authority.url])
        assert (answer["size"], answer["error"]) == (1, "")
        assert broken_stamps(registry, Trust((), (authority.root,))) == []
        look = [PortfolioExaminer(read_portfolio(registry))]
        number, _ = check.check(home / "china.jpg", registry, look)
        report(number, home / "case.zip", registry)
        assert registry.verify() == []
    result = verify_package(home / "case.zip", Trust((), ()))
    assert result.ok, result.problems
    with zipfile.ZipFile(home / "case.zip") as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    record = json.loads(files["data/report.json"])
    [stamp] = record["log"]["stamps"]
    assert (stamp["size"], [event["seq"] for event in stamp["events"]]) == (1, [1])
    kept = record["custody"][-1]["kept"]
    assert f"TSA timestamped a log that held it, {stamp['at'][:19]} UTC" in kept
    name = stamp["files"][0]["file"]
    broken = bytearray(files[name])
    broken[len(broken) // 2] ^= 1
    (home / "case.zip").write_bytes(pack({**files, name: bytes(broken)}))
    assert any(f"{name} is no good timestamp" in problem for problem in verify_package(home / "case.zip").problems)


def test_an_authority_that_cannot_be_reached_is_waited_for(home, authority):
    with Registry(home / "registry.db") as registry:
        [answer] = stamp_log(registry, [NOWHERE])
        assert answer["at"] is None
        assert "gave no timestamp" in answer["error"]
        assert registry.stamp_store.waiting() == [NOWHERE]
        assert broken_stamps(registry) == []
        stamp_log(registry, [authority.url])
        assert registry.stamp_store.waiting() == [NOWHERE]
        assert [stamp.size for stamp in registry.stamp_store.all()] == [1, 2]
        with pytest.raises(UsageError, match="begin with http"):
            stamp_log(registry, ["ftp://somewhere"])


def test_a_timestamp_of_another_log_is_found(home, authority):
    with Registry(home / "registry.db") as registry:
        stamp_log(registry, [authority.url])
        [kept] = registry.stamp_store.all()
        registry.stamp_store.add(LogStamp(2, "0" * 64, kept.authority, kept.token))
        [problem] = broken_stamps(registry)
        assert problem.startswith("the timestamp of the first 2 events by ")
