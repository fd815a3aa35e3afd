"""On a cluster of Ray the same stage gives the findings of the pool, even where an actor is killed in the middle."""

import importlib.util
import os
import signal
import subprocess

import pytest

from artaudit.errors import MissingExtraError
from artaudit.image import isolation
from artaudit.scan.pool import PoolEngine
from artaudit.scan.ray_engine import RayEngine
from artaudit.scan.run import scan
from artaudit.scan.stage import Stage
from artaudit.scan.store import Store
from artaudit.scan.summary import summary

HERE = importlib.util.find_spec("ray") is not None
pytestmark = pytest.mark.skipif(not isolation.possible(), reason="this system limits no processes")


@pytest.mark.skipif(HERE, reason="Ray is installed")
def test_without_ray_the_extra_is_named(tmp_path):
    with pytest.raises(MissingExtraError, match=r"artaudit\[ray\]"):
        RayEngine(tmp_path, 2)


def kept(folder):
    with Store(folder, write=False) as store:
        return {row["sha256"]: row for row, _ in store.findings("found", "unsure", "listed", "refused")}


def actors():
    """Return the processes of Ray that look at pictures."""
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    lines = [line.split(maxsplit=1) for line in listed.splitlines()[1:]]
    return [int(pid) for pid, name in lines if name.startswith("ray::") and "Looker" in name]


@pytest.mark.skipif(not HERE, reason="Ray is not installed (extra ray)")
@pytest.mark.filterwarnings("ignore")  # of Ray's own
def test_two_actors_one_of_them_killed_find_what_the_pool_finds(tmp_path, portfolio, pictures):
    import ray

    for shard in range(3):
        folder = tmp_path / "source" / str(shard)
        folder.mkdir(parents=True)
        for name, data in pictures.items():
            (folder / name).write_bytes(data)
        for number in range(16):
            (folder / f"b{number:02}.jpg").write_bytes(pictures["s1.jpg"] + bytes([shard, number]))
    scan([tmp_path / "source"], tmp_path / "pool", portfolio, lambda folder: PoolEngine(Stage(folder), 2))
    killed = []

    def kill_one(progress):
        """When the rows of the first shard come, two are left for the actors."""
        if not killed and progress.pictures:
            killed.extend(actors()[:1])
            os.kill(killed[0], signal.SIGKILL)

    try:
        scan([tmp_path / "source"], tmp_path / "ray", portfolio, lambda folder: RayEngine(folder, 2), kill_one)
    finally:
        ray.shutdown()
    assert killed
    assert kept(tmp_path / "ray") == kept(tmp_path / "pool")
    ours, theirs = summary(tmp_path / "ray"), summary(tmp_path / "pool")
    assert {**ours, "begun_at": ""} == {**theirs, "begun_at": ""}
    found = [sorted(path.name for path in (tmp_path / engine / "found").iterdir()) for engine in ("ray", "pool")]
    assert found[0] == found[1] and len(found[0]) == 3
