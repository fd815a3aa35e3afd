"""Messages in another language: each is there with the same places; what a record holds is taken apart or quoted."""

import ast
import importlib
import math
from dataclasses import fields, replace
from pathlib import Path

import pytest
import torch

from artaudit import language
from artaudit.attribution import examiner as attribution
from artaudit.attribution.calibration import CandidateCalibration, Stratum
from artaudit.attribution.candidate import Candidate
from artaudit.attribution.families import in_words
from artaudit.attribution.opinion import Opinion
from artaudit.attribution.search import Place
from artaudit.auditor.assessment import weighing
from artaudit.auditor.evidence import casefile, enclosure, package
from artaudit.auditor.evidence.reporting import words
from artaudit.auditor.registry.clock import faults
from artaudit.detect import examiner as detector
from artaudit.detect.decision import Decision, Threshold
from artaudit.detect.strata import of_kind, stratum_of
from artaudit.findings import KINDS, SCALE, FalseAlarms, Finding
from artaudit.generators import pool
from artaudit.language import LANGUAGES, QUOTED, catalog, figure, known, places_of, remade, retold, speaking, worded
from artaudit.matching import Confirmation, Match
from artaudit.matching import examiner as matching
from artaudit.matching.index import OwnWorks
from artaudit.matching.pdq import ORIENTATIONS
from artaudit.matching.portfolio import UNITS
from artaudit.provenance import source_types, tiers
from artaudit.provenance.claimed import examiner as claimed
from artaudit.provenance.fields.claims import Claim
from artaudit.provenance.signed import causes, chain, wording
from artaudit.provenance.signed import examiner as signed
from artaudit.provenance.signed.credentials import Credential
from artaudit.provenance.signed.trust import Trust, TrustList
from artaudit.provenance.watermark import examiner as watermark

ROOT = Path(language.__file__).parent
OTHERS = [name for name in LANGUAGES if name != language.ENGLISH]
TAKEN = {"message", "more", "word", "said"}
"""Arguments of `worded` that are variables; what they hold is named below."""
ALSO = {
    *(word for _, word in SCALE if word != "no"),
    weighing.FOR_A_MODEL,
    weighing.AGAINST_ONE,
    "{rest} more works are shown too.",
    "{rest} more works may be shown too.",
}
DETAILS = {
    *(name for kind in (Claim, Credential) for name in kind.__dataclass_fields__),
    *("cloaked_versions", "descriptor_model", "describer", "found_before", "claim", "holds", "says", "trusted"),
    *("trust_list", "key", "places", "unread", "tool", "saved", "said_to_be", "beside", "other_detector", "parts"),
}
"""Names of details, which the annex shows with spaces."""
GROUPS = {"match", "noise", "watermark", "claims", "signed"}


def texts(value: object) -> set[str]:
    if isinstance(value, str):
        return {value}
    parts = [*value, *value.values()] if isinstance(value, dict) else value
    return {text for part in parts if isinstance(part, str | tuple) for text in texts(part)}


def told_in(path: Path) -> set[str]:
    """Return the messages that a file gives to `worded` and `each`, constants looked up in its module."""
    name = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts)
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("worded", "each"):
            found |= resolved(node.args[0], name)
    return found


def resolved(node: ast.expr, module: str) -> set[str]:
    if isinstance(node, ast.Constant):
        return {str(node.value)}
    if isinstance(node, ast.IfExp):
        return resolved(node.body, module) | resolved(node.orelse, module)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        held = getattr(importlib.import_module(module), node.value.id)
        return texts(tuple(held.values()))
    if isinstance(node, ast.Name) and node.id.isupper():
        return texts(getattr(importlib.import_module(module), node.id))
    if isinstance(node, ast.Name):
        assert node.id in TAKEN, f"{module} words {node.id}: name here what it holds"
        return set()
    assert "replace('_', ' ')" in ast.unparse(node), f"{module} words {ast.unparse(node)}"
    return set(getattr(importlib.import_module(module), "LABELS", {}).values())


SPEAKING = [path for path in ROOT.rglob("*.py") if "artaudit.language import" in path.read_text("utf-8")]
TOLD = {message for path in SPEAKING for message in told_in(path)} | {QUOTED} | ALSO


