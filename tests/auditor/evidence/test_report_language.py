"""A report in another language: the same content, nothing in English but quotations, and verified like any other."""

import json
import re
from dataclasses import asdict, replace

import pytest

from artaudit.auditor.assessment.sentences import summary
from artaudit.auditor.assessment.weighing import assess
from artaudit.auditor.evidence import Seal, Statement
from artaudit.auditor.evidence.log_stamps import StampFile
from artaudit.auditor.evidence.package import bag, schema
from artaudit.auditor.evidence.reporting.content import content, title
from artaudit.auditor.registry.hash_chain import canonical
from artaudit.errors import UsageError
from artaudit.findings import MODEL, FalseAlarms, Finding, Misses
from artaudit.language import ENGLISH, LANGUAGES, catalog
from artaudit.matching.examiner import DIFFERENCE, FALSE_ALARMS, METHODS, MISSES, OVERLAY
from artaudit.provenance.claimed.examiner import METHOD, WEIGHT

OTHERS = [name for name in LANGUAGES if name != ENGLISH]
RATE = FalseAlarms(
    3, 1200, "held out of each fit: middle crops of 192 pixels of 100 pictures, untouched, as files and resized"
)
ALONE = "keypoints: not measured on the owner's own works: there is nothing to compare them with"
MATCH = Finding(
    "portfolio", "it shows 58% of the area of work 1, 'Étude'", holds=True, method=METHODS["keypoints"], score=1234.0,
    threshold=15.0, unit="points that agree on one place", false_alarms=FALSE_ALARMS["keypoints"],
    misses=MISSES["without descriptors"], work=1,
    details={"orientation": "mirrored", "matched_sha256": "0" * 64, "own_works": ALONE},
)  # fmt: skip
MADE = Finding(
    "detector", "it has traces that machine-made pictures have", holds=True,
    method="Backbone(), sha256 0123456789abcdef", score=7.1, threshold=3.4, unit="log odds", log10_likelihood_ratio=1.9,
    details={"log10_likelihood_ratio": 1.9, "p_value": 0.01, "support": "moderate support that it is machine-made"},
)  # fmt: skip
UNTOLD = replace(
    MADE, claim="whether a machine made it (it is too small)", holds=None, score=None, log10_likelihood_ratio=None
)
SIGNED = Finding(
    "signatures",
    "a C2PA manifest that fits the file (Valid) says that the picture was taken by a camera; it is signed by Example, "
    "Inc., who is on no trust list of yours",
    holds=True, method="C2PA manifest validated by c2pa-python 0.38.1, nothing fetched; NovelAI's Ed25519 signature",
    details={"says": "not machine-made", "trusted": False, "state": "Valid", "intact": True, "signer": "Example, Inc.",
             "trust_list": "none configured", "chain": '└ made from "cut": without a credential',
             "unchecked": ["whether the certificate was revoked, because its authority is not asked"]},
)  # fmt: skip
CLAIMED = Finding(
    "signals", "the file says it was made with ComfyUI", holds=True, method=METHOD,
    details={"tool": "ComfyUI", "prompt": "a castle, no work was registered", "weight": WEIGHT, "place": "PNG text"},
)  # fmt: skip
DRAWN = Finding(
    "attribution", "it was drawn by mine", holds=True, method="Octaves(), sha256 0123456789abcdef", score=1.5,
    threshold=1.0, unit="log10 of a likelihood ratio", question=MODEL, group="noise", log10_likelihood_ratio=1.5,
    false_alarms=RATE, misses=Misses(10, 300, RATE.population),
    details={"candidates": [{"model": "mine", "words": "mine", "belongs": True, "score": 1.5, "bar": 1.0,
             "auc": {"grey pictures": 0.99}, "found_of_its_own": [298, 300], "found_of_others": [4, 2100],
             "calibrated_on": "middle crops of 192 pixels of 100 pictures, untouched, as files and resized"}]},
)  # fmt: skip
STATED = Statement(
    "Ada Lovelace", "Studio Étude", "Zürich", "laptop 12", "the court", "Ada, who painted it", unsigned=True
)
ARCHIVE = {
    "url": "https://shop.example/1", "page": "https://shop.example/", "saved_at": "2025-12-31T10:00:00+00:00",
    "dated_by": "the saved page", "answer": "HTTP/1.1 200 OK\ndate: x", "archive": "shop.wacz", "archive_kind": "WACZ",
    "archive_sha256": "1" * 64, "digest": "sha256:2", "server_date": "2025-12-31T09:59:00+00:00",
}  # fmt: skip


