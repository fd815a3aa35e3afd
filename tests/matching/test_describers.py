"""Describers open model files by path, and a portfolio finds by descriptors what geometry cannot."""

import hashlib
import struct
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from artaudit.auditor.examiners import read_portfolio
from artaudit.auditor.register import register
from artaudit.auditor.registry import Registry
from artaudit.auditor.registry.fingerprints import FingerprintStore
from artaudit.errors import ModelError, RegistryError
from artaudit.matching import Portfolio, PortfolioEntry, describe, describers, fingerprint
from artaudit.matching.describers import CHOICE, SIDE, Onnx, TorchScript, Transformers, orientations, windows
from artaudit.matching.examiner import PortfolioExaminer


def varint(number):
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + varint(number >> 7)


def field(number, payload):
    """Write one field of a protocol buffer: bytes, or a whole number."""
    if isinstance(payload, int):
        return varint(number << 3) + varint(payload)
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def value(name, kind, *sides):
    shape = b"".join(field(1, field(1, side) if isinstance(side, int) else field(2, side.encode())) for side in sides)
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, shape)))


def node(kind, setting, number, inputs, output):
    attribute = field(1, setting) + field(3, number) + field(20, 2)
    return b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, kind) + field(5, attribute)


def mean_colour_model():
    """Return an ONNX file (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto): bytes to floats, their mean."""
    graph = field(1, node(b"Cast", b"to", 1, [b"image"], b"floats"))
    graph += field(1, node(b"ReduceMean", b"keepdims", 0, [b"floats", b"axes"], b"embedding"))
    graph += field(2, b"g") + field(
        5, field(1, 2) + field(2, 7) + field(8, b"axes") + field(9, struct.pack("<2q", 1, 2))
    )
    graph += field(11, value(b"image", 2, "batch", "height", "width", 3))
    graph += field(12, value(b"embedding", 1, "batch", 3))
    return field(1, 9) + field(7, graph) + field(8, field(1, b"") + field(2, 18))


@pytest.fixture(scope="module")
def onnx_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "colours.onnx"
    path.write_bytes(mean_colour_model())
    return path


