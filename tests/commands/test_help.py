"""What people type first: help that fits a terminal, words that are no commands, and how quickly they are answered."""

import subprocess
import sys

import pytest

from artaudit.cli import audit as group
from artaudit.commands.help import SYNONYMS


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
        ("evidence", {"report", "verify", "case", "seal", "reproduce", "keys"}),
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
    ],
)
def test_words_that_people_type_first_are_answered(run_audit, typed, meant):
    answer = run_audit(*typed)
    assert answer.returncode == 2 and meant in answer.stderr


def test_what_words_stand_for_is_there_and_no_word_hides_a_command(run_audit):
    for meant, words in SYNONYMS.items():
        assert run_audit(*meant.split(), "--help").returncode == 0
        assert not set(words) & set(group.commands)


@pytest.mark.parametrize("words", [["--help"], ["help", "research"], ["config", "list"], ["works", "list"]])
def test_what_needs_no_models_loads_no_torch(run_audit, home, words):
    run_audit("case", "open", "a registry")
    code = "import sys; sys.argv[0] = 'audit'; from artaudit.cli import audit; audit(standalone_mode=False); "
    code += "sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code, *words], capture_output=True, cwd=home, check=True)
