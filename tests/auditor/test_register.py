"""Many pictures become works as one alone does, in order, and one that cannot be read stops no other."""

from pathlib import Path

import numpy as np
import pytest

from artaudit.auditor.register import enrol, register_all
from artaudit.auditor.registry import Registry
from artaudit.datasets.drawings import draw
from artaudit.errors import ImageError
from artaudit.image import read

KINDS = ("pdq", "keypoints")


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{number}.png" for number in range(7)]
    for number, path in enumerate(paths):
        draw(np.random.default_rng(number)).resize((96, 96)).save(path)
    return paths


def prints(registry: Registry, work: int) -> list[bytes]:
    return [registry.fingerprint_store.fingerprint(work, kind) for kind in KINDS] + [registry.preview(work)]


def test_many_are_registered_in_order_with_what_each_alone_would_have(paths, tmp_path):
    with Registry(tmp_path / "many.db") as many, Registry(tmp_path / "single.db") as single:
        works = [enter() for enter in register_all(paths, many)]
        assert [(work.id, work.title, new) for work, new in works] == [
            (number + 1, path.stem, True) for number, path in enumerate(paths)
        ]
        for path, (work, _) in zip(paths, works, strict=True):
            assert prints(many, work.id) == prints(single, enrol(single, read(path), path.stem)[0].id)


def test_what_is_known_or_comes_twice_is_registered_once(paths, tmp_path):
    with Registry(tmp_path / "works.db") as registry:
        first, _ = enrol(registry, read(paths[0]), "the first")
        again = [enter() for enter in register_all([paths[0], paths[1], paths[1]], registry, "another")]
        assert [(work.title, new) for work, new in again] == [
            ("the first", False),
            ("another", True),
            ("another", False),
        ]
        assert again[0][0].id == first.id
        assert registry.count() == 2


def test_one_that_cannot_be_read_stops_no_other(paths, tmp_path):
    paths[1].write_bytes(b"no picture")
    entered = []
    with Registry(tmp_path / "works.db") as registry:
        for number, enter in enumerate(register_all(paths, registry)):
            if number == 1:
                with pytest.raises(ImageError):
                    enter()
            else:
                entered.append(enter()[0].title)
    assert entered == ["0", "2", "3", "4", "5", "6"]
