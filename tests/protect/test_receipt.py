"""The receipt: what was promised, how visible the change is, and its effect beside noise that is as visible."""

import json

import cv2
import numpy as np

from artaudit.datasets.drawings import draw
from artaudit.generators import pool
from artaudit.generators.opening import open_model
from artaudit.image import decode, encode
from artaudit.protect.effect import PLAIN
from artaudit.protect.receipt import MEASURED_SIDE, middle, receipt, whole
from artaudit.protocols import Budget, Cloaked


def picture(side: int = 96):
    drawn = np.asarray(draw(np.random.default_rng(1)).convert("RGB").resize((side, side)))
    return decode(cv2.imencode(".png", drawn)[1].tobytes(), name="picture.png")


def written(budget: Budget) -> dict:
    image = picture()
    noise = np.random.default_rng(2).integers(-3, 4, image.stored.shape)
    colours = (image.stored.astype(int) + noise).clip(0, 255).astype(np.uint8)
    encoders = [open_model(model) for model in pool.embedded() if model.kind == "studio"][:2]
    cloaked = Cloaked(
        colours, {"name": "noise"}, budget, 5, tuple((encoder.name, encoder.digest) for encoder in encoders)
    )
    saved = decode(encode(image, colours), name="picture.png")
    return receipt(image, saved, cloaked, encoders, "a note")


def test_a_receipt_says_what_was_promised_and_measures_it_beside_noise_as_visible():
    record = written(Budget(ssimulacra2=80.0))
    assert record["schema"] == "artaudit-receipt/3" and record["seed"] == 5
    assert record["budget"] == {"ssimulacra2": 80.0, "linf": None, "levels_of_255": None}
    assert {"ssimulacra2", "ssimulacra2_worst_tile", "flip", "flip_worst_tile"} <= set(record["visibility"])
    assert len(record["effect"]) == 2
    for measured in record["effect"]:
        assert list(measured["noise_as_visible"]) == list(PLAIN)
        assert 0 < measured["gain_over_visible_noise"] < 1.2 and measured["gain_at_equal_psnr"] > 0
    json.dumps(record, allow_nan=False)


def test_a_bound_of_every_sample_is_told_in_levels():
    assert written(Budget(linf=8 / 255))["budget"] == {"ssimulacra2": None, "linf": 8 / 255, "levels_of_255": 8}


def test_effects_are_measured_on_the_middle_in_whole_levels():
    image = picture(600)
    part = middle(image)
    assert part.shape == (MEASURED_SIDE, MEASURED_SIDE, 3) and whole(image).shape == (600, 600, 3)
    assert np.allclose(part * 255, np.rint(part * 255), atol=1e-3)
