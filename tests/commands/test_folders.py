"""Several pictures at once: what a plan refuses, what is said at the end, and what is said once a day."""

import importlib.util
import io
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

from artaudit.commands.common import duration
from artaudit.datasets.drawings import draw


@pytest.fixture
def art(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with two pictures that can be cloaked and one, of CMYK, that cannot."""
    monkeypatch.setenv("ARTAUDIT_BACKBONE", "none")
    (home / "art").mkdir()
    for number, name in enumerate(("my first.png", "港.png")):
        draw(np.random.default_rng(number)).resize((96, 80)).save(home / "art" / name)
    Pillow.fromarray(np.zeros((80, 80, 3), np.uint8)).convert("CMYK").save(home / "art" / "print.jpg")
    return home / "art"


def test_a_folder_ends_with_a_summary_of_what_was_done_and_refused_and_where_it_is(art, run_audit):
    done = run_audit("protect", "art", "-o", "out", "--steps", "2")
    assert done.returncode == 3
    assert "2 of 3 pictures cloaked, in out" in done.stderr
    assert "  refused: art/print.jpg cannot be cloaked" in done.stderr
    assert {path.name for path in (art.parent / "out").glob("*.png")} == {"my first.png", "港.png"}
    checked = run_audit("check", "art")
    assert "3 of 3 pictures checked, something found in 2" in checked.stderr


def test_one_picture_has_no_summary_and_says_what_shows_and_the_next_command(art, run_audit):
    done = run_audit("protect", f"{art.name}/my first.png", "--steps", "2")
    assert "pictures" not in done.stderr
    assert "shows now: " in done.stdout and "`audit trial 'art/my first-cloaked.png'`" in done.stdout
    assert "SSIMULACRA2" not in done.stdout and "FLIP" not in done.stdout


def test_a_plan_refuses_what_the_real_run_would_refuse_and_says_that_nothing_was_made(art, run_audit):
    assert run_audit("protect", "art/港.png", "-o", "out", "--steps", "2").returncode == 0
    plan = run_audit("protect", "art", "out", "-o", "out", "--dry-run", "--steps", "2")
    assert plan.returncode == 2, plan  # two pictures for one place
    plan = run_audit("protect", "art", "-o", "out", "--dry-run", "--steps", "2")
    assert plan.returncode == 3
    assert "1 of 3 pictures would be cloaked" in plan.stderr
    assert "nothing is overwritten" in plan.stderr and "print.jpg cannot be cloaked" in plan.stderr
    assert "was made against" not in plan.stderr and "nothing was written" in plan.stdout
    again = run_audit("protect", "out/港.png", "-o", "elsewhere", "--dry-run")
    assert again.returncode == 2 and "cloaked version of work 1 already" in again.stderr
    (art.parent / "file").write_text("in the way")
    blocked = run_audit("protect", "art/my first.png", "-o", "file/below", "--dry-run")
    assert blocked.returncode == 3 and "cannot be written" in blocked.stderr
    assert not (art.parent / "elsewhere").exists()


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "1 s"), (119.0, "119 s"), (150.0, "2 min"), (3599.0, "1 h 0 min"), (5400.0, "1 h 30 min")],
)
def test_long_times_are_said_in_minutes(seconds, said):
    assert duration(seconds) == said


def test_notices_come_once_a_day_and_not_before_errors(art, run_audit):
    failed = run_audit("protect", "art/print.jpg", "-o", "out")
    assert "embedded autoencoders" not in failed.stderr
    first = run_audit("protect", "art/港.png", "-o", "out", "--steps", "2")
    second = run_audit("protect", "art/my first.png", "-o", "out", "--steps", "2")
    assert "embedded autoencoders" in first.stderr and "embedded autoencoders" not in second.stderr
    said = art.parent / "settings" / "notices.json"
    said.write_text(json.dumps(dict.fromkeys(json.loads(said.read_text()), "2020-01-01")))
    assert "embedded autoencoders" in run_audit("protect", "art/港.png", "-o", "third", "--steps", "2").stderr
    said.write_text("no JSON")
    assert "embedded autoencoders" in run_audit("protect", "art/港.png", "-o", "fourth", "--steps", "2").stderr


def in_terminal(line: list[str], **options: object) -> str:
    """Return what a command shows in a terminal of 80 columns."""
    leader, follower = pty.openpty()
    with subprocess.Popen(line, stdin=follower, stdout=follower, stderr=follower, **options) as running:
        os.close(follower)
        shown = io.BytesIO()
        while True:
            try:
                part = os.read(leader, 4096)
            except OSError:  # Linux says so at the end
                break
            if not part:
                break
            shown.write(part)
        running.wait()
    os.close(leader)
    return shown.getvalue().decode()


def test_in_a_terminal_errors_stand_on_lines_of_their_own_and_bars_count(art, run_audit):
    (art / "empty.png").write_bytes(b"")
    env = {**os.environ, **run_audit.env, "COLUMNS": "80", "TERM": "xterm"}
    shown = in_terminal([sys.executable, "-m", "artaudit", "register", "art"], env=env, cwd=art.parent)
    assert "registering 2 of 4" in shown and "3 of 4 pictures registered" in shown
    for line in shown.replace("\r\n", "\n").split("\n"):
        visible = line.rsplit("\x1b[2K", 1)[-1].rsplit("\r", 1)[-1]
        assert "Error" not in visible or visible.startswith("Error: art/empty.png")


def test_a_terminal_gets_whole_words_and_whole_commands_and_a_file_one_line(art, run_audit):
    env = {**os.environ, **run_audit.env, "COLUMNS": "60", "TERM": "xterm"}
    command = [sys.executable, "-m", "artaudit", "doctor"]
    shown = re.sub(r"\r(\x1b\[2K)?", "", in_terminal(command, env=env, cwd=art.parent))
    plain = subprocess.run(command, env=env, cwd=art.parent, capture_output=True, text=True, check=True).stdout
    assert shown.split() == plain.split()
    for line in shown.splitlines():
        assert len(line) <= 60 or "`" in line or "/" in line
        assert line.count("`") % 2 == 0
    assert all(line.startswith((" ", "ok", "not there")) for line in shown.splitlines())


def test_the_demo_prints_commands_as_they_can_be_typed(tmp_path, capsys):
    place = Path(__file__).parents[2] / "demo" / "run.py"
    spec = importlib.util.spec_from_file_location("demo_run", place)
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    folder = tmp_path / "a folder"
    folder.mkdir()
    said = demo.audit(folder, "db", "path")
    shown = capsys.readouterr().out
    [command] = [line.removeprefix("$ ") for line in shown.splitlines() if line.startswith("$ ")]
    own = " ".join(f"export '{name}={path}';" for name, path in demo.places(folder).items())
    typed = subprocess.run(["bash", "-c", f"{own} {command}"], capture_output=True, text=True, check=True)
    assert typed.stdout == said == f"{folder / 'registry.db'}\n"


def test_make_install_puts_audit_on_the_path(tmp_path):
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    (tmp_path / "Makefile").write_text((Path(__file__).parents[2] / "Makefile").read_text())
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "audit").write_text("#!/bin/sh\necho here\n")
    (tmp_path / ".venv" / "bin" / "audit").chmod(0o755)
    (tmp_path / ".venv" / "installed").touch()
    prefix = tmp_path / "home" / ".local"
    made = subprocess.run(
        ["make", "install", f"PREFIX={prefix}"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert f'export PATH="{prefix}/bin:$PATH"' in made.stdout
    path = f"{prefix}/bin:{os.environ['PATH']}"
    again = subprocess.run(
        ["make", "install", f"PREFIX={prefix}"],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "audit is installed: try audit --help" in again.stdout
    assert subprocess.run(["audit"], env={"PATH": path}, capture_output=True, text=True, check=True).stdout == "here\n"
