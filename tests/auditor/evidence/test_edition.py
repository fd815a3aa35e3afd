"""What packages say and how findings are weighed changes with the edition alone."""

import hashlib
import json
from dataclasses import asdict, replace
from importlib import resources
from itertools import combinations

import pytest

from artaudit.auditor.assessment.weighing import assess
from artaudit.auditor.evidence import Seal, Statement
from artaudit.auditor.evidence.casefile import entries, sha256
from artaudit.auditor.evidence.html import render
from artaudit.auditor.evidence.package import bag, schema
from artaudit.auditor.evidence.pages import EDITION, texts
from artaudit.auditor.registry.hash_chain import canonical
from artaudit.findings import Finding
from artaudit.language import LANGUAGES

GOLDEN = "7c1e5b0fd28a4936"
TEXTS = {
    "VERIFY.txt": "9d9aa87bcca68783",
    "data/CERTIFICATION-902.md": "cdfeeae72cb2d700",
    "data/HOW-TO-ATTACK.md": "841c4d47e327d8b8",
    "data/HOW-TO-READ.md": "a87deaeff8014a77",
    "data/report.html": "41e75a168242c7a7",
}
GERMAN = {
    "VERIFY.txt": "727b02c1e3f04351",
    "data/CERTIFICATION-902.md": "0141e1c616528ee0",
    "data/HOW-TO-ATTACK.md": "6f9f15a907d03be9",
    "data/HOW-TO-READ.md": "fb14415ec095e210",
    "data/report.html": "d5b37e963744b0e9",
}
MESSAGES = {"de": "a82561d30e246178"}
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
def plain(build, logged):
    """Return a case whose pictures are fixed bytes, as encoders differ between computers."""
    case, original = build(suspect=b"the suspect's bytes"), b"original bytes"
    checks, works, pictures = (
        tuple(replace(part, **{name: b"a picture"}) for part in parts)
        for parts, name in ((case.checks, "preview"), (case.works, "preview"), (case.pictures, "jpeg"))
    )
    works = (replace(works[0], original=original, sha256=sha256(original)),)
    return logged(replace(case, checks=checks, works=works, pictures=pictures))


@pytest.mark.parametrize(("language", "expected"), [("en", TEXTS), ("de", GERMAN)])
def test_texts_and_page_are_those_of_the_edition(plain, language, expected):
    files = bag(Statement(by="Ada", language=language).upon(plain), Seal())
    digests = {name: short(files[name]) for name in expected}
    assert (EDITION[:16], digests) == (GOLDEN, expected), CHANGED


def test_messages_are_those_of_the_edition():
    kept = resources.files("artaudit") / "messages"
    assert set(LANGUAGES) == {"en", *MESSAGES}
    digests = {language: short((kept / f"{language}.toml").read_bytes()) for language in MESSAGES}
    assert (EDITION[:16], digests) == (GOLDEN, MESSAGES), CHANGED


def short(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def test_weights_are_those_of_the_edition():
    sets = [findings for size in (1, 2) for findings in combinations(ALL, size)]
    weighed = json.dumps([asdict(assess(findings, number % 2)) for number, findings in enumerate(sets)])
    assert (EDITION[:16], short(weighed.encode())) == (GOLDEN, WEIGHTS), CHANGED


FORMER = (
    "e528f584f958bf25c11e7e5040b74d0cb0ee46de8673e058b4986ab3eaad98a2",
    "874ae2d0158c7f8df5ce9b1e54c02fdf0718f2d2fc165f34b98a78a618a7f6c1",
    "de609506c92b98118d5de0dc0530eef8fa502a156135aa227713d0eec9305a80",
    "c69fed72e3764db2d37f39551af54c4a9749aecd5172f8a50b885f3a5dfe5054",
)
ADDED = ("group", "question", "log10_likelihood_ratio")


def former(case, edition: str) -> dict[str, bytes]:
    """Return the package as an edition before made it, whose page said the same in other words.

    Before the first two of these it did not say what it encloses.
    """
    files = bag(case, Seal())
    record = json.loads(files["data/report.json"]) | {"page": edition}
    if edition in FORMER[:2]:
        return _with_page(files, record)
    del record["enclosed"]
    record["limits"] = [line for line in record["limits"] if "encloses" not in line]
    for check in record["checks"]:
        del check["suspect"]["original_included"]
        for finding in check["evidence"]["findings"] if edition == FORMER[-1] else ():
            for name in ADDED:
                del finding[name]
    for exhibit in record["custody"]:
        exhibit["kept"] = "the file stayed with its owner"
    return _with_page(files, record)


def _with_page(files: dict[str, bytes], record: dict) -> dict[str, bytes]:
    documents = {name: data for name, data in texts(record).items() if name.startswith("data/")}
    record["documents"] = entries(documents)
    written = canonical(record).encode()
    page = render(record, files, sha256(written)).replace(b"second sentence", b"sentence of another edition")
    return {**files, **texts(record), "data/report.json": written, "data/report.html": page}


@pytest.mark.parametrize("edition", FORMER)
def test_a_package_of_an_edition_before_is_verified_without_its_words(case, logged, problems_of, redone, edition):
    was = former(logged(case, disclose=edition in FORMER[:2]), edition)
    assert problems_of(redone(was)) == ()
    forged = json.loads(was["data/report.json"]) | {"page": EDITION}
    problems = problems_of(redone({**was, "data/report.json": canonical(forged).encode()}))
    assert any("report.html was not made from" in problem for problem in problems)
    foreign = was["data/report.html"].replace(sha256(was["data/report.json"]).encode(), b"0" * 64)
    problems = problems_of(redone({**was, "data/report.html": foreign}))
    assert any("report.html was not made from" in problem for problem in problems)


ENGLISH_ALONE = "2dbb8d6d0c9a66e25744895a32b80b0ffa4bab7c15fbebb8d71238ba5d8a9d5c"


def test_the_edition_before_that_was_english_alone_is_compared_word_for_word(case, logged, problems_of, redone):
    files = bag(logged(case), Seal())
    record = json.loads(files["data/report.json"]) | {"page": ENGLISH_ALONE}
    plain = json.loads(schema())
    del plain["properties"]["exported"]["properties"]["language"]
    written = canonical(record).encode()
    page = render(record, files, sha256(written))
    was = {
        **files,
        "data/report.json": written,
        "data/report.html": page,
        "report.schema.json": json.dumps(plain).encode(),
    }
    assert problems_of(redone(was)) == ()
    reworded = redone({**was, "data/report.html": page.replace(b"A registered work", b"Another work")})
    assert any("report.html was not made from" in problem for problem in problems_of(reworded))
