"""The findings of a record, each with its exhibit, its work and its pictures, and what of them stands first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from artaudit.auditor.assessment.sentences import asked, sentence, summary
from artaudit.auditor.assessment.weighing import assess
from artaudit.auditor.evidence.reporting.words import exhibits, named, part_of
from artaudit.findings import MODEL, Assessment, Finding
from artaudit.language import ENGLISH, retold, speaking, spoken, worded

LEAST_OWN = 100
"""A model names no maker on the first page unless its calibration read so many pictures of its own."""
TOO_FEW = (
    "A model held here claims it, but was calibrated on {own} pictures of its own, fewer than the {least} that it "
    "takes to be named here: see the annex."
)

Plain = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One checked picture: its check in the record, its number, and its findings as `_finding` returns them."""

    check: Plain
    name: str
    preview: str
    findings: tuple[Plain, ...]
    works: tuple[Plain, ...]

    @property
    def title(self) -> str:
        """Its number and the name of its file."""
        return f"{self.name}, {self.check['evidence']['path']}"

    @property
    def evidence(self) -> Plain:
        """The recorded evidence."""
        evidence: Plain = self.check["evidence"]
        return evidence

    @property
    def weighed(self) -> Plain | None:
        """What the findings come to; None for checks by editions that did not weigh."""
        return self.evidence.get("assessment")

    def summary(self) -> list[str]:
        """Return all sentences that the findings come to."""
        return [named(words, self.works) for words in self._summary()]

    def _summary(self) -> Sequence[str]:
        """Return the recorded sentences; in another language made again, where in English that gives the same."""
        said = self.evidence.get("summary") or [self.evidence["verdict"]]
        if spoken() == ENGLISH:
            return said
        with speaking(ENGLISH):
            same = list(self._made(summary)) == list(said)
        return self._made(summary) if same else [retold(words) for words in said]

    def _made(self, make: Callable[[Sequence[Finding], Assessment, int], Sequence[str]]) -> Sequence[str]:
        """Return what the findings come to, weighed and worded in the language spoken."""
        findings = [Finding.of(plain) for plain in self.evidence["findings"]]
        compared_with = self.evidence["compared_with"]
        return make(findings, assess(findings, compared_with), compared_with)

    def first(self) -> list[str]:
        """Return what stands on the first page: a work that was found alone, makers with their calibration."""
        said = self.summary()
        if self.weighed and self.weighed["copy"] == "found":
            said = [named(words, self.works) for words in self._made(asked)]
        makers = {sentence(finding["claim"]): finding for finding in self.findings if _names_maker(finding)}
        return [_with_calibration(words, makers[words]) if words in makers else words for words in said]


def read(record: Plain) -> list[Exhibit]:
    """Return the checked pictures of a record, in the order of the case."""
    works = {work["id"]: work for work in record["works"]}
    pictures: dict[tuple[Any, Any], list[Plain]] = {}
    for picture in record["pictures"]:
        figure = {"file": picture["files"][0]["file"], "caption": retold(picture["caption"])}
        pictures.setdefault((picture["check"], picture["finding"]), []).append(figure)
    numbers = exhibits(record)
    return [
        Exhibit(
            check=check,
            name=numbers[check["id"]],
            preview=next(
                entry["file"] for entry in check["suspect"]["files"] if entry["file"].endswith("/preview.jpg")
            ),
            findings=tuple(
                _finding(finding, pictures.get((check["id"], place), []), works)
                for place, finding in enumerate(check["evidence"]["findings"])
            ),
            works=tuple(record["works"]),
        )
        for check in record["checks"]
    ]


def headline(held: list[Exhibit]) -> str:
    """Return the headline for all findings."""
    outcomes = [
        (None if few_of_its_own(finding) else finding["holds"], finding["work"])
        for exhibit in held
        for finding in exhibit.findings
    ]
    if any(holds and work is not None for holds, work in outcomes):
        return worded("A registered work was found")
    if any(holds for holds, _ in outcomes):
        return worded("Something was found")
    none = all(holds is False for holds, _ in outcomes)
    return worded("Nothing was found") if none else worded("A person must look")


def few_of_its_own(finding: Plain) -> bool:
    """Tell whether a finding names a maker whose calibration read fewer than `LEAST_OWN` pictures of its own."""
    return _names_maker(finding) and min((own for _, own, _, _ in calibrations(finding)), default=LEAST_OWN) < LEAST_OWN


def calibrations(finding: Plain) -> Iterator[tuple[int, int, int | None, int | None]]:
    """Yield of every model that claims the picture what its calibration named: of its own, and wrongly of others."""
    for candidate in finding["details"].get("candidates", ()):
        if candidate["belongs"]:
            others = candidate.get("found_of_others", (None, None))
            yield (*candidate["found_of_its_own"], *others)


def _names_maker(finding: Plain) -> bool:
    return finding["question"] == MODEL and bool(finding["holds"])


def _with_calibration(words: str, finding: Plain) -> str:
    counts = list(calibrations(finding))
    if few_of_its_own(finding):
        own = min(own for _, own, _, _ in counts)
        return worded(TOO_FEW, own=own, least=LEAST_OWN)
    said = "; ".join(_named_right(*count) for count in counts)
    return f"{words} {worded('In its calibration it named {said}.', said=said)}" if said else words


def _named_right(right: int, own: int, wrong: int | None, others: int | None) -> str:
    negatives = "" if others is None else worded(", and wrongly {part} by others", part=part_of(wrong or 0, others))
    return worded("{part} of its own", part=part_of(right, own)) + negatives


def _finding(finding: Plain, pictures: list[Plain], works: Mapping[Any, Plain]) -> Plain:
    placed = Finding.of(finding)
    return {
        **finding,
        "group": placed.group,
        "question": placed.question,
        "claim": named(retold(finding["claim"]), list(works.values())),
        "pictures": pictures,
        "registered": works.get(finding["work"]),
    }
