"""What content credentials say shows every character and is of bounded length: signers, tools, titles, actions."""

import json
import re
from collections.abc import Iterator

import pytest

from artaudit.image import decode
from artaudit.provenance import Signatures
from artaudit.provenance.fields.limits import KEPT_BYTES

SEQUENCES = "\x1b]0;owned\x07\x1b[2J"
EVIL = f"{SEQUENCES}\x9b31m\u202egpj.\u2066\u200b\u200e\x7f\r\u2028\U000e0041"
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\U000e0041\ud800-\udfff]")


@pytest.fixture(scope="module")
def hostile(issuer):
    """Return a signer whose own name holds control sequences."""
    return issuer(f"Ada{SEQUENCES}")


def told(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for inner in [*value, *value.values()] if isinstance(value, dict) else value:
            yield from told(inner)


@pytest.mark.parametrize("length", [1, 100])
def test_no_text_of_a_credential_passes_on_what_does_not_show(hostile, jpeg, length):
    text = EVIL * length
    author = {"@type": "CreativeWork", "author": [{"name": text}]}
    more = [
        {"label": "cawg.training-mining", "data": {"entries": {text: {"use": text}}}},
        {"label": "stds.schema-org.CreativeWork", "data": author},
    ]
    parent = hostile.sign(jpeg, "trainedAlgorithmicMedia", tool=text)
    parts = [("parentOf", f"part {text}", parent)]
    signed = hostile.sign(parent, "composite", parts=parts, more=more, tool=text)
    [finding] = Signatures(hostile.root).examine(decode(signed, name="a"))
    assert finding.holds and "Ada" in finding.claim
    for said in told(finding.as_dict()):
        assert not UNSEEN.search(said), repr(said)
        assert len(said.encode()) <= KEPT_BYTES + 100
    assert len(finding.claim) < 2000
    assert len(json.dumps(finding.as_dict())) < 40 * KEPT_BYTES
