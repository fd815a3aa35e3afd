"""Detectors are trained, calibrated, measured and exported by commands; a stopped run ends in the same numbers."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from defusedxml import ElementTree
from PIL import Image as Pillow
from sklearn.base import clone

from artaudit.cli import audit
from artaudit.datasets import manifest
from artaudit.detect import calibrating, evaluation, feature_table, performance, storage, training
from artaudit.detect.calibration import Calibration
from artaudit.detect.loading import open_detector, shipped
from artaudit.errors import UsageError

pytestmark = pytest.mark.slow  # each needs the detector that the first one trains
KEPT = {"README.md", storage.SETTINGS, storage.TENSORS}


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    """Draw few samples for intervals: how well they cover is tested elsewhere."""
    monkeypatch.setattr(performance, "RESAMPLES", 10)


@pytest.fixture(scope="module")
def data(drawings):
    """Return the folder of the drawings with a configuration beside their manifest."""
    (drawings / "config.yaml").write_text("data: manifest.csv\ndraws: 1\nsettings: {crops: 2}\n")
    return drawings


def run(*arguments):
    return CliRunner().invoke(audit, [str(word) for word in arguments], standalone_mode=False)


@pytest.fixture(scope="module")
def model(data, tmp_path_factory):
    target = tmp_path_factory.mktemp("models") / "toy"
    result = run("detector", "train", data / "config.yaml", "-o", target, "--json")
    assert result.exception is None, result.exception
    assert json.loads(result.stdout)["pictures"] == 64
    return target


def test_a_model_is_a_folder_without_pickle_and_with_a_card(model):
    assert {path.name for path in model.iterdir()} == KEPT
    assert "# Model card: residual" in (model / "README.md").read_text()


def test_a_model_is_measured_with_intervals(model, data):
    result = run("detector", "evaluate", model, data / "manifest.csv", "--edit", "as it is", "--json")
    found = json.loads(result.stdout)
    auc = found["curve"]["as it is"]["AUC"]
    assert auc["value"] > 0.8
    assert auc["low"] <= auc["value"] <= auc["high"]
    assert found["false_alarms"]["drawn"]["as it is"]["pictures"] == 12
    assert set(found["generators"]["as it is"]) == {"toy"}


def test_data_of_one_kind_is_refused_before_it_is_read(model, data, tmp_path, monkeypatch):
    def never(*_words, **_named):
        raise AssertionError("a picture was read")

    monkeypatch.setattr(evaluation, "read_features", never)
    monkeypatch.setattr(training, "read_features", never)
    lines = (data / "manifest.csv").read_text().splitlines()
    (data / "real.csv").write_text("\n".join(line for line in lines if ",generated," not in line))
    (data / "real.yaml").write_text("data: real.csv\nbiased: true\n")
    told = run("detector", "evaluate", model, data / "real.csv").exception
    assert "has real pictures alone in val" in str(told)
    told = run("detector", "train", data / "real.yaml", "-o", tmp_path / "never").exception
    assert "needs both labels in train" in str(told)


def test_an_evaluation_accounts_for_every_picture(model, data):
    with (data / "manifest.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "val"]
    Pillow.new("RGB", (64, 64)).save(data / "small.png")
    lost = {"path": "small.png", "label": "generated", "generator": "toy", "group": "s", "split": "val"}
    gone = {**lost, "path": "gone.png", "group": "g"}
    with (data / "more.csv").open("w") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows([*rows, lost, gone])
    line = ("detector", "evaluate", model, data / "more.csv", "--edit", "as it is")
    found = json.loads(run(*line, "--json").stdout)
    row, threshold = found["generators"]["as it is"]["toy"], found["detector"]["threshold"]
    made = [row for row in found["pictures"] if row["generator"] == "toy"]
    assert len(found["pictures"]) == 24
    assert (row["n"], row["too_small"], len(made)) == (13, 1, 12)
    assert row["found"]["count"] == sum(told["verdict"] == "found" for told in made)
    assert row["found"]["value"] == row["found"]["count"] / 13
    assert row["abstentions"] == 1 + sum(told["out_of_distribution"] for told in made)
    assert row["n"] == row["found"]["count"] + row["below_threshold"] + row["abstentions"]
    assert all(told["score"] >= threshold for told in made if told["verdict"] == "found")
    assert {left["path"] for left in found["unread"]} == {"small.png", "gone.png"}
    points = found["roc"]["as it is"]
    assert (points[0]["threshold"], points[0]["found"], points[-1]["false_alarms"]) == (None, 0, 1)
    printed = run(*line).stdout
    assert f"{row['found']['count']} of 13; " in printed
    assert row["found"]["count"] == 0
    assert f"yet 0 of 13 found: {row['out_of_distribution']} of 13 are out of distribution" in printed
    assert printed.count("yet 0 of 13") == 1


def test_generators_are_crossed_and_figures_drawn(model, data, tmp_path):
    lines = (data / "manifest.csv").read_text().splitlines()
    named = [line.replace(",toy,", f",toy {number // 2 % 2},") for number, line in enumerate(lines)]
    (data / "two.csv").write_text("\n".join(named))
    edits = ("--edit", "as it is", "--edit", "JPEG 96")
    line = ("detector", "evaluate", model, data / "two.csv", *edits, "--learn", "train", "-o", tmp_path / "out")
    result = run(*line, "--json")
    assert result.exception is None, result.exception
    found = json.loads(result.stdout)
    assert json.loads((tmp_path / "out" / "evaluation.json").read_text()) == found
    assert set(found["left_out"]) == set(found["trained_on_one"]["toy 0"]) == {"toy 0", "toy 1"}
    assert all(0.6 < value["value"] <= 1 for value in found["left_out"].values())
    for name in ("ranking", "robustness", "scores", "generators"):
        figure = ElementTree.parse(tmp_path / "out" / f"{name}.svg").getroot()
        assert len(list(figure.iter("{http://www.w3.org/2000/svg}path"))) > 5
        assert "".join(figure.itertext()).strip()
    assert "toy 1" in (tmp_path / "out" / "generators.svg").read_text()
    with (tmp_path / "out" / "generators.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [(row["edit"], row["generator"], row["n"]) for row in table] == [
        (edit, name, "6") for edit in ("as it is", "JPEG 96") for name in ("toy 0", "toy 1")
    ]
    assert float(table[0]["AUC_low"]) == found["generators"]["as it is"]["toy 0"]["AUC"]["low"]
    latex = (tmp_path / "out" / "false_alarms.tex").read_text()
    assert latex.count("\\\\") == 3
    assert "drawn & JPEG 96 & 12 & " in latex
    assert isinstance(run(*line).exception, UsageError)


def test_calibration_needs_enough_pictures(model, data):
    result = run("detector", "calibrate", model, data / "manifest.csv", "--draws", "1")
    assert isinstance(result.exception, UsageError)
    assert "calibrate on more" in str(result.exception)


def test_calibration_counts_before_it_reads(model, data, monkeypatch):
    def never(*_words, **_named):
        raise AssertionError("a picture was read")

    monkeypatch.setattr(calibrating, "read_features", never)
    result = run("detector", "calibrate", model, data / "manifest.csv")
    assert isinstance(result.exception, UsageError)
    rows = manifest.read_splits(data / "manifest.csv", "val")
    counts = calibrating.count(rows, feature_table.handled(4, 0))
    assert all(f"{name}: {row['real']} real" in str(result.exception) for name, row in counts.items())
    assert sum(row["real"] for row in calibrating.count(rows, feature_table.handled(1, 0)).values()) == 12
    assert calibrating.count(rows, feature_table.handled(1, 0), side=225) == {}


def test_ratios_that_were_learned_are_measured(model, data):
    detector = open_detector(model)
    rows = [row for row in manifest.read(data / "manifest.csv") if row.split == "val"]
    read = feature_table.read_features(detector, rows, data, feature_table.handled(1, 0))
    assert read.calibrated(detector) == {}
    same = replace(read, strata=np.repeat("lossless", len(read.rows)))
    scores, calibrated = detector.score_features(read.features), clone(detector)
    calibrated.__dict__.update(detector.__dict__)
    calibrated.calibration_ = Calibration(5).fit(scores, same.made, strata=same.strata, groups=same.groups)
    found = {name: value["value"] for name, value in same.calibrated(calibrated).items()}
    assert set(found) == {"Cllr", "ECE", "Brier", "balanced accuracy"}
    assert found["Cllr"] < 1
    assert found["balanced accuracy"] > 0.5


def test_pictures_are_scored_by_a_detector_that_was_never_calibrated(model, data):
    result = run("detector", "score", model, data / "1.png", data / "0.png", "--json")
    made, real = json.loads(result.stdout)
    levels = np.asarray(Pillow.open(data / "1.png").convert("RGB"), dtype=np.float32) / 255
    detector = open_detector(model)
    assert made["score"] == pytest.approx(detector.score_samples([levels])[0], abs=1e-6)
    assert made["score"] > real["score"]
    assert made["threshold"] == detector.threshold_
    assert made["log10_likelihood_ratio"] is made["p_value"] is None
    assert made["stratum"] == "lossless"
    assert made["verdict"] == ("cannot tell" if made["out_of_distribution"] else "found")
    assert len(made["crops"]) == 2
    assert {crop["side"] for crop in made["crops"]} == {128}
    assert max(crop["top"] for crop in made["crops"]) <= 224 - 128


def test_scores_come_as_a_table_too_and_one_broken_picture_stops_nothing(model, data, tmp_path):
    Pillow.new("RGB", (64, 64)).save(tmp_path / "small.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    line = ("detector", "score", model, tmp_path / "small.png", tmp_path / "broken.png", data / "3.png")
    result = run(*line, "--csv")
    small, other = csv.DictReader(result.stdout.splitlines())
    assert result.return_value == 3
    assert "broken.png" in result.stderr
    assert (small["score"], small["verdict"], small["reason"]) == ("", "cannot tell", "too small for one crop")
    assert float(other["score"]) == json.loads(run(*line[:3], data / "3.png", "--json").stdout)[0]["score"]
    assert "no score" in run(*line[:4]).stdout
    assert isinstance(run(*line, "--csv", "--json").exception, UsageError)


def test_the_detector_that_comes_with_artaudit_has_a_name(data):
    (found,) = json.loads(run("detector", "score", "shipped", data / "1.png", "--json").stdout)
    assert found["threshold"] == open_detector(shipped()).threshold_


@pytest.fixture(scope="module")
def calibrated(model, data, tmp_path_factory):
    """Return the folder of the model with a calibration that fewer pictures suffice for."""
    folder = tmp_path_factory.mktemp("calibrated") / "toy"
    detector = clone(open_detector(model))
    detector.__dict__.update(open_detector(model).__dict__)
    rows = [row for row in manifest.read(data / "manifest.csv") if row.split == "val"]
    read = feature_table.read_features(detector, rows, data, feature_table.handled(1, 0))
    strata = np.repeat("lossless", len(read.rows))
    scores = detector.score_features(read.features)
    detector.calibration_ = Calibration(5).fit(scores, read.made, strata=strata, groups=read.groups)
    storage.write(detector, folder, kind="residual", about={})
    return folder


def test_a_check_asks_the_detector_that_is_named(calibrated, model, data, run_audit):
    told = run_audit.json("check", data / "1.png", "--detector", calibrated)
    (finding,) = [finding for finding in told[0]["findings"] if finding["examiner"] == "detector"]
    digest = storage.digest(calibrated)
    assert finding["details"]["other_detector"] == digest
    assert digest[:16] in finding["method"]
    assert finding["threshold"] == pytest.approx(open_detector(calibrated).threshold_, abs=1e-3)
    code, out, err = run_audit("check", data / "1.png", data / "3.png", "--detector", model)
    assert (code, out) == (3, "")
    assert err.count("audit detector calibrate") == 1


def test_a_command_of_a_group_is_named_where_it_is_asked_for_without(run_audit):
    code, _, err = run_audit("train", "config.yaml")
    assert code == 2
    assert "use `audit detector train`" in err


def test_an_export_names_its_digests_and_overwrites_nothing(model, tmp_path):
    assert run("detector", "export", model, tmp_path / "out").exception is None
    assert len((tmp_path / "out" / "SHA256SUMS").read_text().splitlines()) == 3
    assert isinstance(run("detector", "export", model, tmp_path / "out").exception, UsageError)


def test_a_run_that_was_stopped_goes_on_and_ends_in_the_same_numbers(model, data, tmp_path):
    def stop(done, _total):
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training.train(data / "config.yaml", tmp_path / "again", stop)
    kept = list((tmp_path / "again" / training.KEPT).rglob("*.json"))
    assert len(kept) == 20
    training.train(data / "config.yaml", tmp_path / "again")
    assert (tmp_path / "again" / storage.TENSORS).read_bytes() == (model / storage.TENSORS).read_bytes()


def test_a_network_is_trained_by_the_command_and_keeps_its_log(data, tmp_path):
    settings = "{steps: 4, batch: 2, side: 64, width: 4, crops: 1, patience: 1}"
    (data / "network.yaml").write_text(f"data: manifest.csv\ndetector: cnn\ndraws: 1\nsettings: {settings}\n")
    result = run("detector", "train", data / "network.yaml", "-o", tmp_path / "cnn")
    assert result.exception is None, result.exception
    assert {path.name for path in (tmp_path / "cnn").iterdir()} == {*KEPT, "log.jsonl"}
    rows = [json.loads(line) for line in (tmp_path / "cnn" / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [0, 1, 2, 3]
    assert [row["step"] for row in rows if "held out" in row] == [3]
    refused = run("detector", "evaluate", tmp_path / "cnn", data / "manifest.csv", "--learn", "train")
    assert "has seen all generators" in str(refused.exception)


def test_data_whose_files_give_the_labels_away_is_refused(data, tmp_path):
    text = (data / "manifest.csv").read_text()
    jpeg = [line.replace(",PNG,", ",JPEG,") if ",real," in line else line for line in text.splitlines()]
    (data / "biased.csv").write_text("\n".join(jpeg))
    (data / "biased.yaml").write_text("data: biased.csv\n")
    result = run("detector", "train", data / "biased.yaml", "-o", tmp_path / "never")
    assert isinstance(result.exception, UsageError)
    assert "gives labels away by" in str(result.exception)


def test_unknown_edits_are_named(model, data):
    assert "JPEG 75" in str(run("detector", "evaluate", model, data / "manifest.csv", "--edit", "sepia").exception)
