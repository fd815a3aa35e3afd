"""Ratios add across independent groups alone, claims weigh nothing, signatures stand above, contradictions stay."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artaudit import catalog
from artaudit.auditor.assessment.sentences import summary, verdict
from artaudit.auditor.assessment.weighing import COUNTS, LEAST, WITHHELD, assess, support, withhold_accusations
from artaudit.findings import CLOAKED_VERSIONS, PLACES, SCALE, Finding


def detector(ratio: float | None, *, holds: bool | None = False, claim: str = "noise like machines'") -> Finding:
    details = {} if ratio is None else {"log10_likelihood_ratio": ratio}
    return Finding(
        "detector", claim, holds=holds, method="m", score=1.0, threshold=2.0, unit="log odds", details=details
    )


def attribution(score: float | None, *, holds: bool | None) -> Finding:
    claim = "it was drawn by the decoder of X" if holds else "drawn by a model held here: none of X"
    return Finding(
        "attribution", claim, holds=holds, method="m", score=score, threshold=1.0, unit="log10 of a likelihood ratio"
    )


def signed(state: str, says: str, *, trusted: bool | None = None) -> Finding:
    details = {"state": state, "says": says, "trusted": state == "Trusted" if trusted is None else trusted}
    return Finding(
        "signatures", f"a C2PA manifest ({state}) says it is {says}", holds=True, method="m", details=details
    )


def watermark(*, holds: bool, **details: float) -> Finding:
    claim = "its pixels carry the code that FLUX hides in what it makes" if holds else "code of a generator"
    return Finding("watermarks", claim, holds=holds, method="m", score=9.0, threshold=4.0, unit="sd", details=details)


CLAIM = Finding("signals", "the file says it was made with ComfyUI", holds=True, method="m")
ADDED = ("group", "question", "log10_likelihood_ratio")
SILENT = Finding("signals", "generator parameters in the file", holds=False, method="m")
UNSIGNED = Finding("signatures", "signed statement about its making", holds=False, method="m")


def test_every_examiner_has_its_group_and_its_question():
    for name in catalog.EXAMINERS:
        kind, before = catalog.load(catalog.EXAMINERS, name), PLACES[name]
        assert (getattr(kind, "group", before[0]), getattr(kind, "question", before[1])) == before
        assert before[0] in COUNTS


@pytest.mark.parametrize("finding", [*(detector(ratio) for ratio in (None, 1.2)), attribution(1.9, holds=True), CLAIM])
def test_a_record_that_keeps_no_group_or_ratio_weighs_what_it_did(finding):
    former = {name: value for name, value in finding.as_dict().items() if name not in ADDED}
    assert Finding.of(former) == Finding.of(finding.as_dict()) == finding


def test_two_looks_at_the_same_noise_count_once():
    weighed = assess([detector(1.2, holds=True), attribution(1.9, holds=True)], 0)
    assert weighed.log10_likelihood_ratio == 1.9
    [group] = weighed.groups
    assert (group.name, group.findings, group.holds) == ("noise", (0, 1), True)


def test_ratios_of_independent_groups_add():
    weighed = assess([detector(1.2, holds=True), watermark(holds=True, log10_likelihood_ratio=0.7)], 0)
    assert weighed.log10_likelihood_ratio == pytest.approx(1.9)
    ratios = [(group.name, group.log10_likelihood_ratio) for group in weighed.groups]
    assert ratios == [("noise", 1.2), ("watermark", 0.7)]


def test_what_abstains_adds_nothing_and_a_model_that_did_not_draw_it_says_nothing_of_others():
    assert assess([detector(2.0, holds=None)], 0).log10_likelihood_ratio is None
    weighed = assess([attribution(-2.0, holds=False)], 0)
    assert (weighed.log10_likelihood_ratio, weighed.origin) == (None, "cannot tell")


@given(
    ratio=st.floats(-3, 3),
    carried=st.floats(-9, 9) | st.just(math.nan) | st.just(math.inf) | st.text(max_size=3) | st.none(),
    examiner=st.sampled_from(["signals", "portfolio", "signatures", "somebody-new"]),
)
def test_no_claim_match_signature_or_stranger_moves_the_sum(ratio, carried, examiner):
    unweighed = Finding(examiner, "c", holds=True, method="m", details={"log10_likelihood_ratio": carried})
    alone, among = assess([detector(ratio)], 1), assess([unweighed, detector(ratio), unweighed], 1)
    assert among.log10_likelihood_ratio == alone.log10_likelihood_ratio
    assert among.origin == alone.origin


@given(st.permutations([detector(1.4, holds=True), attribution(1.1, holds=True), CLAIM, watermark(holds=True)]))
def test_the_order_of_findings_does_not_matter(findings):
    weighed = assess(findings, 1)
    assert (weighed.log10_likelihood_ratio, weighed.origin, weighed.basis) == (1.4, "machine-made", "watermark")
    assert sorted(place for group in weighed.groups for place in group.findings) == [0, 1, 2, 3]


@given(st.floats(-8, 8))
def test_an_answer_is_given_from_ten_times_likelier_on_alone(ratio):
    weighed = assess([detector(ratio)], 0)
    total = round(ratio, 2)
    answer = "cannot tell" if abs(total) < LEAST else "machine-made" if total > 0 else "not machine-made"
    assert (weighed.origin, weighed.basis) == (answer, "" if answer == "cannot tell" else "measured")
    assert weighed.support == support(total)


def test_the_scale_is_that_of_the_guideline():
    for least, word in SCALE[1:]:
        assert support(least) == f"{word} support that a generative model drew its pixels"
        assert support(-least) == f"{word} support that no generative model drew its pixels"
    assert support(0.3) == support(-0.3) == "no support either way"
    assert support(None) == ""


def test_a_trusted_signature_stands_above_what_was_measured_and_the_contradiction_is_printed():
    weighed = assess([signed("Trusted", "not machine-made"), detector(1.5, holds=True), watermark(holds=True)], 0)
    assert (weighed.origin, weighed.basis) == ("not machine-made", "signed")
    [conflict] = weighed.conflicts
    assert "moderate support that a generative model" in conflict
    assert "the code that FLUX hides" in conflict
    assert "But: a C2PA manifest (Trusted)" in conflict
    assert weighed.log10_likelihood_ratio == 1.5  # told, but not what decides


@pytest.mark.parametrize("says", ["machine-made", "not machine-made"])
def test_a_signature_of_nobody_trusted_decides_nothing(says):
    assert assess([signed("Valid", says)], 0).origin == "cannot tell"
    assert assess([signed("Valid", says), detector(1.5, holds=True)], 0).basis == "measured"


def test_signers_who_contradict_each_other_leave_it_open():
    novelai = signed("Valid", "machine-made", trusted=True)
    weighed = assess([signed("Trusted", "not machine-made"), novelai], 0)
    assert (weighed.origin, len(weighed.conflicts)) == ("cannot tell", 1)


def test_a_code_that_the_noise_speaks_against_is_no_answer():
    assert assess([watermark(holds=True)], 0).origin == "machine-made"
    weighed = assess([watermark(holds=True), detector(-1.5)], 0)
    assert (weighed.origin, len(weighed.conflicts)) == ("cannot tell", 1)
    assert assess([watermark(holds=True), detector(-0.5)], 0).conflicts == ()


def test_a_claim_against_the_noise_is_printed_and_does_not_decide():
    weighed = assess([CLAIM, detector(-1.5)], 0)
    assert (weighed.origin, len(weighed.conflicts)) == ("not machine-made", 1)


def test_matches_are_a_question_of_their_own():
    held, unsure = (
        Finding("portfolio", "it may show work 1", holds=holds, method="m", work=1) for holds in (True, None)
    )
    none = Finding("portfolio", "copy of a registered work", holds=False, method="m")
    assert [assess(findings, 1).copy for findings in ([held, unsure], [unsure], [none])] == [
        "found",
        "possible",
        "not found",
    ]
    assert (assess([], 0).copy, assess([], 0).origin) == ("not compared", "not examined")


def test_the_summary_answers_in_order_and_never_in_percent():
    findings = [
        Finding("portfolio", "it is a copy of work 1, 'Étude'", holds=True, method="m", work=1),
        UNSIGNED,
        CLAIM,
        attribution(1.9, holds=True),
        detector(1.2, holds=True),
    ]
    sentences = summary(findings, assess(findings, 3), 3)
    support_sentence = "There is moderate support that a generative model drew its pixels (what was measured is about"
    assert sentences == (
        "It is a copy of work 1, 'Étude'. Compared with 3 registered works.",
        f"{support_sentence} 80 times likelier if one did).",
        "It was drawn by the decoder of X.",
        "The file says it was made with ComfyUI; anyone can write that.",
    )
    assert "%" not in " ".join(sentences)


def test_that_it_cannot_be_told_is_an_answer_with_its_reason():
    quiet = [UNSIGNED, SILENT, attribution(-1.0, holds=False)]
    small = detector(None, holds=None, claim="whether a machine made it (it is too small)")
    assert summary([*quiet, small], assess([*quiet, small], 1), 1) == (
        "Compared with 1 registered work: no copy of any was found.",
        "Cannot tell: whether a machine made it (it is too small).",
        "The file itself says nothing about its making, which proves nothing.",
    )
    assert "what was measured points neither way" in verdict([detector(-0.5)], 1)
    assert "what was measured points neither way" in verdict([detector(0.1)], 1)
    assert "Nothing points to a generative model" in verdict([detector(-1.5)], 1)
    assert "the signs contradict each other" in verdict([detector(-1.5), watermark(holds=True)], 1)


def test_beside_a_copy_only_what_speaks_for_a_model_is_said():
    copy = Finding("portfolio", "it is a copy of work 1", holds=True, method="m", work=1)
    assert "generative model" not in verdict([copy, detector(-1.5)], 1)
    assert "generative model" in verdict([copy, detector(1.5, holds=True)], 1)


def test_the_summary_repeats_what_was_signed_and_what_is_hidden():
    text = verdict([signed("Trusted", "machine-made"), SILENT], 1)
    assert text.count("A C2PA manifest (Trusted) says it is machine-made.") == 1
    assert "A C2PA manifest (Valid) says it is machine-made." in verdict([signed("Valid", "machine-made")], 1)
    assert "anyone can write that code." in verdict([watermark(holds=True)], 1)


def test_many_works_are_told_shortly():
    many = [Finding("portfolio", f"it is a copy of work {n}", holds=True, method="m", work=n) for n in range(9)]
    assert verdict(many, 9).startswith("It is a copy of work 0. It is a copy of work 1. It is a copy of work 2. 6 more")


def copy_of_a_work(*, cloaked_versions: int, holds: bool | None = True) -> Finding:
    details = {CLOAKED_VERSIONS: cloaked_versions} if cloaked_versions else {}
    return Finding("portfolio", "it shows work 2, 'Dunes'", holds=holds, method="m", work=2, details=details)


@pytest.mark.parametrize("holds", [True, None])
@pytest.mark.parametrize("accusation", [detector(2.1, holds=True), detector(1.4), attribution(1.9, holds=True)])
def test_a_copy_of_a_work_that_was_cloaked_is_never_accused(accusation, holds):
    findings = withhold_accusations([copy_of_a_work(cloaked_versions=1, holds=holds), accusation])
    weighed, text = assess(findings, 3), verdict(findings, 3)
    assert weighed.origin == "cannot tell"
    assert findings[1].details[WITHHELD] == {"claim": accusation.claim, "holds": accusation.holds}
    assert "it shows work 2, of which a cloaked version is registered" in text
    assert "times likelier" not in text


def test_what_does_not_accuse_or_shows_no_cloaked_work_stays_as_it_was():
    for findings in (
        [copy_of_a_work(cloaked_versions=0), detector(2.1, holds=True)],
        [copy_of_a_work(cloaked_versions=1), detector(-1.5), watermark(holds=True), CLAIM],
        [copy_of_a_work(cloaked_versions=1, holds=False), detector(2.1, holds=True)],
    ):
        assert withhold_accusations(findings) == tuple(findings)
