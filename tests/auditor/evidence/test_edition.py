"""What packages say and how findings are weighed changes with the edition alone."""

import hashlib
import json
from dataclasses import asdict, replace
from itertools import combinations

import pytest

from artaudit.auditor.assessment.weighing import assess
from artaudit.auditor.evidence import Seal
from artaudit.auditor.evidence.package import bag
from artaudit.auditor.evidence.pages import EDITION
from artaudit.findings import Finding

GOLDEN = "4f0c7d21b9a35e68"
TEXTS = {
    "VERIFY.txt": "9d9aa87bcca68783",
    "data/CERTIFICATION-902.md": "9812018a10722931",
    "data/HOW-TO-ATTACK.md": "e696af1b4d9f18d3",
    "data/HOW-TO-READ.md": "a87deaeff8014a77",
    "data/report.html": "d2763aa4508bb920",
}
WEIGHTS = "018c4cb965b8b272"
CHANGED = "it has changed: give `pages.EDITION` other digits, and this test what it makes now"
RATIO = "log10_likelihood_ratio"


def finding(examiner: str, *, holds: bool | None, **details: object) -> Finding:
    return Finding(examiner, f"{examiner} found {details}", holds, "m", score=1.0, threshold=2.0, details=details)


ALL = (
    *(
        finding("detector", holds=ratio > 1, **{RATIO: ratio})
        for ratio in (-6.5, -1.0, 0.0, 0.4, 0.9, 1.0, 2.5, 3.5, 4.5, 7)
    ),
    replace(finding("attribution", holds=True), log10_likelihood_ratio=1.9, score=1.9),
    finding("attribution", holds=None),
    finding("signatures", holds=True, says="machine-made", trusted=True),
    finding("signatures", holds=True, says="not machine-made", trusted=False),
    finding("watermarks", holds=True),
    finding("signals", holds=True),
    replace(finding("portfolio", holds=True), work=1),
    finding("another", holds=True, **{RATIO: 2.0}),
)


@pytest.fixture
def plain(case):
    """Return a case whose pictures are fixed bytes, as encoders differ between computers."""
    checks, works, pictures = (
        tuple(replace(part, **{name: b"a picture"}) for part in parts)
        for parts, name in ((case.checks, "preview"), (case.works, "preview"), (case.pictures, "jpeg"))
    )
    return replace(case, checks=checks, works=works, pictures=pictures)


def test_texts_and_page_are_those_of_the_edition(plain):
    files = bag(plain, Seal())
    digests = {name: hashlib.sha256(files[name]).hexdigest()[:16] for name in TEXTS}
    assert (EDITION[:16], digests) == (GOLDEN, TEXTS), CHANGED


def test_weights_are_those_of_the_edition():
    sets = [findings for size in (1, 2) for findings in combinations(ALL, size)]
    weighed = json.dumps([asdict(assess(findings, number % 2)) for number, findings in enumerate(sets)])
    assert (EDITION[:16], hashlib.sha256(weighed.encode()).hexdigest()[:16]) == (GOLDEN, WEIGHTS), CHANGED
