"""Makes the calibrations that ship: each embedded autoencoder against real, blurred and drawn pictures and the others.

python -m training.attribution --data ../shared/data --collected ../pictures [--count 150] [--only studio-flux2]

Half of the pictures are of the training split, half of freely licensed sources of the collection that nothing about
attribution is measured on: photographs, paintings, digital art and drawings differ more than one split's pictures do.
"""

from __future__ import annotations

import argparse
from importlib import resources
from itertools import islice
from pathlib import Path

import numpy as np

from artaudit.attribution.candidate import Candidate, candidates
from artaudit.attribution.enrolment import FURTHER_PICTURES, learn
from artaudit.attribution.known_pictures import large_enough
from artaudit.generators import pool
from artaudit.generators.opening import abilities
from artaudit.image import Image, read
from artaudit.memory import keep_freed_memory
from training.collection import DEV, LEARNED, REAL, found, in_turn, listed
from training.pictures import rows

TEACHERS = {"taef2": ("taesd", "FLUX.2"), "vaelight_sd1": ("vaelight", "SD 1.x")}
"""Autoencoders that do not ship, by the start of their files' names: kind and family."""


def teachers(data: Path) -> list[Candidate]:
    """Return the teachers as candidates without a calibration."""
    found = []
    for name, (kind, family) in TEACHERS.items():
        paths = [data / "weights" / f"{name}_{part}.safetensors" for part in ("encoder", "decoder")]
        record = pool.record_of(name, kind, paths, family=family, licence="not stated", use=pool.HOLD_OUT)
        found.append(Candidate(record, None))
    return found


def sources_to_enrol_on() -> frozenset[str]:
    """Return half of the collection's freely licensed sources of real pictures, drawn by a seed."""
    free = sorted({row.source for row in listed() if (row.label, row.part, row.use) == (REAL, DEV, LEARNED)})
    return frozenset(free[place] for place in np.random.default_rng(18).permutation(len(free))[: len(free) // 2])


def digests_to_enrol_on(data: Path) -> frozenset[str]:
    """Return the digests of all pictures that may be enrolled on: of the training split, and of the sources."""
    sources = sources_to_enrol_on()
    return frozenset(row["sha256"] for row in rows(data, "train")) | {
        row.sha256 for row in listed() if row.source in sources
    }


def training_pictures(data: Path, collected: Path, count: int) -> tuple[list[Image], list[str]]:
    """Return real pictures to enrol on, and their sources: one of the training split, one of the collection, and on.

    Those of the collection are taken in turn by source. Those of the split are sources of their own: most are a
    museum's paintings by very many painters, and a fit without half of all pictures says little about one with them.
    """
    own = sorted((data / row["path"], row["group"]) for row in rows(data, "train") if row["label"] == "real")
    split = [own[place] for place in np.random.default_rng(0).permutation(len(own))]
    sources = sources_to_enrol_on()
    ours = [row for row in listed() if row.source in sources and row.use == LEARNED]
    places = found([collected], (row.sha256 for row in ours))
    by_source = {row.source: list[tuple[Path, str]]() for row in ours}
    for row in sorted(ours, key=lambda row: row.seed):
        if row.sha256 in places:
            by_source[row.source].append((places[row.sha256], row.source))
    varied = list(in_turn(by_source.values()))
    every = ((read(path), source) for pair in zip(split, varied, strict=False) for path, source in pair)
    large = list(islice(((image, source) for image, source in every if large_enough(image)), count))
    return [image for image, _ in large], [source for _, source in large]


def main() -> None:
    """Calibrate and write; of twins, the one that comes first by kind `studio` speaks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--collected", type=Path, default=Path("../pictures"))
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--only", help="make that of this model alone")
    chosen = parser.parse_args()
    keep_freed_memory()
    pictures, sources = training_pictures(chosen.data, chosen.collected, (1 + FURTHER_PICTURES) * chosen.count)
    folder = Path(str(resources.files("artaudit.attribution"))) / "calibrations"
    folder.mkdir(exist_ok=True)
    names = tuple(record.name for record in pool.embedded() if "attribution" in abilities(record))
    everyone = candidates(names) + teachers(chosen.data)
    for candidate in everyone:
        if candidate.record.kind == "studio" and chosen.only in (None, candidate.record.name):
            others = [other for other in everyone if other is not candidate]
            learned = learn(candidate, others, pictures, sources=sources, most=chosen.count)
            (folder / f"{candidate.record.name}.json").write_text(learned.as_json(), encoding="utf-8")
            print(candidate.record.name, learned.twins, learned.family)
            for stratum in learned.strata:
                print(stratum.side, stratum.resized, dict(stratum.aucs), dict(stratum.passed), stratum.bar)


if __name__ == "__main__":
    main()
