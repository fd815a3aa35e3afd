"""Packages and registries that are damaged or made to do harm, and people who stop writers anywhere.

Each function yields names with what to do; that returns the outcome, or raises AssertionError for a wrong answer.
"""

from __future__ import annotations

import io
import json
import random
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from artaudit.auditor.check import check
from artaudit.auditor.evidence import verify_package
from artaudit.auditor.evidence.package import manifest
from artaudit.auditor.register import register
from artaudit.auditor.registry import Registry
from artaudit.auditor.registry.recovery import recover
from artaudit.auditor.report import report
from artaudit.auditor.reproduce import reproduce
from artaudit.errors import ArtauditError
from artaudit.provenance import FileClaims

Act = tuple[str, Callable[[], str]]

VALUES: tuple[Any, ...] = (
    *(None, True, -1, 10**400, 1e308, "", "\ud800", "../../evil", "\x1b[2J"),
    *([], {}, [[]] * 50, "x" * 10**6),
)
DEEP = b'{"a":' * 100_000
WRITER = """
import sys
from pathlib import Path
import numpy as np
from PIL import Image as Pillow
from artaudit.auditor.register import register
from artaudit.auditor.registry import Registry
from artaudit.errors import RegistryError
path, seed = Path(sys.argv[1]), int(sys.argv[2])
noise = np.random.default_rng(seed)
with Registry(path) as registry:
    for number in range(10_000):
        try:
            if number % 4 == 0:
                picture = path.parent / f"{seed}-{number}.png"
                Pillow.fromarray(noise.integers(0, 256, (40, 40, 3), np.uint8)).save(picture)
                print("work", register(picture, registry)[0].sha256, flush=True)
            else:
                registry.case_store.note(1, f"note {seed} {number}")
                print("note", f"note {seed} {number}", flush=True)
        except RegistryError as error:
            if "locked" not in str(error):
                raise
"""
CHECKER = """
import sys
from pathlib import Path
from artaudit.auditor.check import check
from artaudit.auditor.registry import Registry
from artaudit.image import isolated
from artaudit.provenance import FileClaims
with isolated(), Registry(Path(sys.argv[1])) as registry:
    print(check(Path(sys.argv[2]), registry, [FileClaims()])[0])
"""


def picture(path: Path, seed: int) -> Path:
    """Write a small picture and return its path."""
    noise = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), np.uint8)
    Pillow.fromarray(noise).resize((192, 192)).save(path)
    return path


def portfolio(folder: Path, works: int = 4) -> Path:
    """Write a registry with works, a case and notes, and return its path."""
    path = folder / "registry.db"
    with Registry(path) as registry:
        for number in range(works):
            register(picture(folder / f"{number}.png", number), registry)
        case = check(folder / "0.png", registry, [FileClaims()])[0]
        registry.case_store.note(case, "a note")
    return path


