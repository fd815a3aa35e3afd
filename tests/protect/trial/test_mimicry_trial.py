"""Trials of mimicry from one end to the other, with mimics that hardly train."""

import json

import pytest

from artaudit.auditor.trial import attempt
from artaudit.errors import UsageError
from artaudit.generators import pool
from artaudit.protect.trial import mimicry_trial
from artaudit.protect.trial.measures import LOSS
from artaudit.protect.trial.mimicry import Practice
from artaudit.protect.trial.page import card, learned
from artaudit.protect.trial.run import TrialOrder

QUICK = Practice(steps=1, batch=1, side=32, crops=4, noises=1, drawn=4, draw_steps=1)


def order_of(**settings) -> mimicry_trial.MimicryOrder:
    return mimicry_trial.MimicryOrder(
        **({"attacks": ("jpeg",), "processes": 1, "practice": QUICK, "seeds": 2} | settings)
    )


@pytest.mark.slow
@pytest.mark.usefixtures("hold_out")
def test_mimics_of_all_arms_end_up_on_the_card_and_no_model_that_cloaks_are_made_against_gives_an_a(
    clean, noised, registry
):
    path = noised(1.0)
    order = TrialOrder(("jpeg",), seed=1, processes=1)
    trials = [
        attempt(path, registry, TrialOrder(("jpeg",), clean, seed=1, processes=1)),
        attempt(clean, registry, order),
    ]
    calls = []
    tried, alone = mimicry_trial.imitated(trials, order_of(), lambda done, total: calls.append((done, total)))
    record = tried.document["mimicry"]
    assert [row["name"] for row in record["rows"]][:4] == [
        "clean",
        "photographs and drawings by code",
        "noise like the change",
        "cloaked",
    ]
    assert {row["attack"] for row in record["rows"][4:]} == {"jpeg"} and len(record["rows"]) == 6
    assert record["held_out"]["what"] == "the right quarter of the same pictures"
    assert "diffpure" in record["left_out"] and "jpeg" not in record["left_out"]
    assert tried.document["grade"] == "F" and alone == trials[1]
    assert calls[-1][0] == calls[-1][1]
    json.dumps(tried.document, allow_nan=False)
    page = card([tried, alone]).decode()
    assert record["sentence"].split(".")[0] in page and page.count("Contact sheet") == 1
    assert learned([tried.document, tried.document, alone.document]) == [record["sentence"]]


@pytest.mark.slow
def test_a_grade_says_why_mimics_do_not_count_for_the_best(clean, noised, registry):
    order = TrialOrder(("jpeg",), clean, seed=1, processes=1)
    few = order_of(held_out=(clean,), attacks=(), seeds=1)
    (tried,) = mimicry_trial.imitated([attempt(noised(1.0), registry, order)], few)
    record = tried.document["mimicry"]
    assert record["held_out"]["what"] == "1 other pictures"
    reasons = " ".join(mimicry_trial.lacking_for_a(record, few))
    assert "none kept for measuring" in reasons and "trained 1 times" in reasons and "diffpure" in reasons


def test_without_a_cloaked_picture_there_is_nothing_to_learn_and_strange_models_are_refused(clean, registry):
    trial = attempt(clean, registry, TrialOrder(("jpeg",), clean, seed=1, processes=1))
    assert mimicry_trial.imitated([trial], order_of()) == [trial]
    with pytest.raises(UsageError, match="studio-diffusion"):
        mimicry_trial.chosen_model("nothing")


def test_only_mimics_of_a_model_kept_for_measuring_that_covered_all_count_for_the_best():
    whole = {"measures": {LOSS: {"learned": True}}, "left_out": [], "model": {"name": "other", "use": pool.HOLD_OUT}}
    assert mimicry_trial.lacking_for_a(whole, order_of(seeds=3)) == ()
    spoilt = [
        whole | {"measures": {LOSS: {"learned": False}}},
        whole | {"left_out": ["blur"]},
        whole | {"model": {"name": "own", "use": pool.SURROGATE}},
    ]
    assert all(len(mimicry_trial.lacking_for_a(record, order_of(seeds=3))) == 1 for record in spoilt)
    assert len(mimicry_trial.lacking_for_a(whole, order_of(seeds=2))) == 1
