"""A site says to machines that nothing on it is for training, and the log keeps what was said when."""

import json
from pathlib import Path
from urllib.robotparser import RobotFileParser

import numpy as np
import pytest

from artaudit.auditor.registry import Registry
from artaudit.auditor.reservation.texts import CRAWLERS, HEADERS
from artaudit.auditor.sign import sign_picture
from artaudit.auditor.signing import keys
from artaudit.commands.optout import SERVERS
from artaudit.datasets.drawings import draw

FILES = ("robots.txt", ".well-known/tdmrep.json", "ai.txt")


@pytest.fixture
def site(home) -> Path:
    folder = home / "my site"
    (folder / "pictures").mkdir(parents=True)
    draw(np.random.default_rng(1)).resize((96, 96)).save(folder / "pictures" / "桜.png")
    draw(np.random.default_rng(2)).resize((96, 96)).save(folder / "still.gif")
    return folder


def robots(site: Path) -> RobotFileParser:
    parser = RobotFileParser()
    parser.parse((site / "robots.txt").read_text().splitlines())
    return parser


def test_the_files_close_the_site_to_training_and_to_nobody_else(run_audit, site):
    done = run_audit.json("optout", site, "--policy", "https://ada.example/terms")
    assert [(file["name"], file["state"]) for file in done["files"]] == [(name, "written") for name in FILES]
    parser = robots(site)
    assert not any(parser.can_fetch(name, "/pictures/a.png") for name in CRAWLERS)
    assert parser.can_fetch("Googlebot", "/pictures/a.png")
    assert json.loads((site / FILES[1]).read_text()) == [
        {"location": "/", "tdm-reservation": 1, "tdm-policy": "https://ada.example/terms"}
    ]
    assert "Disallow: *.png" in (site / "ai.txt").read_text()


def test_pictures_without_marks_are_named_and_signed_ones_are_not(run_audit, site, home):
    told = run_audit("optout", site).stdout
    assert "2 of 2 pictures without a word on training" in told
    assert {"  pictures/桜.png", "  still.gif"} <= set(told.splitlines())
    (site / "pictures" / "桜.png").rename(home / "桜.png")
    keys.create(home / "pen", "Ada", "correct horse")
    with Registry(home / "registry.db") as registry:
        sign_picture(
            home / "桜.png", site / "pictures" / "桜.png", keys.unlock(home / "pen", "correct horse"), registry
        )
    (site / "broken.jpg").write_bytes(b"no picture")
    done = run_audit.json("optout", site)
    assert done["unmarked"] == ["broken.jpg", "still.gif"]
    marks = {marks["path"]: (marks["xmp"], marks["credential"]) for marks in done["pictures"]}
    assert marks["pictures/桜.png"] == (True, True)
    assert "cannot tell: " in run_audit("optout", site).stdout


def test_files_of_the_owner_stay_unless_they_are_to_be_extended(run_audit, site):
    (site / "robots.txt").write_text("User-agent: *\nDisallow: /private/\n")
    (site / ".well-known").mkdir()
    (site / FILES[1]).write_text('[{"location": "/free/*", "tdm-reservation": 0}]')
    before = (site / "robots.txt").read_bytes()
    told = run_audit("optout", site).stdout
    assert "robots.txt  left alone; --extend adds the lines" in told
    assert (site / "robots.txt").read_bytes() == before
    assert run_audit("optout", site, "--extend").returncode == 0
    assert (site / "robots.txt").read_text().startswith("User-agent: *\nDisallow: /private/\n")
    assert not robots(site).can_fetch("GPTBot", "/a.png")
    assert not robots(site).can_fetch("Googlebot", "/private/a.png")
    assert [entry["location"] for entry in json.loads((site / FILES[1]).read_text())] == ["/free/*", "/"]
    after = [(site / name).read_bytes() for name in FILES]
    assert [file["state"] for file in run_audit.json("optout", site, "--extend")["files"]] == ["as it was"] * 3
    assert [(site / name).read_bytes() for name in FILES] == after


@pytest.mark.parametrize("text", ["{}", "[1]", "no json", "[" * 100_000])
def test_a_file_that_is_not_what_its_name_says_is_refused_and_nothing_is_written(run_audit, site, text):
    (site / ".well-known").mkdir()
    (site / FILES[1]).write_text(text)
    done = run_audit("optout", site, "--extend")
    assert (done.returncode, "cannot be extended" in done.stderr) == (2, True)
    assert not (site / "robots.txt").exists()


def test_a_file_that_leads_out_of_the_folder_is_refused(run_audit, site, home):
    (home / "elsewhere.txt").write_text("mine\n")
    (site / "robots.txt").symlink_to(home / "elsewhere.txt")
    assert run_audit("optout", site, "--extend").returncode == 2
    assert (home / "elsewhere.txt").read_text() == "mine\n"


def test_the_log_keeps_what_was_declared_when(run_audit, site, home):
    with Registry(home / "registry.db"):
        pass
    assert run_audit("optout", "--declared").stdout.startswith("Nothing was declared yet")
    run_audit.env["ARTAUDIT_BY"] = "Ada"
    run_audit("optout", site, "--site", "https://ada.example")
    [declared] = run_audit.json("optout", "--declared")
    assert (declared["by"], declared["content"]["site"]) == ("Ada", "https://ada.example")
    texts = {file["name"]: file["text"] for file in declared["content"]["files"]}
    assert texts == {name: (site / name).read_text() for name in FILES}
    assert {len(marks["sha256"]) for marks in declared["content"]["pictures"]} == {64}
    assert "Ada  https://ada.example" in run_audit("optout", "--declared").stdout
    assert run_audit("db", "verify").stdout == "intact\n"


@pytest.mark.parametrize("server", SERVERS)
def test_headers_are_printed_for_common_servers(run_audit, server):
    said = run_audit("optout", "--headers", server).stdout
    assert "noai, noimageai" in said and "tdm-reservation" in said
    assert tuple(HEADERS) == SERVERS


@pytest.mark.parametrize("words", [[], ["nowhere"], [".", "--site", "ada"]])
def test_what_cannot_be_meant_is_wrong_usage(run_audit, words):
    assert run_audit("optout", *words).returncode == 2
