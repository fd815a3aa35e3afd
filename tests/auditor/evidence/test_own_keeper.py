"""Who holds the key and writes a package anew contradicts the log in it, or the pictures in it contradict the rest."""

import json
from dataclasses import replace

import pytest

from artaudit.auditor.evidence import Seal, verify_package
from artaudit.auditor.evidence.package import bag, pack
from artaudit.auditor.registry.hash_chain import canonical, link
from artaudit.datasets.photographs import photograph
from artaudit.image import decode
from artaudit.matching import encode_jpeg


def with_check(case, **changes):
    return replace(case, checks=(replace(case.checks[0], **changes),))


def with_work(case, **changes):
    return replace(case, works=(replace(case.works[0], **changes),))


def invented(case):
    """Return a case with a match that no check made."""
    evidence = json.loads(json.dumps(case.checks[0].evidence))
    evidence["findings"][0]["score"] = 9999.0
    return with_check(case, evidence=evidence)


def another() -> bytes:
    return encode_jpeg(decode(photograph("china.jpg"), name="x").rgb8[:300, :400])


AT, EARLIER = "2025-12-31T23:59:59+00:00", "2001-01-01T00:00:00+00:00"
ALTERED = {
    "a work registered earlier": (lambda case: with_work(case, registered_at=EARLIER), "another time"),
    "a work registered a little later": (lambda case: with_work(case, registered_at=AT), "registered at"),
    "another title": (lambda case: with_work(case, title="Sunflowers"), "title of work 1"),
    "another name of the work's file": (lambda case: with_work(case, path="c.png"), "path of work 1"),
    "other pixels": (lambda case: with_work(case, pixels_sha256="3" * 64), "pixels sha256 of work 1"),
    "an invented match": (invented, "findings of check 3"),
    "a check of another time": (lambda case: with_check(case, created_at=AT), "created at of check 3"),
    "a note reworded": (lambda case: replace(case, notes=({**case.notes[0], "text": "given"},)), "the notes of case"),
    "a note left out": (lambda case: replace(case, notes=()), "the notes of case 7"),
    "another title of the case": (lambda case: replace(case, title="A theft"), "title or opening of case 7"),
    "a case opened earlier": (lambda case: replace(case, opened_at=EARLIER), "title or opening"),
    "a check left out": (lambda case: replace(case, checks=(), pictures=()), "not those that its log added"),
    "an overlay of another case": (
        lambda case: replace(case, pictures=(replace(case.pictures[0], jpeg=another()),)),
        "data/findings/3-01-overlay.jpg does not show",
    ),
    "another caption": (
        lambda case: replace(case, pictures=(replace(case.pictures[0], caption="The work, stolen"),)),
        "data/findings/3-01-overlay.jpg does not show",
    ),
    "an overlay of another finding": (
        lambda case: replace(case, pictures=(replace(case.pictures[0], finding=1),)),
        "data/findings/3-02-overlay.jpg does not belong",
    ),
    "another preview of the checked picture": (
        lambda case: with_check(case, preview=another()),
        "data/suspects/3/preview.jpg does not show",
    ),
    "another preview of the work": (
        lambda case: with_work(case, preview=another()),
        "data/works/1/preview.jpg does not show",
    ),
    "another preview of a work that is not enclosed": (
        lambda case: with_work(case, preview=another(), original=None),
        "preview of work 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", ALTERED)
def test_a_package_altered_with_the_rightful_key_contradicts_itself(case, signer, problems_of, how):
    change, words = ALTERED[how]
    problems = problems_of(bag(change(case), Seal(signer)))
    assert any(words in problem for problem in problems), problems
    assert not any("signature" in problem for problem in problems)


def forged(files, change):
    record = json.loads(files["data/report.json"])
    change(record)
    return {**files, "data/report.json": canonical(record).encode()}


def test_custody_is_made_again_from_the_log(files, problems_of, redone):
    for changes in (
        {"received_by": "Somebody"},
        {"source": "d.png"},
        {"kept": "in a safe"},
        {"saved_at": "1999-01-01"},
    ):
        problems = problems_of(redone(forged(files, lambda record: record["custody"][0].update(changes))))  # noqa: B023
        assert any("the custody of checked picture 3" in problem for problem in problems), changes
    fewer = problems_of(redone(forged(files, lambda record: record["custody"].pop())))
    assert any("does not name the exhibits" in problem for problem in fewer)


def test_an_exhibit_without_its_event_is_found(files, problems_of, redone):
    def drop(record):
        record["log"]["events"] = [event for event in record["log"]["events"] if event["payload"]["table"] != "works"]

    assert "work 1 in data/report.json is in no event of its log" in problems_of(redone(forged(files, drop)))


def test_a_row_that_its_event_does_not_vouch_for_is_found(files, problems_of, redone):
    def change(record):
        record["log"]["events"][0]["row"]["title"] = record["works"][0]["title"] = "Sunflowers"

    problems = problems_of(redone(forged(files, change)))
    assert "event 1 in data/report.json is about another row than the one beside it" in problems


def test_a_log_that_vouches_no_more_leaves_its_root(files, problems_of, redone):
    def change(record):
        event = record["log"]["events"][0]
        del event["payload"]["disclosed"], event["row"]
        again = link(event["seq"], event["at"], event["kind"], event["payload"], event["prev"])
        event["hash"] = again.hash

    problems = problems_of(redone(forged(files, change)))
    assert "event 1 in data/report.json is not in the log whose root it names" in problems


def test_what_cannot_be_drawn_again_is_a_remark(case, logged, tmp_path):
    closed = replace(with_work(with_check(case, enclosed=False), original=None), enclose="none")
    (tmp_path / "case.zip").write_bytes(pack(bag(logged(closed), Seal())))
    result = verify_package(tmp_path / "case.zip")
    assert result.ok, result.problems
    assert any("was not drawn again" in remark for remark in result.remarks)


def test_another_encoder_of_the_same_picture_is_no_fault(case, problems_of):
    shown = decode(case.pictures[0].jpeg, name="x")
    softer = replace(case.pictures[0], jpeg=encode_jpeg(shown.rgb8, quality=84))
    assert softer.jpeg != case.pictures[0].jpeg
    assert problems_of(bag(replace(case, pictures=(softer, *case.pictures[1:])), Seal())) == ()


def test_times_that_cannot_be_right_are_found(case, problems_of):
    future = problems_of(bag(replace(case, exported_at="2999-01-01T00:00:00+00:00"), Seal()))
    assert "the export in data/report.json is dated 2999-01-01T00:00:00, which is still to come" in future
    evidence = {**case.checks[0].evidence, "source": {"url": "https://shop.example", "saved_at": "2026-02-01"}}
    late = problems_of(bag(with_check(case, evidence=evidence), Seal()))
    assert any("is said to be saved at 2026-02-01, after it was taken in" in problem for problem in late)


def test_a_log_that_runs_backwards_says_so_itself_or_is_found(case, logged, problems_of):
    events = logged(case).log.events
    at = "2001-01-01T00:00:00+00:00"
    turned = replace(case, log=replace(case.log, events=(*events[:-1], {**events[-1], "at": at})))
    words = "the clock ran backwards: event 5"
    assert any(words in problem for problem in problems_of(bag(turned, Seal())))
    said = replace(turned, log=replace(turned.log, faults=("the clock ran backwards",)))
    assert not any(words in problem for problem in problems_of(bag(said, Seal())))