@pytest.mark.parametrize("name", OTHERS)
def test_every_message_is_there_with_the_same_places_and_none_beside(name):
    messages = catalog(name).messages
    assert len(TOLD) > 200
    assert sorted(TOLD - messages.keys()) == []
    differing = [message for message, told in messages.items() if sorted(places_of(message)) != sorted(places_of(told))]
    assert differing == []
    assert [message for message, told in messages.items() if not told.strip()] == []
    labels = {detail.replace("_", " ") for detail in DETAILS} | GROUPS | {"python", "system", "machine"}
    assert sorted(language.parts(name)["report"].keys() - TOLD - labels) == []


def shared(work_share: float, suspect_share: float) -> Confirmation:
    square, size = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0)), (9, 9)
    unmoved = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    shares = {"work_share": work_share, "suspect_share": suspect_share, "coverage": 1.0}
    regions = {"region": square, "work_region": square, "suspect_size": size, "work_size": size}
    return Confirmation(inliers=20, mirrored=False, inverted=False, homography=unmoved, matches=(), **regions, **shares)


def match(**about: object) -> Match:
    plain: dict = {"work": 2, "title": 'the "artist\'s" cup', "sha256": "0", "tier": "keypoints", "band": "copy"}
    plain |= {"cloaked": False, "score": 20.0, "threshold": 15.0, "unit": "", "orientation": "as registered"}
    return Match(**plain | {"confirmation": shared(0.3, 0.5)} | about)


def credential(**about: object) -> Credential:
    empty: dict = dict.fromkeys((field.name for field in fields(Credential)), None)
    empty |= {
        "source_types": (),
        "chain": (),
        "problems": (),
        "causes": (),
        "training": {},
        "unchecked": (),
        "parts": 0,
        "parts_source_types": (),
    }
    return Credential(**empty | {"state": "Valid", "intact": True, "signer": "Example, Inc."} | about)


def decided(reason: str, *, holds: bool | None = None, kind: str = "") -> str:
    rate = FalseAlarms(0, 1, "p")
    return detector._claim(Decision(holds, reason, None, Threshold(1.0, rate, kind), None, None, "", ()))


CUT = chain.Link(1, "parentOf", "cut", "trusted", "Google", None, ("trainedAlgorithmicMedia",))
STRATUM = Stratum(
    side=128, resized=False, mean=(), scale=(), weights=(), intercept=0.0, cap=2.0, bar=1.0, quantiles={},
    aucs={"edited pictures": 0.5}, passed={"belonging": (1, 2), "real pictures": (0, 2)},
)  # fmt: skip
LEARNED = CandidateCalibration(
    model="mine", digest="0", method="inversion", names=(), strata=(STRATUM,), relatives=("b", "c"),
    pictures="middle crops of 192 pixels of 100 pictures, untouched, as files and resized",
)  # fmt: skip
HELD = Opinion(Candidate(pool.embedded()[0], LEARNED), 2.0, STRATUM, Place(), torch.zeros(1, 3, 8, 8))
RECORD = pool.embedded()[0]
YOURS, THEIRS = (TrustList(name, "signers", "") for name in ("your trust list", "C2PA-TRUST-LIST"))
PARTLY = credential(chain=(CUT, replace(CUT, relation="componentOf", title=None)), source_types=("digitalCapture",))
ACCUSED = (
    Finding("portfolio", "c", holds=True, method="m", work=3, details={"cloaked_versions": 1}),
    Finding("detector", "d", holds=True, method="m", log10_likelihood_ratio=2.0),
    Finding("attribution", "a", holds=True, method="m", log10_likelihood_ratio=2.0),
)

