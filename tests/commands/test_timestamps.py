"""Timestamps as people ask for them, of OpenSSL's own authority: at registration, later, in packages."""

import json
import subprocess
import zipfile

import numpy as np
import pytest

from artaudit.auditor.registry.stamps import tree_head
from artaudit.datasets.drawings import draw


@pytest.fixture
def audit(run_audit, home):
    for number in (1, 2):
        draw(np.random.default_rng(number)).resize((256, 256)).save(home / f"work{number}.png")
    run_audit.env |= {"ARTAUDIT_PASSPHRASE": "correct horse", "ARTAUDIT_BY": "Ada", "ARTAUDIT_TIMESTAMP": None}
    return run_audit


@pytest.fixture
def present(authority):
    """Return the authority, which answers again when the test is over."""
    yield authority
    authority.away = False


def test_a_registration_is_timestamped_and_openssl_verifies_what_the_package_carries(audit, home, present, openssl):
    done = audit("register", "work1.png", "--timestamp", present.url)
    assert done.returncode == 0
    assert f"UTC by {present.url}" in done.stderr
    assert audit("keys", "init", "--name", "Ada Lovelace").returncode == 0
    assert audit("check", "work1.png").returncode == 1
    assert audit("report", 1, "-o", "case.zip", "--timestamp", present.url).returncode == 0
    roots = present.folder / "root.pem"
    trusted = audit("verify", "case.zip", "--authority", roots)
    assert trusted.returncode == 0, trusted.stdout
    with zipfile.ZipFile(home / "case.zip") as opened:
        opened.extractall(home / "bag")
    [stamp] = json.loads((home / "bag/data/report.json").read_text())["log"]["stamps"]
    (home / "head").write_bytes(tree_head(stamp["size"], stamp["root"]))
    for token, data in (
        (stamp["files"][0]["file"], "../head"),
        ("tagmanifest-sha256.txt.1.tsr", "tagmanifest-sha256.txt"),
    ):
        line = [openssl, "ts", "-verify", "-in", token, "-data", data, "-CAfile", roots]
        said = subprocess.run(line, cwd=home / "bag", capture_output=True, check=True)
        assert b"Verification: OK" in said.stdout
    assert audit("db", "verify", "--package", "case.zip", "--authority", roots).stdout == "intact\n"


def test_without_an_authority_it_is_offered(audit):
    done = audit("register", "work1.png")
    assert (done.returncode, "your word alone" in done.stderr) == (0, True)
    assert "audit db timestamp --timestamp URL" in done.stderr


def test_an_authority_that_is_away_is_asked_again_when_that_is_asked_for(audit, present):
    present.away = True
    waiting = audit("register", "work1.png", "--timestamp", present.url)
    assert waiting.returncode == 0
    assert "It waits; `audit db timestamp` asks again." in waiting.stderr
    assert audit("db", "timestamp").returncode == 1
    assert audit("db", "verify").stdout == "intact\n"
    present.away = False
    [answer] = audit.json("db", "timestamp")
    assert answer["authority"] == present.url and answer["at"] and answer["error"] == ""
    nobody = audit("db", "timestamp")
    assert (nobody.returncode, "No authority is waited for" in nobody.stderr) == (2, True)
    assert audit("db", "verify").stdout == "intact\n"


def test_the_authority_of_the_environment_is_asked_at_every_registration(audit, present):
    audit.env["ARTAUDIT_TIMESTAMP"] = present.url
    for number in (1, 2):
        assert f"UTC by {present.url}" in audit("register", f"work{number}.png").stderr
    [answer] = audit.json("db", "timestamp", "--timestamp", present.url)
    assert answer["size"] == 4
    assert audit("register", "work1.png", "--timestamp", "stamps.example").returncode == 0
    assert audit("db", "timestamp", "--timestamp", "stamps.example").returncode == 2