def packages(folder: Path, count: int) -> Iterator[Act]:
    """Change bytes, names and values of a package; a change of a file that it holds is to be noticed."""
    with Registry(portfolio(folder)) as registry:
        report(1, folder / "case.zip", registry)
    whole = (folder / "case.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(whole)) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    chance = random.Random(0)  # noqa: S311 - no secret
    for number in range(count):
        data = _flipped(whole, chance) if number % 2 else _rewritten(files, chance)
        yield f"package {number}", partial(_judged, folder, data, again=number % 10 == 0)


def _flipped(whole: bytes, chance: random.Random) -> bytes:
    copy = bytearray(whole)
    for _ in range(chance.randint(1, 4)):
        copy[chance.randrange(len(copy))] ^= 1 << chance.randrange(8)
    return bytes(copy[: chance.choice([len(copy), len(copy), chance.randrange(len(copy))])])


def _rewritten(files: dict[str, bytes], chance: random.Random) -> bytes:
    """Return a package whose record says something else somewhere, with digests that fit."""
    record = json.loads(files["data/report.json"])
    _change(record, chance)
    body = DEEP if chance.random() < 0.02 else json.dumps(record).encode()
    changed = files | {"data/report.json": body}
    changed["manifest-sha256.txt"] = manifest(
        {name: data for name, data in changed.items() if name.startswith("data/")}
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, data in changed.items():
            strange = chance.choice(["../", "/", "a\x1b/"]) if chance.random() < 0.01 else ""
            packed.writestr(strange + name, data)
    return buffer.getvalue()


def _change(value: Any, chance: random.Random) -> None:  # noqa: ANN401 - JSON
    """Put something strange into one place of a JSON value."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = chance.choice(keys)
        if isinstance(value[key], dict | list) and value[key] and chance.random() < 0.8:
            value = value[key]
            continue
        value[key] = chance.choice(VALUES)
        return


def _judged(folder: Path, data: bytes, *, again: bool) -> str:
    path = folder / "hostile.zip"
    path.write_bytes(data)
    verified = verify_package(path)
    if again:
        reproduce(path)
    assert not verified.ok, "a changed package passed"  # noqa: S101 - a wrong answer is a failure
    return "told as changed"


def registries(folder: Path, count: int) -> Iterator[Act]:
    """Change bytes of a registry where rows lie, and ask it everything."""
    whole = portfolio(folder).read_bytes()
    right = _answers(folder / "registry.db")
    chance = random.Random(0)  # noqa: S311 - no secret
    used = [at for at, byte in enumerate(whole) if byte]
    for number in range(count):
        copy = bytearray(whole)
        for at in chance.sample(used, chance.choice([1, 1, 3])):
            copy[at] ^= 1 << chance.randrange(8)
        if number % 10 == 0:
            del copy[chance.randrange(len(copy)) :]
        yield f"registry {number}", partial(_asked, folder, bytes(copy), number, right)


def _answers(path: Path) -> tuple[Any, ...]:
    with Registry(path, create=False) as registry:
        works = registry.works(withdrawn=True)
        history = [registry.history(work.id) for work in works]
        cases = [registry.case(line.id) for line in registry.cases()]
        return works, history, cases, registry.case_store.folders(), list(registry.events())


def _asked(folder: Path, data: bytes, number: int, right: tuple[Any, ...]) -> str:
    path = folder / "damaged.db"
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.write_bytes(data)
    try:
        with Registry(path, create=False) as registry:
            problems = registry.verify()
        said = _answers(path)
        with Registry(path, create=False) as registry:
            report(1, folder / f"{number}.zip", registry)
            registry.backup(folder / f"{number}.db")
    except ArtauditError:
        problems, said = ["it cannot be opened"], right
    assert problems or said == right, "a wrong answer, and the registry verifies"  # noqa: S101 - likewise
    recover(path, folder / f"{number}-recovered.db", "attacks")
    with Registry(folder / f"{number}-recovered.db") as registry:
        registry.works()
    return "told as damaged and recovered" if problems else "no answer changed"


def kills(folder: Path, count: int) -> Iterator[Act]:
    """Kill three writers at any moment; what they said they had written has to be there, and the log whole."""
    path = portfolio(folder)
    for number in range(count):
        yield f"round {number}", partial(_killed, path, number)


def _killed(path: Path, number: int) -> str:
    line = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*line, str(3 * number + n)], stdout=subprocess.PIPE, text=True) for n in range(3)]  # noqa: S603
    first = writers[0].stdout.readline() if writers[0].stdout else ""  # they are at work
    time.sleep(random.Random(number).uniform(0.0, 1.5))  # noqa: S311 - no secret
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
    said = [first, *(line for writer in writers for line in writer.communicate()[0].splitlines(keepends=True))]
    with Registry(path) as registry:
        assert registry.verify() == [], "the log is broken"  # noqa: S101 - likewise
        notes = {note.text for note in registry.case_store.folder(1).notes}
        works = {work.sha256 for work in registry.works()}
    for words in said:
        kind, _, what = words.rstrip("\n").partition(" ")
        whole = words.endswith("\n")
        assert not whole or what in (works if kind == "work" else notes), f"{words} is lost"  # noqa: S101 - likewise
    return "kept all that was said to be kept"


def parallel(folder: Path, count: int) -> Iterator[Act]:
    """Let many check at once: every check is a case of its own, or told as not kept."""
    path = portfolio(folder)

    def all_at_once() -> str:
        line = [sys.executable, "-c", CHECKER, str(path), str(folder / "1.png")]
        checks = [
            subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603
            for _ in range(count)
        ]
        answers = [(one.communicate(), one.returncode) for one in checks]
        numbers = [out.strip() for (out, _), code in answers if code == 0]
        refused = [error for (_, error), code in answers if code]
        strange = [error for error in refused if "\nartaudit.errors." not in error]
        assert not strange, strange[0][-200:]  # noqa: S101 - likewise
        assert len(set(numbers)) == len(numbers), "two checks are one case"  # noqa: S101 - likewise
        with Registry(path) as registry:
            assert registry.verify() == [], "the log is broken"  # noqa: S101 - likewise
            assert len(registry.cases()) == len(numbers) + 1, "a case is lost"  # noqa: S101 - likewise
        return f"at once: {len(numbers)} kept, {len(refused)} told why not"

    yield f"{count} checks", all_at_once
