"""A full disk is a clear error: what was acknowledged stays, nothing is half written, with room it goes on."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCENARIO = """
import json, resource, subprocess, sys
from pathlib import Path

import numpy as np

from artaudit.auditor import check, register
from artaudit.auditor.registry import Registry
from artaudit.auditor.report import report
from artaudit.datasets.drawings import draw
from artaudit.errors import ArtauditError

place, pictures, way = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
for number in range(9):
    draw(np.random.default_rng(number)).resize((256, 256)).save(pictures / f"{number}.png")
room = resource.getrlimit(resource.RLIMIT_FSIZE)
if way == "disk":
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=900k", "tmpfs", place], check=True)
else:
    resource.setrlimit(resource.RLIMIT_FSIZE, (900_000, room[1]))
works, errors = [], []
with Registry(place / "registry.db") as registry:
    case = check.check(pictures / "0.png", registry, [])[0]
    try:
        for path in sorted(pictures.glob("*.png")):
            works.append(register.register(path, registry)[0].id)
    except ArtauditError as error:
        errors.append(str(error))
    if way == "disk":
        with (place / "rest").open("wb", buffering=0) as rest:
            try:
                while True:
                    rest.write(bytes(4096))
            except OSError:
                pass
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, room[1]))
    try:
        report(case, place / "case.zip", registry)
    except ArtauditError as error:
        errors.append(str(error))
    left = sorted(path.name for path in place.iterdir() if not path.name.startswith(("registry.db", "rest")))
    full = [registry.verify(), [work.id for work in registry.works()]]
if way == "disk":
    subprocess.run(["mount", "-o", "remount,size=40m", place], check=True)
else:
    resource.setrlimit(resource.RLIMIT_FSIZE, room)
with Registry(place / "registry.db") as registry:
    again = [registry.verify(), [work.id for work in registry.works()]]
    works.append(register.register(pictures / "8.png", registry)[0].id)
    report(case, place / "case.zip", registry)
    after = [registry.verify(), [work.id for work in registry.works()]]
print(json.dumps({"works": works, "errors": errors, "left": left, "full": full, "again": again, "after": after}))
"""


def run(tmp_path: Path, way: str, *before: str) -> dict:
    for name in ("disk", "pictures"):
        (tmp_path / name).mkdir()
    line = [*before, sys.executable, "-c", SCENARIO, tmp_path / "disk", tmp_path / "pictures", way]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check(outcome: dict) -> None:
    *before, last = outcome["works"]
    assert 0 < len(before) < 8
    assert outcome["full"] == outcome["again"] == [[], before]
    assert outcome["after"] == [[], [*before, last]]
    assert outcome["left"] == []
    assert len(outcome["errors"]) == 2
    assert all(message.endswith(".") for message in outcome["errors"])


@pytest.mark.slow
def test_a_file_that_may_not_grow_is_a_clear_error_and_the_registry_stays_whole(tmp_path):
    outcome = run(tmp_path, "limit")
    check(outcome)
    assert "see whether the disk is full or failing" in outcome["errors"][0]
    assert "case.zip cannot be written" in outcome["errors"][1]


@pytest.mark.slow
def test_a_full_disk_is_a_clear_error_and_the_registry_stays_whole(tmp_path):
    namespace = ["unshare", "--map-root-user", "--mount"]
    able = shutil.which("unshare") and subprocess.run(
        [*namespace, "mount", "-t", "tmpfs", "tmpfs", tmp_path], capture_output=True, check=False
    )
    if not able or able.returncode:
        pytest.skip("this machine lets nobody mount a small disk of their own")
    outcome = run(tmp_path, "disk", *namespace)
    check(outcome)
    assert "make room on the disk, nothing was lost" in outcome["errors"][0]
    assert "No space left on device" in outcome["errors"][1]
