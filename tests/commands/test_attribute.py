"""`audit attribute` as people meet it, and its place in a check."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from artaudit.attribution.candidate import candidates
from artaudit.attribution.examiner import Origin
from artaudit.attribution.known_pictures import SIDE as CALIBRATED
from artaudit.attribution.known_pictures import STRANGERS
from artaudit.attribution.opinion import LEAST, SIDE, answer, opinions
from artaudit.attribution.regression import BELONGING
from artaudit.datasets.photographs import photograph
from artaudit.examination import Examiner
from artaudit.generators import pool
from artaudit.generators.opening import open_model
from artaudit.image import decode
from artaudit.tensors import to_array, to_batch
from artaudit.transforms import Blur


def written(path, pixels):
    Pillow.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(path)


def as_image(pixels, kind="PNG", **settings):
    buffer = io.BytesIO()
    Pillow.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(buffer, kind, **settings)
    return decode(buffer.getvalue(), name="a")


@pytest.fixture(scope="module")
def real():
    return decode(photograph("china.jpg"), name="china.jpg").pixels[100:292, 200:456]


def drawn(pixels):
    """Return a picture as studio-sd1 draws it."""
    model = next(open_model(record) for record in pool.embedded() if record.name == "studio-sd1")
    with torch.no_grad():
        return to_array(model.decode(model.encode(to_batch(pixels))))


@pytest.fixture(scope="module")
def redrawn(real):
    return drawn(real)


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("ARTAUDIT_DB", str(tmp_path / "registry.db"))
    monkeypatch.setenv("ARTAUDIT_MODELS", str(tmp_path / "models"))


@pytest.fixture
def audit(run_audit, real, redrawn):
    written("real.png", real)
    written("redrawn.png", redrawn)
    return run_audit


@pytest.mark.slow
def test_the_maker_is_named_and_nobody_claims_a_photograph(audit):
    code, out, _ = audit("attribute", "redrawn.png", "real.png", "--json", "-o", "page.html")
    own, other = json.loads(out)
    assert code == 1
    assert own["holds"] is True and "studio-sd1" in own["claim"] and "studio-diffusion" in own["claim"]
    assert other["holds"] is False and "none of" in other["claim"]
    assert own["score"] >= own["threshold"] > other["score"]
    page = Path("page.html").read_text("utf-8")
    assert page.count("<h2>") == 2 and "<script" not in page and 'src="http' not in page
    code, out, _ = audit("attribute", "real.png")
    assert code == 0 and "none of the" not in out and "real.png: no" in out
    assert audit("attribute", "real.png", "-o", "page.html")[0] == 2


@pytest.mark.slow
def test_a_check_names_the_maker_too(audit):
    code, out, _ = audit("check", "redrawn.png", "--json")
    (found,) = [finding for finding in json.loads(out)[0]["findings"] if finding["examiner"] == "attribution"]
    assert code == 1 and found["holds"] is True
    assert found["false_alarms"]["trials"] > 100 and found["details"]["weight"]


@pytest.mark.slow
def test_a_model_is_enrolled_with_a_folder_and_the_result_is_used(audit):
    rng = np.random.default_rng(0)
    Path("mine").mkdir()
    china, flower = (decode(photograph(name), name=name).pixels for name in ("china.jpg", "flower.jpg"))
    for number in range(12):
        whole = (china, flower)[number % 2]
        top, left = (int(rng.integers(side - CALIBRATED)) for side in whole.shape[:2])
        written(f"mine/{number}.png", whole[top : top + CALIBRATED, left : left + CALIBRATED])
    code, out, _ = audit("attribute", "enrol", "studio-sd1", "mine", "--method", "octaves", "--json")
    learned = json.loads(out)
    assert code == 0 and learned["method"] == "octaves" and learned["twins"] == ["studio-diffusion"]
    assert learned["family"] == "SD 1.x"
    for stratum in learned["strata"]:
        assert set(stratum["aucs"]) == {*STRANGERS, "drawn by studio-flux2"}
    (used,) = [candidate.calibration for candidate in candidates() if candidate.record.name == "studio-sd1"]
    assert used.method == "octaves" and used.first.passed[BELONGING][1] == 3 * 12 and used.small
    code, out, _ = audit("attribute", "redrawn.png", "--model", "studio-sd1")
    assert "too few to know the error" in out or code == 0
    code, out, _ = audit("attribute", "enrol", "studio-sd1", "mine/1.png")
    assert code == 2
    code, out, _ = audit("attribute", "candidates", "--json")
    assert {row["name"] for row in json.loads(out)} == {"studio-flux2", "studio-sd1"}


def test_a_calibration_counts_only_for_the_weights_it_was_made_with(tmp_path):
    (known,) = candidates(("studio-sd1",))
    folder = tmp_path / "models" / ".calibrations"
    folder.mkdir(parents=True)
    text = known.calibration.as_json().replace(known.record.digest, "0" * 64).replace('"inversion"', '"phase"')
    (folder / "studio-sd1.json").write_text(text)
    assert candidates(("studio-sd1",))[0].calibration.method == "inversion"


def test_a_calibration_of_other_numbers_than_the_method_gives_today_does_not_count(tmp_path):
    (known,) = candidates(("studio-sd1",))
    folder = tmp_path / "models" / ".calibrations"
    folder.mkdir(parents=True)
    plain = json.loads(known.calibration.as_json())
    for change in ({"method": "aeroblade"}, {"method": "no such"}, {"names": ["another"] * len(plain["names"])}):
        (folder / "studio-sd1.json").write_text(json.dumps(plain | change))
        assert candidates(("studio-sd1",))[0].calibration == known.calibration


def test_who_cannot_be_told_apart_says_so_and_is_not_asked(tmp_path, redrawn):
    (known,) = candidates(("studio-sd1",))
    folder = tmp_path / "models" / ".calibrations"
    folder.mkdir(parents=True)
    plain = json.loads(known.calibration.as_json())
    strata = [stratum | {"aucs": {"real pictures": 0.7}} for stratum in plain["strata"]]
    (folder / "studio-sd1.json").write_text(json.dumps(plain | {"strata": strata}))
    asked = candidates(("studio-sd1",))
    assert "not separable here: AUC 0.70" in asked[0].obstacle
    (found,) = Origin(asked).examine(as_image(redrawn))
    assert found.holds is None and found.details["left_out"].keys() == {"studio-sd1"}


@pytest.mark.parametrize("name", ["calibrate", "enroll"])
def test_other_names_of_enrolment_are_answered_with_its_name(run_audit, name):
    code, out, err = run_audit("attribute", name, "studio-sd1", "mine")
    assert (code, out) == (2, "")
    assert err == f"Error: There is no `audit attribute {name}`: use `audit attribute enrol`.\n"


def test_a_calibration_is_asked_for_by_the_detectors_name_alone(run_audit):
    code, _, err = run_audit("calibrate")
    assert code == 2
    assert err.endswith("There is no `audit calibrate`: use `audit detector calibrate`.\n")


def test_an_unknown_model_is_refused(audit):
    assert audit("attribute", "real.png", "--model", "nobody")[0] == 2


@pytest.mark.parametrize("top", [0, 3])
@pytest.mark.parametrize("left", [0, 5])
def test_a_crop_off_the_grid_is_put_back_on_it(redrawn, top, left):
    said = opinions(as_image(redrawn[top:, left:]), candidates(("studio-sd1",)))
    assert ((said[0].place.top + top) % 8, (said[0].place.left + left) % 8) == (0, 0)
    assert said[0].belongs


def test_a_jpeg_of_a_drawn_picture_still_belongs(redrawn):
    said = opinions(as_image(redrawn, "JPEG", quality=90), candidates(("studio-sd1",)))
    assert answer(said)[0].startswith("the decoder of studio-sd1")


@pytest.mark.slow
def test_smooth_and_colourless_pictures_belong_to_nobody(real):
    flat = np.full((128, 128, 3), 0.6, np.float32)
    slope = np.repeat(np.repeat(np.linspace(0, 1, 128, dtype=np.float32)[:, None, None], 128, 1), 3, 2)
    blurred = to_array(Blur(2.0)(to_batch(real), 0))
    grey = np.repeat(real.mean(2, keepdims=True), 3, 2)
    for pixels in (flat, slope, blurred, grey):
        assert answer(opinions(as_image(pixels), candidates())) == ()


@pytest.mark.slow
def test_a_resize_is_found_and_undone():
    whole = drawn(decode(photograph("china.jpg"), name="china.jpg").pixels[100:356, 150:534])
    small = np.asarray(Pillow.fromarray(np.rint(whole * 255).astype(np.uint8)).resize((288, 192), 3)) / 255
    as_it_lies, searched = (
        opinions(as_image(small), candidates(("studio-sd1",)), search=search)[0] for search in (False, True)
    )
    assert searched.place.scale == pytest.approx(0.75)
    assert searched.belongs and not as_it_lies.belongs


def test_tiny_pictures_get_no_answer_and_of_large_ones_a_part_is_seen(redrawn):
    tiny = Origin().examine(as_image(redrawn[: LEAST - 1]))[0]
    assert tiny.holds is None and "below" in tiny.claim
    large = np.tile(redrawn, (4, 4, 1))
    assert max(opinions(as_image(large), candidates(("studio-sd1",)))[0].seen.shape[-2:]) <= SIDE


def test_the_examiner_keeps_to_the_protocol():
    assert isinstance(Origin(), Examiner)


def test_a_candidate_with_few_known_pictures_says_so_and_stays_out_of_evidence(audit, tmp_path, redrawn):
    (known,) = candidates(("studio-sd1",))
    folder = tmp_path / "models" / ".calibrations"
    folder.mkdir(parents=True)
    plain = json.loads(known.calibration.as_json())
    few = {"passed": {BELONGING: [9, 10], "real pictures": [0, 12]}, "cap": 1.0414}
    strata = [stratum | few for stratum in plain["strata"]]
    (folder / "studio-sd1.json").write_text(json.dumps(plain | {"strata": strata}))
    code, out, _ = audit("attribute", "redrawn.png", "--model", "studio-sd1")
    assert code == 1 and "only 10 different pictures and 12 by others" in out
    (found,) = Origin(candidates(("studio-sd1",))).examine(as_image(redrawn))
    assert found.holds is None and "too few pictures" in found.details["left_out"]["studio-sd1"]
