"""What programs may import is named, typed, documented, and imports nothing before it is used."""

import ast
import inspect
import subprocess
import sys
from importlib import import_module, resources
from pathlib import Path

import pytest
from sklearn.base import clone

from artaudit import catalog
from artaudit.exports import exports

ROOMS = ("", ".attribution", ".datasets", ".detect", ".distances", ".generators", ".protect")
ASKED_FOR = {
    "": {"read", "Image", "cloak", "check", "Registry", "verify_package", "Finding", "Evidence", "ArtauditError"},
    ".protect": {"Cloak", "Budget", "ScoreFloor", "FlickerCeiling", "PRESETS", "load_objective"},
    ".distances": {"Flip", "Ssimulacra2", "delta_e", "flip", "linf", "psnr", "ssim", "ssimulacra2"},
    ".detect": {"load_detector", "train", "evaluate", "ResidualDetector", "BackboneDetector"},
    ".attribution": {"candidates", "attribute"},
    ".generators": {"list_models", "load_model"},
    ".datasets": {"read_manifest", "index", "split", "audit"},
}
HEAVY = ("torch", "cv2", "numpy", "PIL", "sklearn", "diffusers", "transformers", "matplotlib", "jaxtyping")
HEAVY += ("sqlite_utils",)


def source(room):
    return ast.parse(Path(inspect.getfile(import_module(f"artaudit{room}"))).read_text())


@pytest.mark.parametrize("room", ROOMS)
def test_every_exported_name_is_there_and_documented(room):
    package = import_module(f"artaudit{room}")
    assert set(package.__all__) >= ASKED_FOR[room]
    assert set(package.__all__) <= set(dir(package))
    for name in package.__all__:
        made = getattr(package, name)
        assert not inspect.ismodule(made), name
        if inspect.isclass(made) or inspect.isfunction(made):
            assert made.__doc__, name


@pytest.mark.parametrize("room", [room for room in ROOMS if room != ".distances"])
def test_what_a_type_checker_sees_is_what_is_imported(room):
    package = import_module(f"artaudit{room}")
    typed = {
        alias.asname or alias.name: f"{node.module}:{alias.name}"
        for block in source(room).body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == package._NAMES
    assert {*typed, "__version__"} == {*package.__all__, "__version__"}


@pytest.mark.parametrize("room", [room for room in ROOMS if room != ".distances"])
def test_no_module_takes_the_place_of_an_exported_name(room):
    package = import_module(f"artaudit{room}")
    beside = {path.stem if path.suffix else path.name for path in Path(package.__path__[0]).iterdir()}
    assert not beside & set(package._NAMES)


def test_what_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        import_module("artaudit.detect").nothing  # noqa: B018 - the access is what is tested
    get, _ = exports("artaudit.detect", {"read": "artaudit.image:read"})
    with pytest.raises(AttributeError):
        get("write")


def test_importing_the_rooms_loads_nothing_heavy():
    rooms = ", ".join(f"artaudit{room}" for room in ROOMS if room != ".distances")
    program = f"import sys, {rooms}; print([name for name in {HEAVY} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_the_package_says_that_it_is_typed():
    assert resources.files("artaudit").joinpath("py.typed").is_file()


@pytest.mark.parametrize("name", list(catalog.DETECTORS))
def test_detectors_are_estimators_as_scikit_learn_knows_them(name):
    kind = catalog.load(catalog.DETECTORS, name)
    needed = {
        "reconstruction": {"models": ["studio-sd1"]},
        "embedding": {"model": "tower"},
        "checkpoint": {"file": "f"},
    }
    made = kind(**needed.get(name, {}))
    settings = made.get_params()
    assert set(settings) == set(inspect.signature(kind).parameters)
    other = clone(made.set_params(crops=3))
    assert other is not made
    assert other.get_params() == made.get_params() == settings | {"crops": 3}
    assert type(made).__name__ in repr(made)
    assert not [kept for kept in vars(other) if kept.endswith("_")]
