"""How long a trial takes."""

import itertools

from artaudit.auditor.trial.estimating import COSTS, estimate
from artaudit.auditor.trial.judges import judges
from artaudit.auditor.trial.survival import Plan, plan
from artaudit.auditor.trial.trying import tools_at_hand
from artaudit.catalog import ATTACKS
from artaudit.image import read
from artaudit.protect.receipt import middle


def test_every_cost_belongs_to_an_attack():
    assert set(COSTS) <= set(ATTACKS)


def test_more_attacks_take_longer(house, clean, monkeypatch):
    del house
    ticks = itertools.count(0.0)
    monkeypatch.setattr("artaudit.auditor.trial.estimating.time.perf_counter", lambda: next(ticks))
    picture, panel, tools = middle(read(clean)), judges(), tools_at_hand()
    none, quick, every = (
        estimate(picture, panel, some, processes=1)
        for some in (Plan((), ()), plan(("quick",), tools), plan(("all",), tools))
    )
    assert 0 < none < quick < every
    assert estimate(picture, panel, plan(("all",), tools), processes=4) < every
