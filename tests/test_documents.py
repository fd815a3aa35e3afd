"""What is written about the project agrees with the project."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

import click
import pytest

import artaudit
from artaudit import catalog
from artaudit.cli import SECTIONS, audit

ROOT = Path(__file__).parents[1]
NAMES = ("CLOAKS", "MODELS", "DETECTORS", "ADDED", "ATTRIBUTIONS", "EXAMINERS", "LAYOUTS", "ATTACKS")
TABLES = {name: getattr(catalog, name) for name in NAMES}


def commands(command: click.Command, name: str) -> dict[str, click.Command]:
    found = {name: command}
    for child, below in getattr(command, "commands", {}).items():
        found |= commands(below, f"{name} {child}")
    return found


COMMANDS = commands(audit, "audit")


def test_every_command_is_documented():
    page = (ROOT / "docs" / "commands.md").read_text()
    assert all(f"## {name}\n" in page for name in COMMANDS)


@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if isinstance(command, click.Group)])
def test_lists_of_commands_hold_whole_sentences_at_80_columns(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    group = COMMANDS[name]
    _usage, *lines = group.get_help(click.Context(group, info_name=name, max_content_width=100)).splitlines()
    assert [line for line in lines if line.endswith("...")] == []
    width = max(map(len, group.commands))
    sentences = {child: command.get_short_help_str(limit=1000) for child, command in group.commands.items()}
    if group is audit:  # it shows a topic at a time
        formatter = click.HelpFormatter(width=80)
        audit.write_topics(formatter, audit.topics)
        lines = formatter.getvalue().splitlines()
    assert [child for child, said in sentences.items() if f"  {child:<{width}}  {said}" not in lines] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name):
    options = [option for option in COMMANDS[name].params if isinstance(option, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize("name", [f"{table}/{name}" for table in TABLES for name in TABLES[table]])
def test_every_component_is_documented_and_there(name):
    table, component = name.split("/")
    assert catalog.load(TABLES[table], component).__doc__
    assert f"| `{component}` |" in (ROOT / "docs" / "components.md").read_text()


def test_help_shows_every_command_under_a_topic_and_begins_with_what_an_artist_needs():
    shown = [command.name for section in SECTIONS for command in section.commands]
    assert set(shown) == set(audit.commands)
    assert shown[:5] == ["protect", "trial", "register", "check", "report"]


def test_commands_that_the_readme_shows_exist():
    shown = re.findall(r"^audit (\w+)", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert set(shown) >= {"protect", "register", "check", "report", "verify"}
    assert set(shown) <= set(audit.commands)
    makefile = (ROOT / "Makefile").read_text()
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in ("demo", "install", "test"))


def test_links_between_pages_lead_somewhere():
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), (page, target)


def test_figures_among_the_answers_are_those_that_were_measured():
    answers, measured = ((ROOT / "docs" / name).read_text() for name in ("faq.md", "limits.md"))
    figures = re.findall(r"(?<![\w.])\d*\.\d+|\d+,\d{3}", answers)
    assert len(figures) > 10
    assert [figure for figure in figures if figure not in measured] == []


def test_the_changelog_has_a_section_for_the_version():
    page = (ROOT / "CHANGELOG.md").read_text()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    headings = re.findall(r"^## (.*)$", page, re.MULTILINE)
    released = [re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d", heading) for heading in headings[1:]]
    assert headings[0] == "[Unreleased]" and all(released)
    versions = [tuple(map(int, found[1].split("."))) for found in released]
    assert versions == sorted(versions, reverse=True)
    unreleased = page.partition("## [Unreleased]")[2].partition("\n## ")[0]
    assert [found[1] for found in released][:1] == [version] or f"this becomes {version}." in unreleased
    parts = set(re.findall(r"^### (.*)$", page, re.MULTILINE))
    assert parts <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert version == artaudit.__version__


def test_the_changelog_names_the_forms_of_all_records():
    named = (ROOT / "CHANGELOG.md").read_text().partition("## [Unreleased]")[0]
    code = "\n".join(path.read_text() for path in (ROOT / "artaudit").rglob("*.py"))
    written = set(re.findall(r'^SCHEMA = "(.*)"$', code, re.MULTILINE))
    assert len(written) > 1
    assert set(re.findall(r"`(artaudit-\w+/\d+)`", named)) == written


def module(name: str) -> bool:
    place = ROOT / "artaudit" / name.replace(".", "/")
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def test_the_page_of_the_house_draws_it_as_it_stands():
    layers, flows = re.findall(r"```text\n(.*?)```", (ROOT / "docs" / "architecture.md").read_text(), re.DOTALL)
    drawn = [re.split(r" \| ", line) for line in layers.splitlines()]
    proved = (ROOT / ".importlinter").read_text().partition("layers =\n")[2].partition("\n\n")[0]
    assert sorted(name for line in drawn for name in line) == sorted(re.findall(r"\w+", proved))
    assert [line.split()[0] for line in flows.splitlines()] == ["protect", "check", "report", "train", "scan", "trial"]
    passed = [name for line in flows.splitlines() for name in line.split(maxsplit=1)[1].split(" > ")]
    assert [name for name in passed if not module(name)] == []


def test_every_room_has_its_line_on_the_page_of_the_house():
    table = re.findall(r"^\| `([\w.]+)` \|", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE)
    package = ROOT / "artaudit"
    rooms = [".".join(path.parent.relative_to(package).parts) for path in package.rglob("__init__.py")]
    assert sorted(table) == sorted(room for room in rooms if room)


def test_modules_stay_small():
    for path in (ROOT / "artaudit").rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 300, path


def test_torchvision_is_never_needed():
    assert not any("torchvision" in line for line in metadata.requires("artaudit") or [])