RECORDED = {
    "matches": [
        *(matching._claim(match(tier=tier, cloaked=cloaked)) for tier in matching.METHODS for cloaked in (True, False)),
        *(matching._claim(match(tier=tier, band="candidate")) for tier in ("descriptor", "keypoints")),
        *(matching._claim(match(orientation=way)) for way in ORIENTATIONS),
        matching._claim(match(orientation="mirrored, then rotated by 90° clockwise, colours inverted")),
        matching._claim(match(orientation="colours inverted", confirmation=None)),
        matching._claim(match(confirmation=shared(1.0, 0.2))),
        matching._claim(match(confirmation=shared(1.0, 1.0))),
        *(f"copy of a registered work (compared with {count})" for count in ("the only one", "all 12")),
        *matching.METHODS.values(),
        "; ".join(matching.METHODS.values()),
        "; ".join(method for tier, method in matching.METHODS.items() if tier != "descriptor"),
        *(rate.population for rate in (*matching.FALSE_ALARMS.values(), *matching.MISSES.values())),
        *UNITS.values(),
        matching.OVERLAY,
        matching.DIFFERENCE,
        f"keypoints: {OwnWorks(4, 12, 1, 17).sentence()}",
        f"keypoints: {OwnWorks(0, 0, 0, 0).sentence()}; descriptor: {OwnWorks(0, 0, 0, 0).sentence()}",
        "sscd-12ab, known of 3 of 5 works",
    ],
    "detector": [
        *(decided("", holds=holds, kind=kind) for holds in (True, False) for kind in ("", *KINDS)),
        *(decided(reason) for reason in (
            "it is too small", "it is unlike all that was measured", "real and machine-made pictures score like it",
            "the sign fades when it is saved again or trimmed by a pixel",
        )),
        *(decided(f"too few files like it were measured: {of_kind(stratum_of(codec, quality), kind)}")
          for codec, quality in (("JPEG", 95), ("JPEG", 80), ("JPEG", 10), ("WEBP", None), ("PNG", None), ("GIF", None))
          for kind in ("", "painting")),
        detector.WEIGHT,
        detector.HEATMAP,
        detector.UNIT,
        detector._misses(detector.shipped()).population,
        "readings of real pictures of sources that nothing was learned from",
        "ResidualDetector(crops=4), sha256 0123456789abcdef",
        *detector.BESIDE.values(),
        *(finding.claim for finding in weighing.withhold_accusations(ACCUSED)[1:]),
        *(weighing.support(total) for total in (0.0, 0.5, -1.0, 2.0, 3.0, 4.0, -7.0)),
        *(f"{word} support that it is {made}" for _, word in SCALE[1:] for made in (weighing.MADE, weighing.NOT_MADE)),
        "no support either way",
    ],
    "attribution": [
        attribution._claim((), []).replace("none of ", "none of studio-sd1, studio-flux2"),
        *(attribution._claim([in_words(name, family, copy=copy)], [])
          for name, family, copy in (
              ("mine", "SD 1.x", True), ("sd", "SD 1.x", False), ("odd", "odd", False), ("own", "", False),
          )),
        attribution._claim([replace(HELD.candidate, calibration=LEARNED).words], []),
        attribution._claim(["a", "b"], []) + attribution._smallness(HELD),
        attribution._claim(["an autoencoder of your own, a"], []) + attribution._smallness(HELD),
        attribution.TOO_FEW,
        attribution._claim([in_words("mine", "odd", copy=True), in_words("other", "odd", copy=False)], []),
        *(attribution.finding([], asked).claim for asked in ([], [Candidate(RECORD, None)])),
        Candidate(RECORD, None).obstacle,
        Candidate(RECORD, LEARNED).obstacle,
        attribution.UNIT,
        attribution.WEIGHT,
        attribution.METHOD,
        attribution.REDRAWN.format(model="mine", times=attribution.AMPLIFIED),
        LEARNED.false_alarms(STRATUM).population,
        LEARNED.misses(STRATUM).population,
    ],
    "watermarks": [
        watermark.METHOD, watermark.UNIT, watermark.FALSE_ALARMS.population, watermark.WEIGHT, watermark.ABSENCE,
        watermark.SMALL, tiers.NOT_CHECKABLE,
        watermark.Watermarks()._absent({}, holds=False).claim,
        "its pixels carry the code that FLUX hides in what it makes",
    ],
    "claims": [
        claimed.METHOD, claimed.WEIGHT, claimed.ABSENCE, "generator parameters in the file",
        *(claimed.FileClaims()._claimed(Claim(tool, "PNG text", ""), "").claim
          for tool in ("ComfyUI", claimed.UNRECOGNISED, "a generative model, possibly (TC260 label 2)")),
        "the EXIF block cannot be read; the PNG chunk a is cut off; the picture is too small for a code to be read",
    ],
    "signatures": [
        signed.NOVELAI_FITS, signed.NOVELAI_BROKEN, signed.ABSENCE, *wording.WEIGHTS.values(), wording.CHANGED_WEIGHT,
        wording.MALFORMED_WEIGHT, "signed statement about its making", "whether the file carries Content Credentials",
        "NovelAI's own signature fits the picture: it was made with NovelAI",
        "the file carries NovelAI's signature, which does not fit the picture",
        signed.Signatures("")._finding("c", {}, holds=None).method,
        wording.claim(credential(intact=False, causes=(causes.CHANGED,)), Trust(())),
        wording.claim(credential(intact=False, problems=("a.b", "c.d")), Trust(())),
        wording.claim(credential(), Trust(())),
        *(wording.claim(credential(state="Trusted"), Trust((held,))) for held in (YOURS, THEIRS)),
        wording.claim(credential(causes=tuple(causes.IN_WORDS)[:2], signer=None), Trust(())),
        wording.claim(PARTLY, Trust(())),
        *(wording.claim(credential(source_types=(name,)), Trust(()))
          for name in (*source_types.GENERATORS, *source_types.OTHERS, *source_types.NEITHER, "new")),
        *(replace(CUT, relation=relation, title=title).line()
          for relation in (*chain.RELATIONS, "else") for title in ("cut", None)),
        *(replace(CUT, state=state).line() for state in ("untrusted", "broken", "unsigned")),
        replace(CUT, source_types=("digitalCapture", "composite", "humanEdits")).line(),
        replace(CUT, source_types=()).line(),
        causes.CHANGED, causes.MALFORMED, *causes.IN_WORDS,
    ],
    "package": [
        *weighing.COUNTS.values(), weighing._BY_A_PLUGIN, weighing._UNKNOWN_GROUP, *casefile.LIMITS, package.CLOCK,
        package.STAMPED, enclosure.ABSENT, enclosure.GONE,
        *(casefile.CLOCK.format(fault=fault) for fault in faults(
            [(1, "2026-01-02T00:00:00+00:00"), (2, "2026-01-01T00:00:00+00:00"), (3, "x"),
             (4, "9999-01-01T00:00:00+00:00")])),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("room", RECORDED)
def test_what_records_hold_is_told_in_the_language(name, room):
    with speaking(name):
        untold = [said for said in RECORDED[room] if catalog(name).retold(said) is None]
        assert untold == []
        assert retold(RECORDED[room][0]) != RECORDED[room][0]


def test_names_and_titles_stay_as_they_are_and_numbers_are_written_as_the_language_does():
    title = "it is a copy of work 1, \\'x\\' and that it was edited by a person"
    with speaking("de"):
        assert retold(f"it shows 58% of the area of work 1, '{title}'").endswith(f"der Fläche von work 1, '{title}'")
        assert retold("it shows 58% of the area of work 1, 'a'").startswith("es zeigt 58\u00a0% der Fläche")
        assert (figure("1,234.5"), words.number(1234.5), words.number(0.25)) == ("1.234,5", "1.234", "0,25")
        assert words.rate({"count": 0, "trials": 1000}) == "0 von 1.000, höchstens 0,37\u00a0%"
        assert words.times(-math.log10(20000)) == "20.000-mal wahrscheinlicher, wenn kein Modell es erzeugt hat"
        assert (known("ComfyUI"), known("an AI system")) == ("ComfyUI", "einem KI-System")
    assert figure("1,234.5") == "1,234.5"


def test_a_sentence_that_nobody_translated_or_that_can_be_read_in_two_ways_is_quoted_in_english():
    unknown = "the brush strokes are those of a robot"
    hostile = (
        "a C2PA manifest that fits the file (Valid) says that the picture was edited by a person; it is signed by A, "
        "who is on the trust list B; it is signed by C, who is on no trust list of yours"
    )
    endless = ("mirrored, mirrored; mirrored and " * 60) + "so on"
    with speaking("de"):
        for said in (unknown, hostile, endless):
            assert retold(said) == f"„{said}“ (englisch)"
    assert retold(unknown) == unknown


def test_what_is_made_again_must_say_the_same_in_english():
    with speaking("de"):
        assert remade("nothing", lambda: worded("nothing")) == "nichts"
        assert remade("something", lambda: worded("nothing")) == "„something“ (englisch)"


def test_a_language_without_reports_is_an_error():
    with pytest.raises(KeyError), speaking("../../secret"):
        pass
