"""Aligned pairs lie in equal containers, come out the same again, and go on where they were interrupted."""

import io
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from artaudit.datasets.alignment import Aligner, redrawn
from artaudit.datasets.container import container, tables
from artaudit.datasets.listing import Left
from artaudit.datasets.manifest import Row
from artaudit.datasets.resaving import Resaver
from artaudit.errors import ImageError
from artaudit.generators import pool
from artaudit.generators.opening import open_model
from artaudit.image import decode
from artaudit.protocols import Autoencoder


@pytest.fixture(scope="session")
def studio() -> Autoencoder:
    torch.set_num_threads(1)
    return open_model(next(record for record in pool.embedded() if record.name == "studio-flux2"))


@pytest.fixture
def pair(tmp_path, studio) -> Callable:
    def make(data: bytes, *, even: bool = True, **told):
        row = Row("a", "real", source="s", group="g", **told)
        return list(Aligner(studio, tmp_path, even=even).align([(row, decode(data, name="a"))]))

    return make


CONTAINERS = [
    ("JPEG", {"quality": 83, "subsampling": 2}, "RGB"),
    ("JPEG", {"quality": 91, "subsampling": 0, "progressive": True}, "RGB"),
    ("JPEG", {"quality": 60}, "L"),
    ("PNG", {}, "RGB"),
    ("WEBP", {"quality": 70}, "RGB"),
    ("WEBP", {"lossless": True}, "RGB"),
    ("TIFF", {"compression": "tiff_lzw"}, "RGB"),
    ("BMP", {}, "RGB"),
]


@pytest.mark.parametrize(("kind", "options", "mode"), CONTAINERS)
def test_both_of_a_pair_have_the_originals_container(encoded, pair, tmp_path, kind, options, mode):
    data = encoded(3, kind, (96, 72), mode, **options)
    wanted = container(data, name="a")
    real, made = pair(data)
    for row in (real, made):
        assert (row.codec, row.quality, row.subsampling, row.progressive) == (
            wanted.codec,
            wanted.quality,
            wanted.subsampling,
            wanted.progressive,
        )
        assert (row.width, row.height) == (96, 72)
        assert (tmp_path / row.path).stat().st_size == row.bytes
    assert (real.label, real.generator, made.label) == ("real", "", "generated")
    assert made.generator.startswith("studio-flux2")
    assert real.pair == made.pair != "" and {real.group, made.group} == {"g"} and {real.source, made.source} == {"s"}


def test_the_very_tables_of_a_jpeg_are_used(encoded):
    strange = [[1 + (place * 7) % 50 for place in range(64)], [3 + (place * 5) % 40 for place in range(64)]]
    data = encoded(3, "JPEG", qtables=strange, subsampling=1)
    again = Resaver(image := decode(data, name="a")).save(image.rgb8)
    with Pillow.open(io.BytesIO(data)) as before, Pillow.open(io.BytesIO(again)) as after:
        assert tables(before) == tables(after) == strange


def test_saving_the_real_one_again_hardly_changes_it(encoded):
    data = encoded(3, "JPEG", (96, 96), quality=80, subsampling=0)
    image = decode(data, name="a")
    again = decode(Resaver(image).save(image.rgb8), name="again")
    assert np.abs(again.samples - image.samples).mean() < 1 / 255


def test_a_webp_gets_about_its_size_again(encoded):
    data = encoded(3, "WEBP", (128, 128), quality=55, method=4)
    image = decode(data, name="a")
    assert abs(len(Resaver(image).save(image.rgb8)) / len(data) - 1) < 0.15


def test_evening_brings_files_to_one_size_and_plain_redrawings_stay(encoded, pair):
    data = encoded(6, "PNG", (128, 128))
    plain = pair(data, even=False)
    even = pair(data)
    assert plain[0] == even[0]
    assert plain[1].path != even[1].path
    gaps = [abs(made.bytes / real.bytes - 1) for real, made in (plain, even)]
    assert gaps[1] < gaps[0]


def test_the_redrawing_is_one(encoded, pair, tmp_path, studio):
    data = encoded(6, "PNG", (64, 64))
    real, made = pair(data, even=False)
    ours, theirs = (np.asarray(Pillow.open(tmp_path / row.path)) for row in (real, made))
    assert np.array_equal(theirs, redrawn(ours, studio))
    assert not np.array_equal(ours, theirs)


def test_pairs_that_are_there_are_kept_and_come_out_the_same(encoded, pair, tmp_path):
    data = encoded(3, "JPEG", (64, 64))
    once = pair(data)
    times = [(tmp_path / row.path).stat().st_mtime_ns for row in once]
    assert pair(data) == once
    assert [(tmp_path / row.path).stat().st_mtime_ns for row in once] == times
    (tmp_path / once[1].path).unlink()
    assert pair(data) == once


def test_only_real_pictures_are_aligned_and_each_once(encoded, tmp_path, studio):
    image = decode(encoded(3), name="a")
    pictures = [
        (Row("a", "real"), image),
        (Row("b", "real"), image),
        (Row("c", "generated"), decode(encoded(4), name="c")),
        (Row("d", "real"), Left("d", "is broken")),
        (Row("e", "real"), decode(encoded(5, "GIF"), name="e")),
        (Row("f", "real"), decode(encoded(5, size=(3, 3)), name="f")),
    ]
    found = list(Aligner(studio, tmp_path).align(pictures))
    assert [row.label for row in found if isinstance(row, Row)] == ["real", "generated"]
    broken, gif, small = (str(left) for left in found if isinstance(left, Left))
    assert broken == "d is broken" and "GIF" in gif and "smaller than one latent" in small


def test_windows_join_without_a_seam(studio):
    rng = np.random.default_rng(0)
    wide = np.kron(rng.integers(40, 215, (6, 80, 3)), np.ones((12, 8, 1))).astype(np.uint8)
    again = redrawn(wide, studio).astype(int)
    assert again.shape == wide.shape
    with torch.inference_mode():
        pixels = torch.from_numpy(wide.transpose(2, 0, 1)[None] / np.float32(255))
        whole = studio.decode(studio.encode(pixels))[0].permute(1, 2, 0).numpy()[: wide.shape[0], : wide.shape[1]]
    assert np.abs(again - whole * 255)[:, 504:520].max() < 4


def test_what_cannot_be_written_is_refused(encoded):
    with pytest.raises(ImageError, match="GIF"):
        Resaver(decode(encoded(1, "GIF"), name="a"))
