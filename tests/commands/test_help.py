"""What people type first: help that fits a terminal, words that are no commands, and how quickly they are answered."""

import subprocess
import sys

import pytest
from PIL import Image as Pillow

from artaudit.cli import audit as group
from artaudit.commands.words import SYNONYMS

HEAVY = ("torch", "sklearn", "scipy", "cv2", "PIL", "jaxtyping", "unittest.mock", "cryptography")
MAIN = "from artaudit.cli import audit; audit(standalone_mode=False)"


def test_help_fits_a_terminal_of_24_lines_and_80_columns(run_audit):
    lines = run_audit("--help").stdout.splitlines()
    assert len(lines) <= 24 and max(map(len, lines)) <= 80
    shown = "\n".join(lines)
    for name in ("protect", "trial", "register", "check", "report", "serve", "works", "sign", "doctor"):
        assert f"\n  {name} " in shown
    assert "\n  detector " not in shown and "audit help evidence | research | upkeep | all" in shown


@pytest.mark.parametrize(
    ("topic", "names"),
    [
        ("evidence", {"report", "verify", "case", "capture", "seal", "reproduce", "keys", "scan"}),
        ("research", {"attribute", "detector", "data"}),
        ("upkeep", {"init", "config", "models", "db", "completion", "help"}),
    ],
)
def test_a_topic_shows_its_commands_alone(run_audit, topic, names):
    answer = run_audit("help", topic)
    assert answer.returncode == 0
    assert {line.split()[0] for line in answer.stdout.splitlines() if line.startswith("  ")} == names
    assert "Exit codes: 0 done" in answer.stdout


def test_all_commands_stand_under_a_topic(run_audit):
    shown = run_audit("help").stdout
    assert all(f"\n  {name} " in shown for name in group.commands)
    assert shown == run_audit("help", "all").stdout


def test_help_about_a_command_is_what_its_own_option_shows(run_audit):
    assert run_audit("help", "works", "list").stdout == run_audit("works", "list", "--help").stdout
    assert run_audit("help", "check").stdout == run_audit("check", "--help").stdout
    assert run_audit("help", "check", "more").returncode == 2
    assert "use `audit protect`" in run_audit("help", "cloak").stderr


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (("cloak", "a.png"), "`audit protect`"),
        (("add", "a.png"), "`audit register`"),
        (("scan", "a.png"), "`audit check`"),
        (("detect", "a.png"), "`audit check`"),
        (("list",), "use `audit works list`."),
        (("enrol",), "`audit attribute enrol`"),
        (("version",), "`audit --version`"),
        (("protec", "a.png"), "'protect'"),
        (("holiday.png",), "`audit check holiday.png`"),
        (("my sea.png",), "`audit check 'my sea.png'`"),
        (("opt-out", "site"), "`audit optout`"),
        (("works", "add", "a.png"), "There is no `audit works add`: use `audit register`."),
        (("works", "delete", "1"), "`audit works withdraw`"),
        (("works", "remove", "1"), "`audit works withdraw`"),
        (("works", "ls"), "`audit works list`"),
        (("works", "rename", "1"), "`audit works edit`"),
        (("works", "cloak", "a.png"), "`audit protect`"),
        (("works", "check", "a.png"), "`audit check`"),
        (("works", "lst"), "'list'"),
        (("case", "new", "theft"), "`audit case open`"),
        (("case", "create", "theft"), "`audit case open`"),
        (("case", "export", "1"), "`audit report`"),
        (("models", "install", "x"), "`audit models add`"),
        (("models", "download", "x"), "`audit models pull`"),
        (("keys", "create"), "`audit keys init`"),
        (("keys", "trust", "ls"), "`audit keys trust list`"),
        (("config", "add", "name", "Ada"), "`audit config set`"),
        (("data", "check", "m.csv"), "`audit data audit`"),
        (("detector", "predict", "a.png"), "`audit detector score`"),
        (("detector", "eval", "m", "d"), "`audit detector evaluate`"),
        (("attribute", "list"), "`audit attribute candidates`"),
        (("db", "export", "x.db"), "`audit db backup`"),
    ],
)
def test_words_that_people_type_first_are_answered(run_audit, typed, meant):
    answer = run_audit(*typed)
    assert answer.returncode == 2 and meant in answer.stderr


@pytest.mark.parametrize("place", SYNONYMS)
def test_what_words_stand_for_is_there_and_no_word_hides_a_command_or_means_two(run_audit, place):
    found = group
    for name in place.split():
        found = found.commands[name]
    words = [word for meant in SYNONYMS[place].values() for word in meant]
    assert len(words) == len(set(words)) and not set(words) & set(found.commands)
    for meant in SYNONYMS[place]:
        assert run_audit(*meant.split(), "--help").returncode == 0


def test_a_picture_that_is_called_like_a_word_is_looked_at(run_audit, home):
    Pillow.new("RGB", (40, 30), "red").save(home / "list", "PNG")
    assert run_audit("attribute", "list").returncode == 0


def test_every_group_of_commands_answers_other_words():
    groups = {name: command for name, command in group.commands.items() if hasattr(command, "commands")}
    assert set(groups) | {"", "keys trust"} == set(SYNONYMS)


LISTS = ("works list", "works history 1", "works withdraw 1", "case list", "case open scene", "db path")


@pytest.mark.parametrize("words", ["--help", "help research", "config list", "completion bash"])
def test_what_opens_no_registry_loads_no_arrays(run_audit, home, words):
    assert loaded_by(run_audit, home, words, (*HEAVY, "numpy", "sqlite_utils")) == set()


@pytest.mark.parametrize("words", LISTS)
def test_what_shows_no_pictures_loads_nothing_that_reads_them(run_audit, home, words):
    assert loaded_by(run_audit, home, words) == set()


@pytest.mark.parametrize("words", ["init", "doctor", "models path", "works show 1", "db verify"])
def test_what_needs_no_models_loads_no_torch(run_audit, home, words):
    assert not loaded_by(run_audit, home, words) & {"torch", "sklearn", "scipy"}


def test_a_check_loads_nothing_that_only_training_needs(run_audit, home):
    found = loaded_by(
        run_audit, home, "check a.png", ("sklearn", "scipy.stats", "matplotlib", "diffusers", "torchvision")
    )
    assert found == set()


def loaded_by(run_audit, home, words, names=HEAVY):
    Pillow.new("RGB", (40, 30), "red").save(home / "a.png")
    assert run_audit("register", "a.png").returncode == 0
    code = f"import sys; sys.argv[0] = 'audit'\ntry:\n    {MAIN}\nfinally:\n    print(*set({names}) & set(sys.modules))"
    command = [sys.executable, "-c", code, *words.split()]
    done = subprocess.run(command, capture_output=True, cwd=home, text=True, check=False)
    assert done.returncode in (0, 1) and "Error" not in done.stderr
    return set(done.stdout.splitlines()[-1].split())
