"""Pictures a second of a scan, what each step of its cascade finds, and what it misses beside a check.

    python benchmarks/scan.py --data ../shared/data [--works 1000] [--strangers 400] [--edited 60] [--whole 60]
        [--checks]

The works are those of `benchmarks/match.py`, filled up with synthetic ones (`benchmarks/portfolio.py`). Strangers are
pictures that show none of them, as JPEG files of 512 x 512 pixels. Each step names the edits of `--edited` works, and
those of `--whole` of them go through the whole cascade. Seconds of computing are those of one processor.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pillow

from artaudit.image import Image, decode
from artaudit.matching import Portfolio, PortfolioEntry
from artaudit.matching.keypoints import Keypoints, extract
from artaudit.matching.retrieval import candidates
from artaudit.scan import cascade
from artaudit.scan.pool import PoolEngine
from artaudit.scan.run import scan
from artaudit.scan.stage import Stage
from artaudit.scan.works import Works, write
from benchmarks.edits import EDITS
from benchmarks.match import WORKS, as_image, manifest, opened, registered
from benchmarks.portfolio import synthetic

SIDE, QUALITY = 512, 85
OUT = Path(".cache/scan.json")


def portfolio(works: Sequence[Image], count: int) -> Portfolio:
    """Register real works, and synthetic ones until there are `count`."""
    entries = [registered(number, image, None) for number, image in enumerate(works)]
    sources = [Keypoints.from_bytes(bytes(entry.keypoints)) for entry in entries]  # type: ignore[arg-type]
    draw = np.random.default_rng(1)
    for number, keypoints in enumerate(synthetic(sources, count - len(works)), start=len(works)):
        digests = draw.bytes(32).hex(), draw.bytes(32).hex()
        entries.append(PortfolioEntry(number, f"work {number}", *digests, draw.bytes(32) + bytes([100]), keypoints))
    return Portfolio(entries)


def stranger(image: Image) -> bytes:
    """Return a picture as a JPEG file of 512 x 512 pixels."""
    buffer = io.BytesIO()
    square = cv2.resize(image.rgb8, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    Pillow.fromarray(square).save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def steps(files: Sequence[bytes], works: Works) -> dict[str, float]:
    """Return the milliseconds of computing of each step, for pictures that no step ends the search of."""
    names = ("decoding", "pixels", "pdq", "features", "votes")
    spent = np.zeros(len(names))
    for data in files:
        marks = [time.process_time()]
        image = decode(data, name="stranger")
        marks.append(time.process_time())
        works.with_pixels(image.pixels_sha256)
        marks.append(time.process_time())
        cascade.named_by_hash(image, works)
        marks.append(time.process_time())
        found = extract(image.rgb8, side=cascade.SIDE, count=cascade.COUNT)
        marks.append(time.process_time())
        candidates(found, works.pool, count=cascade.CANDIDATES, near=cascade.NEAR)
        marks.append(time.process_time())
        spent += np.diff(marks)
    return {name: round(1000 * each / len(files), 1) for name, each in zip(names, spent.tolist(), strict=True)}


def throughput(files: Sequence[bytes], whole: Portfolio, workers: int) -> dict[str, Any]:
    """Scan files with processes that are warm, and look at each again in this process to count its seconds."""
    with tempfile.TemporaryDirectory() as folder:
        for part, some in (("warm", files[: 2 * workers]), ("all", files)):
            (Path(folder) / part).mkdir()
            for number, data in enumerate(some):
                (Path(folder) / part / f"{number:05}.jpg").write_bytes(data)

        @contextmanager
        def given() -> Iterator[Portfolio]:
            yield whole

        out = Path(folder) / "out"
        scan([Path(folder) / "warm"], out, given, lambda where: PoolEngine(Stage(where), workers))
        begin = time.monotonic()
        progress = scan([Path(folder) / "all"], out, given, lambda where: PoolEngine(Stage(where), workers))
        seconds = time.monotonic() - begin
        works, ended = Works(out), Counter[str]()
        by_step, spent = steps(files, works), time.process_time()
        for data in files:
            ended[cascade.search(decode(data, name="stranger"), works)[0]] += 1
        spent = (time.process_time() - spent) / len(files)
    return {
        "pictures": progress.pictures,
        "per_second": round(progress.pictures / seconds, 1),
        "computing_ms": round(1000 * spent, 1),
        "ms_by_step": by_step,
        "ended_by": dict(ended),
        "found": progress.found,
    }


def recall(images: Sequence[Image], works: Works, through: int, whole: Portfolio | None) -> dict[str, Any]:
    """Say of every edit which step names the right work, and of `through` works, whether a scan and a check find it."""
    table: dict[str, Counter[str]] = {}
    for number, image in enumerate(images):
        for name, edit in EDITS.items():
            suspect, counts = as_image(edit(image.rgb8), image.name), table.setdefault(name, Counter())
            by_hash = number in map(works.owner, cascade.named_by_hash(suspect, works))
            by_votes = number in cascade.named_by_votes(suspect, works)
            counts.update(of=1, pdq=by_hash, features=by_hash or by_votes)
            if number >= through:
                continue
            _, matches = cascade.search(suspect, works)
            counts.update(whole=1, named=by_hash or by_votes, found=any(match.work == number for match in matches))
            if whole is not None:
                counts.update(check=any(match.work == number for match in whole.matches(suspect)))
    total: Counter[str] = sum(table.values(), Counter())
    return {"all": dict(total), **{name: dict(counts) for name, counts in table.items()}}


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--works", type=int, default=1000)
    parser.add_argument("--strangers", type=int, default=400)
    parser.add_argument("--edited", type=int, default=60, help="works of which every edit is made")
    parser.add_argument("--whole", type=int, default=60, help="of them, those whose edits a scan looks for")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--checks", action="store_true", help="check every edit in full as well")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    rows = manifest(asked.data)
    images = [opened(asked.data, row) for row in rows[: min(WORKS, asked.works)]]
    whole = portfolio(images, asked.works)
    files = [stranger(opened(asked.data, row)) for row in rows[WORKS : WORKS + asked.strangers]]
    result: dict[str, Any] = {"works": asked.works, "workers": asked.workers, "load": os.getloadavg()[0]}
    if files:
        result["strangers"] = throughput(files, whole, asked.workers)
        print(json.dumps(result), flush=True)
    if asked.edited:
        with tempfile.TemporaryDirectory() as folder:
            write(whole, Path(folder))
            checked = whole if asked.checks else None
            result["edits"] = recall(images[: asked.edited], Works(Path(folder)), asked.whole, checked)
        print(json.dumps(result["edits"], indent=1))
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
