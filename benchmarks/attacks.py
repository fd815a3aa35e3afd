"""Attacks artaudit as strangers, failing disks and impatient people do, and counts what did not hold.

    python benchmarks/attacks.py [mutations crafted packages registries kills disk readonly parallel] [--write FILE]

A failure is a traceback, a wrong answer, a file that is half written, or more time or memory than is promised
(docs/promises.md). Without names all attacks run.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from artaudit.errors import ArtauditError, ImageError
from artaudit.image import decode, isolated, isolation
from artaudit.provenance import FileClaims, Signatures
from benchmarks import hostile_files, hostile_pictures, hostile_places

SECONDS, MEMORY, LONGEST = 20.0, 2 * 1024**3, 1000


@dataclass
class Tally:
    """What became of attacks of one kind, the longest time (processor seconds) and the most memory (bytes)."""

    attack: str
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0
    memory: int = 0
    slowest: str = ""

    def line(self) -> str:
        """Return the row of the table."""
        counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.outcomes.items()))
        total = sum(self.outcomes.values())
        return (
            f"| {self.attack} | {total:,} | {counts} | {len(self.failures)} | {self.seconds:.1f} s ({self.slowest}) | "
            f"{self.memory / 1024**2:,.0f} MB |"
        )


def look(data: bytes, name: str) -> str:
    """Read a picture as a check does, and what its file says; return the outcome."""
    try:
        image = decode(data, name=name)
    except ImageError as error:
        if "\n" in str(error) or len(str(error)) > LONGEST:
            raise ValueError("a refusal is no sentence") from error
        return "refused"
    FileClaims().examine(image)
    if image.format in ("PNG", "JPEG", "AVIF") and len(data) < 1_000_000:
        Signatures("").examine(image)
    return "read"


def pictures(tally: Tally, named: Iterable[hostile_pictures.Named]) -> None:
    """Read pictures in a process of their own."""
    with isolated():
        for name, data in named:
            attempt(tally, name, partial(look, data, name))
            tally.memory = max(tally.memory, *map(_grown, isolation.processes()), _own())


def attempt(tally: Tally, name: str, act: Callable[[], str], allowed: float = SECONDS) -> None:
    """Do something harmful, for which so many processor seconds are allowed, and note what became of it."""
    started = _spent()
    try:
        tally.outcomes[act()] += 1
    except ArtauditError:
        tally.outcomes["refused"] += 1
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        tally.outcomes["failed"] += 1
        tally.failures.append(f"{tally.attack}, {name}: {type(error).__name__}: {str(error)[:200]}")
    spent = _spent() - started
    if spent > tally.seconds:
        tally.seconds, tally.slowest = spent, name
    if spent > allowed:
        tally.failures.append(f"{tally.attack}, {name}: {spent:.0f} s")


def _spent() -> float:
    """Return the processor seconds of this process and of those that work for it."""
    ticks = 0.0
    for process in isolation.processes():
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += (int(fields[11]) + int(fields[12])) / 100
        except (FileNotFoundError, ProcessLookupError):
            continue
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ticks + ended.ru_utime + ended.ru_stime


def _own() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _grown(process: int) -> int:
    """Return the most memory that a process took, in bytes."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def mutations(tally: Tally, count: int, folder: Path) -> None:
    """Change bytes of sound files of every format."""
    del folder
    seeds = list(hostile_pictures.seeds().items())
    kinds = (seeds[number % len(seeds)] for number in range(count))
    named = ((f"{kind} {n}", hostile_pictures.mutated(data, n)) for n, (kind, data) in enumerate(kinds))
    pictures(tally, named)


def crafted(tally: Tally, count: int, folder: Path) -> None:
    """Read files whose headers lie or hold too much."""
    del count, folder
    pictures(tally, hostile_pictures.crafted())


def others(attack: Callable[[Path, int], Iterator[hostile_files.Act]]) -> Callable[[Tally, int, Path], None]:
    """Return an attack on something other than pictures."""

    def run(tally: Tally, count: int, folder: Path) -> None:
        for name, act in attack(folder, count):
            attempt(tally, name, act, SECONDS * (count if attack is hostile_files.parallel else 1))
        tally.memory = max(tally.memory, _own())

    return run


ATTACKS: dict[str, tuple[Callable[[Tally, int, Path], None], int]] = {
    "mutations": (mutations, 10_000),
    "crafted": (crafted, 300),
    "packages": (others(hostile_files.packages), 500),
    "registries": (others(hostile_files.registries), 120),
    "kills": (others(hostile_files.kills), 30),
    "disk": (others(hostile_places.disk), 20),
    "readonly": (others(hostile_places.readonly), 36),
    "parallel": (others(hostile_files.parallel), 50),
}


def main() -> None:
    """Run the attacks and print the table; exit code 1 where something failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("attacks", nargs="*", help=f"of {', '.join(ATTACKS)}")
    parser.add_argument("--count", type=int, help="so many of each, instead of what the table promises")
    parser.add_argument("--write", type=Path, help="append the rows of the table to this file")
    chosen = parser.parse_args()
    failures = []
    print("| attack | how many | what became of them | failures | longest | most memory |\n|---|---|---|---|---|---|")
    for name in chosen.attacks or ATTACKS:
        run, count = ATTACKS[name]
        tally = Tally(name)
        with tempfile.TemporaryDirectory() as folder:
            run(tally, chosen.count or count, Path(folder))
        if tally.memory > MEMORY:
            tally.failures.append(f"{name}: {tally.memory:,} bytes of memory")
        failures += tally.failures
        print(tally.line(), flush=True)
        if chosen.write:
            with chosen.write.open("a") as file:
                file.write(f"{tally.line()}\n")
    for failure in failures:
        print(failure)
    raise SystemExit(int(bool(failures)))


if __name__ == "__main__":
    main()