def told(case, language: str, *findings: Finding, **evidence: object):
    """Return the case with a check that found this, to be reported in a language."""
    [check] = case.checks
    weighed = assess(findings, 2)
    found = {
        "findings": [asdict(finding) for finding in findings],
        "assessment": asdict(weighed),
        "summary": (said := summary(findings, weighed, 2)),
        "verdict": " ".join(said),
        "compared_with": 2,
        "notes": ["CMYK was converted to RGB"],
        "environment": {"artaudit": "0", "system": "Linux", "numpy": "not installed"},
    }
    plain = json.loads(json.dumps({**check.evidence, **found, **evidence}))
    pictures = tuple(replace(one, finding=0) for one in case.pictures) if any(one.work for one in findings) else ()
    works = case.works if pictures else ()
    shown = replace(case, checks=(replace(check, evidence=plain),), pictures=pictures, works=works)
    return replace(STATED, language=language).upon(shown)


def record_of(case) -> dict:
    return json.loads(bag(case, Seal())["data/report.json"])


def strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in strings(part)]


def shown(record: dict) -> list[str]:
    """Return the texts of a report, without digests, names of files, and words for programs."""
    hidden = {"kind", "name", "file", "to", "mono", "lines"}
    blocks = [{name: part for name, part in block.items() if name not in hidden} for block in content(record, "0" * 64)]
    return [text for text in strings(blocks) if not re.fullmatch(r"[0-9a-f]{12,}", text)]


def english(messages) -> re.Pattern[str]:
    """Return what finds messages, whatever stands at their places."""
    whole = [re.sub(r"\\\{\w+\\\}", ".+?", re.escape(message)) for message in messages]
    return re.compile("|".join(sorted(whole, key=len, reverse=True)))


def plain(message: str) -> int:
    """Return the number of words in a message, without its places."""
    return len(re.findall(r"[a-z]+", re.sub(r"\{\w+\}", "", message)))


def unquoted(text: str) -> str:
    """Return a text without what it quotes: titles, statements, prompts, names of parts of pictures."""
    for said in QUOTED:
        text = text.replace(said, "")
    return text


QUOTED = (
    STATED.maker,
    STATED.purpose,
    "a castle, no work was registered",
    "found in a shop",
    "registered work, laid on it",
)
ENGLISH_WORDS = re.compile(r"\b(?:the|of|and|by|with|that|from|has|have|which|its|most|this)\b")

CASES = {
    "match": (MATCH, MADE, CLAIMED),
    "made": (MADE, DRAWN, CLAIMED),
    "contradiction": (MADE, SIGNED, replace(CLAIMED, holds=False, claim="generator parameters in the file")),
    "untold": (UNTOLD, replace(MATCH, claim="it may show a part of work 1, 'Étude'; a person must look", holds=None)),
}


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("found", CASES)
def test_no_english_sentence_is_left_but_names_and_quotations(case, language, found):
    stamp = StampFile(2, "ab" * 32, "CN=stamps.example", "2025-12-30T00:00:00+00:00", b"token", {1: []})
    log = replace(case.log, stamps=(stamp,), faults=("event 2 has no time that can be read",))
    captions = zip(case.pictures, (OVERLAY, DIFFERENCE), strict=True)
    drawn = tuple(replace(picture, caption=caption) for picture, caption in captions)
    whole = told(replace(case, log=log, pictures=drawn), language, *CASES[found], source=ARCHIVE)
    texts = shown(record_of(whole))
    messages = catalog(language).messages
    quoted = messages["“{said}” (in English)"].partition("{said}")
    assert [text for text in texts if quoted[2] in text] == []
    sentences = [message for message, said in messages.items() if message != said and plain(message) > 1]
    left = english(sentences)
    assert [match[0] for text in texts if (match := left.search(unquoted(text)))] == []
    assert [match[0] for text in texts if (match := ENGLISH_WORDS.search(unquoted(text)))] == []
    short = {message for message, said in messages.items() if message != said and plain(message) <= 1}
    assert sorted(short & set(texts)) == []


