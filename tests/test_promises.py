"""Each promise stands beside a test that is there; each dependency beside its licence."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| (?P<promise>[^|]+) \| (?P<tests>[^|]+) \|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
PROMISES = [
    (row["promise"], row["tests"])
    for row in ROW.finditer((ROOT / "docs" / "promises.md").read_text("utf-8"))
    if row["promise"].strip("-") not in ("", "promise")
]


def test_there_are_promises():
    assert len(PROMISES) >= 25


@pytest.mark.parametrize(("promise", "tests"), PROMISES)
def test_every_promise_stands_beside_tests_that_are_there(promise, tests):
    named = NAMED.findall(tests)
    assert named, promise
    assert NAMED.sub("", tests).strip(" ,") == "", f"{promise} stands beside something else than tests: {tests}"
    for file, name in named:
        tree = ast.parse((ROOT / file).read_text("utf-8"))
        functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in functions, f"{file} has no test {name}"
        marks = " ".join(map(ast.unparse, functions[name].decorator_list))
        assert "xfail" not in marks
        assert any(isinstance(node, ast.Assert | ast.With | ast.Call) for node in ast.walk(functions[name]))


def test_every_dependency_is_on_the_page_of_licences():
    page = (ROOT / "docs" / "licences.md").read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [
        line for name, lines in project["optional-dependencies"].items() if name in ("pdf", "heic") for line in lines
    ]
    for line in [*project["dependencies"], *extras]:
        name = re.match(r"[\w.-]+", line)[0].lower().replace("_", "-")
        assert f"\n| {name} |" in page, f"{name} has no licence in docs/licences.md: run make audit"
