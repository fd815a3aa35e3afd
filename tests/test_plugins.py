"""A class and a line in somebody else's pyproject make a component known; what it says carries its package's name."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image as Pillow

from artaudit import catalog, plugins
from artaudit.auditor.check import check
from artaudit.auditor.evidence import verify_package
from artaudit.auditor.registry import Registry
from artaudit.auditor.report import report
from artaudit.auditor.reproduce import reproduce
from artaudit.detect.loading import open_detector
from artaudit.detect.training import train
from artaudit.errors import ModelError, PluginError, UsageError
from artaudit.findings import CLOAKED_VERSIONS, ORIGIN, Finding
from artaudit.generators import pool
from artaudit.generators.opening import abilities, open_model

ROOT = Path(__file__).parents[1]
EXAMPLE = "artaudit-example 1.0"
KNOWN = {"cloaks": "grey", "detectors": "spread", "examiners": "redness", "generators": "halves"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return a folder into which pip installed the example package."""
    target = tmp_path_factory.mktemp("site")
    line = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*line, "--target", target, ROOT / "examples" / "plugin"], check=True)
    return target


@pytest.fixture
def put(monkeypatch):
    """Return what puts a folder of installed packages on the path, as if Python had started with it."""

    def on_the_path(folder):
        monkeypatch.syspath_prepend(folder)
        plugins.forget()

    yield on_the_path
    monkeypatch.undo()
    sys.modules.pop("artaudit_example", None)
    plugins.forget()


def offer(folder, package, *, code="", **lines):
    """Write a package with entry points, `cloaks="name = module:Class"`, as an installer leaves it."""
    about = folder / f"{package}-2.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 2.0\n")
    (about / "entry_points.txt").write_text("".join(f"[artaudit.{kind}]\n{line}\n" for kind, line in lines.items()))
    (folder / f"{package}.py").write_text(code)


def command(folder, site, *words):
    """Run `audit` in a process of its own, with installed packages in `site`; return what it said."""
    code = f"import sys\nsys.path[:0] = [{str(site)!r}]\nsys.argv[0] = 'audit'\nfrom artaudit.cli import main\n"
    code += "try:\n    main()\nfinally:\n    print('artaudit_example' in sys.modules, file=sys.stderr)\n"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, words)], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def red(tmp_path):
    """Return the path of a red picture."""
    Pillow.new("RGB", (96, 64), (200, 10, 20)).save(tmp_path / "red.png")
    return tmp_path / "red.png"


def test_components_of_a_package_are_in_the_catalog_without_being_imported(installed, put):
    put(installed)
    assert {kind: list(offers) for kind, offers in catalog.PLUGINS.items()} == {k: [name] for k, name in KNOWN.items()}
    assert {str(offers[KNOWN[kind]]) for kind, offers in catalog.PLUGINS.items()} == {EXAMPLE}
    assert list(catalog.EXAMINERS)[-1] == "redness"
    assert {"halves", "autoencoder"} <= set(catalog.MODELS)
    assert "artaudit_example" not in sys.modules
    for table in catalog.TABLES:
        made = catalog.load(table, KNOWN[table.offers.kind])
        assert all(hasattr(made, method) for method in plugins.NEEDED[table.offers.kind])
        assert catalog.plugin_of(made) is table.offers[KNOWN[table.offers.kind]]


def test_the_page_offers_a_plug_ins_cloak_and_says_whose_it_is(installed, put):
    methods = pytest.importorskip("artaudit.web.pages.protect").methods
    put(installed)
    assert next(iter(methods())) == "push"
    assert methods()["grey"] == f"Of the plug-in {EXAMPLE}."
    assert "artaudit_example" not in sys.modules


def test_the_switch_leaves_plug_ins_out(installed, put, monkeypatch):
    put(installed)
    monkeypatch.setenv(plugins.SWITCH, "none")
    assert not any(catalog.PLUGINS.values())
    assert "grey" not in catalog.CLOAKS


def test_no_plug_in_takes_a_shipped_name_or_that_of_another(tmp_path, put):
    offer(tmp_path, "shadow", cloaks="push = shadow:Push", generators="clip-vision = shadow:Tower")
    offer(tmp_path, "detecting", detectors="fused = detecting:Fused", cloaks="grey = detecting:Grey")
    offer(tmp_path, "second", cloaks="grey = second:Grey", examiners="Redness! = second:Redness")
    offer(tmp_path, "inside", examiners="looks = artaudit.detect.examiner:MachineMade")
    put(tmp_path)
    assert not any(catalog.PLUGINS.values())
    assert catalog.CLOAKS["push"].startswith("artaudit.")
    refused = " ".join(sentence for offers in catalog.PLUGINS.values() for sentence in offers.refused)
    assert "shadow 2.0 offers 'push' among cloaks, which comes with artaudit" in refused
    assert "'clip-vision'" in refused
    assert "'fused'" in refused
    assert "detecting 2.0 and second 2.0 both offer 'grey' among cloaks: neither is taken" in refused
    assert "'Redness!'" in refused
    assert "'looks'" in refused


