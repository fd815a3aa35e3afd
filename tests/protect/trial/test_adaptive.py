"""The attacker who owns this tool."""

import pytest

from artaudit.auditor.trial import attempt
from artaudit.protect.attacks.trained import RemoverTrainer
from artaudit.protect.trial.adaptive import Schooling
from artaudit.protect.trial.run import TrialOrder

QUICK = Schooling(pairs=4, side=64, steps=2, lessons=RemoverTrainer(steps=3, batch=2))


@pytest.mark.slow
@pytest.mark.usefixtures("hold_out")
def test_a_trained_attacker_removes_and_tells_with_its_own_errors_stated(clean, noised, registry):
    order = TrialOrder(("trained-remover",), clean, trained=True, schooling=QUICK, seed=2, processes=1)
    document = attempt(noised(1.0), registry, order).document
    assert [one["attack"] for one in document["attacks"]] == ["trained-remover"] * 2
    told = document["detection"]
    assert told["above"] == (told["score"] > told["threshold"])
    assert told["held_out"] == 1 and 0 <= told["auc"] <= 1
    assert "no false alarm" in told["sentence"]


@pytest.mark.slow
def test_a_lone_picture_is_called_cloaked_only_above_the_threshold(noised, registry):
    order = TrialOrder(("jpeg",), trained=True, schooling=QUICK, seed=2, processes=1)
    document = attempt(noised(0.0), registry, order).document
    assert document["verdict"] == ("cloaked" if document["detection"]["above"] else "cannot tell")
    assert document["grade"] is None
