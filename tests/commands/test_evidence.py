"""Evidence as people meet it: keys, cases, sealed packages, checks made again, and the log's seals."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.datasets.drawings import draw


@pytest.fixture(scope="module")
def settled(audit_in) -> Callable[[Path], Any]:
    """Return what opens a home whose owner and passphrase are known."""

    def settle(home: Path):
        found = audit_in(home)
        found.env |= {"ARTAUDIT_PASSPHRASE": "correct horse", "ARTAUDIT_BY": "Ada"}
        return found

    return settle


@pytest.fixture(scope="module")
def audit(settled, tmp_path_factory):
    """Return the command with one work, one check of a crop of it, and keys."""
    home = tmp_path_factory.mktemp("home")
    found = settled(home)
    draw(np.random.default_rng(4)).resize((256, 256)).save(home / "work.png")
    Pillow.open(home / "work.png").crop((10, 10, 230, 220)).save(home / "crop.png")
    assert found("register", "work.png").returncode == 0
    assert found("check", "crop.png").returncode == 1
    assert found("keys", "init", "--name", "Ada Lovelace").returncode == 0
    return found


@pytest.fixture(scope="module")
def package(audit) -> Path:
    done = audit("report", 1, "-o", "evidence.zip")
    assert done.returncode == 0, done.stderr
    assert "signed by O=Ada Lovelace" in done.stderr
    assert "not timestamped" in done.stderr
    return audit.home / "evidence.zip"


def test_keys_are_shown_and_never_overwritten(audit):
    assert "Ada Lovelace" in audit.json("keys", "show")["subject"]
    again = audit("keys", "init", "--name", "Somebody")
    assert (again.returncode, "nothing is overwritten" in again.stderr) == (2, True)
    assert (audit.home / "keys" / "signer.p12").stat().st_mode & 0o077 == 0


def test_without_a_passphrase_or_with_a_wrong_one_nothing_is_signed(audit, settled):
    words = ("report", 1, "-o", "never.zip")
    for environment, says in (({}, "ARTAUDIT_PASSPHRASE"), ({"ARTAUDIT_PASSPHRASE": "wrong"}, "passphrase is wrong")):
        other = settled(audit.home)
        other.env |= {"ARTAUDIT_PASSPHRASE": None, **environment}
        done = other(*words)
        assert (done.returncode, says in done.stderr) == (2, True)
    assert not (audit.home / "never.zip").exists()


def test_a_signed_package_verifies_and_is_trusted_by_its_root(audit, package):
    with zipfile.ZipFile(package) as opened:
        opened.extract("signer-ca.pem", audit.home)
    trusted = audit("verify", package, "--trust", "signer-ca.pem")
    assert trusted.returncode == 0
    assert "a root you gave vouches for it" in trusted.stdout
    assert audit("verify", package, "--authority", "signer-ca.pem").returncode == 1
    broken = bytearray(package.read_bytes())
    broken[len(broken) // 2] ^= 1
    (audit.home / "broken.zip").write_bytes(broken)
    assert audit("verify", "broken.zip").returncode == 1


def test_unsigned_is_a_choice_that_is_said(audit):
    said = ("--by", "Ada Lovelace", "--for", "Studio Étude", "--place", "Zürich", "--maker", "Ada, who painted it")
    done = audit("report", 1, "-o", "plain.zip", "--unsigned", *said)
    assert done.returncode == 0
    assert "not signed, as --unsigned asked" in done.stderr
    with zipfile.ZipFile(audit.home / "plain.zip") as opened:
        exported = json.loads(opened.read("data/report.json"))["exported"]
    stated = {"for": "Studio Étude", "place": "Zürich", "maker": "Ada, who painted it", "unsigned": True}
    assert {**stated, "at": exported["at"], "by": "Ada Lovelace", "language": "en"} == exported
    assert "not signed" in audit("verify", "plain.zip").stdout


def test_a_report_is_in_the_language_that_is_set_and_the_command_line_wins(audit, settled, tmp_path):
    assert audit("config", "set", "language", "xx").returncode == 2
    assert audit("config", "set", "language", "de").returncode == 0
    try:
        assert audit.json("report", 1, "-o", "deutsch.zip", "--unsigned")["language"] == "de"
        assert audit.json("report", 1, "-o", "english.zip", "--unsigned", "--language", "en")["language"] == "en"
    finally:
        assert audit("config", "unset", "language").returncode == 0
    other = settled(tmp_path)
    for name, said in (("deutsch.zip", "Ein registriertes Werk"), ("english.zip", "A registered work was found")):
        with zipfile.ZipFile(audit.home / name) as opened:
            assert said in opened.read("data/report.html").decode()
        assert "is intact" in audit("verify", name).stdout
        assert other("reproduce", audit.home / name).returncode == 0


def test_a_check_can_be_made_again_from_its_package_alone(package, settled, tmp_path):
    other = settled(tmp_path)
    done = other("reproduce", package)
    assert done.returncode == 0, done.stdout
    assert "same" in done.stdout
    with zipfile.ZipFile(package) as opened:
        opened.extractall(tmp_path / "bag")
    report = tmp_path / "bag" / "data" / "report.json"
    found = other.json("reproduce", report)
    assert found["same"]
    assert {finding["outcome"] for finding in found["checks"][0]["findings"]} == {"same"}
    report.write_text(report.read_text().replace('"holds":true', '"holds":false', 1))
    assert other("reproduce", report).returncode == 1
    assert not (tmp_path / "registry.db").exists()


def test_a_check_of_what_was_said_to_be_a_painting_is_made_again_as_one(audit, settled, tmp_path):
    [document] = json.loads(audit("check", "crop.png", "--kind", "painting", "--json").stdout)
    [said] = [finding for finding in document["findings"] if finding["examiner"] == "detector"]
    assert said["details"]["said_to_be"] == "painting"
    assert audit("report", document["case"], "-o", "painting.zip").returncode == 0
    found = settled(tmp_path).json("reproduce", audit.home / "painting.zip")
    assert found["same"]
    assert audit("check", "crop.png", "--kind", "sculpture").returncode == 2


def test_a_case_gathers_checks_and_notes_and_is_reported_as_one(audit):
    number = audit.json("case", "open", "A shop")["case"]
    [own, other] = audit.json("case", "add", number, 1, "work.png")
    assert (own["check"], own["new"]) == (1, True)
    assert audit("case", "note", number, "bought there").returncode == 0
    [listed] = audit.json("case", "list", number)
    assert listed["checks"] == [1, other["check"]]
    assert [note["by"] for note in listed["notes"]] == ["Ada"]
    assert {"open", "add", "note", "check"} == {event["kind"] for event in listed["history"]}
    assert audit("report", number, "-o", "shop.zip").returncode == 0
    summary = audit.json("verify", "shop.zip")["summary"]
    assert (summary["title"], len(summary["checks"])) == ("A shop", 2)
    assert audit("case", "note", 99, "text").returncode == 3


def test_the_log_is_sealed_and_compared(audit):
    assert audit("seal", "-o", "seal.json").returncode == 0
    assert (audit.home / "seal.json.p7s").exists()
    assert audit("db", "verify", "--seal", "seal.json").stdout == "intact\n"
    assert audit("keys", "root", "-o", "root.pem").returncode == 0
    assert audit("db", "verify", "--seal", "seal.json", "--trust", "root.pem").stdout == "intact\n"
    strange = audit("db", "verify", "--seal", "seal.json", "--trust", "root.pem", "--authority", "root.pem")
    assert (strange.returncode, "seal.json is not timestamped" in strange.stdout) == (1, True)
    assert audit("db", "verify", "--trust", "root.pem").returncode == 2
    record = json.loads((audit.home / "seal.json").read_text())
    text = json.dumps({**record, "root": "0" * 64}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    (audit.home / "seal.json").write_text(text)
    done = audit("db", "verify", "--seal", "seal.json")
    assert done.returncode == 1
    assert "the log was rewritten" in done.stdout


def test_pictures_are_signed_and_their_credential_travels_in_the_package(audit):
    assert "kept with work 1, 'work'" in audit("sign", "work.png").stdout
    assert audit("sign", "work.png").returncode == 2
    assert audit("works", "credential", 1, "-o", "work.c2pa").returncode == 0
    assert (audit.home / "work.c2pa").read_bytes()[-500:] in (audit.home / "work-signed.png").read_bytes()
    assert audit("report", 1, "-o", "with.zip").returncode == 0
    assert "data/works/1/manifest.c2pa" in zipfile.ZipFile(audit.home / "with.zip").namelist()


def test_the_original_stays_at_home_unless_it_is_enclosed_and_the_match_is_still_repeated(audit, settled, tmp_path):
    """A package encloses features by default; with `none` it says which files must be shown, and takes them."""
    done = audit("report", 1, "-o", "default.zip", "--unsigned")
    assert done.returncode == 0, done.stderr
    assert "does not enclose: the original of work 1, work.png (it was to stay with its owner)" in done.stdout
    names = zipfile.ZipFile(audit.home / "default.zip").namelist()
    assert not [name for name in names if name.startswith("data/works/1/original")]
    assert "data/works/1/features/keypoints.bin" in names
    written = audit.json("report", 1, "-o", "none.zip", "--unsigned", "--enclose", "none")
    assert written["enclosed"]["choice"] == "none"
    with zipfile.ZipFile(audit.home / "none.zip") as opened:
        assert not [name for name in opened.namelist() if "original" in name or "features" in name]
        opened.extractall(tmp_path / "bag")
    assert audit("verify", "none.zip").returncode == 0
    assert "is intact" in audit("verify", tmp_path / "bag").stdout
    other = settled(tmp_path)
    unseen = other("reproduce", audit.home / "none.zip")
    assert (unseen.returncode, "show it with --original" in unseen.stdout) == (0, True)
    shown = other.json(
        "reproduce",
        tmp_path / "bag",
        "--original",
        audit.home / "work.png",
        "--original",
        audit.home / "crop.png",
    )
    assert {finding["outcome"] for finding in shown["checks"][0]["findings"]} == {"same"}


def test_all_files_are_enclosed_where_that_is_asked_for(audit):
    done = audit("report", 1, "-o", "all.zip", "--unsigned", "--enclose", "originals")
    assert "encloses: the checked picture crop.png; the original of work 1, work.png" in done.stdout
    names = zipfile.ZipFile(audit.home / "all.zip").namelist()
    assert {"data/works/1/original.png", "data/suspects/1/original.png"} <= set(names)
    assert audit("verify", "all.zip").returncode == 0
