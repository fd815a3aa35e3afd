"""Directions in which sources of one label differ are damped; what labels differ in is kept."""

import numpy as np

from artaudit.detect.nuisance import STRENGTH, Nuisance


def sources(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows whose first number tells the label and whose second tells the source, and both."""
    parties = np.repeat([f"source {number}" for number in range(8)], 20)
    made = np.repeat([False, True], 80)
    rows = rng.normal(0, 0.1, (160, 6))
    rows[:, 0] += 2.0 * made
    rows[:, 1] += np.repeat(rng.normal(0, 3, 8), 20)
    rows[:80, 1] -= rows[:80, 1].mean()
    rows[80:, 1] -= rows[80:, 1].mean()
    return rows, made, parties


def test_what_sources_differ_in_is_damped_and_what_labels_differ_in_is_kept():
    rows, made, parties = sources(np.random.default_rng(3))
    damped = Nuisance.between(rows, made, parties).damped(rows)
    assert damped[:, 1].std() < 0.2 * rows[:, 1].std()
    gap = damped[made, 0].mean() - damped[~made, 0].mean()
    assert abs(gap - 2.0) < 0.1


def test_damping_rows_and_damping_weights_give_the_same_scores():
    rng = np.random.default_rng(4)
    rows, made, parties = sources(rng)
    nuisance, weights = Nuisance.between(rows, made, parties), rng.normal(size=6)
    np.testing.assert_allclose(nuisance.damped(rows) @ weights, rows @ nuisance.damped(weights[None])[0])


def test_without_two_pictures_of_any_party_nothing_is_damped():
    rows, made = np.random.default_rng(5).normal(size=(4, 3)), np.array([False, False, True, True])
    alone = Nuisance.between(rows, made, np.array(["a", "b", "c", "d"]))
    np.testing.assert_array_equal(alone.damped(rows), rows)
    assert STRENGTH > 1
