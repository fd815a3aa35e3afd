"""An examiner is a class and a line in the catalog: it is then asked, weighed, worded, drawn and verified."""

import json
import zipfile
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit import catalog
from artaudit.auditor.check import check
from artaudit.auditor.evidence import verify_package
from artaudit.auditor.registry import Registry
from artaudit.auditor.report import report
from artaudit.auditor.reproduce import reproduce
from artaudit.examination import Examiner, Illustration, Illustrator
from artaudit.findings import FILE, MODEL, NOISE, ORIGIN, Evidence, Finding
from artaudit.image import Image


class Redness:
    """Says that machines paint red, in a group of its own that answers no question."""

    name: ClassVar = "redness"
    ratio = 1.3

    def examine(self, image: Image) -> list[Finding]:
        red = float(image.pixels[..., 0].mean())
        holds = red > 0.5
        claim = f"its mean red is {red:.2f}"
        return [Finding(self.name, claim, holds, "mean of red", log10_likelihood_ratio=self.ratio)]

    def illustrate(self, image: Image, finding: Finding) -> list[Illustration]:
        return [Illustration("red", finding.claim, np.ascontiguousarray(image.rgb8 * np.uint8([1, 0, 0])))]


class MeasuredRedness(Redness):
    """Says the same as an answer to who made the picture, from traces in its noise."""

    group: ClassVar = NOISE
    question: ClassVar = ORIGIN


class ModelOfRedness(Redness):
    """Says the same as an answer to which model made it."""

    question: ClassVar = MODEL


class RedText(Redness):
    """Says the same as an answer to what the file says."""

    question: ClassVar = FILE


def check_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Redness]) -> tuple[Path, Evidence]:
    """Check a red picture with an examiner that stands in the catalog; return the case's package and the evidence."""
    table = {"portfolio": catalog.EXAMINERS["portfolio"], "redness": f"{__name__}:{kind.__name__}"}
    monkeypatch.setattr(catalog, "EXAMINERS", MappingProxyType(table))
    Pillow.new("RGB", (64, 48), (200, 10, 20)).save(tmp_path / "red.png")
    with Registry(tmp_path / "registry.db") as registry:
        number, evidence = check(tmp_path / "red.png", registry)
        report(number, tmp_path / "case.zip", registry)
    return tmp_path / "case.zip", evidence


def test_it_is_an_examiner_and_draws():
    assert isinstance(Redness(), Examiner)
    assert isinstance(Redness(), Illustrator)


def test_it_is_weighed_worded_and_drawn_as_a_group_of_its_own(tmp_path, monkeypatch):
    package, evidence = check_with(tmp_path, monkeypatch, Redness)
    [group] = evidence.assessment.groups
    assert (group.name, group.holds, group.log10_likelihood_ratio) == ("redness", True, None)
    assert "Its mean red is 0.78." in evidence.summary
    with zipfile.ZipFile(package) as opened:
        record = json.loads(opened.read("data/report.json"))
    assert [picture["caption"] for picture in record["pictures"]] == ["its mean red is 0.78"]
    assert verify_package(package).problems == ()
    assert reproduce(package)["same"]


def test_in_a_group_that_is_weighed_its_ratio_counts(tmp_path, monkeypatch):
    package, evidence = check_with(tmp_path, monkeypatch, MeasuredRedness)
    weighed = evidence.assessment
    assert (weighed.log10_likelihood_ratio, weighed.origin, weighed.basis) == (1.3, "machine-made", "measured")
    assert evidence.summary[1].startswith("There is moderate support that a generative model drew its pixels")
    assert evidence.findings[0].as_dict()["group"] == NOISE
    assert verify_package(package).problems == ()


def test_what_it_measured_is_told_as_open_where_it_points_neither_way(tmp_path, monkeypatch):
    monkeypatch.setattr(Redness, "ratio", 0.1)
    _, evidence = check_with(tmp_path, monkeypatch, MeasuredRedness)
    assert evidence.summary[1].startswith("Cannot tell: whether a machine made it")


@pytest.mark.parametrize("kind", [ModelOfRedness, RedText])
def test_its_claim_answers_the_question_that_its_class_names(tmp_path, monkeypatch, kind):
    _, evidence = check_with(tmp_path, monkeypatch, kind)
    assert evidence.findings[0].question == kind.question
    assert [sentence for sentence in evidence.summary if "red" in sentence] == ["Its mean red is 0.78."]
