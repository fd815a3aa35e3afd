"""What the portfolio examiner claims, and what a check comes to in words."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit import catalog
from artaudit.auditor.assessment.sentences import verdict
from artaudit.auditor.check import examine
from artaudit.auditor.examiners import examiners, read_portfolio
from artaudit.auditor.registry import Registry
from artaudit.datasets.drawings import draw
from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.examination import Examiner
from artaudit.findings import Finding
from artaudit.image import Image, decode
from artaudit.matching import fingerprint
from artaudit.matching.examiner import PortfolioExaminer


def as_image(picture: Pillow.Image) -> Image:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return decode(buffer.getvalue(), name="a.png")


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    opened = Registry(tmp_path / "registry.db")
    for name, title in PHOTOGRAPHS.items():
        image = decode(photograph(name), name=name)
        opened.add_work(image, title=title, fingerprints=fingerprint(image), preview=b"")
    return opened


def test_everyone_in_the_catalog_can_look(registry):
    look = examiners(registry)
    assert [examiner.name for examiner in look] == list(catalog.EXAMINERS)
    assert all(isinstance(examiner, Examiner) for examiner in look)


def test_the_very_file_is_recognised_and_a_withdrawn_work_is_not(registry):
    flower = decode(photograph("flower.jpg"), name="x")
    [finding] = PortfolioExaminer(read_portfolio(registry)).examine(flower)
    assert finding.holds
    assert "very file" in finding.claim
    registry.withdraw(finding.work, "")
    [finding] = PortfolioExaminer(read_portfolio(registry)).examine(flower)
    assert finding.holds is False


def test_a_cloaked_version_is_known_by_its_pixels(registry):
    cloaked = as_image(draw(np.random.default_rng(1)))
    registry.add_version(2, cloaked, {})
    again = decode(cloaked.data + b"", name="x")
    [finding] = PortfolioExaminer(read_portfolio(registry)).examine(again)
    assert finding.work == 2
    assert "cloaked version" in finding.claim


class Accuser:
    """Says of every picture that a machine made it."""

    name = "detector"

    def examine(self, image: Image) -> list[Finding]:
        details = {"log10_likelihood_ratio": 2.0}
        return [Finding(self.name, f"{image.name} has traces", holds=True, method="m", score=9.0, details=details)]


def test_a_cloaked_work_is_not_accused_even_where_the_detector_does(registry):
    look = [PortfolioExaminer(read_portfolio(registry)), Accuser()]
    accused = examine(decode(photograph("flower.jpg"), name="x"), registry, look)[1]
    assert accused.assessment.origin == "machine-made"
    registry.add_version(2, as_image(draw(np.random.default_rng(1))), {})
    flower = next(work.id for work in registry.works() if work.sha256 == accused.sha256)
    registry.add_version(flower, as_image(draw(np.random.default_rng(2))), {})
    look = [PortfolioExaminer(read_portfolio(registry)), Accuser()]
    withheld = examine(decode(photograph("flower.jpg"), name="x"), registry, look)[1]
    assert withheld.assessment.origin == "cannot tell"
    assert "cloaked version" in withheld.verdict


def test_a_crop_is_placed_in_the_work(registry):
    whole = decode(photograph("china.jpg"), name="x").rgb8
    crop = as_image(Pillow.fromarray(whole[100:330, 180:480]))
    [finding] = PortfolioExaminer(read_portfolio(registry)).examine(crop)
    assert (finding.holds, finding.work) == (True, 1)
    assert finding.score >= finding.threshold
    part = np.array(finding.details["confirmation"]["work_region"])
    assert np.abs(part.min(axis=0) - (180, 100)).max() < 6
    assert np.abs(part.max(axis=0) - (480, 330)).max() < 6


def test_an_unrelated_picture_is_no_copy_and_an_empty_portfolio_says_nothing(registry, tmp_path):
    unrelated = as_image(draw(np.random.default_rng(5)))
    [finding] = PortfolioExaminer(read_portfolio(registry)).examine(unrelated)
    assert finding.holds is False
    assert finding.details["compared_with"] == 2
    assert "compared with all 2" in finding.claim
    assert finding.details["own_works"].startswith(
        "keypoints: 2 of the owner's works looked for among the others: in 0 of 2 pairs"
    )
    assert "nothing here says anything about style" in finding.details["style"]
    empty = Registry(tmp_path / "empty.db")
    assert PortfolioExaminer(read_portfolio(empty)).examine(unrelated) == []


def finding_of(*, holds: bool | None, claim: str, work: int | None = None) -> Finding:
    return Finding("e", claim, holds=holds, method="m", work=work)


def test_a_verdict_says_what_holds_and_what_it_was_compared_with():
    assert verdict([], 0).startswith("The portfolio is empty")
    assert (
        verdict([finding_of(holds=False, claim="x")], 3)
        == "Compared with 3 registered works: no copy of any was found."
    )
    copy = verdict([finding_of(holds=True, claim="it is a copy of work 1", work=1)], 1)
    assert copy == "It is a copy of work 1. Compared with 1 registered work."
    assert "Cannot tell: it may show work 1." in verdict(
        [finding_of(holds=None, claim="it may show work 1", work=1)], 2
    )
