"""Makes the calibrations that ship: each embedded autoencoder against real, blurred and drawn pictures and the others.

python -m training.attribution --data ../shared/data [--count 100]
"""

from __future__ import annotations

import argparse
from importlib import resources
from pathlib import Path

import numpy as np

from artaudit.attribution.candidate import Candidate, candidates
from artaudit.attribution.enrolment import learn
from artaudit.generators import pool
from artaudit.generators.opening import abilities
from artaudit.image import Image, read
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


def training_pictures(data: Path, count: int) -> list[Image]:
    """Return real pictures of the training split, the same for the same count."""
    paths = sorted(data / row["path"] for row in rows(data, "train") if row["label"] == "real")
    chosen = np.random.default_rng(0).permutation(len(paths))[:count]
    return [read(paths[place]) for place in chosen]


def main() -> None:
    """Calibrate and write; of twins, the one that comes first by kind `studio` speaks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--count", type=int, default=100)
    chosen = parser.parse_args()
    pictures = training_pictures(chosen.data, chosen.count)
    folder = Path(str(resources.files("artaudit.attribution"))) / "calibrations"
    folder.mkdir(exist_ok=True)
    names = tuple(record.name for record in pool.embedded() if "attribution" in abilities(record))
    everyone = candidates(names) + teachers(chosen.data)
    for candidate in everyone:
        if candidate.record.kind == "studio":
            others = [other for other in everyone if other is not candidate]
            learned = learn(candidate, others, pictures, most=chosen.count)
            (folder / f"{candidate.record.name}.json").write_text(learned.as_json(), encoding="utf-8")
            print(candidate.record.name, learned.twins, learned.family)
            for stratum in learned.strata:
                print(stratum.side, stratum.resized, dict(stratum.aucs), dict(stratum.passed), stratum.bar)


if __name__ == "__main__":
    main()
