"""Data sets as straight lines: index, audit, align, split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from artaudit import catalog
from artaudit.auditor import models
from artaudit.datasets import duplicates, indexing, manifest, splitting
from artaudit.datasets.alignment import Aligner
from artaudit.datasets.bias import Bias, bias
from artaudit.datasets.duplicates import Duplicate
from artaudit.datasets.listing import Left
from artaudit.datasets.manifest import REAL, Row
from artaudit.datasets.pictures import Pictures
from artaudit.datasets.splitting import Leak
from artaudit.errors import UsageError
from artaudit.image.writing import ensure_writable
from artaudit.protocols import Autoencoder, Progress


@dataclass(frozen=True, slots=True)
class Written:
    """A manifest that was written: how many pictures of which label and generator, and what was left out."""

    path: Path
    pictures: int
    counts: Mapping[str, int]
    left: tuple[Left, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON shows."""
        return {
            "path": str(self.path),
            "pictures": self.pictures,
            "counts": dict(self.counts),
            "left_out": [asdict(one) for one in self.left],
        }


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit of a manifest found; `near` is None where nobody looked at the pictures."""

    bias: Bias
    copies: tuple[Duplicate, ...]
    near: tuple[Duplicate, ...] | None
    leaks: tuple[Leak, ...]
    left: tuple[Left, ...]

    @property
    def ok(self) -> bool:
        """Whether the data set may be trained and measured on."""
        return not (self.bias.biased or self.copies or self.near or self.leaks)

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON shows."""
        return {"ok": self.ok, "biased": self.bias.biased, "culprits": self.bias.culprits, **asdict(self)}


def index(
    source: Path,
    output: Path,
    *,
    layout: str = "folder",
    otherwise: Mapping[str, Any] | None = None,
    headers_only: bool = False,
    heard: Callable[[Left], None] = lambda _: None,
) -> Written:
    """Write the manifest of the pictures at `source`; `heard` is told at once what is left out.

    `otherwise` fills what the layout does not tell, like label, source or licence.
    """
    reader = catalog.load(catalog.LAYOUTS, layout)()
    rows = indexing.index(reader, source, output.parent, otherwise=otherwise, headers_only=headers_only)
    return _written(output, rows, heard)


def audit(path: Path, *, near: bool = True, seed: int = 0, progress: Progress | None = None) -> Audited:
    """Look for what would let a detector cheat: containers, copies and near copies across splits or labels, leaks.

    Raises ArtauditError where too few pictures are there to tell.
    """
    rows = list(manifest.read(path))
    found = bias(rows, seed=seed)
    copies, left = duplicates.NearCopies(), []
    for number, (row, image) in enumerate(Pictures(path.parent).open(rows if near else ())):
        if isinstance(image, Left):
            left.append(image)
        else:
            copies.add(row, image.rgb8)
        if progress:
            progress(number + 1, len(rows))
    close = tuple(copies.found()) if near else None
    return Audited(found, tuple(duplicates.exact(rows)), close, tuple(splitting.leaks(rows)), tuple(left))


def align(
    path: Path,
    folder: Path,
    autoencoder: Autoencoder,
    *,
    even: bool = True,
    most: int | None = None,
    heard: Callable[[Left], None] = lambda _: None,
    progress: Progress | None = None,
) -> Written:
    """Write aligned pairs of a manifest's real pictures, the first `most` of them, into `folder`, with a manifest.

    `even` mixes in as much of the
    real picture as makes the files about equally large. What is there already is kept.
    """
    ensure_writable(folder)
    reals = [row for row in manifest.read(path) if row.label == REAL][:most]
    rows = Aligner(autoencoder, folder, even=even).align(
        _counted(Pictures(path.parent).open(reals), len(reals), progress)
    )
    return _written(folder / "manifest.csv", rows, heard)


def split(path: Path, output: Path, shares: Mapping[str, float], *, by: Sequence[str] = (), seed: int = 0) -> Written:
    """Write the manifest with a split for every row, no pair, group or equal value of `by` being divided."""
    if path.resolve().parent != output.resolve().parent:
        raise UsageError(
            f"{output} lies in another folder than {path}, and its paths would lead nowhere: write beside."
        )
    rows = splitting.split(list(manifest.read(path)), shares, by=by, seed=seed)
    written = _written(output, rows, lambda _: None)
    return Written(output, written.pictures, Counter(f"{row.split} {row.label}" for row in rows), ())


def opened(model: str) -> Autoencoder:
    """Open the autoencoder called `model`; raises UsageError for one that cannot draw."""
    [encoder] = models.choose([model]).encoders
    if not isinstance(encoder, Autoencoder):
        raise UsageError(f"{model} only encodes: choose a model that has a decoder too.")
    return encoder


def _counted(pictures: Iterator[Any], total: int, progress: Progress | None) -> Iterator[Any]:
    for number, one in enumerate(pictures):
        yield one
        if progress:
            progress(number + 1, total)


def _written(output: Path, rows: Iterable[Row | Left], heard: Callable[[Left], None]) -> Written:
    left: list[Left] = []
    counts: Counter[str] = Counter()

    def sound() -> Iterator[Row]:
        for row in rows:
            if isinstance(row, Left):
                left.append(row)
                heard(row)
            else:
                counts[" ".join(filter(None, (row.label, row.generator)))] += 1
                yield row

    pictures = manifest.write(output, sound())
    return Written(output, pictures, counts, tuple(left))
