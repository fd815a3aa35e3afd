"""Published networks are told by what their files hold, see what their own code shows, and nothing unsafe enters."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from artaudit.detect import known_networks
from artaudit.detect.detectors.published import PublishedDetector, _by_onnxruntime, opened
from artaudit.detect.known_networks import NETWORKS, recognised
from artaudit.detect.onnx_files import read_graph
from artaudit.errors import MissingExtraError, ModelError
from artaudit.generators.files import digest_of

MEAN, SPREAD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def triangle(x):
    return np.clip(1 - np.abs(x), 0, None)


def cubic(x, a=-0.5):
    """Keys' kernel with the slope that Pillow uses."""
    x = np.abs(x)
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    return np.where(x < 1, near, np.where(x < 2, a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a, 0))


def resampled(levels, count, kernel, reach):
    """Scale the first axis to `count`, the kernel widened where it shrinks; rounded to whole levels."""
    factor = levels.shape[0] / count
    wide = max(1.0, factor)
    weights = np.zeros((count, levels.shape[0]))
    for row in range(count):
        centre = (row + 0.5) * factor
        near = np.arange(max(0, int(centre - reach * wide + 0.5)), min(len(levels), int(centre + reach * wide + 0.5)))
        weights[row, near] = kernel((near + 0.5 - centre) / wide)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.clip(np.floor(np.tensordot(weights, levels.astype(float), 1) + 0.5), 0, 255)


def reference(levels, size, corner, side, kernel, reach):
    """Make a view by hand: across, then down, then the cut and ImageNet's normals."""
    width, height = size
    across = resampled(levels.transpose(1, 0, 2), width, kernel, reach).transpose(1, 0, 2)
    scaled = resampled(across, height, kernel, reach)
    left, top = corner
    cut = scaled[top : top + side, left : left + side]
    return ((cut / 255 - MEAN) / SPREAD).transpose(2, 0, 1)


LINEAR, CUBIC = (triangle, 1), (cubic, 2)
GEOMETRY = [
    # width, height, the scaled size, the corner and side of the cut: worked out by hand from each network's code
    ("community-forensics-384", (1000, 667), (659, 440), (138, 28), 384, LINEAR),
    ("community-forensics-384", (301, 517), (440, 755), (28, 186), 384, LINEAR),
    ("community-forensics-224", (500, 333), (384, 256), (80, 16), 224, LINEAR),
    ("sieve", (1000, 667), (660, 440), (138, 28), 384, LINEAR),
    ("sieve", (301, 517), (440, 756), (28, 186), 384, LINEAR),
    ("sieve", (512, 337), (668, 440), (142, 28), 384, LINEAR),
    ("frontier-2026-08", (1000, 667), (660, 440), (138, 28), 384, CUBIC),
    ("frontier-2026-08", (301, 517), (440, 756), (28, 186), 384, CUBIC),
    ("frontier-2026-08", (600, 385), (686, 440), (151, 28), 384, CUBIC),
]


