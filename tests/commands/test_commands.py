"""The command as people and scripts meet it: results, exit codes, sentences, and nothing lost."""

import io
import json
import os
import signal
import stat
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from functools import partial
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import PngImagePlugin

from artaudit.datasets.drawings import draw
from artaudit.datasets.photographs import photograph


@pytest.fixture
def audit(audit_in, tmp_path: Path):
    return audit_in(tmp_path)


@pytest.fixture
def drawing(tmp_path: Path) -> Path:
    path = tmp_path / "drawing.png"
    draw(np.random.default_rng(4)).resize((128, 128)).save(path)
    return path


@pytest.mark.slow
def test_the_straight_line(audit, tmp_path):
    original = tmp_path / "china.jpg"
    original.write_bytes(photograph("china.jpg"))
    small = tmp_path / "small.png"
    Pillow.open(original).resize((320, 214)).save(small)
    [paper] = audit.json("protect", small, "-o", "out", "--seed", "3", "--steps", "20")
    assert paper["visibility"]["ssimulacra2"] >= paper["budget"]["ssimulacra2"] == 80
    assert (tmp_path / "out" / "small.png").exists()
    assert json.loads((tmp_path / "out" / "small.receipt.json").read_text())["seed"] == 3
    with Pillow.open(tmp_path / "out" / "small.png") as cloaked:
        cloaked.crop((40, 20, 280, 200)).save(tmp_path / "crop.jpg", quality=80)
    draw(np.random.default_rng(9)).save(tmp_path / "unrelated.png")
    found = audit("check", "crop.jpg", "unrelated.png", "--json")
    assert found.returncode == 1
    crop, unrelated = json.loads(found.stdout)
    assert any(finding["holds"] and finding["work"] == 1 and finding["region"] for finding in crop["findings"])
    assert not any(finding["holds"] for finding in unrelated["findings"])
    assert audit("check", "unrelated.png").returncode == 0
    assert audit("report", crop["case"], "-o", "evidence.zip").returncode == 0
    verified = audit("verify", "evidence.zip")
    assert (verified.returncode, "intact" in verified.stdout) == (0, True)
    package = bytearray((tmp_path / "evidence.zip").read_bytes())
    package[len(package) // 2] ^= 1
    (tmp_path / "evidence.zip").write_bytes(package)
    assert audit("verify", "evidence.zip").returncode == 1
    assert audit("db", "verify").stdout == "intact\n"


def test_results_stand_beside_the_original_under_a_name_of_their_own(audit, drawing):
    before = drawing.read_bytes()
    assert audit("protect", drawing, "--time", "1s").returncode == 0
    assert drawing.read_bytes() == before
    assert sorted(path.name for path in drawing.parent.glob("drawing*")) == [
        "drawing-cloaked.png",
        "drawing.png",
        "drawing.receipt.json",
    ]


@pytest.mark.slow
def test_the_same_seed_writes_the_same_picture(audit, drawing):
    for folder in ("first", "second"):
        assert audit("protect", drawing, "-o", folder, "--seed", "5").returncode == 0
    first, second = (drawing.parent / folder / "drawing.png" for folder in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()


def test_nothing_is_overwritten_and_a_cloaked_picture_is_known(audit, drawing):
    assert audit("protect", drawing, "--time", "1s").returncode == 0
    again = audit("protect", drawing)
    assert again.returncode == 2
    assert "nothing is overwritten" in again.stderr
    cloaked = audit("protect", "drawing-cloaked.png", "-o", "out")
    assert cloaked.returncode == 2
    assert "cloaked version of work 1 already" in cloaked.stderr
    assert audit("protect", drawing, "-o", ".").returncode == 2


def test_the_offline_default_says_what_it_is(audit, drawing):
    assert "embedded autoencoders" in audit("protect", drawing, "--time", "1s").stderr


def test_what_a_file_claims_is_found_and_called_a_claim(audit, tmp_path):
    notes = PngImagePlugin.PngInfo()
    notes.add_text("parameters", "a castle\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 64x64")
    Pillow.fromarray(np.zeros((64, 64, 3), np.uint8)).save(tmp_path / "claims.png", pnginfo=notes)
    done = audit("check", "claims.png")
    assert done.returncode == 1
    assert "the file says" in done.stdout.lower()


def test_what_a_verdict_rests_on_is_shown_when_it_is_asked_for(audit, drawing):
    plain, detailed = audit("check", drawing), audit("check", drawing, "--details")
    assert "--details" in plain.stderr
    assert "bar" not in plain.stdout
    assert "signed statement about its making" in detailed.stdout
    assert "log odds; bar" in detailed.stdout


def as_png(array: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(array).save(buffer, "PNG", **options)
    return buffer.getvalue()


def huge() -> bytes:
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    body = struct.pack(">I", len(header)) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return b"\x89PNG\r\n\x1a\n" + body


def animated() -> bytes:
    frames = [Pillow.fromarray(np.full((80, 80, 3), shade, np.uint8)) for shade in (0, 99)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def cmyk() -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(np.zeros((80, 80, 3), np.uint8)).convert("CMYK").save(buffer, "JPEG")
    return buffer.getvalue()


NOISE = np.random.default_rng(0).integers(0, 256, (80, 80, 3), dtype=np.uint8)
BAD = {
    "empty.png": b"",
    "words.png": b"just words",
    "cut.png": as_png(NOISE)[:500],
    "huge.png": huge(),
    "tiny.png": as_png(NOISE[:20, :20]),
    "animated.png": animated(),
    "cmyk.jpg": cmyk(),
}


def one_sentence(stderr: str) -> str:
    [line] = [line for line in stderr.splitlines() if line.startswith("Error: ")]
    assert line.endswith(".")
    assert "Traceback" not in stderr
    return line


@pytest.mark.parametrize("name", BAD)
def test_bad_pictures_get_one_sentence_and_leave_nothing(audit, tmp_path, name):
    (tmp_path / name).write_bytes(BAD[name])
    done = audit("protect", name, "-o", "out")
    assert done.returncode in (2, 3)
    assert name in one_sentence(done.stderr)
    assert (tmp_path / name).read_bytes() == BAD[name]
    assert not any((tmp_path / "out").glob("*"))


@pytest.mark.parametrize("verb", ["protect", "register", "check"])
@pytest.mark.parametrize("path", [".", "missing.png", "empty.png"])
def test_every_verb_names_what_it_cannot_read(audit, tmp_path, verb, path):
    (tmp_path / "empty.png").write_bytes(b"")
    done = audit(verb, path)
    read_and_broken = path in ("empty.png", ".")  # every verb looks into folders
    assert done.returncode == (3 if read_and_broken else 2)
    one_sentence(done.stderr)


def test_one_bad_picture_does_not_stop_the_others(audit, tmp_path, drawing):
    (tmp_path / "empty.png").write_bytes(b"")
    done = audit("register", "empty.png", drawing)
    assert done.returncode == 3
    assert "work 1: drawing (registered)" in done.stdout


def test_a_folder_a_list_of_saved_files_and_standard_input_are_checked(audit, tmp_path, drawing):
    (tmp_path / "found").mkdir()
    Pillow.open(drawing).crop((9, 9, 120, 118)).save(tmp_path / "found" / "crop.gif")
    (tmp_path / "list.csv").write_text("url,file\nhttps://shop.example/1,found/crop.gif\n")
    assert audit("register", drawing).returncode == 0
    several = audit("check", "found", "--urls", "list.csv")
    assert several.returncode == 1
    assert "2 of 2 pictures checked, something found in 2" in several.stderr
    lines = several.stdout.splitlines()
    assert lines[0] == "found/crop.gif (case 1)"
    assert lines[1].startswith("  It shows ")
    assert "found/crop.gif (case 2, saved from https://shop.example/1)" in lines
    piped = audit("check", "-", "--json", given=drawing.read_bytes())
    [document] = json.loads(piped.stdout)
    assert (piped.returncode, document["path"], document["case"]) == (1, "standard input", 3)
    schema = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text())
    form = schema["properties"]["checks"]["items"]["properties"]["evidence"]
    jsonschema.Draft202012Validator({**form, "$defs": schema["$defs"]}).validate(document)
    assert document["assessment"]["copy"] == "found"
    assert document["verdict"] == " ".join(document["summary"])
    assert "very file of work 1" in document["summary"][0]
    assert audit("report", 2, "-o", "evidence.zip").returncode == 0
    record = json.loads(zipfile.ZipFile(tmp_path / "evidence.zip").read("data/report.json"))
    assert record["custody"][0]["url"] == "https://shop.example/1"


@pytest.mark.parametrize("kind", ["deep", "palette", "grey", "alpha"])
def test_unusual_kinds_are_cloaked_as_what_they_are(audit, tmp_path, kind):
    import cv2

    path = tmp_path / f"{kind}.png"
    if kind == "deep":
        path.write_bytes(cv2.imencode(".png", NOISE.astype(np.uint16) * 257)[1].tobytes())
    elif kind == "palette":
        Pillow.fromarray(NOISE).quantize(16).save(path, transparency=2)
    else:
        path.write_bytes(as_png(NOISE[..., 0] if kind == "grey" else np.dstack([NOISE, NOISE[..., :1]])))
    assert audit("protect", path, "-o", "out", "--time", "1s").returncode == 0
    with Pillow.open(tmp_path / "out" / path.name) as result:
        assert result.size == (80, 80)
        assert result.mode == {"deep": "RGB", "palette": "RGBA", "grey": "L", "alpha": "RGBA"}[kind]
    if kind == "deep":
        assert cv2.imread(str(tmp_path / "out" / path.name), cv2.IMREAD_UNCHANGED).dtype == np.uint16


def test_a_place_that_cannot_be_written_is_refused_before_any_work(audit, tmp_path, drawing):
    (tmp_path / "file").write_text("in the way")
    done = audit("protect", drawing, "-o", "file")
    assert done.returncode == 3
    assert "cannot be written" in one_sentence(done.stderr)
    if os.geteuid() != 0:
        locked = tmp_path / "locked"
        locked.mkdir()
        locked.chmod(stat.S_IRUSR | stat.S_IXUSR)
        assert audit("protect", drawing, "-o", "locked").returncode == 3


def test_two_pictures_for_one_place_are_refused(audit, tmp_path, drawing):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / drawing.name).write_bytes(drawing.read_bytes())
    assert audit("protect", drawing, f"sub/{drawing.name}", "-o", "out").returncode == 2


def test_interrupting_leaves_nothing_half_written(audit, tmp_path):
    (tmp_path / "china.jpg").write_bytes(photograph("china.jpg"))
    line = [sys.executable, "-m", "artaudit", "protect", "china.jpg", "-o", "out"]
    heeded = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # where tests run in the background it is ignored
    with subprocess.Popen(
        line,
        env={**os.environ, **audit.env},
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heeded,  # noqa: PLW1509 - no other thread is at work
    ) as running:
        assert any("china.jpg" in line for line in running.stderr)  # the bar's label
        time.sleep(2)
        running.send_signal(signal.SIGINT)
        assert "nothing is half written" in running.stderr.read()
    assert running.returncode == 130
    assert not any((tmp_path / "out").glob("*"))


def test_a_broken_registry_is_a_sentence(audit, tmp_path, drawing):
    (tmp_path / "registry.db").write_text("no database " * 100)
    done = audit("check", drawing)
    assert done.returncode == 3
    assert "failed as a registry" in one_sentence(done.stderr)


@pytest.mark.parametrize(
    "words",
    [["check"], ["nonsense"], ["protect", "a.png", "--strength", "most"], ["protect", "a.png", "--time", "soon"]],
)
def test_wrong_usage_is_exit_code_two(audit, words):
    assert audit(*words).returncode == 2


def test_works_can_be_withdrawn_and_restored(audit, drawing):
    assert audit("register", drawing).returncode == 0
    assert audit("check", drawing).returncode == 1
    assert audit("works", "withdraw", 1, "--reason", "a test").returncode == 0
    assert audit("check", drawing).returncode == 0
    assert audit("works", "restore", 1).returncode == 0
    assert audit.json("works", "list")[0]["title"] == "drawing"
    assert audit("works", "withdraw", 9).returncode == 3


def test_help_names_commands_and_shells_complete_them(audit):
    assert "protect" in audit("--help").stdout
    assert "_AUDIT_COMPLETE" in audit("completion", "bash").stdout