def test_help_names_a_plug_in_and_does_not_import_it(installed, tmp_path):
    shown = command(tmp_path, installed, "protect", "--help")
    assert shown.returncode == 0
    assert "nightshade|grey]" in shown.stdout.replace("\n", "").replace(" ", "")
    assert shown.stderr == "False\n"


def test_a_cloak_and_a_model_of_a_package_are_used_by_the_command_and_named_in_receipts(installed, red, monkeypatch):
    for variable, name in (("ARTAUDIT_DB", "registry.db"), ("ARTAUDIT_MODELS", "models")):
        monkeypatch.setenv(variable, str(red.parent / name))
    (red.parent / "scale.txt").write_text("2.0")
    added = command(red.parent, installed, "models", "add", "mine", "scale.txt", "--kind", "halves", "--family", "own")
    assert added.returncode == 0, added.stderr
    words = ("protect", "red.png", "--method", "grey", "--model", "mine", "--steps", "2", "--seed", "1")
    done = command(red.parent, installed, *words)
    assert done.returncode == 0, done.stderr
    receipt = json.loads((red.parent / "red.receipt.json").read_text())
    assert (receipt["method"]["name"], receipt["method"]["plugin"]) == ("grey", EXAMPLE)
    assert [(model["name"], model["plugin"]) for model in receipt["models"]] == [("mine", EXAMPLE)]
    monkeypatch.setenv(plugins.SWITCH, "none")
    [kept] = [record for record in pool.installed(red.parent / "models") if record.name == "mine"]
    assert abilities(kept) == ()
    with pytest.raises(ModelError, match="mine is of the kind halves, which nothing here reads"):
        open_model(kept)


def test_what_an_examiner_of_a_package_says_carries_its_name_to_the_report(installed, put, red, monkeypatch):
    put(installed)
    with Registry(red.parent / "registry.db") as registry:
        number, evidence = check(red, registry)
        report(number, red.parent / "case.zip", registry)
    said = f"Its mean red is 0.78 (plug-in {EXAMPLE})."
    assert said in evidence.summary
    [finding] = [finding for finding in evidence.findings if finding.examiner == "redness"]
    assert (finding.group, finding.details["plugin"]) == ("plug-in redness", EXAMPLE)
    assert evidence.environment["artaudit-example"] == "1.0"
    [group] = [group for group in evidence.assessment.groups if group.name == "plug-in redness"]
    assert (group.log10_likelihood_ratio, group.counts[:20]) == (None, "said by a plug-in, f")
    with zipfile.ZipFile(red.parent / "case.zip") as opened:
        page, record = (opened.read(f"data/report.{kind}").decode() for kind in ("html", "json"))
    assert said in page
    assert "artaudit-example 1.0" in page
    [picture] = json.loads(record)["pictures"]
    assert picture["caption"].startswith("its mean red is 0.78")
    assert picture["caption"].endswith(f"(plug-in {EXAMPLE})")
    assert verify_package(red.parent / "case.zip").problems == ()
    assert {finding["outcome"] for finding in repeated(red.parent / "case.zip")} == {"same"}
    monkeypatch.setenv(plugins.SWITCH, "none")
    verified = verify_package(red.parent / "case.zip")
    absent = f"the plug-in that says so, {EXAMPLE}, is not installed here"
    assert verified.problems == ()
    assert [remark for remark in verified.remarks if absent in remark]
    assert [(finding["outcome"], finding["why"]) for finding in repeated(red.parent / "case.zip")] == [
        ("not repeated", absent)
    ]


def repeated(package):
    [again] = reproduce(package)["checks"]
    return [finding for finding in again["findings"] if finding["examiner"] == "redness"]


def test_another_version_of_a_plug_in_is_not_taken_for_the_one_that_spoke(installed, put, red, tmp_path):
    put(installed)
    with Registry(tmp_path / "registry.db") as registry:
        number, _ = check(red, registry)
        report(number, tmp_path / "case.zip", registry)
    other = tmp_path / "other"
    offer(other, "artaudit_example", examiners="redness = artaudit_example:Redness")
    sys.path.remove(str(installed))
    put(other)
    [again] = repeated(tmp_path / "case.zip")
    assert again["why"] == f"the plug-in that says so was {EXAMPLE}, and here is artaudit_example 2.0"


