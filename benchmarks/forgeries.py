"""Attacks on packages: bit flips everywhere, and alterations by who holds the rightful key; prints what finds them.

Usage: forgeries.py [--flips N] [--only WORDS] [--write], in the top folder. It needs openssl, which is the timestamp
authority, and the extra pdf. Everything lies in a temporary folder.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from artaudit.auditor.evidence import Trust, verify_package
from artaudit.auditor.evidence.container import open_container
from artaudit.auditor.evidence.package import pack
from artaudit.auditor.registry import Registry
from artaudit.auditor.reproduce import reproduce
from artaudit.auditor.seal import broken_anchor
from artaudit.auditor.stamping import broken_stamps
from artaudit.errors import ArtauditError
from benchmarks.forgery_files import FILES
from benchmarks.forgery_list import LEAN, RECORD
from benchmarks.forgery_registry import REGISTRY, attacked
from benchmarks.forgery_world import World, make_world
from benchmarks.page import write

PAGE = Path("docs/evidence.md")
VERIFY, REMARK, REPRODUCE, DB = "`verify`", "a remark of `verify`", "`reproduce`", "`db verify --package`"
NOBODY = "nothing"
COUNTED = (VERIFY, REMARK, REPRODUCE, DB, NOBODY)


class Outcome(NamedTuple):
    """An attack, of which kind, what found it first, and in which words."""

    kind: str
    name: str
    found: str
    words: str


def main() -> None:
    """Make the case, attack it, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flips", type=int, default=600)
    parser.add_argument("--only", default="", help="only structural attacks whose name holds this")
    parser.add_argument("--package", type=Path, help="flip bits of this package alone, and make no other attack")
    parser.add_argument("--write", action="store_true", help=f"write the tables into {PAGE}")
    chosen = parser.parse_args()
    if chosen.package:
        print(_flip_table(Counter(_flips(chosen.package, chosen.flips))))
        return
    with tempfile.TemporaryDirectory() as name:
        world = make_world(Path(name))
        first = _verified(world.issued, world)
        if first[0] != NOBODY:
            raise SystemExit(f"The package is not intact before it is attacked: {first}")
        flipped = Counter(_flips(world.issued, chosen.flips))
        outcomes = [outcome for outcome in _structural(world, chosen.only) if _shown(outcome)]
    tables = f"{_flip_table(flipped)}\n\n{_attack_table(outcomes)}"
    print(tables)
    if chosen.write:
        write(PAGE, "attacks", f"\n{tables}\n")


def _shown(outcome: Outcome) -> bool:
    print(f"{outcome.kind:>9}  {outcome.name}: {outcome.found} {outcome.words}", flush=True)
    return True


