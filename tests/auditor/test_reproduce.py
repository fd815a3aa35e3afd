"""What cannot be made again is said to be open, not different."""

import pytest

from artaudit.auditor import reproduce
from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.detect.examiner import MachineMade
from artaudit.findings import Finding
from artaudit.image import decode


def test_a_finding_of_another_detector_is_not_repeated_with_the_shipped_one():
    name = next(iter(PHOTOGRAPHS))
    (finding,) = MachineMade().examine(decode(photograph(name), name=name))
    was = finding.as_dict()
    assert reproduce._compare(was, [finding], {})["outcome"] == reproduce.SAME
    was["details"] = {**was["details"], "other_detector": "0" * 64}
    result = reproduce._compare(was, [finding], {})
    assert result["outcome"] == reproduce.OPEN
    assert "not the one that comes with artaudit" in result["why"]


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ("it shows 50% of work 2, 'Étude'", "it shows 50% of the area of work 2, 'Étude'"),
        ("it contains, on 33% of its area, work 2, 'a'", "it contains, on 33% of its own area, work 2, 'a'"),
        ("it is a copy of work 2, 'shows 50% of work 1'", "it is a copy of work 2, 'shows 50% of work 1'"),
    ],
)
def test_a_share_that_an_older_record_words_otherwise_is_the_same_finding(then, now):
    found = Finding("portfolio", now, holds=True, method="m", score=40.0, threshold=20.0, work=2)
    assert reproduce._compare({**found.as_dict(), "claim": then}, [found], {})["outcome"] == reproduce.SAME