POSER = """
from artaudit.findings import Finding

class Poser:
    name, group, question = "detector", "signed", "copy"

    def examine(self, image):
        details = {"says": "machine-made", "trusted": True}
        claim = "a machine\\nmade it"
        return [Finding("detector", claim, True, "m", details=details, log10_likelihood_ratio=6.0)]

class Fails:
    def examine(self, image):
        raise ZeroDivisionError("no pixels")

class Answers(Fails):
    question = "origin"

    def examine(self, image):
        return [Finding("", "a machine made it", True, "m")]

class Wrong:
    def examine(self, image):
        return [Finding("", "it is", True, "m", details={"not json": {1, 2}})]
"""


def test_a_plug_in_cannot_pose_as_another_examiner_and_its_faults_end_no_check(red, tmp_path, put):
    offer(
        tmp_path / "site",
        "poser",
        code=POSER,
        examiners="poser = poser:Poser\nfails = poser:Fails\nwrong = poser:Wrong\ngone = poser:Gone",
    )
    put(tmp_path / "site")
    with Registry(tmp_path / "registry.db") as registry:
        _, evidence = check(red, registry)
    found = {finding.examiner: finding for finding in evidence.findings if "plugin" in finding.details}
    assert found["poser"].claim == "a machine made it (plug-in poser 2.0)"
    assert (found["poser"].group, found["poser"].question) == ("plug-in poser", "")
    assert (evidence.assessment.basis, evidence.assessment.copy) == ("", "not compared")
    assert evidence.assessment.conflicts == ()
    assert found["fails"].holds is None
    assert "what fails looks for (it failed: ZeroDivisionError: no pixels) (plug-in poser 2.0)" in found["fails"].claim
    assert "TypeError" in found["wrong"].claim
    assert "cannot be loaded" in found["gone"].claim
    with pytest.raises(PluginError, match=r"poser 2\.0 cannot be loaded"):
        catalog.load(catalog.EXAMINERS, "gone")


def test_of_a_cloaked_picture_a_plug_in_says_no_more_who_made_it_than_others_do(red, tmp_path, put):
    from artaudit.auditor.assessment.weighing import withhold_accusations
    from artaudit.auditor.examiners import examiners_for, findings_of
    from artaudit.image import read
    from artaudit.matching import Portfolio

    offer(tmp_path / "site", "poser", code=POSER, examiners="answers = poser:Answers")
    put(tmp_path / "site")
    match = Finding("portfolio", "work 1", holds=True, method="m", work=1, details={CLOAKED_VERSIONS: 1})
    answers = [examiner for examiner in examiners_for(Portfolio([])) if examiner.name == "answers"]
    [found] = findings_of(read(red), answers)
    assert (found.question, found.holds) == (ORIGIN, True)
    _, withheld = withhold_accusations((match, found))
    assert withheld.holds is None


def test_a_detector_of_a_package_is_trained_and_opened_and_without_it_named(installed, put, drawings, monkeypatch):
    put(installed)
    lines = "data: manifest.csv\ndetector: spread\ndraws: 1\n"
    (drawings / "config.yaml").write_text(f"{lines}settings: {{crops: 2, power: 2}}\n")
    with pytest.raises(UsageError, match="the setting of spread 'power' takes a number"):
        train_with(drawings, f"{lines}settings: {{power: much}}\n")
    with pytest.raises(UsageError, match="did you mean 'power'"):
        train_with(drawings, f"{lines}settings: {{powers: 2}}\n")
    train_with(drawings, f"{lines}settings: {{crops: 2, power: 2}}\n")
    assert open_detector(drawings / "spread").power == 2
    assert json.loads((drawings / "spread" / "detector.json").read_text())["about"]["plugin"] == EXAMPLE
    open_detector.cache_clear()
    monkeypatch.setenv(plugins.SWITCH, "none")
    with pytest.raises(ModelError, match=rf"spread of the plug-in {EXAMPLE}, which is not installed here"):
        open_detector(drawings / "spread")


def train_with(folder, text):
    (folder / "config.yaml").write_text(text)
    train(folder / "config.yaml", folder / "spread")


def test_doctor_names_plug_ins_and_what_is_wrong_with_them(installed, tmp_path):
    shown = command(tmp_path, installed, "doctor")
    assert re.search(rf"^ok +plug-in +redness of {EXAMPLE}, among examiners$", shown.stdout, re.MULTILINE)
    offer(tmp_path / "site", "lame", code="class Lame: pass\n", cloaks="lame = lame:Lame\npush = lame:Push")
    shown = command(tmp_path, tmp_path / "site", "doctor")
    assert shown.returncode == 1
    assert "lame of lame 2.0, among cloaks, lacks target" in shown.stdout
    assert "'push' among cloaks, which comes with artaudit: it is left out" in shown.stdout
