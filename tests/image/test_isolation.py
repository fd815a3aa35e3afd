"""Strangers' files are decoded in a process of their own, which cannot take more than it is allowed."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import ImageCms

from artaudit.errors import ImageError
from artaudit.image import Limits, decode, isolated, isolation
from artaudit.image.parcels import packed, unpacked

pytestmark = pytest.mark.skipif(not isolation.possible(), reason="this system limits no processes")
RANDOM = np.random.default_rng(0)

TRICKS = """
import ctypes, os, time

import numpy as np

from artaudit.image import parcels

def crash(data, name, limits):
    ctypes.string_at(0)

def hang(data, name, limits):
    while True:
        pass

def sleep(data, name, limits):
    time.sleep(3600)

def grow(data, name, limits):
    kept = [np.ones(10_000_000) for _ in range(100)]

def write(data, name, limits):
    with open(data, "wb") as file:
        file.write(b"x")

def chatter(data, name, limits):
    os.write(1, b"noise")
    print("noise")
    return {}, []

def lie(data, name, limits):
    plain, parts = parcels.packed(data, name, limits)
    return plain | {"shape": [9999, 9999, 3]}, parts

def leave(data, name, limits):
    os._exit(0)

def blab(data, name, limits):
    return {"secret": os.environ.get("ARTAUDIT_SECRET", "")}, []
