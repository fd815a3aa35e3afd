"""Whatever strangers write into files, the terminal shows it and does as we say alone."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import PngImagePlugin

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x1b[1;1H\x9b31m\u202egpj.\u2066\u200b\u200e\x7f\rError: none\u2028"
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


def picture(path: Path, **texts: str) -> Path:
    info = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        info.add_itxt(name, text)
    Pillow.fromarray(np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)).save(path, pnginfo=info)
    return path


def test_metadata_titles_notes_and_names_reach_nobody_raw(run_audit, home):
    evil = picture(home / "evil\x1b[2J\u202e.png", Software=f"Midjourney {HOSTILE}")
    answers = [
        run_audit("register", evil, "--title", f"title {HOSTILE}"),
        run_audit("works", "list"),
        run_audit("works", "show", 1),
        run_audit("check", evil, "--details"),
        run_audit("case", "note", 1, f"note {HOSTILE}"),
        run_audit("case", "show", 1),
        run_audit("works", "show", f"nobody {HOSTILE}"),
        run_audit("check", f"missing{HOSTILE}.png"),
        run_audit("nothing" + HOSTILE),
        run_audit("works", "history", 1),
    ]
    for answer in answers:
        assert "Traceback" not in answer.stderr
        assert not RAW.search(answer.stdout.replace("\r\n", "\n")), answer.stdout
        assert not RAW.search(answer.stderr), answer.stderr
    assert "[U+001B]" in answers[3].stdout
    assert "[U+202E]" in answers[1].stdout


def test_json_shows_every_character_and_loses_none(run_audit, home):
    title = f"title {HOSTILE}".strip()
    run_audit("register", picture(home / "a.png"), "--title", title)
    printed = run_audit("works", "list", "--json").stdout
    assert not RAW.search(printed)
    assert json.loads(printed)[0]["title"].split() == title.split()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo terminals")
def test_a_terminal_gets_the_control_sequences_of_our_own_bars_alone(home):
    evil = picture(home / "evil.png", Software=f"Midjourney {HOSTILE}")
    ours, theirs = pty.openpty()
    names = [evil, picture(home / "b\x1b[2J.png")]
    child = subprocess.Popen(
        [sys.executable, "-m", "artaudit", "register", *map(str, names)], stdout=theirs, stderr=theirs, cwd=home
    )
    os.close(theirs)
    got = bytearray()
    try:
        while piece := os.read(ours, 4096):
            got += piece
    except OSError:  # the other end is closed
        pass
    child.wait(60)
    os.close(ours)
    text = re.sub(r"\r\n|\r\x1b\[2K|\x1b\[\?25[lh]|\x1b\[K", "\n", got.decode())
    assert "evil" in text
    assert not RAW.search(text.replace("\r", "")), repr(text)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_any_encoding_of_the_terminal_takes_any_text(home, encoding):
    env = {**os.environ, "PYTHONIOENCODING": f"{encoding}:strict", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "artaudit", "works", "show", "猫 \udcff ☃"],
        env=env,
        cwd=home,
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert done.returncode in (2, 3)
