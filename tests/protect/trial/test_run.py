"""Trials of pictures whose truth is known: nothing, noise, a real cloak, a picture without an original."""

import json
import re
from pathlib import Path

import pytest
from PIL import Image as Pillow

from artaudit.auditor.protect import cloak
from artaudit.auditor.register import register
from artaudit.auditor.registry import Registry
from artaudit.auditor.trial import attempt
from artaudit.errors import ImageError, UsageError
from artaudit.image.sources import Source
from artaudit.protect import job
from artaudit.protect.trial.page import card, summary
from artaudit.protect.trial.run import Trial, TrialOrder


def tried(path: Path, registry: Registry, *attacks: str, original: Path | None = None) -> Trial:
    return attempt(path, registry, TrialOrder(attacks or ("jpeg",), original, seed=1, processes=1))


def cloaked(path: Path, registry: Registry) -> Path:
    goal = job.targets(Source(path, Path(path.name)), None)
    order_job = job.prepare(job.CloakOrder(models=("studio-sd1", "studio-flux2"), steps=40, seed=1))
    cloak(Source(path, Path(path.name)), goal, order_job, registry)
    return goal.picture


@pytest.mark.usefixtures("hold_out")
@pytest.mark.parametrize("sigma", [0.0, 1.0, 2.0, 4.0])
def test_a_cloak_that_is_nothing_but_noise_of_any_grain_gets_f(sigma, clean, noised, registry):
    document = tried(noised(sigma), registry, original=clean).document
    assert (document["verdict"], document["grade"]) == ("cloaked", "F")
    assert document["effect"]["gain"] <= 1.2
    assert {reading["judge"] for reading in document["effect"]["readings"]} >= {"judge", "studio-flux2"}


def test_an_untouched_picture_is_not_cloaked(clean, registry, house):
    Pillow.open(clean).save(house / "again.tiff")
    for path in (clean, house / "again.tiff"):
        document = tried(path, registry, original=clean).document
        assert (document["verdict"], document["grade"]) == ("not cloaked", None)


def test_a_registered_original_is_not_cloaked_and_needs_no_option(clean, registry):
    register(clean, registry)
    document = tried(clean, registry).document
    assert document["verdict"] == "not cloaked" and "work 1" in document["because"][0]


def test_a_lone_picture_cannot_be_told(noised, registry):
    trial = tried(noised(0.0), registry)
    assert (trial.document["verdict"], trial.document["grade"]) == ("cannot tell", None)
    assert "--original" in summary(trial.document)
    assert b"cannot tell" in card([trial])


@pytest.mark.slow
@pytest.mark.usefixtures("hold_out")
def test_a_real_cloak_finds_its_original_and_beats_noise_until_attacks_are_left_out(clean, registry):
    path = cloaked(clean, registry)
    document = tried(path, registry, "jpeg", "blur").document
    assert document["original"]["source"] == "work 1 of the registry"
    assert document["effect"]["gain"] > 1.2
    assert document["grade"] == "D"
    assert any("left out" in reason or "jpeg" in reason for reason in document["because"])
    gains = {attack["attack"]: attack["gain"] for attack in document["attacks"]}
    assert document["worst"]["any"]["gain"] == pytest.approx(
        min(gain["gain"] for gain in document["attacks"]), abs=1e-3
    )
    assert set(gains) == {"jpeg", "blur"}
    assert {skipped["attack"] for skipped in document["skipped"]} >= {"resize", "trained-remover", "diffpure"}
    assert all(skipped["why"] for skipped in document["skipped"])
    assert document["visibility"]["psnr_db"] > 20 and document["visibility"]["ssimulacra2"] < 100
    assert [use["use"] for use in document["uses"]] == ["fine-tuning", "style reference", "image-to-image"]
    assert document["uses"][0]["word"] == "not protected" and document["uses"][1]["word"] == "not measured"
    assert all(reading["gain_at_equal_psnr"] > 0 for reading in document["effect"]["readings"])
    assert len(document["redrawing"]) == 2
    json.dumps(document, allow_nan=False)
    brief = summary(document, details=False).splitlines()
    assert brief[0].endswith("grade D") and "  against training on it: not protected" in brief
    assert len(brief) == 5 and brief[-1].startswith("  shows now: ") and not re.search(r"\d", "".join(brief[1:]))
    assert "SSIMULACRA2" in summary(document)


@pytest.mark.slow
def test_an_original_that_was_moved_away_must_be_named(clean, registry):
    path = cloaked(clean, registry)
    moved = clean.rename(clean.with_name("elsewhere.png"))
    with pytest.raises(ImageError, match="--original"):
        tried(path, registry)
    assert tried(path, registry, original=moved).document["verdict"] == "cloaked"


def test_an_original_of_another_size_is_refused(clean, noised, registry, house):
    Pillow.open(clean).resize((96, 96)).save(house / "small.png")
    with pytest.raises(ImageError, match="same size"):
        tried(noised(0.0), registry, original=house / "small.png")


def test_an_attack_that_is_not_in_the_catalog_is_refused():
    with pytest.raises(UsageError, match="magic"):
        TrialOrder(attacks=("magic",))


@pytest.mark.slow
@pytest.mark.usefixtures("hold_out")
def test_the_card_asks_for_nothing_from_outside_and_repeats_itself(clean, noised, registry):
    trial = tried(noised(1.0), registry, "jpeg", "noise", original=clean)
    page = card([trial]).decode()
    assert not re.search(r"(src|href)=\"(?!data:)", page) and "<script" not in page
    assert "grade F" in page and "trained-remover" in page and "(hold-out)" in page
    assert page.index(trial.document["because"][0]) < page.index("Against training on it") < page.index("<table>")
    assert page.count("not protected") >= 1 and trial.document["eye"] in page
    again = tried(noised(1.0), registry, "jpeg", "noise", original=clean)
    assert trial.document["attacks"] == again.document["attacks"]
    assert re.sub(r"2\d{3}-\d\d-\d\dT[\d:+]+", "", page) == re.sub(
        r"2\d{3}-\d\d-\d\dT[\d:+]+", "", card([again]).decode()
    )


@pytest.mark.slow
@pytest.mark.usefixtures("hold_out")
def test_how_long_it_takes_is_told_before_any_attack_is_carried_out(clean, noised, registry):
    calls = []
    order = TrialOrder(("jpeg",), clean, seed=1, processes=1)
    attempt(
        noised(0.0),
        registry,
        order,
        progress=lambda done, total: calls.append((done, total)),
        foretell=calls.append,
    )
    assert calls[0] > 0 and len(calls) > 1 and isinstance(calls[1], tuple)


@pytest.mark.slow
def test_with_the_tower_the_card_says_what_it_sees_of_a_reference(clean, noised, registry, monkeypatch):
    monkeypatch.delenv("ARTAUDIT_BACKBONE")
    trial = tried(noised(1.0), registry, original=clean)
    use = trial.document["uses"][1]
    assert use["word"] == "not protected" and "clip-vit-b16" in use["sentence"]
    assert "JPEG 75" in card([trial]).decode()


@pytest.mark.slow
@pytest.mark.usefixtures("hold_out")
def test_attacks_in_processes_of_their_own_measure_the_same(clean, noised, registry):
    alone = tried(noised(1.0), registry, "jpeg", "noise", original=clean).document
    order = TrialOrder(("jpeg", "noise"), clean, seed=1, processes=2)
    assert attempt(noised(1.0), registry, order).document["attacks"] == alone["attacks"]
