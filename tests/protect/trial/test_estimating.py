"""How long a trial takes."""

import itertools

from artaudit.catalog import ATTACKS
from artaudit.image import read
from artaudit.protect.receipt import middle
from artaudit.protect.trial.estimating import COSTS, estimate
from artaudit.protect.trial.judges import judges
from artaudit.protect.trial.run import tools_at_hand
from artaudit.protect.trial.survival import Plan, plan


def test_every_cost_belongs_to_an_attack():
    assert set(COSTS) <= set(ATTACKS)


def test_more_attacks_take_longer(house, clean, monkeypatch):
    del house
    ticks = itertools.count(0.0)
    monkeypatch.setattr("artaudit.protect.trial.estimating.time.perf_counter", lambda: next(ticks))
    picture, panel, tools = middle(read(clean)), judges(), tools_at_hand()
    none, quick, every = (
        estimate(picture, panel, some, processes=1)
        for some in (Plan((), ()), plan(("quick",), tools), plan(("all",), tools))
    )
    assert 0 < none < quick < every
    assert estimate(picture, panel, plan(("all",), tools), processes=4) < every
