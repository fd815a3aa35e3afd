"""The attacker who has this tool and trains on its cloaks."""

import json
from dataclasses import replace

import pytest

from artaudit import catalog
from artaudit.auditor.trial import attempt
from artaudit.image import read
from artaudit.protect.attacks.trained import RemoverTrainer
from artaudit.protect.cloak import DescentCloak
from artaudit.protect.motifs import Picture
from artaudit.protect.objectives.mist2 import Mist2
from artaudit.protect.presets import PRESETS
from artaudit.protect.settings import settings_of, with_settings
from artaudit.protect.trial.adaptive import Schooling, job_like
from artaudit.protect.trial.run import TrialOrder

QUICK = Schooling(pairs=4, side=64, steps=2, lessons=RemoverTrainer(steps=3, batch=2))
MODELS = [{"name": "studio-diffusion@1", "digest": "0"}]


def kept(cloak: DescentCloak, name: str) -> dict:
    """Return what a receipt keeps of a method, as JSON gives it back."""
    return json.loads(json.dumps({"method": {"name": name, **settings_of(cloak)}, "models": MODELS}))


@pytest.mark.usefixtures("house")
def test_the_attacker_of_a_preset_trains_on_the_settings_of_its_receipt():
    published = PRESETS["ace"]
    cloak = job_like(kept(published.cloak(()), "mist2"), 7).cloak
    assert cloak.objective == published.objective != Mist2()
    assert cloak.descent == replace(published.descent, steps=7)
    assert (cloak.expectation, cloak.together) == (published.cloak(()).expectation, True)
    assert [model.name.partition("@")[0] for model in cloak.models] == ["studio-diffusion"]


@pytest.mark.usefixtures("house")
def test_of_a_receipt_that_kept_text_the_name_of_the_method_is_read():
    text = "DescentCloak(objective=Mist2(motif=Lettering(seed=0), block=50, lesson=5), descent=Descent(steps=250))"
    job = job_like({"method": text, "models": MODELS}, 7)
    assert (job.order.method, job.cloak.objective, job.cloak.descent.steps) == ("mist2", Mist2(), 7)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_comes_back_from_its_settings(name):
    cloak = PRESETS[name].cloak(())
    method = kept(cloak, "")["method"]
    kind = type(cloak.objective).__name__
    names = (cloaking for cloaking, path in catalog.CLOAKS.items() if kind in path.split(":"))
    plain = catalog.load(catalog.CLOAKS, next(names))()
    assert with_settings(plain, method["objective"]) == cloak.objective
    assert with_settings(DescentCloak(plain, ()), {"descent": method["descent"]}).descent == cloak.descent


def test_a_picture_to_pull_towards_is_named_and_not_kept(clean):
    plain = settings_of(Mist2(motif=Picture(read(clean))))
    assert plain["motif"].keys() == {"kind", "repr"}
    assert with_settings(Mist2(), plain) == Mist2()


@pytest.mark.slow
@pytest.mark.usefixtures("hold_out")
def test_a_trained_attacker_removes_and_tells_with_its_own_errors_stated(clean, noised, registry):
    order = TrialOrder(("trained-remover",), clean, trained=True, schooling=QUICK, seed=2, processes=1)
    document = attempt(noised(1.0), registry, order).document
    assert [outcome["attack"] for outcome in document["attacks"]] == ["trained-remover"] * 2
    detection = document["detection"]
    assert detection["above"] == (detection["score"] > detection["threshold"])
    assert detection["held_out"] == 1 and 0 <= detection["auc"] <= 1
    assert "no false alarm" in detection["sentence"]


@pytest.mark.slow
def test_a_lone_picture_is_called_cloaked_only_above_the_threshold(noised, registry):
    order = TrialOrder(("jpeg",), trained=True, schooling=QUICK, seed=2, processes=1)
    document = attempt(noised(0.0), registry, order).document
    assert document["verdict"] == ("cloaked" if document["detection"]["above"] else "cannot tell")
    assert document["grade"] is None
