"""Trust lists are chosen by the user: C2PA's come with artaudit, others are added, replaced and removed."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificates

from artaudit.provenance.signed import trust

OFFICIAL, STAMPS = "C2PA-TRUST-LIST", "C2PA-TSA-TRUST-LIST"


@pytest.fixture
def own(openssl, tmp_path) -> Path:
    """Return the certificate of an authority of one's own."""
    file = tmp_path / "my studio.pem"
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", tmp_path / "key.pem")
    line = [openssl, "req", "-x509", *key, "-out", file, "-days", "9", "-subj", "/CN=Mine"]
    subprocess.run(line, check=True, capture_output=True)
    return file


@pytest.fixture
def audit(audit_in, tmp_path):
    return audit_in(tmp_path)


def names(audit) -> list[str]:
    return [entry["name"] for entry in audit.json("keys", "trust", "list")["lists"]]


def test_c2pas_own_lists_come_with_date_source_licence_and_digest(audit):
    told = audit.json("keys", "trust", "list")
    assert [(entry["name"], entry["purpose"]) for entry in told["lists"]] == [
        (OFFICIAL, "signers"),
        (STAMPS, "timestamps"),
    ]
    for entry in told["lists"]:
        file = trust.SHIPPED / f"{entry['name']}.pem"
        assert entry["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert entry["authorities"] == len(load_pem_x509_certificates(file.read_bytes()))
        assert entry["date"] == "2026-08-05"
        assert entry["source"].startswith("https://github.com/c2pa-org/conformance-public")
        assert entry["licence"] == "CC-BY-4.0"
    said = audit("keys", "trust", "list").stdout
    assert f"{OFFICIAL} of 2026-08-05: 30 authorities of signers" in said


def test_a_list_is_added_updated_and_removed(audit, own):
    assert audit("keys", "trust", "add", own).stdout.startswith("my studio of 20")
    assert names(audit) == [OFFICIAL, STAMPS, "my studio"]
    own.write_bytes(own.read_bytes() * 2)
    assert audit.json("keys", "trust", "update", own)["authorities"] == 2
    assert audit("keys", "trust", "remove", "my studio").stdout == "my studio was removed\n"
    assert names(audit) == [OFFICIAL, STAMPS]


def test_authorities_of_timestamps_are_added_as_such(audit, own):
    assert audit.json("keys", "trust", "add", own, "--timestamps", "--name", "clock")["purpose"] == "timestamps"


def test_an_official_list_is_updated_and_taken_back(audit, own):
    assert audit("keys", "trust", "update", own, "--name", OFFICIAL).returncode == 0
    entry = next(entry for entry in audit.json("keys", "trust", "list")["lists"] if entry["name"] == OFFICIAL)
    assert (entry["authorities"], entry["shipped"], entry["source"]) == (1, False, str(own))
    assert (
        audit("keys", "trust", "remove", OFFICIAL).stdout == f"{OFFICIAL} is again the list that came with artaudit\n"
    )
    assert audit.json("keys", "trust", "list")["lists"][0]["authorities"] == 30


def test_an_official_list_is_set_aside_and_used_again(audit):
    assert audit("keys", "trust", "remove", OFFICIAL).returncode == 0
    assert names(audit) == [STAMPS]
    assert f"{OFFICIAL}: set aside" in audit("keys", "trust", "list").stdout
    assert audit("keys", "trust", "remove", OFFICIAL).returncode == 2
    assert audit("keys", "trust", "remove", OFFICIAL, "--undo").returncode == 0
    assert names(audit) == [OFFICIAL, STAMPS]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "{own}", "--name", OFFICIAL), "There is a trust list C2PA-TRUST-LIST already"),
        (("update", "{own}"), "There is no trust list my studio: name one with --name"),
        (("remove", "nobody"), "There is no trust list nobody in use"),
        (("remove", "nobody", "--undo"), "No trust list nobody was set aside"),
        (("add", "nothing.pem"), "cannot be read as PEM certificates: name a file that holds some"),
    ],
)
def test_what_cannot_be_done_is_said(audit, own, words, said):
    answer = audit("keys", "trust", *(word.format(own=own) for word in words))
    assert (answer.returncode, said in answer.stderr) == (2, True), answer.stderr


def test_a_certificate_that_vouches_for_nobody_is_refused(audit, openssl, tmp_path):
    file = tmp_path / "leaf.pem"
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", tmp_path / "key.pem")
    more = ("-subj", "/CN=Me", "-addext", "basicConstraints=critical,CA:FALSE")
    subprocess.run([openssl, "req", "-x509", *key, "-out", file, *more], check=True, capture_output=True)
    answer = audit("keys", "trust", "add", file)
    assert (answer.returncode, "names 'CN=Me', who is no authority" in answer.stderr) == (2, True)


@pytest.mark.parametrize("change", [("30 ", ""), ("sha256", "sha257"), ("{", ""), ("Mine", "mine")])
def test_lists_that_something_else_changed_are_not_used(audit, own, tmp_path, change):
    audit("keys", "trust", "add", own)
    file = tmp_path / "keys" / "trust.json"
    told = json.loads(file.read_text())
    told["lists"][0]["pem"] += "# Mine 30 "
    file.write_text(json.dumps(told).replace(*change))
    answer = audit("keys", "trust", "list")
    assert (answer.returncode, "cannot be read or were changed: move the file away" in answer.stderr) == (2, True)
