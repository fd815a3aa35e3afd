"""Codes in the pixels are found through PNG, JPEG and crops, named right, and not seen where there are none."""

import io
from functools import cache

import cv2
import numpy as np
import pytest
from diffusers.pipelines.stable_diffusion_xl.watermark import WATERMARK_BITS
from hypothesis import given, settings
from hypothesis import strategies as st
from imwatermark import WatermarkEncoder
from PIL import Image as Pillow

from artaudit.findings import Finding
from artaudit.image import Image, decode
from artaudit.provenance import Watermarks
from artaudit.provenance.watermark.dwtdct import Payload, colour_plane, leanings, random_codes, read_aligned
from artaudit.provenance.watermark.payloads import PAYLOADS, THRESHOLD, strongest

BY_NAME = pytest.mark.parametrize("payload", PAYLOADS, ids=[payload.name for payload in PAYLOADS])
STEP = 36


@cache
def painting(side: int = 320, seed: int = 0) -> np.ndarray:
    """Draw soft coloured clouds with a little grain; the array is shared, so it is read-only."""
    random = np.random.default_rng(seed)
    coarse = random.uniform(60, 196, (9, 9, 3)).astype(np.float32)
    picture = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC) + random.normal(0, 2, (side, side, 3))
    drawn = np.clip(picture, 0, 255).astype(np.uint8)
    drawn.setflags(write=False)
    return drawn


