"""What a picture was made from is followed, and the making that its parents admit is not lost."""

import pytest

from artaudit.auditor.assessment.weighing import assess
from artaudit.findings import Finding
from artaudit.image import decode
from artaudit.provenance.signed.examiner import Signatures

MADE = "trainedAlgorithmicMedia"


@pytest.fixture(scope="module")
def google(issuer):
    return issuer("Google")


@pytest.fixture(scope="module")
def stranger(issuer):
    return issuer("Stranger")


def finding_in(data: bytes, anchors: str = "") -> Finding:
    [finding] = Signatures(anchors).examine(decode(data, name="a"))
    return finding


def test_a_composite_of_a_generated_parent_is_machine_made(google, jpeg):
    parent = google.sign(jpeg, MADE)
    finding = finding_in(google.sign(parent, "composite", parts=[("parentOf", "drawn", parent)]), google.root)
    assert finding.details["says"] == "machine-made"
    assert finding.details["trusted"] is True
    assert assess([finding], 0).origin == "machine-made"
    assert "was put together from several parts" in finding.claim
    assert 'was made from another "drawn" that was made with a generative model (says Google of Google Inc)' in (
        finding.claim
    )
    assert finding.details["chain"] == (
        '└ made from "drawn": was made with a generative model (signed by Google of Google Inc, on a trust list)'
    )


def test_the_chain_is_a_tree_of_any_depth(google, jpeg):
    drawn = google.sign(jpeg, MADE)
    cut = google.sign(drawn, parts=[("parentOf", "drawn", drawn)])
    photo = google.sign(jpeg, "digitalCapture")
    parts = [("parentOf", "cut", cut), ("componentOf", "photo", photo), ("componentOf", "scan", jpeg)]
    finding = finding_in(google.sign(cut, "composite", parts=parts), google.root)
    assert [line.split(":")[0] for line in finding.details["chain"].splitlines()] == [
        '└ made from "cut"',
        '   └ made from "drawn"',
        '└ holds "photo"',
        '└ holds "scan"',
    ]
    assert finding.details["chain"].endswith("without a credential")
    assert finding.details["says"] == "machine-made"


def test_a_parent_by_a_stranger_is_the_strangers_word(google, stranger, jpeg):
    parent = stranger.sign(jpeg, MADE)
    finding = finding_in(google.sign(parent, "composite", parts=[("parentOf", "drawn", parent)]), google.root)
    assert finding.details["state"] == "Trusted"
    assert (finding.details["says"], finding.details["trusted"]) == ("machine-made", False)
    assert assess([finding], 0).origin == "cannot tell"
    assert "on no trust list" in finding.details["chain"]
    trusting = finding_in(
        stranger.sign(jpeg, "composite", parts=[("parentOf", "drawn", google.sign(jpeg, MADE))]), google.root
    )
    assert trusting.details["trusted"] is False, "whoever is not trusted cannot claim a trusted parent"


def test_a_parent_that_was_changed_says_nothing(google, jpeg):
    parent = bytearray(google.sign(jpeg, MADE))
    parent[-40] ^= 1
    finding = finding_in(google.sign(jpeg, "composite", parts=[("parentOf", "drawn", bytes(parent))]), google.root)
    assert "says" not in finding.details
    assert finding.details["chain"] == '└ made from "drawn": with a credential that does not fit it'
    assert "generative" not in finding.claim


def test_what_a_model_was_only_asked_with_makes_nothing_machine_made(google, jpeg):
    asked = google.sign(jpeg, MADE)
    finding = finding_in(google.sign(jpeg, "composite", parts=[("inputTo", "idea", asked)]), google.root)
    assert "says" not in finding.details
    assert finding.details["chain"].startswith('└ was asked for with "idea"')


def test_a_photograph_that_was_edited_is_not_cleared_by_its_parent(google, jpeg):
    photo = google.sign(jpeg, "digitalCapture")
    finding = finding_in(google.sign(photo, "composite", parts=[("parentOf", "photo", photo)]), google.root)
    assert "says" not in finding.details
    assert "was taken by a camera" in finding.details["chain"]


def test_a_picture_made_from_nothing_has_no_chain(google, jpeg):
    assert "chain" not in finding_in(google.sign(jpeg, MADE)).details
