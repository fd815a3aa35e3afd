"""Configurations are checked whole, before anything heavy is imported, and documented as they are."""

import inspect
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from artaudit import catalog
from artaudit.detect.config import KEYS, Config, read_config
from artaudit.detect.settings import MAPPING, SETTINGS, TAKES
from artaudit.errors import UsageError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def write(tmp_path):
    """Return what writes a configuration beside a manifest."""
    (tmp_path / "manifest.csv").write_text("path,label\n")

    def written(text):
        (tmp_path / "config.yaml").write_text(text)
        return tmp_path / "config.yaml"

    return written


def defaults(name):
    """Return the default of every setting of a detector."""
    signature = inspect.signature(catalog.load(catalog.DETECTORS, name))
    return {parameter.name: parameter.default for parameter in signature.parameters.values()}


@pytest.mark.parametrize("text", ["", "learn: train", "data: [", "data: manifest.csv\nlayers: 3", "data: x\ndraws: no"])
def test_a_configuration_that_is_none_is_refused(write, text):
    with pytest.raises(UsageError):
        read_config(write(text))


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("setings: {}", "'setings' is no key: did you mean 'settings'?"),
        ("detector: residul", "takes a backbone or residual or npr"),
        ("draws: 0", "the key 'draws' takes a whole number from 1, not 0"),
        ("draws: true", "not True"),
        ("without: midjourney", "takes a list of texts"),
        ("settings: {side: 128, layers: 3}", "'layers' is no setting of residual"),
        ("settings: {regularization: 1.0}", "did you mean 'regularisation'?"),
        ("detector: cnn\nsettings: {rate: 1e-3}", "YAML reads 1e-3 as text: write 0.001"),
        ("detector: cnn\nsettings: {precision: no}", 'YAML reads no as false: write "no"'),
        ("detector: cnn\nsettings: {rate: 0.0}", "takes a number above 0"),
        ("detector: lnp\nsettings: {blocks: [3, 0]}", "takes a list of whole numbers from 1"),
        ("settings: [crops]", "takes a mapping"),
        ("learn: val", "the splits learn and hold_out must be two"),
        ("settings: {steps: 3}", "'steps' is no setting of residual"),
    ],
)
def test_what_is_wrong_is_named_with_what_was_meant(write, lines, told):
    with pytest.raises(UsageError) as raised:
        read_config(write(f"data: manifest.csv\n{lines}\n"))
    assert told in str(raised.value)


def test_data_that_is_not_there_is_named(write):
    with pytest.raises(UsageError, match=r"other\.csv, which is not there"):
        read_config(write("data: other.csv"))


def test_a_mistake_is_answered_before_anything_heavy_is_imported(write):
    path = write("data: manifest.csv\nsetings: {}\n")
    code = (
        "import sys\nfrom artaudit.cli import main\n"
        f"sys.argv = ['audit', 'detector', 'train', {str(path)!r}, '-o', 'never']\n"
        "try:\n    main()\nfinally:\n    print(sorted({'torch', 'sklearn', 'scipy'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=path.parent)
    assert done.returncode == 2
    assert "did you mean 'settings'?" in done.stderr
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", catalog.DETECTORS)
def test_every_setting_of_a_detector_is_known_and_its_default_fits(name):
    found = defaults(name)
    assert set(TAKES[name]) == set(found)
    wrong = {setting: value for setting, value in found.items() if not SETTINGS[setting].fits(value)}
    assert not wrong


def test_every_key_is_known_and_its_default_fits():
    plain = Config("manifest.csv")
    assert list(KEYS) == [field.name for field in fields(Config)]
    assert all(KEYS[name].fits(getattr(plain, name)) for name in KEYS)


@pytest.mark.parametrize("name", catalog.DETECTORS)
def test_every_detector_has_an_annotated_example_that_says_all_its_settings(write, name):
    text = (ROOT / "examples" / f"{name}.yaml").read_text()
    config = read_config(write(text))
    told = yaml.safe_load(text)
    assert config.detector == name
    assert set(told) == set(KEYS)
    assert set(config.settings) == set(TAKES[name])
    made = catalog.load(catalog.DETECTORS, name)(**config.settings)
    needed = {setting for setting, value in defaults(name).items() if value in ("", ())}
    assert {setting: value for setting, value in made.get_params().items() if setting not in needed} == {
        setting: list(value) if isinstance(value, tuple) else value
        for setting, value in defaults(name).items()
        if setting not in needed
    }
    lines = [line for line in text.splitlines() if re.match(r" *\w+:", line)]
    assert all("  # " in line for line in lines if not line.startswith("settings:"))


@pytest.mark.parametrize("name", catalog.DETECTORS)
def test_the_page_about_detectors_has_every_key_and_setting(name):
    page = (ROOT / "docs" / "detectors.md").read_text()
    part = page[page.index(f"## {name}\n") :].split("\n## ")[0]
    assert all(f"| `{setting}` | {SETTINGS[setting].form} | " in part for setting in TAKES[name])
    assert all(f"| `{key}` | " in page for key in KEYS)
    assert KEYS["settings"].kind == MAPPING