def _flips(package: Path, count: int) -> Iterator[tuple[str, str]]:
    """Flip single bits: half in the ZIP file as it lies there, half in files of it, with the ZIP file packed anew."""
    draw, data = random.Random(0), package.read_bytes()  # noqa: S311 - no secret
    with zipfile.ZipFile(package) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
        marks = [place for entry in opened.infolist() for place in range(entry.header_offset, entry.header_offset + 30)]
        marks += list(range(opened.start_dir, len(data)))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "flipped.zip"
        for number in range(count):
            if number % 2:
                name = sorted(files)[number // 2 % len(files)]
                kind, place = "a file, packed again", draw.randrange(len(files[name]))
                target.write_bytes(pack(files | {name: _flipped(files[name], place, draw)}))
            else:
                inside = number % 4 == 0
                kind, place = "the ZIP file, anywhere" if inside else "the ZIP file's own marks", draw.choice(marks)
                target.write_bytes(_flipped(data, draw.randrange(len(data)) if inside else place, draw))
            yield kind, _outcome(target, files)


def _outcome(target: Path, files: dict[str, bytes]) -> str:
    """Return what finds a flip; where all files are still those that were issued, only the container is judged."""
    try:
        opened = open_container(target)
    except ArtauditError:
        return VERIFY
    if opened.files == files and not opened.problems:
        return REMARK if opened.remarks else NOBODY
    return NOBODY if verify_package(target).ok else VERIFY


def _flipped(data: bytes, place: int, draw: random.Random) -> bytes:
    return data[:place] + bytes([data[place] ^ 1 << draw.randrange(8)]) + data[place + 1 :]


def _structural(world: World, only: str) -> Iterator[Outcome]:
    for name, files in _altered(world, only):
        target = world.folder / "altered.zip"
        try:
            target.write_bytes(pack(files()))
        except (ArtauditError, LookupError, ValueError, AttributeError, TypeError) as error:
            yield Outcome("package", name, "not written", repr(error))
            continue
        yield Outcome("package", name, *_found(target, world))
    for name, change in REGISTRY.items():
        if only not in name:
            continue
        registry = attacked(world, change, world.folder / "altered.db")
        yield Outcome("registry", name, *_anchored(world.issued, world, registry))
        registry.unlink()


def _altered(world: World, only: str) -> Iterator[tuple[str, Callable[[], dict[str, bytes]]]]:
    """Yield what makes each altered package."""
    for parts, changes in ((world.parts, RECORD), (world.lean, LEAN)):
        for name, change in changes.items():
            if only in name:
                altered = parts.copied()
                yield name, lambda altered=altered, change=change: (change(altered, world), altered.files(pdf=True))[1]  # type: ignore[misc]
    with zipfile.ZipFile(world.issued) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    for name, done in FILES.items():
        if only in name:
            yield name, lambda done=done: done(dict(files), world)  # type: ignore[misc]


def _found(package: Path, world: World) -> tuple[str, str]:
    """Return what finds an attack, the cheapest first: the package alone, its repetition, the log's anchors."""
    found, words = _verified(package, world)
    if found == VERIFY or "do not rely" in words:
        return found, words
    again = reproduce(package)
    if not again["same"]:
        differs = [one for check in again["checks"] for one in check["findings"] if one["outcome"] == "differs"]
        return REPRODUCE, str(differs[:1] or "what the findings come to")
    anchored = _anchored(package, world, world.registry)
    return (found, words) if anchored[0] == NOBODY else anchored


def _anchored(package: Path, world: World, registry: Path) -> tuple[str, str]:
    """Return whether a registry and a package contradict each other, or a registry itself."""
    with Registry(registry) as opened:
        problems = [*opened.verify(), *broken_stamps(opened), *broken_anchor(package, opened, _trust(world))]
    return (DB, problems[0]) if problems else (NOBODY, "")


def _verified(package: Path, world: World) -> tuple[str, str]:
    """Return whether verification finds a problem or makes a remark, and the first words of it."""
    try:
        result = verify_package(package, _trust(world))
    except ArtauditError as error:
        return VERIFY, str(error)
    if result.problems:
        return VERIFY, result.problems[0]
    return (REMARK, result.remarks[0]) if result.remarks else (NOBODY, "")


def _trust(world: World) -> Trust:
    return Trust((world.signer.identity.chain[-1],), (world.authority.root,))


def _flip_table(flipped: Counter[tuple[str, str]]) -> str:
    lines = ["| one bit flipped in | flips | found by `verify` | a remark | not found |", "|---|---|---|---|---|"]
    for kind in dict.fromkeys(kind for kind, _ in flipped):
        counts = [flipped[kind, found] for found in (VERIFY, REMARK, NOBODY)]
        lines.append(f"| {kind} | {sum(counts)} | {' | '.join(map(str, counts))} |")
    return "\n".join(lines)


def _attack_table(outcomes: list[Outcome]) -> str:
    lines = [f"| attacks | all | {' | '.join(COUNTED)} |", "|---|---|" + "---|" * len(COUNTED)]
    for kind in dict.fromkeys(outcome.kind for outcome in outcomes):
        counts = Counter(outcome.found for outcome in outcomes if outcome.kind == kind)
        lines.append(
            f"| on the {kind} | {sum(counts.values())} | {' | '.join(str(counts[name]) for name in COUNTED)} |"
        )
    lines += ["", "| what | found by |", "|---|---|"]
    lines += [f"| {outcome.name} | {outcome.found} |" for outcome in outcomes]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