"""
QUICK = Limits(seconds=1, memory=700 * 1024**2)


@pytest.fixture
def tricks(tmp_path, monkeypatch):
    """Return the name of a module that does harm, which a new process can import."""
    (tmp_path / "tricks_of_tests.py").write_text(TRICKS)
    monkeypatch.syspath_prepend(str(tmp_path))
    isolation._end_all()
    yield "tricks_of_tests"
    isolation._end_all()


def saved(mode: str, kind: str, **options: object) -> bytes:
    shape = (40, 60, len(Pillow.new(mode, (1, 1)).getbands()))
    samples = RANDOM.integers(0, 256, shape, dtype=np.uint8)
    buffer = io.BytesIO()
    Pillow.fromarray(samples.squeeze()).convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
EXIF = Pillow.Exif()
EXIF[0x0112] = 6


@pytest.mark.parametrize(
    "data",
    [
        saved("RGB", "PNG", icc_profile=PROFILE, exif=EXIF),
        saved("RGBA", "PNG"),
        saved("L", "JPEG", exif=EXIF),
        saved("RGB", "WEBP", lossless=True),
        saved("RGB", "TIFF"),
        saved("P", "GIF"),
        saved("CMYK", "TIFF"),
        saved("RGB", "AVIF"),
    ],
)
def test_a_picture_is_the_same_in_whichever_process_it_is_decoded(data):
    here = decode(data, name="a")
    with isolated():
        apart = decode(data, name="a")
    assert np.array_equal(here.stored, apart.stored)
    assert np.array_equal(here.rgb8, apart.rgb8)
    assert all(getattr(here, name) == getattr(apart, name) for name in here.__dataclass_fields__ if name != "stored")
    assert not [child for child in isolation._idle if child._process.poll() is not None]


@pytest.mark.parametrize("data", [b"", b"words", saved("RGB", "PNG")[:200]])
def test_refusals_are_the_same_in_whichever_process(data):
    with pytest.raises(ImageError) as here:
        decode(data, name="a.png")
    with isolated(), pytest.raises(ImageError) as apart:
        decode(data, name="a.png")
    assert str(here.value) == str(apart.value)


def test_one_process_serves_one_picture_after_the_other_quickly():
    data = saved("RGB", "PNG")
    with isolated():
        decode(data, name="first")
        process = isolation._idle[-1]._process.pid
        took = []
        for _ in range(20):
            started = time.perf_counter()
            decode(data, name="next")
            took.append(time.perf_counter() - started)
    assert isolation._idle[-1]._process.pid == process
    assert min(took) < 0.05  # what it costs beside the decoding of a small picture; never a start of a process


@pytest.mark.parametrize(
    ("trick", "says"),
    [
        ("crash", "makes its decoder fail"),
        ("leave", "makes its decoder fail"),
        ("hang", "takes more than 1 s"),
        ("grow", "takes more memory than may be used"),
    ],
)
def test_what_crashes_hangs_or_grows_ends_with_one_sentence_and_the_next_picture_is_read(tricks, trick, says):
    with isolated():
        started = time.monotonic()
        with pytest.raises(ImageError, match=f"^odd.png {says}.*[.]$"):
            isolation.call(f"{tricks}:{trick}", b"", "odd.png", QUICK)
        assert time.monotonic() - started < 20
        assert decode(saved("RGB", "PNG"), name="next").width == 60


def test_what_sleeps_is_ended_too(tricks):
    with pytest.raises(ImageError, match="takes more than 1 s"):
        isolation.call(f"{tricks}:sleep", b"", "odd.png", QUICK)


def test_the_process_writes_no_file_and_knows_no_secret(tricks, tmp_path, monkeypatch):
    monkeypatch.setenv("ARTAUDIT_SECRET", "a password")
    target = tmp_path / "written"
    with pytest.raises(ImageError):
        isolation.call(f"{tricks}:write", str(target).encode(), "odd.png", QUICK)
    assert not target.exists() or target.read_bytes() == b""
    assert isolation.call(f"{tricks}:blab", b"", "odd.png", QUICK)[0] == {"secret": ""}


def test_what_a_decoder_prints_is_no_answer(tricks):
    assert isolation.call(f"{tricks}:chatter", b"", "odd.png", QUICK) == ({}, [])


def test_an_answer_that_is_no_picture_is_refused(tricks):
    data = saved("RGB", "PNG")
    plain, parts = isolation.call(f"{tricks}:lie", data, "odd.png", QUICK)
    with pytest.raises(ImageError, match="is no picture"):
        unpacked(plain, parts, data, "odd.png")


@pytest.mark.parametrize("change", [{"depth": "object"}, {"shape": [0]}, {"blocks": ["icc"]}, {"frames": "x"}])
def test_a_parcel_is_checked_on_arrival(change):
    data = saved("RGB", "PNG")
    plain, parts = packed(data, "a", Limits())
    with pytest.raises(ImageError, match="is no picture"):
        unpacked(plain | change, [bytearray(part) for part in parts], data, "a")


def test_threads_read_side_by_side():
    data, sizes = saved("RGB", "PNG"), []
    with isolated():
        threads = [threading.Thread(target=lambda: sizes.append(decode(data, name="a").width)) for _ in range(9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sizes == [60] * 9


ORPHAN = """
import io, sys, time
from PIL import Image as Pillow
from artaudit.image import decode, isolated, isolation
buffer = io.BytesIO()
Pillow.new("RGB", (9, 9)).save(buffer, "PNG")
with isolated():
    decode(buffer.getvalue(), name="a")
print(isolation._idle[0]._process.pid, flush=True)
if sys.argv[1] == "wait":
    time.sleep(60)
"""


@pytest.mark.parametrize("way", ["leave", "wait"])
def test_no_process_outlives_the_one_that_started_it(way):
    parent = subprocess.Popen([sys.executable, "-c", ORPHAN, way], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    if way == "wait":
        parent.send_signal(signal.SIGKILL)
    parent.wait(30)
    parent.stdout.close()
    until = time.monotonic() + 5
    while _runs(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _runs(child)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not state.exists() or ") Z " not in state.read_text()


def test_what_was_stopped_stands_in_the_way_of_no_later_work():
    buffer = io.BytesIO()
    Pillow.fromarray(RANDOM.integers(0, 256, (20, 30, 3), np.uint8)).save(buffer, "PNG")
    with isolated():
        decode(buffer.getvalue(), name="a picture")
        isolation.kill()
        with pytest.raises(ImageError):
            decode(buffer.getvalue(), name="a picture")
    with isolated():
        assert decode(buffer.getvalue(), name="a picture").width == 30
