"""Measures visibility and gains of cloaks beside noise as visible, on held-out pictures; docs/limits.md's main tables.

Usage: python benchmarks/visible.py --data ../shared/data [--arms default] [--groups paintings] [--count 4] [--write]
Results are kept picture by picture in .cache/bench/visible, as ARM-NAME.json beside the cloaked ARM-NAME.png. Kept
results are not made again, so a run may be stopped and continued; `--fresh` makes them again. `--write` writes the
tables. `--beside NAME=FOLDER` measures pictures from another program, which lie there as NAME-OF-THE-PIECE.png.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from artaudit.generators.clip import backbone
from artaudit.image import Image, read, write_atomically
from artaudit.protect.job import CloakJob
from artaudit.protect.trial.survival import single_threaded
from benchmarks.held_out import PUBLISHED, Piece, groups, window
from benchmarks.pools import cloaked, judges, workshop
from benchmarks.visible_page import write_tables
from benchmarks.yardstick import Panel, measured

OUT = Path(".cache/bench/visible")
ARMS = ("default", "low", "high", "real", *PUBLISHED)
"""Our cloak by strength, and the default one against TAEF2 and VAElight; then published cloaks."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece under one arm: the data folder, the folder of results, and the piece's group, name and number."""

    data: Path
    out: Path
    arm: str
    group: str
    name: str
    number: int
    beside: Path | None = None
    steps: int | None = None

    @property
    def picture(self) -> Path:
        """The path of the changed picture, which may not exist yet."""
        if self.arm in PUBLISHED:
            return self.data / "protected" / self.arm / published(self.data)[self.name]
        return self.out / f"{self.arm}-{self.name}.png" if self.beside is None else self.beside / f"{self.name}.png"

    @property
    def result(self) -> Path:
        """The path of the results."""
        return self.out / f"{self.arm}-{self.name}.json"


@cache
def published(data: Path) -> dict[str, str]:
    """Return the file names of published cloaks, by the names of their pieces."""
    paths = sorted((data / "protected" / PUBLISHED[0]).glob("*.png"))
    return {f"vangogh-{path.stem[:40]}": path.name for path in paths}


@cache
def pieces(data: Path) -> dict[str, Piece]:
    """Return all held-out pictures by name."""
    return {piece.name: piece for group in groups(data).values() for piece in group}


@cache
def panel(data: Path) -> Panel:
    """Return the models that measure, opened once for every process."""
    return Panel(judges(data), backbone())


@cache
def tool(data: Path, arm: str, steps: int | None) -> CloakJob:
    """Return the job that makes the cloaks of an arm, opened once for every process."""
    return workshop("default", real=data, steps=steps) if arm == "real" else workshop(arm, steps=steps)


def changed(job: Job, clean: Image) -> tuple[Image, float]:
    """Return the changed picture and the seconds that it took; an existing one is read, in 0 seconds."""
    if job.arm in PUBLISHED:
        return window(job.picture), 0.0
    if job.picture.is_file():
        return read(job.picture), 0.0
    tools, started = tool(job.data, job.arm, job.steps), time.monotonic()
    saved = cloaked(tools, clean, job.number)
    took = time.monotonic() - started
    write_atomically(job.picture, saved.data)
    return saved, took


def carried_out(job: Job) -> str:
    """Cloak and measure one piece, keep the result, and return a line about it."""
    clean, started = pieces(job.data)[job.name].open(), time.monotonic()
    saved, took = changed(job, clean)
    values = measured(panel(job.data), clean, saved, seed=1000 + job.number)
    if took:
        values["seconds"] = took
    plain = {"arm": job.arm, "group": job.group, "name": job.name, "measured": values}
    write_atomically(job.result, (json.dumps(plain, indent=1) + "\n").encode())
    gains = " / ".join(f"{values[f'{name}, gain']:.2f}" for name in ("taef2", "vaelight", "taesana"))
    shows = f"{values['SSIMULACRA2']:.1f}, {values['Butteraugli, 3-norm']:.2f}"
    return f"{job.arm} {job.name}: {shows}; {gains}; {took:.0f} s of {time.monotonic() - started:.0f}"


def planned(args: argparse.Namespace) -> list[Job]:
    """Return the jobs to run, arm by arm, and in each arm the first picture of every group first."""
    beside = dict(pair.split("=", 1) for pair in args.beside)
    jobs = []
    for arm in [*args.arms, *beside]:
        folder = Path(beside[arm]) if arm in beside else None
        for group, all_of_them in groups(args.data).items():
            for number, piece in enumerate(all_of_them[: args.count]):
                job = Job(args.data, args.out, arm, group, piece.name, number, folder, args.steps)
                there = (
                    piece.name in published(args.data) if arm in PUBLISHED else folder is None or job.picture.is_file()
                )
                if group in args.groups and there and (args.fresh or not job.result.is_file()):
                    jobs.append(job)
    order = [*args.arms, *beside]
    return sorted(jobs, key=lambda job: (order.index(job.arm), job.number))


def clear(jobs: Sequence[Job]) -> None:
    """Remove these jobs' results of earlier runs, but no picture in other folders."""
    for job in jobs:
        job.result.unlink(missing_ok=True)
        if job.picture.parent == job.out:
            job.picture.unlink(missing_ok=True)


def main() -> None:
    """Run the jobs that were asked for and have no result yet, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--arms", nargs="*", choices=ARMS, default=ARMS)
    parser.add_argument("--groups", nargs="*", default=("paintings", "photographs", "flat art"))
    parser.add_argument("--count", type=int, help="only so many pictures of every group")
    parser.add_argument("--beside", nargs="*", default=(), metavar="NAME=FOLDER")
    parser.add_argument("--steps", type=int, help="for trying; give an --out of its own")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--fresh", action="store_true", help="make again what is asked for")
    parser.add_argument("--write", action="store_true", help="put what lies in --out into docs/limits.md")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    os.environ |= {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    jobs = planned(args)
    if args.fresh:
        clear(jobs)
    context = get_context("spawn")
    with ProcessPoolExecutor(args.processes, mp_context=context, initializer=single_threaded) as workers:
        for number, done in enumerate(as_completed([workers.submit(carried_out, job) for job in jobs]), 1):
            print(f"{number} of {len(jobs)}: {done.result()}", flush=True)
    if args.write:
        write_tables(args.out)


if __name__ == "__main__":
    main()
