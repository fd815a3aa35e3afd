"""A published network is added, fused with the shipped detector, asked by checks as one finding, and removed again."""

import json

import pytest
import torch
from safetensors.torch import save_file

from artaudit.detect import calibrating, fusing, performance
from artaudit.detect.known_networks import expected
from artaudit.detect.loading import open_detector
from artaudit.edits import Chain
from artaudit.generators.clip import VARIABLE

NETWORK = "community-forensics-224"


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Return a file with random weights of the smaller network, in half precision."""
    rng = torch.Generator().manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "model.safetensors"
    shapes = expected(224).items()
    save_file({f"vit.{name}": (0.1 * torch.randn(shape, generator=rng)).half() for name, shape in shapes}, path)
    return path


@pytest.fixture(scope="module")
def manifest(tmp_path_factory, draw_data_set):
    """Return the manifest of 64 drawings of three sources and three generators, none to train on."""
    generators, sources = (tuple(f"{kind} {number}" for number in range(3)) for kind in ("toy", "album"))
    return draw_data_set(tmp_path_factory.mktemp("data"), side=160, generators=generators, sources=sources)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Leave the tower out, draw few samples for intervals, and read every picture as it is: one stratum is enough."""
    monkeypatch.setenv(VARIABLE, "none")
    monkeypatch.setattr(performance, "RESAMPLES", 10)
    monkeypatch.setattr(fusing, "handled", lambda *_: lambda _row: [Chain(())])
    open_detector.cache_clear()
    yield
    open_detector.cache_clear()


def test_a_network_that_is_not_calibrated_says_so(run_audit, weights, manifest):
    row = run_audit.json("detector", "add", weights)
    assert (row["name"], row["network"], row["calibrated"], row["asked"]) == (NETWORK, NETWORK, False, False)
    assert row["about"]["licence"] == "MIT"
    picture = manifest.parent / "1.png"
    for line in (("detector", "score", NETWORK, picture), ("check", picture, "--detector", NETWORK)):
        code, out, err = run_audit(*line)
        assert (code, out) == (3, "")
        assert f"{NETWORK} says nothing before it is calibrated: use `audit detector fuse`" in err
    assert [row["name"] for row in run_audit.json("detector", "list") if row["asked"]] == ["shipped"]
    code, _, err = run_audit("detector", "add", weights)
    assert code == 2
    assert "is there already" in err
    other = run_audit("detector", "add", weights.parent, "--name", "mine")
    assert other.returncode == 0
    assert "mine is installed; it says nothing before `audit detector fuse`" in other.stderr
    assert run_audit.json("detector", "remove", "mine") == {"removed": ["mine"], "asked": "shipped"}


def test_what_cannot_be_added_is_one_sentence_and_leaves_nothing(run_audit, weights, home):
    (home / "empty").mkdir()
    (home / "two").mkdir()
    (home / "two" / "a.onnx").write_bytes(b"")
    (home / "two" / "b.onnx").write_bytes(b"")
    (home / "old").mkdir()
    torch.save({}, home / "old" / "best.pt")
    (home / "text.onnx").write_bytes(b"no model")
    for words, code, said in (
        ([home / "missing"], 2, "no file"),
        ([home / "empty"], 2, "no safetensors and no ONNX"),
        ([home / "two"], 2, "a.onnx, b.onnx"),
        ([home / "old"], 3, "may run code"),
        ([home / "text.onnx"], 3, "can be added"),
        ([weights, "--name", "../out"], 2, "no fit name"),
        ([weights, "--name", "shipped"], 2, "no fit name"),
    ):
        done = run_audit("detector", "add", *words)
        assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert not list((home / "models").glob("detectors/*"))
    assert run_audit("detector", "remove", "nobody").returncode == 2


def test_a_fusion_needs_a_network_and_enough_pictures(run_audit, weights, manifest, home, monkeypatch):
    code, _, err = run_audit("detector", "fuse", manifest)
    assert (code, "No network was added" in err) == (2, True)
    run_audit("detector", "add", weights)
    lines = manifest.read_text().splitlines()
    (home / "few.csv").write_text("\n".join(lines[:20]) + "\n")

    def never(*_words, **_named):
        raise AssertionError("a picture was read")

    monkeypatch.setattr(fusing, "read_features", never)
    code, _, err = run_audit("detector", "fuse", home / "few.csv")
    assert code == 2
    assert "calibrate on more pictures" in err


@pytest.mark.slow
def test_a_fused_detector_is_asked_once_and_names_its_parts(run_audit, weights, manifest, home):
    made = run_audit.json("detector", "add", weights, "--data", manifest)
    fused = made["fused"]
    assert set(fused["auc"]) == {"shipped", NETWORK, "fused"}
    assert fused["left_out"] == {"real": "sources", "generated": "generators"}
    assert min(fused["weights"].values()) >= 0
    assert [stratum["calibrated"] for stratum in fused["strata"]] == [True]
    listed = {row["name"]: row for row in run_audit.json("detector", "list")}
    assert [name for name, row in listed.items() if row["asked"]] == ["fused"]
    assert listed[NETWORK]["calibrated"]
    assert listed["fused"]["parts"] == {"shipped": listed["shipped"]["sha256"], NETWORK: made["file_sha256"]}
    assert not list((home / "models" / "detectors").glob(".*"))

    (told,) = run_audit.json("check", manifest.parent / "1.png")
    (finding,) = [finding for finding in told["findings"] if finding["examiner"] == "detector"]
    assert finding["details"]["parts"] == listed["fused"]["parts"]
    assert finding["details"]["other_detector"] == listed["fused"]["sha256"]
    assert NETWORK in finding["method"]
    assert finding["score"] is not None
    (scored,) = run_audit.json("detector", "score", "fused", manifest.parent / "1.png")
    assert scored["score"] == pytest.approx(finding["score"], abs=1e-3)
    (alone,) = run_audit.json("detector", "score", NETWORK, manifest.parent / "1.png")
    assert alone["log10_likelihood_ratio"] is not None
    exported = run_audit.json("detector", "export", NETWORK, home / "copy")
    assert "network.safetensors" in exported["files"]

    gone = run_audit.json("detector", "remove", NETWORK)
    assert gone == {"removed": [NETWORK, "fused"], "asked": "shipped"}
    (told,) = run_audit.json("check", manifest.parent / "1.png")
    (finding,) = [finding for finding in told["findings"] if finding["examiner"] == "detector"]
    assert "parts" not in finding["details"]


@pytest.mark.slow
def test_a_fusion_whose_parts_changed_is_one_clear_error(run_audit, weights, manifest, monkeypatch):
    run_audit("detector", "add", weights)
    said = run_audit("detector", "fuse", manifest)
    assert said.returncode == 0, said.stderr
    assert "left out: real by sources, generated by generators" in said.stdout
    monkeypatch.delenv(VARIABLE)
    open_detector.cache_clear()
    code, _, err = run_audit("check", manifest.parent / "1.png")
    assert code == 3
    assert "joined from another shipped" in err
    assert json.loads(run_audit("detector", "remove", "fused", "--json").stdout)["asked"] == "shipped"


def test_the_shipped_detector_is_never_calibrated_anew(run_audit, manifest, monkeypatch):
    monkeypatch.setattr(calibrating, "read_features", None)
    code, _, err = run_audit("detector", "calibrate", "shipped", manifest)
    assert code == 2
    assert "stays as it was measured" in err
