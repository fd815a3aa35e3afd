"""`audit trial` as people meet it."""

import json
from pathlib import Path

import numpy as np
import pytest

from artaudit.datasets.drawings import draw


@pytest.fixture
def audit(run_audit, monkeypatch):
    monkeypatch.setenv("ARTAUDIT_BACKBONE", "none")
    draw(np.random.default_rng(1)).resize((96, 96)).save("one.png")
    return run_audit


@pytest.mark.slow
def test_a_cloak_of_this_tool_is_tried_without_naming_its_original_and_leaves_a_card(audit):
    assert audit("protect", "one.png", "--steps", "3", "--seed", "1")[0] == 0
    words = ("trial", "one-cloaked.png", "one.png", "--attacks", "jpeg", "--processes", "1", "--seed", "1")
    code, out, said = audit(*words, "-o", "card.html", "--json")
    cloaked, clean = json.loads(out)
    assert code == 0 and "one-cloaked.png: about " in said and "one.png: about " not in said
    assert cloaked["grade"] in {"D", "F"} and cloaked["seed"] == 1
    assert (clean["verdict"], clean["grade"]) == ("not cloaked", None)
    assert Path("card.html").read_text("utf-8").count("<article>") == 2
    assert json.loads(audit("case", "list", "--json")[1]) == []
    code, _, said = audit(*words, "-o", "card.html")
    assert code == 2 and "nothing is overwritten" in said


def test_one_original_cannot_stand_for_two_pictures(audit):
    code, _, said = audit("trial", "one.png", "two.png", "--original", "one.png")
    assert code == 2 and said.count("Error:") == 1


def test_a_lone_picture_is_said_in_a_sentence(audit):
    code, out, _ = audit("trial", "one.png")
    assert code == 0 and "cannot tell" in out and "--original" in out


@pytest.mark.slow
def test_originals_of_many_pictures_may_lie_in_a_folder_under_the_same_names(audit):
    Path("before").mkdir()
    Path("after").mkdir()
    draw(np.random.default_rng(2)).resize((96, 96)).save("before/one.png")
    for name in ("one.png", "two.png"):
        draw(np.random.default_rng(3)).resize((96, 96)).save(Path("after") / name)
    words = ("--original", "before", "--attacks", "jpeg", "--processes", "1")
    code, out, said = audit("trial", "after/one.png", "after/two.png", *words)
    assert code == 2 and "grade" in out and "two.png" in said


@pytest.mark.parametrize(
    ("wish", "said"),
    [(("--mimic", "nothing"), "studio-diffusion"), (("--held-out", "nowhere.png"), "nowhere.png")],
)
def test_a_mimic_or_a_held_out_picture_that_is_not_there_is_named_before_anything_is_tried(audit, wish, said):
    draw(np.random.default_rng(3)).resize((96, 96)).save("other.png")
    words = ("trial", "other.png", "--original", "one.png", "--attacks", "jpeg", "--processes", "1")
    code, out, complaint = audit(*words, "--mimicry", *wish)
    assert code == 2 and not out and said in complaint


@pytest.mark.slow
def test_where_mimics_cannot_learn_the_trials_of_a_folder_stand(audit):
    for folder in ("after", "others"):
        Path(folder).mkdir()
    draw(np.random.default_rng(3)).resize((96, 96)).save("after/one.png")
    draw(np.random.default_rng(4)).resize((24, 24)).save("others/tiny.png")
    words = ("trial", "after", "--original", "one.png", "--attacks", "jpeg", "--processes", "1")
    code, out, complaint = audit(*words, "--mimicry", "--held-out", "others", "-o", "card.html")
    assert code == 2 and "at least" in complaint
    assert "grade" in out and "<article>" in Path("card.html").read_text("utf-8")
