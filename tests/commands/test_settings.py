"""Settings: said once, outranked by the command line and the environment, and never half written."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from artaudit.auditor.signing import keys
from artaudit.datasets.drawings import draw
from artaudit.datasets.photographs import photograph


@pytest.fixture
def file(home: Path) -> Path:
    return home / "settings" / "settings.toml"


def test_a_setting_is_set_read_listed_and_taken_back(file, run_audit):
    assert run_audit("config", "get", "name").returncode == 1
    assert run_audit("config", "set", "name", 'Ada "A" Lovelace, 葛飾').returncode == 0
    assert tomllib.loads(file.read_text("utf-8")) == {"name": 'Ada "A" Lovelace, 葛飾'}
    assert run_audit("config", "get", "name").stdout == 'Ada "A" Lovelace, 葛飾\n'
    assert run_audit.json("config", "list")["name"] == 'Ada "A" Lovelace, 葛飾'
    assert run_audit("config", "set", "name", "Ada").returncode == 0
    listed = run_audit("config", "list")
    assert "name      Ada" in listed.stdout and "strength  not set" in listed.stdout and str(file) in listed.stderr
    assert run_audit("config", "unset", "name").returncode == 0
    assert tomllib.loads(file.read_text("utf-8")) == {}
    assert run_audit("config", "path").stdout == f"{file}\n"


def test_what_people_wrote_beside_a_setting_stays(file, run_audit):
    file.parent.mkdir()
    file.write_text('# mine\nname = "Ada"\nstrength = "low" # quiet\n')
    assert run_audit("config", "set", "name", "Grace").returncode == 0
    assert file.read_text() == '# mine\nstrength = "low" # quiet\nname = "Grace"\n'


@pytest.mark.parametrize(
    "words",
    [
        ("set", "colour", "red"),
        ("get", "colour"),
        ("set", "strength", "most"),
        ("set", "name", " "),
        ("set", "name", "a\nb"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(file, run_audit, words):
    answer = run_audit("config", *words)
    assert answer.returncode == 2 and answer.stderr.count("Error:") == 1
    assert not file.exists()


@pytest.mark.parametrize("text", ["name = ", "name = 3", 'colour = "red"', '[name]\nof = "Ada"', "\xff"])
def test_settings_that_cannot_be_read_are_one_sentence_and_stay(file, run_audit, text):
    file.parent.mkdir()
    file.write_bytes(text.encode("latin-1"))
    for words in (("works", "list"), ("config", "list"), ("config", "set", "name", "Ada")):
        answer = run_audit(*words)
        assert answer.returncode == 3 and str(file) in answer.stderr and "Traceback" not in answer.stderr
    assert file.read_bytes() == text.encode("latin-1")
    assert run_audit("--help").returncode == 0
    assert run_audit("doctor").returncode == 1


def test_the_command_line_and_the_environment_count_more(home, run_audit):
    run_audit("config", "set", "db", "set.db")
    assert run_audit("db", "path").stdout == f"{home / 'registry.db'}\n"
    run_audit.env["ARTAUDIT_DB"] = None
    assert run_audit("db", "path").stdout == f"{home / 'set.db'}\n"
    assert run_audit("--db", "named.db", "db", "path").stdout == "named.db\n"


def test_strength_and_output_are_what_protect_does_by_default(home, run_audit, monkeypatch):
    monkeypatch.setenv("ARTAUDIT_BACKBONE", "none")
    draw(np.random.default_rng(4)).resize((96, 96)).save(home / "drawing.png")
    run_audit("config", "set", "strength", "low")
    run_audit("config", "set", "output", "cloaked")
    [paper] = run_audit.json("protect", "drawing.png", "--steps", "2")
    assert paper["budget"]["ssimulacra2"] == 88
    assert paper["result"] == str(home / "cloaked" / "drawing.png")
    [paper] = run_audit.json("protect", "drawing.png", "--steps", "2", "--strength", "75", "-o", "other")
    assert (paper["budget"]["ssimulacra2"], paper["result"]) == (75, "other/drawing.png")
    [paper] = run_audit.json("protect", "drawing.png", "--steps", "2", "--preset", "pid", "-o", "third")
    assert paper["budget"]["levels_of_255"] == 12


def test_the_name_is_on_keys_in_the_log_and_on_what_is_written(home, run_audit, monkeypatch):
    monkeypatch.delenv("ARTAUDIT_BY", raising=False)
    monkeypatch.setenv("ARTAUDIT_PASSPHRASE", "correct horse battery")
    run_audit("config", "set", "name", "Ada Lovelace")
    assert run_audit("keys", "init").returncode == 0
    assert "Ada Lovelace" in keys.identity(home / "keys").leaf.subject.rfc4514_string()
    run_audit("case", "open", "a shop")
    assert "Ada Lovelace  open" in run_audit("case", "list", 1).stdout
    (home / "a.jpg").write_bytes(photograph("china.jpg"))
    run_audit("register", "a.jpg")
    run_audit("case", "add", 1, "a.jpg")
    assert "written by Ada Lovelace" in run_audit("report", 1, "-o", "signed.zip").stderr
    assert "written by Grace" in run_audit("report", 1, "-o", "other.zip", "--by", "Grace").stderr
    assert run_audit.json("works", "export", "out")["exported_by"] == "Ada Lovelace"
    assert run_audit.json("seal", "-o", "seal.json")["by"] == "Ada Lovelace"


def test_init_makes_all_three_places_says_where_and_leaves_what_is_there(home, file, run_audit):
    said = run_audit("init")
    assert said.returncode == 0
    places = {"registry": home / "registry.db", "models": home / "models", "settings": file}
    for name, path in places.items():
        assert path.exists() and f"{name:<8}  {path}\n" in said.stdout
    assert tomllib.loads(file.read_text("utf-8")) == {} and '# name = ""' in file.read_text()
    run_audit("config", "set", "name", "Ada")
    again = run_audit.json("init")
    assert again == {name: {"path": str(path), "new": False} for name, path in places.items()}
    assert run_audit("config", "get", "name").stdout == "Ada\n"


def test_the_first_command_that_needs_a_registry_says_where_it_made_it(home, run_audit):
    assert f"A registry was made: {home / 'registry.db'}" in run_audit("case", "open", "a shop").stderr
    assert "was made" not in run_audit("case", "open", "another").stderr


def test_the_doctor_says_what_is_there_and_what_mends_the_rest(home, run_audit, monkeypatch):
    def looked() -> dict[str, dict]:
        return {line["what"]: line for line in run_audit.json("doctor")}

    monkeypatch.delenv("ARTAUDIT_TRUST", raising=False)
    first = looked()
    assert first["registry"]["state"] == first["keys"]["state"] == "not there"
    assert first["trust"]["state"] == "ok"  # the lists that come with artaudit
    assert "audit init" in first["registry"]["mend"] and "audit keys init" in first["keys"]["mend"]
    assert first["pdf"]["state"] == "ok" and set(first) >= {"models", "timestamps", "sscd", "detectors", "parquet"}
    assert not (home / "registry.db").exists()
    assert run_audit("doctor").returncode == 0
    run_audit("init")
    keys.create(home / "keys", "Ada Lovelace", "correct horse battery")
    (home / "root.pem").write_bytes(keys.identity(home / "keys").authority_pem())
    monkeypatch.setenv("ARTAUDIT_TRUST", str(home / "root.pem"))
    second = looked()
    assert second["registry"]["state"] == second["keys"]["state"] == second["trust"]["state"] == "ok"
    assert "Ada Lovelace" in second["keys"]["says"]


@pytest.mark.parametrize(
    "broken", ["registry.db", "models/some/model.json", "keys/signer.pem", "settings/settings.toml"]
)
def test_the_doctor_names_what_is_broken_and_goes_on(home, run_audit, broken):
    keys.create(home / "keys", "Ada Lovelace", "correct horse battery")
    (home / broken).parent.mkdir(parents=True, exist_ok=True)
    (home / broken).write_text("no such thing " * 100)
    answer = run_audit("doctor")
    assert answer.returncode == 1
    [line] = [line for line in answer.stdout.splitlines() if line.startswith("broken")]
    assert str(home / broken) in line or str((home / broken).parent) in line
    assert "tensorboard" in answer.stdout


def test_every_extra_that_packages_name_is_known_to_the_doctor():
    from artaudit.commands.doctor import EXTRAS

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert {*EXTRAS, "dev"} == set(project["optional-dependencies"])