def marked(rgb: np.ndarray, payload: Payload) -> np.ndarray:
    """Hide a code as the published encoder does: move the largest value of each block of U's low Haar band."""
    yuv = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV)
    rows, columns = (side // 8 * 8 for side in rgb.shape[:2])
    plane = yuv[:rows, :columns, 1].astype(float)
    quads = np.stack([plane[i::2, j::2] for i in (0, 1) for j in (0, 1)])
    low = quads.sum(0) / 2
    bits = [int(bit) for bit in payload.bits]
    for number in range(rows // 8 * (columns // 8)):
        top, left = 4 * (number // (columns // 8)), 4 * (number % (columns // 8))
        block = low[top : top + 4, left : left + 4]
        place = 1 + int(np.abs(block).ravel()[1:].argmax())
        value = block.ravel()[place]
        block[place // 4, place % 4] = (value // STEP + 0.25 + 0.5 * bits[number % len(bits)]) * STEP
    quads += (low - quads.sum(0) / 2) / 2
    for (i, j), quad in zip(((0, 0), (0, 1), (1, 0), (1, 1)), quads, strict=True):
        plane[i::2, j::2] = quad
    yuv[:rows, :columns, 1] = np.clip(plane, 0, 255)
    return cv2.cvtColor(yuv, cv2.COLOR_YUV2RGB)


def through(rgb: np.ndarray, kind: str, **options: object) -> Image:
    buffer = io.BytesIO()
    Pillow.fromarray(rgb).save(buffer, kind, **options)
    return decode(buffer.getvalue(), name="a")


def finding_in(image: Image) -> Finding:
    [finding] = Watermarks().examine(image)
    return finding


def assert_carries(finding: Finding, payload: Payload, *, crop: bool = False) -> None:
    assert finding.holds
    assert finding.claim == f"its pixels carry the code that {payload.name} hides in what it makes"
    assert finding.score >= finding.threshold == THRESHOLD
    assert finding.details["tier"] == "watermark"
    assert finding.details["searched_as_crop"] is crop


@BY_NAME
def test_a_code_is_read_from_lossless_files(payload):
    assert_carries(finding_in(through(marked(painting(), payload), "PNG")), payload)


@BY_NAME
def test_a_code_is_read_through_jpeg_95(payload):
    image = through(marked(painting(), payload), "JPEG", quality=95, subsampling="4:4:4")
    assert_carries(finding_in(image), payload)


@BY_NAME
def test_a_code_is_read_from_a_crop_that_is_off_the_blocks(payload):
    crop = marked(painting(), payload)[37:260, 21:300]
    assert_carries(finding_in(through(crop, "PNG")), payload, crop=True)


@BY_NAME
def test_a_code_is_read_from_a_crop_saved_as_jpeg(payload):
    crop = marked(painting(), payload)[37:260, 21:300]
    assert_carries(finding_in(through(crop, "JPEG", quality=95, subsampling="4:4:4")), payload, crop=True)


@BY_NAME
def test_what_the_published_package_writes_is_read(payload):
    encoder = WatermarkEncoder()
    encoder.set_watermark("bits", [int(bit) for bit in payload.bits])
    written = encoder.encode(np.ascontiguousarray(painting()[..., ::-1]), "dwtDct")[..., ::-1]
    assert_carries(finding_in(through(np.ascontiguousarray(written), "PNG")), payload)


def test_opacity_and_sixteen_bits_do_not_hide_a_code():
    written = marked(painting(), PAYLOADS[2])
    opaque = np.dstack([written, np.full(written.shape[:2], 255, np.uint8)])
    assert_carries(finding_in(through(opaque, "PNG")), PAYLOADS[2])
    assert_carries(finding_in(Image("a", b"", "PNG", written.astype(np.uint16) * 257)), PAYLOADS[2])


@pytest.mark.parametrize("seed", range(4))
def test_a_picture_without_a_code_carries_none(seed):
    finding = finding_in(through(painting(seed=seed), "PNG"))
    assert finding.holds is False
    assert finding.score < finding.threshold
    assert finding.false_alarms.trials >= 300
    assert "absence says nothing" in finding.details["weight"]


def test_another_code_of_the_same_length_is_not_taken_for_a_known_one():
    bits = np.random.default_rng(5).integers(0, 2, 48)
    unknown = Payload("other", "".join(map(str, bits)))
    assert finding_in(through(marked(painting(), unknown), "PNG")).holds is False


@pytest.mark.parametrize("period", [8, 16, 64])
def test_stripes_that_repeat_with_the_blocks_are_no_code(period):
    columns = np.arange(320) % period < period // 2
    striped = painting().astype(int) + np.where(columns, 40, 0)[:, None] * np.array([0, 0, 1])
    assert finding_in(through(np.clip(striped, 0, 255).astype(np.uint8), "PNG")).holds is False


def test_grey_pictures_carry_no_code_and_small_ones_cannot_be_told():
    grey = finding_in(through(painting()[..., 0], "PNG"))
    assert (grey.holds, grey.score) == (False, None)
    small = finding_in(through(painting()[:64, :64], "PNG"))
    assert small.holds is None
    assert "too small" in small.details["unread"]


def test_a_flat_picture_carries_no_code():
    assert finding_in(through(np.full((256, 256, 3), 90, np.uint8), "PNG")).holds is False


def test_marks_that_cannot_be_read_here_are_a_note_and_never_found():
    for picture in (painting(), marked(painting(), PAYLOADS[0])):
        finding = finding_in(through(picture, "PNG"))
        assert "SynthID" in finding.details["not_checkable"]
        assert "SynthID" not in finding.claim


def test_codes_have_the_lengths_that_were_published():
    assert [len(payload.bits) for payload in PAYLOADS] == [136, 32, 48, 46]
    assert [int(bit) for bit in PAYLOADS[2].bits] == WATERMARK_BITS
    for payload in PAYLOADS:
        assert abs(payload.code.mean()) < 1e-9
        assert payload.code.std() == pytest.approx(1)


def test_random_codes_are_the_same_every_time_and_never_constant():
    assert (random_codes(32, 500) == random_codes(32, 500)).all()
    assert np.isfinite(random_codes(32, 500)).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**31))
def test_any_size_of_picture_can_be_looked_at(rows, columns, seed):
    rgb = np.random.default_rng(seed).integers(0, 256, (rows, columns, 3)).astype(np.uint8)
    lean = leanings(colour_plane(rgb))
    assert lean.shape == (rows // 8, columns // 8)
    assert np.isfinite(strongest(rgb)[0].score)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31))
def test_noise_agrees_with_a_code_no_more_than_with_random_ones(seed):
    rgb = np.random.default_rng(seed).integers(0, 256, (128, 128, 3)).astype(np.uint8)
    for payload in PAYLOADS:
        assert read_aligned(colour_plane(rgb), payload, codes=200).score < THRESHOLD + 1