class Bright(torch.nn.Module):
    """Describes a picture by the brightness of 8 x 8 cells, less their mean."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        cells = torch.nn.functional.adaptive_avg_pool2d(pixels.mean(1, keepdim=True), (8, 8)).flatten(1)
        return cells - cells.mean(1, keepdim=True)


@pytest.fixture(scope="module")
def script_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "bright.torchscript.pt"
    with pytest.warns(DeprecationWarning, match="torch.jit"):
        torch.jit.script(Bright()).save(str(path))
    return path


@pytest.fixture(scope="module")
def bright(script_file):
    return TorchScript(script_file)


def test_an_onnx_model_describes_and_names_its_bytes(onnx_file):
    model = Onnx(onnx_file)
    assert model.kind == f"colours@{hashlib.sha256(onnx_file.read_bytes()).hexdigest()[:16]}"
    views = np.zeros((2, SIDE, SIDE, 3), np.uint8)
    views[:, ..., 1] = (100,)
    assert np.allclose(model(views), [(0, 1, 0), (0, 1, 0)])


def test_a_torchscript_model_describes_with_unit_vectors(bright, works):
    vectors = bright(windows(works["china.jpg"]))
    assert vectors.shape == (14, 64)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert bright.kind.startswith("bright@")


@pytest.mark.parametrize("kind", ["dinov2", "clip"])
def test_models_of_transformers_describe_but_never_decide(tmp_path, works, kind):
    import transformers

    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 28, "patch_size": 14}
    if kind == "dinov2":
        model = transformers.Dinov2Model(transformers.Dinov2Config(**small))
    else:
        text = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 20}
        model = transformers.CLIPModel(transformers.CLIPConfig(text_config=text, vision_config=small, projection_dim=8))
    model.save_pretrained(tmp_path / kind)
    describer = describers.opened(tmp_path / kind)
    assert isinstance(describer, Transformers) and not describer.decides
    assert describer(windows(works["china.jpg"])).shape == (14, 16 if kind == "dinov2" else 8)


def test_broken_models_are_errors_that_name_the_file(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"no model")
    (tmp_path / "a.pt").write_bytes(b"no model")
    (tmp_path / "folder").mkdir()
    for name in ("a.onnx", "a.pt", "folder", "missing"):
        with pytest.raises(ModelError, match=name):
            describers.opened(tmp_path / name)


def test_the_setting_chooses(monkeypatch, onnx_file):
    monkeypatch.setenv(CHOICE, "none")
    assert describers.chosen() is None
    monkeypatch.setenv(CHOICE, str(onnx_file))
    assert describers.chosen().kind.startswith("colours@")
    monkeypatch.setattr(describers, "_PACKAGE", "no_such_package")
    monkeypatch.setenv(CHOICE, "sscd")
    with pytest.raises(ModelError, match=r"artaudit\[sscd\]"):
        describers.chosen()
    monkeypatch.delenv(CHOICE)
    assert describers.chosen() is None


def test_views_are_the_whole_windows_and_turns(works):
    rgb8 = works["flower.jpg"]
    assert windows(rgb8).shape == (14, SIDE, SIDE, 3)
    turned = orientations(rgb8)
    assert turned.shape == (8, SIDE, SIDE, 3)
    whole = windows(rgb8)[0]
    assert np.array_equal(turned[0], np.rot90(whole))
    assert np.array_equal(turned[3], whole[:, ::-1])
    assert np.array_equal(turned[7], 255 - whole)
    assert windows(rgb8[:1, :1]).shape == (14, SIDE, SIDE, 3)


def blurred(rgb8):
    return cv2.GaussianBlur(np.ascontiguousarray(np.rot90(rgb8)), (0, 0), 25)


def described(works, as_image, model):
    entries = []
    for number, (title, rgb8) in enumerate(works.items(), start=1):
        image = as_image(rgb8)
        prints = fingerprint(image) | {"pdq": b"", "keypoints": b""}
        stored = describe(image, model)
        entries.append(PortfolioEntry(number, title, image.sha256, image.pixels_sha256, **prints, descriptors=stored))
    return Portfolio(entries, describer=model)


def test_a_copy_without_a_sharp_point_is_found_by_its_descriptor_alone(works, as_image, bright):
    [match, *_] = described(works, as_image, bright).matches(as_image(blurred(works["china.jpg"])))
    assert (match.work, match.tier, match.band, match.confirmation) == (1, "descriptor", "copy", None)
    assert match.score >= match.threshold == describers.COPY


def test_fairly_near_descriptors_make_a_candidate_and_others_nothing(works, as_image, bright, monkeypatch):
    portfolio, suspect = described(works, as_image, bright), as_image(blurred(works["china.jpg"]))
    monkeypatch.setattr(describers, "COPY", 1.1)
    assert {match.band for match in portfolio.matches(suspect)} == {"candidate"}
    monkeypatch.setattr(describers, "CANDIDATE", 1.1)
    assert portfolio.matches(suspect) == []


def test_a_model_that_does_not_decide_claims_nothing(works, as_image, bright, monkeypatch):
    portfolio = described(works, as_image, bright)
    monkeypatch.setattr(type(bright), "decides", False)
    assert portfolio.matches(as_image(blurred(works["china.jpg"]))) == []


def test_a_work_gets_descriptors_when_it_is_registered_or_registered_again(
    works, as_image, tmp_path, monkeypatch, script_file
):
    china = replace(as_image(works["china.jpg"]), name="china.png")
    suspect = as_image(works["flower.jpg"])
    with Registry(tmp_path / "registry.db") as registry:
        monkeypatch.setenv(CHOICE, "none")
        assert register(china, registry, "china")[1]
        monkeypatch.setenv(CHOICE, str(script_file))
        [finding, *_] = PortfolioExaminer(read_portfolio(registry)).examine(suspect)
        assert finding.details["describer"].endswith("known of 0 of 1 works")
        assert not register(china, registry, "china")[1]
        [finding, *_] = PortfolioExaminer(read_portfolio(registry)).examine(suspect)
        assert finding.details["describer"].endswith("known of 1 of 1 works")
        assert registry.verify() == []


def test_a_work_whose_descriptors_cannot_be_kept_is_not_kept_either(
    works, as_image, tmp_path, monkeypatch, script_file
):
    monkeypatch.setenv(CHOICE, str(script_file))

    def full(*_):
        raise RegistryError("The disk is full.")

    with Registry(tmp_path / "registry.db") as registry:
        with monkeypatch.context() as patched:
            patched.setattr(FingerprintStore, "add_descriptor", full)
            with pytest.raises(RegistryError):
                register(as_image(works["china.jpg"]), registry, "china")
        assert registry.count() == 0
        assert registry.verify() == []
        assert register(as_image(works["china.jpg"]), registry, "china")[1]