@pytest.mark.parametrize(("name", "sizes", "scaled", "corner", "side", "kernel"), GEOMETRY)
def test_a_view_is_what_the_networks_own_code_makes(name, sizes, scaled, corner, side, kernel):
    rng = np.random.default_rng(0)
    rough = rng.integers(0, 256, (sizes[1] // 3 + 1, sizes[0] // 3 + 1, 3), dtype=np.uint8)
    levels = np.ascontiguousarray(rough.repeat(3, 0).repeat(3, 1)[: sizes[1], : sizes[0]])
    seen, wanted = NETWORKS[name].view(levels), reference(levels, scaled, corner, side, *kernel)
    assert seen.shape == (3, side, side)
    assert seen.dtype == np.float32
    apart = np.abs(seen - wanted) * SPREAD[:, None, None] * 255
    assert apart.max() < 2.01  # levels: Pillow's weights are whole numbers, and halves fall either way, twice
    assert (apart > 0.01).mean() < 0.01


def test_the_views_of_two_networks_differ_where_their_code_does():
    levels = np.random.default_rng(1).integers(0, 256, (337, 512, 3), dtype=np.uint8)
    forensics, sieve, frontier = (
        NETWORKS[name].view(levels) for name in ("community-forensics-384", "sieve", "frontier-2026-08")
    )
    assert np.abs(forensics - sieve).max() < np.abs(forensics - frontier).max()
    assert np.abs(sieve - frontier).mean() > 0.05


def test_every_known_network_is_told_by_what_its_file_holds(published, tmp_path):
    assert set(published) == set(NETWORKS)
    assert {name: recognised(path)[0] for name, (path, _) in published.items()} == {name: name for name in NETWORKS}
    frontier = published["frontier-2026-08"][0].with_name("c.safetensors")
    assert recognised(frontier)[0] == "frontier-2026-08"
    save_file({f"model.{name}": value for name, value in load_file(frontier).items()}, tmp_path / "vit.safetensors")
    assert recognised(tmp_path / "vit.safetensors")[0] == "frontier-2026-08"


def detector_of(name, path):
    detector = PublishedDetector(name, path.name, digest_of(path))
    detector.use(path.parent)
    return detector


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_says_of_a_picture_what_its_own_class_says(name, published):
    path, network = published[name]
    picture = np.random.default_rng(3).integers(0, 256, (200, 311, 3), dtype=np.uint8)
    found = detector_of(name, path).features([picture.astype(np.float32) / 255, np.zeros((100, 300, 3), np.float32)])
    with torch.no_grad():
        wanted = network(torch.from_numpy(NETWORKS[name].view(picture))[None]).item()
    assert found.shape == (2, 1)
    assert np.isnan(found[1, 0])
    assert found[0, 0] == pytest.approx(wanted, abs=1e-3)


def test_a_network_in_half_precision_is_asked_in_floats(halved):
    path, views, wanted = halved
    assert read_graph(path.read_bytes()).tensors["m.pos_embed"] == (1, 5, 64)
    assert _by_onnxruntime(path.read_bytes(), path)(views) == pytest.approx(wanted, abs=0.02)


def test_another_network_is_refused_and_what_is_known_is_named(published, tmp_path):
    weights = load_file(published["community-forensics-224"][0])
    for number, changed in enumerate(
        (
            {name.removeprefix("vit."): value for name, value in weights.items()},
            {name: value for name, value in weights.items() if name != "vit.head.bias"},
            weights | {"vit.head.weight": torch.zeros(2, 384)},
            weights | {"vit.more": torch.zeros(1)},
        )
    ):
        save_file(changed, tmp_path / f"{number}.safetensors")
        with pytest.raises(ModelError, match=r"none of the networks that are known here.*Sieve"):
            recognised(tmp_path / f"{number}.safetensors")


def test_what_may_run_code_or_is_too_large_is_refused(published, tmp_path, monkeypatch):
    torch.save({"head.weight": torch.zeros(1)}, tmp_path / "network.safetensors")
    with pytest.raises(ModelError, match="weights_only=True"):
        recognised(tmp_path / "network.safetensors")
    (tmp_path / "bare").write_bytes(b"\x80\x04N.")
    with pytest.raises(ModelError, match="may run code"):
        recognised(tmp_path / "bare")
    with pytest.raises(ModelError, match="cannot be read"):
        recognised(tmp_path / "nowhere")
    monkeypatch.setattr(known_networks, "LARGEST", 1 << 20)
    with pytest.raises(ModelError, match="more than 1 MiB"):
        recognised(published["sieve"][0])


def test_a_file_that_changed_is_not_opened(published):
    path, _ = published["community-forensics-224"]
    with pytest.raises(ModelError, match="not the file that was added"):
        opened(path, "0" * 64)


def test_onnx_without_its_runtime_names_the_extra(published, monkeypatch):
    path, _ = published["sieve"]
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"artaudit\[detectors\]"):
        opened(path, digest_of(path))


def field(number, value):
    """Return one field of protobuf: a number, or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value):
    found = b""
    while value > 127:
        found, value = found + bytes([value & 127 | 128]), value >> 7
    return found + bytes([value])


PLAIN = field(8, b"w") + field(1, 2) + field(2, 1)
OUTSIDE = [PLAIN + field(14, 1), PLAIN + field(13, field(1, b"location") + field(2, b"/etc/passwd"))]


def model(*parts, graph=b""):
    return field(7, field(11, field(1, b"input")) + field(12, field(1, b"logit")) + graph) + b"".join(parts)


def test_a_graph_tells_its_ends_and_shapes():
    found = read_graph(model(field(8, field(2, 17)), graph=field(5, PLAIN)))
    assert (found.inputs, found.outputs, found.tensors) == (("input",), ("logit",), {"w": (2,)})


@pytest.mark.parametrize(
    ("content", "why"),
    [
        *((model(graph=field(5, written)), "another file") for written in OUTSIDE),
        *((model(graph=field(1, field(5, field(5, written)))), "another file") for written in OUTSIDE),
        (model(graph=field(1, field(4, b"Magic") + field(7, b"com.somebody"))), "com.somebody"),
        (model(field(8, field(1, b"com.microsoft") + field(2, 1))), "com.microsoft"),
        (model(graph=field(1, field(5, field(6, b"")))), "inside a node"),
        (model(field(25, b"")), "functions"),
        (model(field(20, b"")), "training"),
        (model(graph=field(15, b"")), "sparse"),
        (model()[:-1], "cut short"),
        (b"", "no graph"),
        (b"\xff" * 12, "cut short"),
        (b"GIF89a", "no ONNX model"),
    ],
)
def test_a_model_that_is_not_all_there_or_not_plain_is_refused(content, why, tmp_path):
    (tmp_path / "file.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=why):
        recognised(tmp_path / "file.onnx")


@settings(max_examples=300)
@given(st.binary(max_size=60), st.integers(0, 80))
def test_damaged_models_are_one_kind_of_error(noise, at):
    whole = model(field(8, field(2, 17)), graph=field(5, PLAIN) + field(1, field(4, b"Add")))
    for content in (noise, whole[:at] + noise + whole[at:]):
        try:
            read_graph(content)
        except ValueError:
            continue
