"""The commands of those who keep and receive evidence work without torch; the others say what is missing."""

import subprocess
import sys
from types import MappingProxyType

import pytest

from artaudit import catalog
from artaudit.auditor.examiners import NotInstalled, examiner_classes
from artaudit.datasets.photographs import photograph
from artaudit.image import decode

BLOCKED = "import sys\nsys.modules |= dict.fromkeys(('torch', 'diffusers', 'transformers', 'accelerate', 'peft'))\n"
PROGRAM = f"{BLOCKED}sys.argv[0] = 'audit'\nfrom artaudit.cli import main\nmain()"
ALL = "import sys\nsys.argv[0] = 'audit'\nfrom artaudit.cli import main\nmain()"


@pytest.fixture
def audit(tmp_path):
    (tmp_path / "a.jpg").write_bytes(photograph("china.jpg"))

    def run(*arguments, program=PROGRAM):
        command = [sys.executable, "-c", program, "--db", "a.db", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


def test_register_check_report_verify_and_reproduce_work_without_torch(audit):
    assert audit("register", "a.jpg").returncode == 0
    checked = audit("check", "a.jpg")
    assert checked.returncode == 1
    assert "the very file of work 1" in checked.stdout
    assert "Cannot tell: whether a machine made it (torch is not installed)." in checked.stdout
    assert "Cannot tell: which model drew it (torch is not installed)." in checked.stdout
    assert audit("report", "1", "-o", "p.zip", "--unsigned").returncode == 0
    assert audit("verify", "p.zip").returncode == 0
    assert audit("reproduce", "p.zip").returncode == 0


@pytest.mark.slow
def test_what_torch_found_is_not_repeated_without_it_rather_than_different(audit):
    assert audit("register", "a.jpg").returncode == 0
    assert audit("check", "a.jpg", program=ALL).returncode == 1
    assert audit("report", "1", "-o", "p.zip", "--unsigned").returncode == 0
    again = audit("reproduce", "p.zip")
    assert again.returncode == 0
    assert "not repeated" in again.stdout
    assert "(torch is not installed)" in again.stdout
    assert "differs" not in again.stdout


def test_other_commands_say_what_is_missing(audit):
    for arguments in (("protect", "a.jpg"), ("check", "--detector", "shipped", "a.jpg")):
        refused = audit(*arguments)
        assert refused.returncode == 3
        assert "torch" in refused.stderr
        assert "not installed" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_any_examiner_that_lacks_a_package_says_so():
    [finding] = NotInstalled("own", "some_package").examine(decode(photograph("china.jpg"), name="a.jpg"))
    assert (finding.claim, finding.holds) == ("what own looks for (some_package is not installed)", None)


def test_a_line_of_the_catalog_that_names_nothing_is_no_missing_package(monkeypatch):
    monkeypatch.setattr(catalog, "EXAMINERS", MappingProxyType({"own": "artaudit.nothing:Own"}))
    with pytest.raises(ModuleNotFoundError, match=r"artaudit\.nothing"):
        examiner_classes()
