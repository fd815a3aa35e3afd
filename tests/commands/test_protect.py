"""`audit protect` as artists meet it: folders, plans, previews, masks, marks, qualities, going on after a stop."""

import io
import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import c2pa
import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.auditor.signing import keys
from artaudit.commands import protect
from artaudit.datasets.drawings import draw
from artaudit.distances import whole_and_worst
from artaudit.image import decode, forbids_training, read
from artaudit.protect import checkpoint
from artaudit.protect.preview import where


class Audit:
    """Runs `audit protect` in a home with three pictures."""

    def __init__(self, home: Path, run: Callable[..., Any]) -> None:
        self.home, self.run = home, run

    def __call__(self, *words: object) -> Any:
        return self.run("protect", *words)

    def json(self, *words: object) -> list[dict]:
        return json.loads(self(*words, "--steps", "3", "--seed", "1", "--json").stdout)


@pytest.fixture
def audit(home: Path, run_audit: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Audit:
    monkeypatch.setenv("ARTAUDIT_BACKBONE", "none")
    for number, name in enumerate(("one.png", "sub/two.jpg", "sub/three.webp")):
        path = home / "art" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        draw(np.random.default_rng(number)).resize((112, 96)).save(path, quality=90)
    return Audit(home, run_audit)


def change(audit: Audit, paper: dict) -> np.ndarray:
    before, after = (np.rint(read(audit.home / paper[key]).samples * 255).astype(int) for key in ("path", "result"))
    return np.abs(after - before)


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_the_mark_and_the_comparison_come_on_request(audit):
    [paper] = audit.json("art/one.png", "--no-train", "--comparison")
    result = decode((audit.home / paper["result"]).read_bytes(), name="one")
    assert forbids_training(result)
    assert decode((audit.home / "art" / "one-comparison.png").read_bytes(), name="comparison").width > 300
    assert [Path(plan["path"]).name for plan in audit.json("art", "-o", "out", "--dry-run")] == [
        *("one.png", "three.webp", "two.jpg")
    ]


def test_a_preview_shows_one_window_and_makes_nothing_else(audit):
    [told] = audit.json("art/sub/two.jpg", "--preview")
    assert {path.name for path in (audit.home / "art" / "sub").iterdir()} == {
        "two.jpg",
        "three.webp",
        "two-preview.png",
    }
    assert not (audit.home / "registry.db").exists()
    assert told["window"] == {"left": 0, "top": 0, "width": 112, "height": 96, "of_width": 112, "of_height": 96}
    assert told["steps"] == 3
    assert told["visibility"]["ssimulacra2"] >= 80
    assert {model["model"].split("@")[0] for model in told["effect"]} >= {"studio-flux2-tuned", "studio-sd1-wide"}
    assert all(model["gain_over_visible_noise"] > 0 and len(model["noise_as_visible"]) == 3 for model in told["effect"])
    assert told["style_reference"] is None
    sheet = decode((audit.home / told["preview"]).read_bytes(), name="sheet")
    assert sheet.width > 3 * 2 * 112 and sheet.height > 3 * 96
    spoken = audit("art/sub/two.jpg", "--preview", "--steps", "3").stdout
    assert "as far as noise that shows as much" in spoken and "after 3 of 3 steps" in spoken


def test_a_preview_takes_the_place_of_no_other_file(audit):
    other = audit.home / "art" / "one-preview.png"
    other.write_bytes((audit.home / "art" / "one.png").read_bytes())
    before = other.read_bytes()
    answer = audit("art/one.png", "--preview")
    assert answer.returncode == 2 and "is no preview" in answer.stderr
    assert other.read_bytes() == before


def test_a_preview_keeps_what_a_mask_and_transparency_leave_out(audit):
    alpha = np.full((96, 112), 255, np.uint8)
    alpha[:, 70:] = 0
    with Pillow.open(audit.home / "art" / "one.png") as picture:
        picture.putalpha(Pillow.fromarray(alpha))
        picture.save(audit.home / "alpha.png")
    mask = np.zeros((48, 56), np.uint8)
    mask[:, :20] = 255
    Pillow.fromarray(mask).save(audit.home / "mask.png")
    [told] = audit.json("alpha.png", "--preview", "--mask", "mask.png")
    sheet = np.rint(read(audit.home / told["preview"]).pixels * 255).astype(int)
    gap, line = 12, 20
    column, top = max(2 * 112, 200) + gap, gap + 2 * line
    clean, cloaked = (sheet[top : top + 96, gap + n * column : gap + n * column + 112] for n in (0, 1))
    moved = np.abs(cloaked - clean)
    assert moved[:, :38].any() and not moved[:, 44:].any()


@pytest.mark.slow
def test_the_tower_of_style_references_joins_by_itself_and_the_preview_says_what_it_sees(audit, monkeypatch):
    monkeypatch.delenv("ARTAUDIT_BACKBONE")
    [told] = audit.json("art/one.png", "--preview")
    assert told["style_reference"]["model"].startswith("clip-vit-b16@")
    assert told["style_reference"]["cosine"] < 1 and "style reference" in told["said"][0]
    [paper] = audit.json("art/one.png", "--model", "studio-sd1", "--model", "clip-vit-b16")
    assert [model["name"].split("@")[0] for model in paper["models"]] == ["studio-sd1", "clip-vit-b16"]


def test_where_a_change_shows_is_said_in_words():
    shows = {
        "flat_ground": {"of_what_shows": 0.61, "of_the_window": 0.4},
        "skin": {"of_what_shows": 0.1, "of_the_window": 0.1},
    }
    assert where(shows) == "Look for it on flat ground (61% of what shows, 40% of the window)."
    shows["flat_ground"]["of_what_shows"] = 0.1
    assert where(shows) == "It shows on no flat ground and on no skin."


@pytest.mark.parametrize(("strength", "score"), [("low", 88), ("default", 80), ("high", 70), ("75", 75)])
def test_a_strength_is_a_promise_about_the_saved_file(audit, strength, score):
    [paper] = audit.json("art/sub/two.jpg", "--strength", strength)
    assert paper["budget"]["ssimulacra2"] == score
    before, after = (read(audit.home / paper[key]).pixels for key in ("path", "result"))
    whole, worst = whole_and_worst(before, after)
    assert whole >= score and worst >= score - 8
    assert paper["visibility"]["ssimulacra2"] == pytest.approx(whole, abs=0.01)


def test_the_line_says_what_shows_and_what_it_is_worth_in_words(audit):
    line = audit("art/one.png", "--steps", "3", "--details").stdout
    assert "SSIMULACRA2 8" in line and "not told apart from the original side by side" in line
    assert "x on studio-" in line and "as far as noise that shows as much" in line


class Stop:
    """Sends what Ctrl-C sends, after a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    @contextmanager
    def __call__(self, _label: str) -> Iterator[Callable[[int, int], None]]:
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in the background
        try:
            yield lambda done, _total: signal.raise_signal(signal.SIGINT) if done == self.step else None
        finally:
            signal.signal(signal.SIGINT, handler)


def test_what_was_stopped_goes_on_inside_the_picture(audit, monkeypatch):
    monkeypatch.setattr(checkpoint, "SECONDS", 0.0)
    monkeypatch.setattr(checkpoint, "_SHARE", 0)
    words = ("art/one.png", "-o", "out", "--steps", "6")
    with monkeypatch.context() as patch:
        patch.setattr(protect, "progress_bar", Stop(4))
        stopped = audit(*words)
    partial = audit.home / "out" / ".one.png.partial.safetensors"
    assert stopped.returncode == 130 and "--resume goes on from there" in stopped.stderr
    assert [path.name for path in (audit.home / "out").iterdir()] == [partial.name]
    seed = checkpoint.seed_kept(partial)
    [paper] = json.loads(audit(*words, "--resume", "--json").stdout)
    assert paper["seed"] == seed
    assert not partial.exists()
    [whole] = json.loads(audit("art/one.png", "-o", "whole", "--steps", "6", "--seed", seed, "--json").stdout)
    assert paper["output"]["sha256"] == whole["output"]["sha256"]
    assert audit.json("art/one.png", "-o", "out", "--resume") == []


@pytest.mark.slow
def test_without_resume_a_stopped_picture_is_begun_anew(audit, monkeypatch):
    monkeypatch.setattr(checkpoint, "SECONDS", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(protect, "progress_bar", Stop(2))
        audit("art/one.png", "--steps", "3", "--seed", "9")
    [paper] = audit.json("art/one.png")
    assert paper["seed"] == 1
    assert not list(audit.home.rglob(".*.partial.safetensors"))


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_lower_quality_makes_a_smaller_file_and_the_receipt_tells_the_whole_change(audit):
    [best] = audit.json("art/sub/two.jpg", "-o", "best")
    [small] = audit.json("art/sub/two.jpg", "-o", "small", "--quality", "85")
    assert small["file_growth"] < best["file_growth"]
    stated = small["visibility"]["linf"] * 255
    assert abs(stated - change(audit, small).max()) < 0.01


def test_a_preset_brings_its_own_budget(audit):
    [paper] = audit.json("art/one.png", "--preset", "pid")
    assert paper["budget"]["levels_of_255"] == 12
    assert paper["method"]["name"] == "push"


@pytest.mark.slow
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
        ("art/one.png", "--strength", "strong"),
        ("art/one.png", "--strength", "100"),
        ("art/one.png", "--strength", "nan"),
        ("art/one.png", "--preview", "--dry-run"),
        ("art/one.png", "--preview", "--comparison"),
        ("art/one.png", "--model", "clip-vit-b16"),
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
    assert paper["method"]["weights"] == [4.0, 1.0]


def test_a_time_that_leaves_none_for_steps_still_makes_one(audit):
    [paper] = json.loads(audit("art/one.png", "--time", "1s", "--steps", "500", "--seed", "1", "--json").stdout)
    assert paper["visibility"]["ssimulacra2"] >= 80