def test_a_german_report_says_what_the_english_one_does(case):
    said = " ".join(shown(record_of(told(case, "de", MATCH, MADE, CLAIMED))))
    for text in (
        "Ein registriertes Werk wurde gefunden",
        "Es zeigt 58\u00a0% der Fläche von Beweisstück W1, „Étude“.",
        "1.234 Punkte, die in ihrer Lage übereinstimmen; die Schwelle ist 15",
        "0 von 392.000, höchstens 0,80\u00a0%",
        "Es besteht mäßige Unterstützung dafür, dass ein generatives Modell die Pixel erzeugt hat",
        "Likelihood-Quotient: +1,90 als dekadischer Logarithmus, 79-mal wahrscheinlicher",
        "Ada, who painted it, nach Angabe von Ada Lovelace für Studio Étude",
        "nicht signiert, wie verlangt",
        "2026-01-01 00:00:00 UTC",
        "a castle, no work was registered",
    ):
        assert text in said
    english_blocks, german = (content(record_of(told(case, name, MATCH, MADE, CLAIMED))) for name in ("en", "de"))
    assert [block["kind"] for block in english_blocks] == [block["kind"] for block in german]
    assert title(record_of(told(case, "de", MATCH))) == "Beweisbericht, Fall 7"


def test_what_nobody_translated_is_quoted_and_the_report_says_so(case):
    other = replace(CLAIMED, claim="the strokes are a robot's (plug-in robots 1.0)", details={}, group="plug-in robots")
    texts = shown(record_of(told(case, "de", other)))
    assert "„the strokes are a robot's (plug-in robots 1.0)“ (englisch)" in texts
    assert any("wird unverändert zitiert und als englisch bezeichnet" in text for text in texts)
    old = told(case, "de", MATCH, summary=("It shows a work.", "It was worded by another edition."))
    assert "„It was worded by another edition.“ (englisch)" in " ".join(shown(record_of(old)))


def test_the_record_stays_english_and_names_the_language(case):
    records = {name: record_of(told(case, name, MATCH, MADE)) for name in LANGUAGES}
    assert [record["exported"].pop("language") for record in records.values()] == list(LANGUAGES)
    for record in records.values():
        del record["documents"]
    assert records["en"] == records["de"]
    assert set(json.loads(schema())["properties"]["exported"]["properties"]["language"]["enum"]) == set(LANGUAGES)
    with pytest.raises(UsageError, match="no reports in 'xx'"):
        Statement(language="xx")


def test_a_package_in_another_language_is_verified_like_any_other(case, logged, problems_of, redone):
    files = bag(logged(replace(STATED, language="de").upon(case)), Seal())
    assert b'<html lang="de">' in files["data/report.html"]
    assert problems_of(files) == ()
    record = json.loads(files["data/report.json"])
    for language in ("en", "../de", "xx", ["de"]):
        forged = canonical({**record, "exported": {**record["exported"], "language": language}}).encode()
        assert problems_of(redone({**files, "data/report.json": forged}))
    page = files["data/report.html"].replace("Fläche".encode(), b"Kante").replace(b"Beweis", b"Gegenbeweis")
    assert problems_of(redone({**files, "data/report.html": page}))


def test_texts_beside_it_are_in_its_language_and_the_draft_for_courts_says_why_it_is_not(case):
    plain, german = (bag(told(case, name, MATCH), Seal()) for name in ("en", "de"))
    assert german["VERIFY.txt"].decode().startswith("Wie dieses Paket ohne artaudit zu prüfen ist")
    assert german["data/HOW-TO-READ.md"].decode().startswith("# Wie dieser Bericht zu lesen ist")
    assert german["data/HOW-TO-ATTACK.md"].decode().startswith("# Wie dieser Bericht anzugreifen ist")
    for line in plain["VERIFY.txt"].decode().splitlines():
        if "sha256sum" in line or "openssl" in line:
            assert line.split(" | ")[0].split()[-1] in german["VERIFY.txt"].decode()
    draft = [files["data/CERTIFICATION-902.md"].decode() for files in (plain, german)]
    said = "It stays in English, the language of the courts that it is for"
    assert said in draft[1] and said not in draft[0]
    assert draft[0] == "".join(line for line in draft[1].splitlines(keepends=True) if said not in line)
