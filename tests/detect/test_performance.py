"""Tables count every picture once, and say why little is found of what ranks well."""

import itertools

import numpy as np
import pytest

from artaudit.detect import performance, tables
from artaudit.detect.performance import ScoreTable

REALS, MADE = 40, 30


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    """Draw few samples for intervals: the counts are what is tested here."""
    monkeypatch.setattr(performance, "RESAMPLES", 10)


def table(*, known=True, found=20, small=None):
    """Return real pictures that score -2 to -1, and machine-made ones of which `found` pass a threshold of 1."""
    scores = np.concatenate([np.linspace(-2, -1, REALS), np.linspace(2, 3, found), np.linspace(-0.9, 0, MADE - found)])
    made = np.arange(REALS + MADE) >= REALS
    inside = np.where(made, known, np.ones(REALS + MADE, bool))
    sources = np.array(
        ["" if generated else ("kodak" if place < 10 else "louvre") for place, generated in enumerate(made)]
    )
    generators = np.array([("a" if place % 3 else "b") if generated else "" for place, generated in enumerate(made)])
    return ScoreTable(scores, inside, made, np.arange(REALS + MADE), generators, sources, small or {})


def test_what_is_found_is_a_share_of_all_with_its_bounds():
    row = performance.ranking(table(small={(True, "a"): 2, (False, "kodak"): 1}), 1.0)
    assert row["AUC"] == pytest.approx({"value": 1.0, "low": 1.0, "high": 1.0})
    assert row["found"]["count"] == 20
    assert row["found"]["value"] == pytest.approx(20 / 32)
    assert row["found"]["low"] < 20 / 32 < row["found"]["high"]
    assert (row["n"], row["below_threshold"], row["too_small"], row["abstentions"]) == (32, 10, 2, 2)
    assert row["real"] == {"n": 41, "alarms": 0, "out_of_distribution": 0, "too_small": 1, "abstentions": 1}
    assert row["note"] == ""


def test_little_found_of_what_ranks_well_has_its_reason():
    strange = performance.ranking(table(known=False), 1.0)
    assert strange["found"]["count"] == 0
    assert strange["note"] == (
        "AUC 1.000, yet 0 of 30 found: 30 of 30 are out of distribution, where the detector says nothing"
    )
    assert performance.ranking(table(found=0), 1.0)["note"].endswith(
        "0 of 30 found: 30 of 30 score below the threshold"
    )


def test_generators_and_sources_have_counts_of_their_own():
    small = table(small={(True, "a"): 3, (False, "kodak"): 2})
    rows = performance.generator_by_generator(small, 1.0)
    assert {name: (row["n"], row["too_small"]) for name, row in rows.items()} == {"a": (23, 3), "b": (10, 0)}
    assert sum(row["found"]["count"] for row in rows.values()) == 20
    alarms = performance.false_alarms({"as it is": small}, -1.5)
    assert {name: row["as it is"]["pictures"] for name, row in alarms.items()} == {"kodak": 12, "louvre": 30}
    assert alarms["kodak"]["as it is"]["alarms"] == 0
    assert alarms["louvre"]["as it is"]["rate"]["count"] == alarms["louvre"]["as it is"]["alarms"] == 20


def test_the_curve_runs_from_nothing_found_to_everything():
    points = performance.roc(table())
    assert points[0] == {"threshold": None, "false_alarms": 0, "found": 0}
    assert (points[-1]["false_alarms"], points[-1]["found"]) == (1, 1)
    assert all(stricter["found"] <= looser["found"] for stricter, looser in itertools.pairwise(points))


def test_tables_spread_figures_over_columns_and_escape_what_latex_reads():
    table = [{"source": "a_b & 5 %", "AUC": {"value": 0.5, "low": 0.25, "high": 0.75}, "n": 3}]
    assert tables.as_csv(table) == "source,AUC,AUC_low,AUC_high,n\na_b & 5 %,0.5,0.25,0.75,3\n"
    latex = tables.as_latex(table, ("source", "AUC"), "detector x")
    assert "a\\_b \\& 5 \\% & 0.500 [0.250, 0.750] \\\\" in latex
    assert "\\begin{tabular}{lr}" in latex
