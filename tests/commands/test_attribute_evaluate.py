"""`audit attribute evaluate` as researchers meet it."""

import csv
import json

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from artaudit.attribution.evaluation import summary
from artaudit.attribution.figures import NONE, Share
from artaudit.datasets.photographs import photograph
from artaudit.generators import pool
from artaudit.generators.opening import open_model
from artaudit.image import decode
from artaudit.tensors import to_array, to_batch


@pytest.fixture
def data(tmp_path):
    """Write two real crops, and one that studio-sd1 drew, with their manifest."""
    model = next(open_model(record) for record in pool.embedded() if record.name == "studio-sd1")
    pixels = decode(photograph("china.jpg"), name="china.jpg").pixels
    crops = {f"{left}.png": pixels[230:358, left : left + 128] for left in (120, 300)}
    with torch.no_grad():
        crops["drawn.png"] = to_array(model.decode(model.encode(to_batch(pixels[230:358, 200:328]))))
    for name, crop in crops.items():
        Pillow.fromarray(np.rint(crop * 255).astype(np.uint8)).save(tmp_path / name)
    path = tmp_path / "manifest.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("path", "label", "generator", "split"))
        for name in crops:
            drawn = name == "drawn.png"
            rows.writerow((name, "generated" if drawn else "real", "studio-sd1" if drawn else "", "val"))
    return path


@pytest.mark.slow
def test_makers_are_named(data, run_audit):
    words = ("studio-sd1", str(data), "--edit", "as it is")
    code, out, _ = run_audit("attribute", "evaluate", *words, "--json")
    found = json.loads(out)
    assert code == 0 and found["pictures"]["studio-sd1"] == 3 and found["pictures"]["real pictures"] == 2
    told = found["curve"]["as it is"]
    assert told["candidates"]["studio-sd1"]["auc_by_set"]["real pictures"] == 1
    assert told["confusion"]["studio-sd1"]["studio-sd1"] >= 2
    assert told["confusion"]["real pictures"] == {NONE: 2}
    assert found["candidates"]["studio-sd1"]["digest"]
    accuracy = told["closed_set_accuracy"]
    assert accuracy["value"] == accuracy["count"] / accuracy["n"]
    assert accuracy["low"] < accuracy["value"] <= accuracy["high"]


def test_what_cannot_be_measured_is_refused(data, run_audit):
    words = str(data)
    assert run_audit("attribute", "evaluate", "studio-sd1", *words, "--edit", "no such edit")[0] == 2
    assert run_audit("attribute", "evaluate", "studio-sd1", *words, "--split", "nowhere")[0] == 2
    assert run_audit("attribute", "evaluate", "nobody", *words)[0] == 2


def test_a_summary_counts_by_hand():
    scores = {
        "a": {"a": np.array([2.0, 0.5]), "b": np.array([-1.0, -1.0]), "real": np.array([1.5, -2.0])},
        "b": {"a": np.array([-1.0, 0.0]), "b": np.array([3.0, 1.0]), "real": np.array([-2.0, -2.0])},
    }
    told = summary(scores, {"a": 1.0, "b": 1.0})
    assert told["confusion"] == {"a": {"a": 1, NONE: 1}, "b": {"b": 2}, "real": {"a": 1, NONE: 1}}
    assert told["closed_set_accuracy"] == Share(4, 4)
    assert told["named_though_strangers"]["real"] == Share(1, 2)
    assert told["candidates"]["a"]["auc_by_set"] == {"b": 1.0, "real": 0.75}
    assert told["open_set_auc"] == 0.75
