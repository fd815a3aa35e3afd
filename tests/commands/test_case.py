"""Cases are listed by the names of their pictures and a word, renamed, closed and opened again."""

import json
import re
import zipfile

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from artaudit.auditor.registry import Registry
from artaudit.datasets.drawings import draw


@pytest.fixture
def audit(run_audit, home):
    """Return a registry with a work and the cases of three checks: a copy, nothing, and a file's claim."""
    draw(np.random.default_rng(4)).resize((160, 160)).save(home / "harbour.png")
    Image.open(home / "harbour.png").resize((120, 120)).save(home / "a shop's.jpg")
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 90, 3), np.uint8)).save(home / "noise.png")
    notes = PngImagePlugin.PngInfo()
    notes.add_text("parameters", "a castle\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 64x64")
    Image.fromarray(np.zeros((90, 90, 3), np.uint8)).save(home / "claims.png", pnginfo=notes)
    run_audit("register", "harbour.png")
    run_audit("check", "a shop's.jpg", "noise.png", "claims.png")
    return run_audit


def lines(audit, *words: object) -> list[str]:
    return audit("case", "list", *words).stdout.splitlines()


@pytest.mark.slow
def test_cases_in_daily_use(audit, home):
    listed = lines(audit)
    assert re.fullmatch(r"   1  20\d\d-\d\d-\d\d  copy     a shop's.jpg", listed[0])
    assert [line.split()[2:] for line in listed[1:]] == [["nothing", "noise.png"], ["claimed", "claims.png"]]

    assert audit("case", "rename", 1, "The shop").stdout == "case 1: The shop\n"
    assert lines(audit)[0].endswith("copy     The shop (1 check)")
    assert audit("case", "rename", 1, "A shop").stdout == "case 1: A shop, before The shop\n"
    assert audit("case", "rename", 1, " ").returncode == 2
    assert audit("case", "rename", 9, "None").returncode == 3

    assert audit("case", "close", 2, "--reason", "no matter").returncode == 0
    assert [line.split()[0] for line in lines(audit)] == ["1", "3"]
    assert lines(audit, "--closed")[1].endswith("noise.png  (closed)")
    assert [event["kind"] for event in audit.json("case", "list", 2)[0]["history"]] == ["check", "close"]
    assert audit("case", "reopen", 2).returncode == 0
    assert [case["verdict"] for case in audit.json("case", "list")] == ["copy", "nothing", "claimed"]

    assert audit("works", "edit", 1, "--title", "Renamed since").returncode == 0
    assert audit("report", 1, "-o", "evidence.zip").returncode == 0
    assert audit("verify", "evidence.zip").returncode == 0
    record = json.loads(zipfile.ZipFile(home / "evidence.zip").read("data/report.json"))
    assert (record["case"]["title"], record["works"][0]["title"]) == ("A shop", "harbour")
    assert audit("db", "verify").stdout == "intact\n"


def test_no_case_is_said_and_what_is_not_there_is_refused(run_audit, home):
    with Registry(home / "registry.db"):
        pass
    assert run_audit("case", "list").stdout == "There is no open case: `audit check PICTURE` makes one.\n"
    assert run_audit("case", "close", 1).returncode == 3
