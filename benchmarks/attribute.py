"""Measures how well pictures are attributed to the decoders that drew them, on unseen pictures; writes docs/limits.md.

    python benchmarks/attribute.py --data ../shared/data --collected ../pictures [--part named others edits speed]

Candidates are the embedded autoencoders with their shipped calibrations, and their teachers, enrolled here as `audit
attribute enrol` does it, on pictures of the training split. Nothing that is measured on was learned from. Scores are
kept in --cache, so that a run goes on where it was stopped; --only NAME measures one candidate and writes nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image as Pillow

from artaudit.attribution.calibration_files import read_calibration
from artaudit.attribution.candidate import Candidate, candidates, open_candidate
from artaudit.attribution.enrolment import FURTHER_PICTURES, learn
from artaudit.attribution.evaluation import Crops, score
from artaudit.attribution.figures import Share
from artaudit.attribution.opinion import LOOKED_AT, PROMISING, SIDE, opinions
from artaudit.attribution.search import BEAM, SHORTLIST
from artaudit.attribution.search import MOST as MOST_FACTORS
from artaudit.attribution.search import SIDES as SIDES_OF_WINDOWS
from artaudit.edits import Chain, Edit, Resized, Saved
from artaudit.image import Image, decode
from artaudit.memory import keep_freed_memory
from artaudit.metrics import auc
from benchmarks.attribution_methods import denoiser, methods, window
from benchmarks.attribution_pictures import Pictures
from benchmarks.page import PAGE, write
from training.attribution import teachers, training_pictures

SIDES = (128, 256, 512, 1024)
COUNTS = {128: 60, 256: 60, 512: 60, 1024: 20}
"""Own pictures of each candidate, by size."""

OTHERS = {128: 800, 256: 200, 512: 120}
"""Pictures by nobody that is asked, by size, divided among real ones, edited ones, drawings and generators."""

LARGEST_OF_SLOW = 512
"""Size up to which slow candidates are measured; of larger pictures no more is looked at."""

SEARCHED, SEARCHED_MOST = 10, 60
"""Pictures of a set where crops and resizes are searched for: after most edits, and after a resize by .75."""

SLOW = ("taef2", "vaelight_sd1")
"""Candidates that redraw more slowly than the embedded ones: measured up to 512 pixels, and after fewer edits."""

RESIZED = "resize .75, JPEG 90"
FEW_EDITS = ("JPEG 80", RESIZED)

ENROLLED = 150
"""Pictures that the teachers redraw as they are enrolled, a third of all pictures of their enrolment."""

TIMED = 6
"""Pictures that the seconds are taken of."""

PLAIN, JPEG_90 = "untouched", "JPEG 90"
RESIZED_CROP = "crop, resize .75, JPEG 90, with `--resized`"

PARTS = ("named", "others", "edits", "methods", "window", "denoiser", "speed")


def _cropped(picture: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(picture[13:-21, 27:-10])


def _as_it_is(picture: np.ndarray) -> np.ndarray:
    return picture


EDITS: Mapping[str, Edit] = {
    PLAIN: _as_it_is,
    JPEG_90: Saved(90),
    "JPEG 95": Saved(95),
    "JPEG 80": Saved(80),
    "JPEG 70": Saved(70),
    "WebP 80": Saved(80, "WEBP"),
    RESIZED: Chain((Resized(0.75), Saved(90))),
    "resize .5, JPEG 90": Chain((Resized(0.5), Saved(90))),
    "resize 1.5, JPEG 90": Chain((Resized(1.5, 2), Saved(90))),
    "crop, JPEG 90": Chain((_cropped, Saved(90))),
    RESIZED_CROP: Chain((_cropped, Resized(0.75), Saved(90))),
    "screenshot (resize .9, JPEG 95)": Chain((Resized(0.9, 1), Saved(95))),
}
SEARCHED_EDITS = tuple(EDITS)[6:]


@dataclass(frozen=True, slots=True)
class Bench:
    """The candidates, and the folder that scores are kept in."""

    asked: Sequence[Candidate]
    folder: Path

    def margins(
        self, candidate: Candidate, name: str, crops: Callable[[], Crops], edit: str = PLAIN, *, search: bool = False
    ) -> np.ndarray:
        """Return how far above its bar a candidate scores a set; what was kept is not measured again."""
        calibration = candidate.calibration
        how = (SIDES_OF_WINDOWS, BEAM, SHORTLIST, PROMISING, MOST_FACTORS) if search else ()
        key = (name, edit, SIDE, LOOKED_AT, *how, search, "" if calibration is None else calibration.as_json())
        path = self.folder / f"{candidate.record.name} {hashlib.sha256(repr(key).encode()).hexdigest()[:20]}.npy"
        if not path.exists():
            begin = time.monotonic()
            np.save(
                path, score(candidate, {name: crops()}, EDITS[edit], search=search, resized=edit == RESIZED_CROP)[name]
            )
            print(f"{candidate.record.name}, {name}, {edit}: {time.monotonic() - begin:.0f} s", flush=True)
        return np.asarray(np.load(path, allow_pickle=False))


def calibrated(candidate: Candidate, everyone: Sequence[Candidate], chosen: argparse.Namespace) -> Candidate:
    """Return a candidate with a calibration: an embedded one as it comes, a teacher as `training_pictures` enrol it."""
    kept = chosen.cache / f"{candidate.record.name}.json"
    if candidate.calibration is None and not kept.exists():
        begin, others = time.monotonic(), [other for other in everyone if other is not candidate]
        images, sources = training_pictures(chosen.data, chosen.collected, (1 + FURTHER_PICTURES) * ENROLLED)
        unfinished = chosen.cache / candidate.record.name
        learned = learn(candidate, others, images, sources=sources, most=ENROLLED, kept=unfinished)
        kept.write_text(learned.as_json(), encoding="utf-8")
        print(f"{candidate.record.name}: enrolled in {time.monotonic() - begin:.0f} s", flush=True)
    return replace(candidate, calibration=candidate.calibration or read_calibration(kept))


def named(bench: Bench, pictures: Pictures) -> str:
    """Return the share of each candidate's own pictures that it is named for, by size, untouched and saved once."""
    heads = [f"{side} px, {edit}" for side in SIDES for edit in (PLAIN, JPEG_90)]
    lines = [f"| named, of its own | {' | '.join(heads)} |", "|---|" + "---|" * len(heads)]
    for candidate in bench.asked:
        cells = []
        for side in SIDES:
            if candidate.record.name in SLOW and side > LARGEST_OF_SLOW:
                cells += ["", ""]
                continue
            own = partial(pictures.own, candidate, side, COUNTS[side])
            cells += [_passed(bench.margins(candidate, f"own {side}", own, edit)) for edit in (PLAIN, JPEG_90)]
        lines.append(f"| `{candidate.record.name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def others(bench: Bench, pictures: Pictures) -> str:
    """Return by set how many pictures of others are named, over all sizes, untouched and saved once."""
    return "\n\n".join(_others_after(bench, pictures, edit) for edit in (PLAIN, JPEG_90))


def _others_after(bench: Bench, pictures: Pictures, edit: str) -> str:
    counts: dict[str, dict[str, list[int]]] = {}
    for candidate in bench.asked:
        for side, count in OTHERS.items():
            for name, crops in _others(pictures, candidate, side, count).items():
                margins = bench.margins(candidate, f"{name} {side}", crops, edit)
                cell = counts.setdefault(name, {}).setdefault(candidate.record.name, [0, 0])
                cell[0] += int((margins >= 0).sum())
                cell[1] += len(margins)
    names = [candidate.record.name for candidate in bench.asked]
    lines = [
        f"| pictures by others, {edit}, named | {' | '.join(f'`{name}`' for name in names)} |",
        "|---|" + "---|" * len(names),
    ]
    total = {name: [0, 0] for name in names}
    for kind, row in counts.items():
        cells = [f"{row[name][0]} of {row[name][1]}" if name in row else "" for name in names]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
        for name, (count, trials) in row.items():
            total[name] = [total[name][0] + count, total[name][1] + trials]
    lines.append(f"| all | {' | '.join(str(Share(*total[name])) for name in names)} |")
    return "\n".join(lines)


def _others(pictures: Pictures, candidate: Candidate, side: int, count: int) -> dict[str, Callable[[], Crops]]:
    part = count // 4
    sets: dict[str, Callable[[], Crops]] = {
        "real pictures": partial(pictures.real, side, part + part // 2),
        "edited pictures": partial(pictures.edited, "edited pictures", side, part // 2),
        "drawings by code": partial(pictures.edited, "drawings by code", side, part // 2),
        "by generators not held": partial(pictures.generated, side, part),
    }
    rivals = [other for other in pictures.everyone if other.record.name != candidate.record.name]
    share = part // 2 // max(1, len(rivals))
    return sets | {f"drawn by `{other.record.name}`": partial(pictures.own, other, side, share) for other in rivals}


def edits(bench: Bench, pictures: Pictures) -> str:
    """Return for each edit of pictures of 512 pixels the AUC beside real ones, and the share of own ones named."""
    lines = [f"| 512 px | {' | '.join(f'`{candidate.record.name}`' for candidate in bench.asked)} |"]
    lines.append("|---|" + "---|" * len(bench.asked))
    for edit in tuple(EDITS)[2:]:
        search, cells, count = edit in SEARCHED_EDITS, [], SEARCHED_MOST if edit == RESIZED else SEARCHED
        for candidate in bench.asked:
            if candidate.record.name in SLOW and edit not in FEW_EDITS:
                cells.append("")
                continue
            own, real = (
                bench.margins(candidate, f"{name} 512, {count}", crops, edit, search=search)
                for name, crops in (
                    ("own", partial(pictures.own, candidate, 512, count)),
                    ("real", partial(pictures.real, 512, count)),
                )
            )
            cells.append(f"AUC {auc(own, real):.3f}, named {_passed(own)}, real ones {int((real >= 0).sum())}")
        lines.append(f"| {edit} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _passed(margins: np.ndarray) -> str:
    return f"{int((margins >= 0).sum())} of {len(margins)}"


def speed(bench: Bench, pictures: Pictures) -> str:
    """Return how long every candidate takes for pictures of a megapixel by nobody, with the search, on two threads."""
    torch.set_num_threads(2)
    images = [_as_image(crop) for crop in pictures.real(1024, 2 * TIMED)[-TIMED:]]
    spent = {candidate.record.name: [_seconds(image, candidate) for image in images] for candidate in bench.asked}
    together = np.array(list(spent.values())).sum(0)
    parts = ", ".join(f"`{name}` {np.mean(each):.1f} ({max(each):.1f})" for name, each in spent.items())
    return (
        f"{TIMED} pictures of 1024 x 1024 that nobody drew, searched, in seconds on two threads, the mean and in "
        f"brackets the most: {parts}, together {together.mean():.1f} ({together.max():.1f})."
    )


def _as_image(crop: np.ndarray) -> Image:
    buffer = io.BytesIO()
    Pillow.fromarray(crop).save(buffer, "PNG")
    return decode(buffer.getvalue(), name="a.png")


def _seconds(image: Image, candidate: Candidate) -> float:
    open_candidate(candidate.record)
    begin = time.monotonic()
    opinions(image, [candidate])
    return time.monotonic() - begin


def main() -> None:
    """Enrol, measure and write; every part is written as soon as it is complete."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--collected", type=Path, default=Path("../pictures"))
    parser.add_argument("--cache", type=Path, default=Path(".cache/attribution"))
    parser.add_argument(
        "--part", nargs="+", default=["named", "others", "edits", "methods", "window", "denoiser", "speed"]
    )
    parser.add_argument("--only", nargs="+", help="measure these candidates alone, and write nothing")
    chosen = parser.parse_args()
    chosen.cache.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    keep_freed_memory()
    everyone = [candidate for candidate in candidates() if candidate.record.kind == "studio"] + teachers(chosen.data)
    wanted = [candidate for candidate in everyone if chosen.only is None or candidate.record.name in chosen.only]
    asked = [calibrated(candidate, everyone, chosen) for candidate in wanted]
    bench, pictures = Bench(asked, chosen.cache), Pictures(chosen.data, chosen.collected, chosen.cache, everyone)
    parts: dict[str, Callable[[Bench, Pictures], str]] = {
        "named": named,
        "others": others,
        "edits": edits,
        "methods": lambda bench, pictures: methods(bench.asked[0], pictures),
        "window": lambda bench, pictures: window(bench.asked[0], pictures),
        "denoiser": lambda _, pictures: denoiser(pictures),
        "speed": speed,
    }
    for name in chosen.part:
        text = parts[name](bench, pictures)
        print(text)
        if chosen.only is None:
            write(PAGE, f"attribution {name}", text)


if __name__ == "__main__":
    main()
