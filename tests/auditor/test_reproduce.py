"""What cannot be made again is said to be open, not different."""

from artaudit.auditor import reproduce
from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.detect.examiner import MachineMade
from artaudit.image import decode


def test_a_finding_of_another_detector_is_not_repeated_with_the_shipped_one():
    name = next(iter(PHOTOGRAPHS))
    (finding,) = MachineMade().examine(decode(photograph(name), name=name))
    was = finding.as_dict()
    assert reproduce._compare(was, [finding], set())["outcome"] == reproduce.SAME
    was["details"] = {**was["details"], "other_detector": "0" * 64}
    result = reproduce._compare(was, [finding], set())
    assert result["outcome"] == reproduce.OPEN
    assert "not the one that comes with artaudit" in result["why"]
