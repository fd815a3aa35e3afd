"""Every step of the tutorials is typed as it stands there, in one folder, and says what stands below it."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.datasets.drawings import draw
from artaudit.datasets.photographs import photograph
from artaudit.detect import performance
from artaudit.image import decode

ROOT = Path(__file__).parents[2]
STEP = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
LEFT_OUT = "…"
"""What stands for a part of a line, or alone on a line for some lines, that differs from run to run or says no more."""


def steps(page: str) -> list[tuple[str, str]]:
    """Return what is typed and what is shown, in order; blocks of files are no steps."""
    blocks = re.findall(
        r"^```console\n(.*?)^```", (ROOT / "docs" / "tutorials" / page).read_text(), re.DOTALL | re.MULTILINE
    )
    return [step for block in blocks for step in STEP.findall(block)]


def not_said(shown: str, said: str) -> list[str]:
    """Return the lines that are shown and were not said, in that order."""
    lines, missing = iter(said.splitlines()), []
    for line in shown.splitlines():
        pattern = ".*".join(re.escape(" ".join(part.split())) for part in line.split(LEFT_OUT)).replace(r"\ ", r"\s+")
        if line.strip() not in ("", LEFT_OUT) and not any(
            re.fullmatch(rf"\s*{pattern}\s*", " ".join(found.split())) for found in lines
        ):
            missing.append(line)
    return missing


@pytest.fixture
def follow(run_audit, home, monkeypatch):
    """Return what follows a tutorial in an empty folder, step after step."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(performance, "RESAMPLES", 10)

    def followed(page):
        for name, text in re.findall(
            r"^```\w* title=\"([^\"]+)\"\n(.*?)^```",
            (ROOT / "docs" / "tutorials" / page).read_text(),
            re.DOTALL | re.MULTILINE,
        ):
            (home / name).write_text(text)
        for typed, shown in steps(page):
            words = shlex.split(typed)
            if words[0] == "audit":
                done = run_audit(*words[1:])
            else:
                done = subprocess.run(["bash", "-ec", typed], cwd=home, capture_output=True, text=True, check=False)
            said = done.stdout + done.stderr
            assert done.returncode in (0, 1), (typed, said)
            assert not_said(shown, said) == [], (typed, said)

    return followed


@pytest.fixture
def painting(home):
    """Return the path of a small painting, beside which lie a sketch and a picture that somebody else posted."""
    whole = decode(photograph("china.jpg"), name="china.jpg").rgb8
    Pillow.fromarray(np.ascontiguousarray(whole[120:280, 200:392])).save(home / "painting.png")
    Pillow.fromarray(np.ascontiguousarray(whole[136:264, 216:376])).save(home / "suspicious.jpg", quality=85)
    draw(np.random.default_rng(5)).resize((160, 160)).save(home / "sketch.png")
    return home / "painting.png"


@pytest.mark.slow
@pytest.mark.usefixtures("painting")
def test_the_tutorial_for_artists(follow):
    follow("artists.md")


@pytest.mark.slow
@pytest.mark.usefixtures("painting", "openssl")
def test_the_tutorial_for_legal_teams(follow, run_audit):
    if shutil.which("unzip") is None:
        pytest.skip("the program unzip is not installed here")
    run_audit.env |= {"ARTAUDIT_PASSPHRASE": "asked for on a terminal"}
    assert run_audit("register", "painting.png").returncode == 0
    follow("legal.md")


@pytest.mark.slow
def test_the_tutorial_for_researchers(follow, home, drawings):
    for number in range(64):
        folder = home / "pictures" / ("fake" if number % 2 else "real")
        folder.mkdir(parents=True, exist_ok=True)
        name = "abcdefgh"[number // 8] * (1 + number % 8)
        Pillow.open(drawings / f"{number}.png").save(folder / f"{name}.bmp")  # as many bytes, whatever is drawn
    shutil.copyfile(home / "pictures" / "fake" / "aa.bmp", home / "unknown.bmp")
    follow("researchers.md")
