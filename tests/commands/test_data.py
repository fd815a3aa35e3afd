"""`audit data` as people and scripts meet it."""

import json
import os
import subprocess
import sys
import tarfile

import numpy as np
import pytest

from artaudit.datasets import manifest
from artaudit.datasets.drawings import draw


@pytest.fixture
def audit(tmp_path):
    env = {**os.environ, "ARTAUDIT_DB": str(tmp_path / "registry.db"), "ARTAUDIT_MODELS": str(tmp_path / "models")}

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "artaudit", "data", *map(str, words)]
        return subprocess.run(line, env=env, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)

    return run


@pytest.fixture
def biased(tmp_path):
    """Return a data set of JPEG reals and PNG fakes."""
    for number in range(24):
        picture = draw(np.random.default_rng(number)).resize((64, 64))
        folder = tmp_path / "set" / ("fake" if number % 2 else "real")
        folder.mkdir(parents=True, exist_ok=True)
        picture.save(folder / f"{number}.{'png' if number % 2 else 'jpg'}")
    (tmp_path / "set" / "real" / "broken.png").write_bytes(b"no picture")
    return tmp_path / "set"


@pytest.mark.slow
def test_the_straight_line(audit, biased):
    indexed = audit("index", biased, "-o", "m.csv", "--json")
    told = json.loads(indexed.stdout)
    assert (indexed.returncode, told["pictures"], told["counts"]) == (0, 24, {"real": 12, "generated": 12})
    assert "left out: real/broken.png" in indexed.stderr and len(told["left_out"]) == 1
    audited = audit("audit", "m.csv")
    assert audited.returncode == 1
    assert "FAILED: the container gives the label away" in audited.stdout and "format" in audited.stdout
    aligned = audit("align", "m.csv", "-o", "aligned", "--json")
    assert json.loads(aligned.stdout)["pictures"] == 24
    divided = audit(
        "split", "aligned/manifest.csv", "-o", "aligned/split.csv", "--share", "a", "1", "--share", "b", "1"
    )
    assert divided.returncode == 0 and "6 a real" in divided.stdout
    again = json.loads(audit("audit", "aligned/split.csv", "--json").stdout)
    assert not again["copies"] and not again["near"] and not again["leaks"]
    alone = {fact["fact"]: fact["auc"] for fact in again["bias"]["facts"]}
    assert alone.pop("bytes a pixel") < 0.9 and set(alone.values()) == {0.5}


@pytest.mark.slow
def test_several_sources_and_manifests_become_one(audit, biased, tmp_path):
    audit("index", biased / "real", "-o", "deep/real.csv", "--label", "real", "--licence", "CC0")
    with tarfile.open(tmp_path / "shard.tar", "w") as tar:
        for name in ("cat-1.png", "cat-2.png", "IMG_0001.png"):
            path = tmp_path / name
            draw(np.random.default_rng(len(name) + int(path.stem[-1]))).resize((64, 64)).save(path)
            tar.add(path, name)
    audit("index", tmp_path / "shard.tar", "-o", "tar.csv", "--layout", "webdataset", "--label", "generated")
    done = audit("index", "deep/real.csv", "tar.csv", biased, "-o", "all.csv", "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    rows = {row.path: row for row in manifest.read(tmp_path / "all.csv")}
    assert told["pictures"] == len(rows) == 12 + 3 + 12
    assert rows["set/real/0.jpg"].licence == "CC0"
    assert rows["shard.tar::cat-1.png"].group == rows["shard.tar::cat-2.png"].group == "name:cat"
    assert rows["shard.tar::IMG_0001.png"].group == ""
    assert (told["groups_by_name"], told["numbered_series"]) == (1, {})
    assert done.stderr.count("is in an earlier source too") == 12
    assert not list(tmp_path.glob(".all-listed*"))
    again = audit("index", "all.csv", "deep/real.csv", "-o", "again.csv")
    assert again.stderr.count("is in an earlier source too") == 12
    assert list(manifest.read(tmp_path / "again.csv")) == list(rows.values())


@pytest.mark.slow
def test_a_failed_audit_names_the_next_command_and_it_runs(audit, biased):
    audit("index", biased, "-o", "m.csv")
    line = next(line for line in audit("audit", "m.csv").stdout.splitlines() if line.startswith("next: "))
    words = line.removeprefix("next: audit data ").partition("  (")[0].split()
    assert words == ["align", "m.csv", "-o", "m-aligned"]
    assert audit(*words, "--most", 12).returncode == 0
    assert json.loads(audit("audit", "m-aligned/manifest.csv", "--json").stdout)["next"] == []


def test_leaks_and_copies_fail_a_data_set(audit, tmp_path):
    rows = [f"{n}.png,{('real', 'generated')[n % 2]},g{n},train,d{n}" for n in range(40)]
    rows += ["x.png,real,g0,test,x", "y.png,real,,test,d1"]
    (tmp_path / "m.csv").write_text("path,label,group,split,sha256\n" + "\n".join(rows))
    done = audit("audit", "m.csv", "--no-near", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 1 and not found["biased"] and found["near"] is None
    assert [leak["value"] for leak in found["leaks"]] == ["g0"]
    assert [(copy["path"], copy["earlier"]) for copy in found["copies"]] == [("y.png", "1.png")]
    assert [line.partition("  (")[0] for line in found["next"]] == [
        "audit data split m.csv -o m-split.csv",
        "audit data audit m.csv",
    ]


def test_too_few_pictures_could_not_be_checked(audit, tmp_path):
    (tmp_path / "m.csv").write_text("path,label\na.png,real\nb.png,generated\n")
    done = audit("audit", "m.csv", "--no-near")
    assert done.returncode == 3 and "index more" in done.stderr


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("index", "missing", "-o", "m.csv"), "is no folder"),
        (("audit", "missing.csv"), "cannot be read"),
        (("split", "m.csv", "-o", "elsewhere/s.csv"), "write beside"),
        (("align", "m.csv", "-o", "out", "--model", "nonsense"), "choose"),
    ],
)
def test_wrong_usage_is_one_sentence(audit, tmp_path, words, part):
    (tmp_path / "m.csv").write_text("path,label\na.png,real\n")
    done = audit(*words)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("Error: ") and part in done.stderr
