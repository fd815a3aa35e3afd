"""What is written about the project agrees with the project."""

import re
from importlib import metadata
from pathlib import Path

import click
import pytest

from artaudit import catalog
from artaudit.cli import audit

ROOT = Path(__file__).parents[1]
NAMES = ("CLOAKS", "MODELS", "DETECTORS", "ADDED", "ATTRIBUTIONS", "EXAMINERS", "LAYOUTS", "ATTACKS")
TABLES = {name: getattr(catalog, name) for name in NAMES}


def commands(command: click.Command, name: str) -> list[str]:
    children = getattr(command, "commands", {})
    return [name, *(found for child in children for found in commands(children[child], f"{name} {child}"))]


def test_every_command_is_documented():
    page = (ROOT / "docs" / "commands.md").read_text()
    assert all(f"## {name}\n" in page for name in commands(audit, "audit"))


@pytest.mark.parametrize("name", [f"{table}/{name}" for table in TABLES for name in TABLES[table]])
def test_every_component_is_documented_and_there(name):
    table, component = name.split("/")
    assert catalog.load(TABLES[table], component).__doc__
    assert f"| `{component}` |" in (ROOT / "docs" / "components.md").read_text()


def test_commands_that_the_readme_shows_exist():
    shown = re.findall(r"^audit (\w+)", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert set(shown) >= {"protect", "register", "check", "report", "verify"}
    assert set(shown) <= set(audit.commands)
    makefile = (ROOT / "Makefile").read_text()
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in ("demo", "test"))


def test_links_between_pages_lead_somewhere():
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), (page, target)


def test_modules_stay_small():
    for path in (ROOT / "artaudit").rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 300, path


def test_torchvision_is_never_needed():
    assert not any("torchvision" in line for line in metadata.requires("artaudit") or [])
