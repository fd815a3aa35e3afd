"""Presets have the published budgets and steps, in units of the full range."""

import pytest

from artaudit import catalog
from artaudit.protect.presets import PRESETS
from artaudit.transforms import Identity

TRUE_LEVELS = {
    "photoguard": 7.65,
    "advdm": 16,
    "mist-v1": 16,
    "mist-v2": 6,
    "ace": 4,
    "ace-plus": 4,
    "aspl": 6.375,
    "sds": 16,
    "pid": 12.75,
    "nightshade-ref": 10.2,
}


@pytest.mark.parametrize("name", PRESETS)
def test_budgets_are_in_units_of_the_full_range(name):
    preset = PRESETS[name]
    assert preset.budget.linf * 255 == pytest.approx(TRUE_LEVELS[name])
    assert preset.budget.levels == int(TRUE_LEVELS[name])


@pytest.mark.parametrize("name", PRESETS)
def test_steps_are_the_published_ones_in_levels(name):
    preset = PRESETS[name]
    assert (preset.descent.first, preset.descent.last) == (preset.first, preset.last)
    assert preset.descent.betas is None
    assert preset.descent.start == pytest.approx(preset.budget.levels / 3**0.5)
    assert preset.steps * preset.first >= preset.linf


def test_photoguard_and_nightshade_end_at_a_hundredth_of_their_first_step():
    for name in ("photoguard", "nightshade-ref"):
        assert PRESETS[name].first == pytest.approx(100 * PRESETS[name].last)


def test_half_units_of_other_programs_are_halved():
    assert PRESETS["ace"].budget.linf == pytest.approx((8 / 255) / 2)
    assert PRESETS["aspl"].budget.linf == pytest.approx(0.05 / 2)
    assert PRESETS["photoguard"].budget.linf == pytest.approx(0.06 / 2)
    for name in ("mist-v2", "ace", "ace-plus", "aspl"):
        assert PRESETS[name].first / 255 == pytest.approx(0.005 / 2)


def test_alternating_presets_have_whole_rounds():
    for name, rounds in (("mist-v2", 5), ("ace", 5), ("ace-plus", 5), ("aspl", 50)):
        assert PRESETS[name].steps == rounds * PRESETS[name].objective.block


def test_every_objective_of_the_catalog_is_covered():
    used = {type(preset.objective) for preset in PRESETS.values()}
    chosen = {catalog.load(catalog.CLOAKS, name) for name in catalog.CLOAKS} - {catalog.load(catalog.CLOAKS, "glaze")}
    assert used == chosen


def test_a_preset_makes_a_cloak_without_transforms(generator):
    preset = PRESETS["mist-v1"]
    cloak = preset.cloak([generator])
    assert cloak.expectation == (Identity(),)
    assert cloak.descent == preset.descent
    assert cloak.models == (generator,)


def test_the_catalog_names_every_preset():
    assert set(catalog.PRESETS) == set(PRESETS)
