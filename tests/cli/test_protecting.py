"""`audit protect` as artists meet it: folders, plans, previews, masks, marks, qualities, going on after a stop."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import c2pa
import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.auditor import keys
from artaudit.datasets.drawings import draw
from artaudit.image import decode, forbids_training, read


class Audit:
    """Runs `audit protect` in a home with three pictures."""

    def __init__(self, home: Path, run: Callable[..., Any]) -> None:
        self.home, self.run = home, run

    def __call__(self, *words: object) -> Any:
        return self.run("protect", *words)

    def json(self, *words: object) -> list[dict]:
        return json.loads(self(*words, "--steps", "3", "--seed", "1", "--json").stdout)


@pytest.fixture
def audit(home: Path, run_audit: Callable[..., Any]) -> Audit:
    for number, name in enumerate(("one.png", "sub/two.jpg", "sub/three.webp")):
        path = home / "art" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draw(np.random.default_rng(number)).resize((112, 96)).save(path, quality=90)
    return Audit(home, run_audit)


def change(audit: Audit, paper: dict) -> np.ndarray:
    before, after = (np.rint(read(audit.home / paper[key]).samples * 255).astype(int) for key in ("path", "result"))
    return np.abs(after - before)


def test_a_folder_keeps_its_shape_and_only_what_is_missing_is_made_again(audit):
    assert len(audit.json("art", "-o", "out")) == 3
    made = sorted(str(path.relative_to(audit.home / "out")) for path in (audit.home / "out").rglob("*.*g"))
    assert made == ["one.png", "sub/two.jpg"]
    again = audit("art", "-o", "out")
    assert again.returncode == 2 and "nothing is overwritten" in again.stderr
    (audit.home / "out" / "sub" / "two.jpg").unlink()
    (audit.home / "out" / "sub" / "two.receipt.json").unlink()
    assert [Path(paper["path"]).name for paper in audit.json("art", "-o", "out", "--resume")] == ["two.jpg"]
    assert audit.json("art", "-o", "out", "--resume") == []


def test_a_result_that_was_changed_since_is_not_taken_for_done(audit):
    audit.json("art/one.png", "-o", "out")
    (audit.home / "out" / "one.png").write_bytes((audit.home / "art" / "one.png").read_bytes())
    assert "nothing is overwritten" in audit("art/one.png", "-o", "out", "--resume").stderr


def test_a_dry_run_tells_what_would_be_and_writes_nothing(audit):
    plans = audit.json("art", "-o", "out", "--dry-run")
    assert [Path(plan["result"]).name for plan in plans] == ["one.png", "three.webp", "two.jpg"]
    assert all(plan["seconds"] > 0 and plan["steps"] == 3 for plan in plans)
    assert not (audit.home / "out").exists()
    assert "nothing was written" in audit("art", "--dry-run").stdout


def test_black_of_a_mask_stays_as_it_was(audit):
    mask = np.zeros((96, 112), np.uint8)
    mask[:, :56] = 255
    Pillow.fromarray(mask).save(audit.home / "mask.png")
    [paper] = audit.json("art/one.png", "--mask", "mask.png")
    moved = change(audit, paper)
    assert moved[:, :54].any() and not moved[:, 58:].any()


def test_luma_alone_moves_the_colours_together(audit):
    array = np.full((96, 112, 3), 120, np.uint8)
    Pillow.fromarray(array).save(audit.home / "flat.png")
    [paper] = audit.json("flat.png", "--luma")
    after = np.rint(read(audit.home / paper["result"]).samples * 255).astype(int)
    assert np.ptp(after, axis=2).max() == 0 and (after != 120).any()


def test_the_mark_and_the_preview_come_on_request(audit):
    [paper] = audit.json("art/one.png", "--no-train", "--preview")
    result = decode((audit.home / paper["result"]).read_bytes(), name="one")
    assert forbids_training(result)
    assert decode((audit.home / "art" / "one-preview.png").read_bytes(), name="preview").width > 300


def test_the_mark_is_signed_where_there_are_keys_and_only_written_where_they_stay_locked(audit, monkeypatch):
    keys.create(audit.home / "keys", "Ada Lovelace", "correct horse battery")
    monkeypatch.setenv("ARTAUDIT_PASSPHRASE", "correct horse battery")
    [paper] = audit.json("art/sub/two.jpg", "--no-train", "-o", "signed")
    result = read(audit.home / paper["result"])
    with c2pa.Reader("image/jpeg", io.BytesIO(result.data)) as reader:
        said = json.dumps(json.loads(reader.json()))
    assert "cawg.training-mining" in said and forbids_training(result)
    assert paper["output"]["sha256"] == result.sha256 and change(audit, paper).any()
    monkeypatch.delenv("ARTAUDIT_PASSPHRASE")
    answer = audit("art/sub/two.jpg", "--no-train", "-o", "unsigned", "--steps", "2", "--seed", "1")
    assert answer.returncode == 0 and "written but not signed" in answer.stderr
    assert forbids_training(read(audit.home / "unsigned" / "two.jpg"))


def test_a_lower_quality_makes_a_smaller_file_and_the_receipt_tells_the_whole_change(audit):
    [best] = audit.json("art/sub/two.jpg", "-o", "best")
    [small] = audit.json("art/sub/two.jpg", "-o", "small", "--quality", "80")
    assert small["file_growth"] < best["file_growth"]
    stated = small["visibility"]["linf"] * 255
    assert abs(stated - change(audit, small).max()) < 0.01


def test_a_preset_brings_its_own_budget(audit):
    [paper] = audit.json("art/one.png", "--preset", "pid")
    assert paper["budget"]["levels_of_255"] == 12
    assert "Push" in paper["method"]


def test_a_preset_pulls_to_the_target_that_is_named(audit):
    [own] = audit.json("art/one.png", "--preset", "photoguard", "-o", "own")
    [other] = audit.json("art/one.png", "--preset", "photoguard", "--target", "art/sub/two.jpg", "-o", "other")
    assert own["method"] != other["method"]
    assert (change(audit, own) != change(audit, other)).any()


@pytest.mark.slow
@pytest.mark.parametrize("words", [("--method", "advdm"), ("--preset", "mist-v2", "--spare-memory")])
def test_methods_that_need_a_denoiser_find_the_embedded_one(audit, words):
    [paper] = audit.json("art/one.png", *words)
    assert [model["name"].split("@")[0] for model in paper["models"]] == ["studio-diffusion"]
    assert change(audit, paper).any()


@pytest.mark.parametrize(
    "words",
    [
        ("art/one.png", "--target", "art/sub/two.jpg"),
        ("art/one.png", "--concept", "cat"),
        ("art/one.png", "--preset", "pid", "--target", "art/sub/two.jpg"),
        ("art/one.png", "--preset", "pid", "--method", "push"),
        ("art/one.png", "--preset", "pid", "--strength", "low"),
        ("art/one.png", "--model", "studio-flux2=much"),
        ("art/one.png", "--model", "auto=2"),
        ("art/one.png", "--mask", "absent.png"),
        ("empty",),
    ],
)
def test_what_makes_no_sense_is_one_sentence(audit, words):
    (audit.home / "empty").mkdir()
    answer = audit(*words)
    assert answer.returncode in (2, 3)
    assert answer.stderr.count("Error:") == 1 and "Traceback" not in answer.stderr


def test_models_are_weighed_by_name(audit):
    [paper] = audit.json("art/one.png", "--model", "studio-flux2=4", "--model", "studio-sd1")
    assert "weights=(4.0, 1.0)" in paper["method"]
