"""What is released: small, nothing twice, large files explained, every weight with a card, the same bytes again."""

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

import artaudit

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "artaudit"
MB = 1e6
LARGE = 100_000
"""Bytes from which on a file has its line on the page about releases."""


def build(checkout: Path, target: Path, kind: str) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", target],
        cwd=checkout,
        check=True,
        capture_output=True,
    )
    [made] = target.iterdir()
    return made


def shipped() -> list[Path]:
    return [path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build(ROOT, tmp_path_factory.mktemp("dist"), "wheel")


@pytest.mark.slow
def test_the_wheel_is_small_holds_what_it_needs_and_nothing_twice(wheel):
    assert wheel.stat().st_size < 90 * MB
    with zipfile.ZipFile(wheel) as opened:
        names = [name for name in opened.namelist() if not name.startswith("artaudit-")]
        files = {name: opened.read(name) for name in names}
        metadata = opened.read(next(name for name in opened.namelist() if name.endswith("/METADATA"))).decode()
    assert set(files) == {path.relative_to(ROOT).as_posix() for path in shipped()}
    seen = {}
    for name, data in files.items():
        if data:
            assert seen.setdefault(hashlib.sha256(data).hexdigest(), name) == name
    assert f"\nVersion: {artaudit.__version__}\n" in metadata
    assert "\nLicense-Expression: Apache-2.0\n" in metadata


def test_every_large_file_stands_with_its_size_and_purpose_on_the_page_about_releases():
    table = re.findall(
        r"^\| `([^`]+)` \| ([\d.]+) \| (.+) \| \[", (ROOT / "docs" / "release.md").read_text(), re.MULTILINE
    )
    large = {path.relative_to(PACKAGE).as_posix(): path.stat().st_size for path in shipped()}
    large = {name: f"{size / MB:.1f}" for name, size in large.items() if size >= LARGE}
    assert {name: size for name, size, _ in table} == large


def test_every_weight_has_a_model_card_that_says_its_licence():
    for weights in PACKAGE.rglob("*.safetensors"):
        card = next(folder / "README.md" for folder in weights.parents if (folder / "README.md").is_file())
        name = weights.stem if weights.parent.name == "matching" else weights.parent.name
        parts = card.read_text().split("# Model card: ")[1:]
        [part] = [part for part in parts if name in re.split(r", | and ", part.splitlines()[0])]
        assert "Licence: " in part, weights


@pytest.mark.slow
def test_the_same_checkout_gives_the_same_wheel_whatever_its_files_times_and_rights_are(wheel, tmp_path):
    kept = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, tmp_path / "again" / "artaudit", ignore=kept, copy_function=shutil.copyfile)
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copyfile(ROOT / name, tmp_path / "again" / name)
    for path in (tmp_path / "again").rglob("*.py"):
        path.chmod(0o600)
    again = build(tmp_path / "again", tmp_path / "dist", "wheel")
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(wheel.read_bytes()).digest()


@pytest.mark.slow
def test_the_source_distribution_holds_what_is_needed_to_build_and_test_it(tmp_path):
    with tarfile.open(build(ROOT, tmp_path, "sdist")) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    assert {path.relative_to(ROOT).as_posix() for path in shipped()} <= names
    assert {"pyproject.toml", "CITATION.cff", "Makefile", "mkdocs.yml", "constraints.txt", "LICENSE"} <= names
    assert {"tests/conftest.py", "docs/limits.md", "examples/plugin/pyproject.toml"} <= names
    assert not [name for name in names if name.startswith((".cache", ".ci", ".git/", "demo-output", "site/", "dist/"))]


def test_the_citation_agrees_with_the_package():
    told = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert told["cff-version"] == "1.2.0"
    assert (told["title"], told["version"]) == (project["name"], project["version"])
    assert (told["license"], told["abstract"]) == (project["license"], project["description"])
    assert told["message"] and told["authors"]
