"""The package of a real case: its pictures are drawn by those who found something, and no path leaves this computer."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.auditor import check, register
from artaudit.auditor.evidence import Seal
from artaudit.auditor.examiners import read_portfolio
from artaudit.auditor.registry import Registry
from artaudit.auditor.report import report
from artaudit.auditor.suspects import read_list
from artaudit.datasets.photographs import photograph
from artaudit.detect.examiner import MachineMade
from artaudit.errors import UsageError
from artaudit.matching.examiner import PortfolioExaminer
from artaudit.provenance import FileClaims, Signatures

PLACE = "home-of-ada-92731"


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Return a folder with a registry in it: one work, and one check of a crop that a list says was saved."""
    folder = tmp_path_factory.mktemp(PLACE)
    (folder / "china.jpg").write_bytes(photograph("china.jpg"))
    Pillow.open(folder / "china.jpg").crop((40, 30, 500, 400)).save(folder / "crop.png")
    (folder / "list.csv").write_text("url,file\nhttps://shop.example/1,crop.png\n")
    with Registry(folder / "registry.db") as registry:
        register.register(folder / "china.jpg", registry)
        look = [PortfolioExaminer(read_portfolio(registry)), Signatures(), FileClaims(), MachineMade()]
        [suspect] = read_list(folder / "list.csv")
        check.examine(suspect.open(), registry, look, suspect.source)
    return folder


@pytest.fixture(scope="module")
def package(home) -> dict[str, bytes]:
    with Registry(home / "registry.db") as registry:
        report(1, home / "case.zip", registry)
    with zipfile.ZipFile(home / "case.zip") as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_what_the_match_and_the_detector_rest_on_is_drawn(package):
    record = json.loads(package["data/report.json"])
    findings = record["checks"][0]["evidence"]["findings"]
    drawn = [(findings[picture["finding"]]["examiner"], picture["files"][0]["file"]) for picture in record["pictures"]]
    names = [(examiner, name.rpartition("-")[2]) for examiner, name in drawn]
    assert names == [("portfolio", "overlay.jpg"), ("portfolio", "difference.jpg"), ("detector", "traces.jpg")]
    heat = Pillow.open(io.BytesIO(package[drawn[-1][1]])).convert("RGB")
    assert heat.size == (460, 370)
    tinted = np.ptp(np.asarray(heat).astype(int), axis=2) > 24
    finding = next(finding for finding in findings if finding["examiner"] == "detector")
    outside, side = np.ones(tinted.shape, bool), finding["details"]["crop_side"]
    for top, left, _ in finding["details"]["crops"]:
        outside[max(0, top - 8) : top + side + 8, max(0, left - 8) : left + side + 8] = False
    assert 0 < outside.mean() < 1
    assert not tinted[outside].any()
    assert "Where the detector looked" in package["data/report.html"].decode()


def test_the_record_answers_first_and_says_how_it_weighed(package):
    evidence = json.loads(package["data/report.json"])["checks"][0]["evidence"]
    assert evidence["summary"][0].startswith("It shows ")
    assert evidence["verdict"] == " ".join(evidence["summary"])
    assert evidence["assessment"]["copy"] == "found"
    assert {group["name"] for group in evidence["assessment"]["groups"]} == {"match", "signed", "noise", "claims"}


def test_no_path_of_this_computer_is_in_the_package(home, package):
    assert PLACE in str(home)
    for name, data in package.items():
        assert PLACE.encode() not in data, name
    record = json.loads(package["data/report.json"])
    assert record["checks"][0]["evidence"]["path"] == "crop.png"
    assert record["works"][0]["path"] == "china.jpg"


def test_a_package_is_never_written_over_another_file(home):
    with Registry(home / "registry.db") as registry, pytest.raises(UsageError, match="nothing is overwritten"):
        report(1, home / "china.jpg", registry, Seal())
