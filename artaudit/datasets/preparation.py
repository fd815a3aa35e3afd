"""The four steps that prepare a data set: index, audit, align, split."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from artaudit import catalog
from artaudit.datasets import duplicates, indexing, manifest, splitting
from artaudit.datasets.alignment import Aligner
from artaudit.datasets.bias import Bias, bias
from artaudit.datasets.duplicates import Duplicate
from artaudit.datasets.listing import Left
from artaudit.datasets.manifest import REAL, Row
from artaudit.datasets.pictures import Pictures
from artaudit.datasets.splitting import Leak
from artaudit.datasets.stems import Names
from artaudit.errors import UsageError
from artaudit.generators import choice
from artaudit.image.writing import ensure_writable
from artaudit.protocols import Autoencoder, Progress

MANIFESTS = (".csv", ".parquet")
"""The endings of manifests' file names."""

SPLIT = "split"
"""The conflict of copies that `audit data split` resolves: they lie in different splits."""


@dataclass(frozen=True, slots=True)
class Written:
    """A manifest that was written: how many pictures of which label and generator, and what was left out.

    `names` counts the groups that file names gave; `series` are names that are numbered through, with their pictures.
    """

    path: Path
    pictures: int
    counts: Mapping[str, int]
    left: tuple[Left, ...]
    names: int = 0
    series: Mapping[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON shows."""
        return {
            "path": str(self.path),
            "pictures": self.pictures,
            "counts": dict(self.counts),
            "left_out": [asdict(left) for left in self.left],
            "groups_by_name": self.names,
            "numbered_series": dict(self.series),
        }


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit of the manifest at `path` found; `near` is None where pictures were not compared."""

    path: Path
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
        return {
            **asdict(self),
            "path": str(self.path),
            "ok": self.ok,
            "biased": self.bias.biased,
            "culprits": self.bias.culprits,
            "next": self.next,
        }

    @property
    def next(self) -> list[str]:
        """What to do about each failure: a command and, in brackets, what it does."""
        path, lines = shlex.quote(str(self.path)), []
        if self.bias.biased:
            target = shlex.quote(str(self.path.with_name(f"{self.path.stem}-aligned")))
            lines.append(f"audit data align {path} -o {target}  (redraws the real pictures, both in equal containers)")
        if self.leaks or any(copy.conflict == SPLIT for copy in self.copies):
            target = shlex.quote(str(self.path.with_name(f"{self.path.stem}-split{self.path.suffix}")))
            lines.append(f"audit data split {path} -o {target}  (keeps groups, pairs and copies together)")
        if self.near or any(copy.conflict != SPLIT for copy in self.copies):
            lines.append(f"audit data audit {path}  (once one picture of each copy is taken out of it)")
        return lines


def index(
    sources: Sequence[Path],
    output: Path,
    *,
    layout: str = "folder",
    otherwise: Mapping[str, Any] | None = None,
    headers_only: bool = False,
    heard: Callable[[Left], None] = lambda _: None,
) -> Written:
    """Write one manifest of the pictures at all `sources`; `heard` is told at once what is left out.

    A source may be a manifest: its rows are taken over, with paths relative to the folder of `output`. `otherwise`
    fills what the layout does not tell, like label, source or licence. Pictures without a group whose file names differ
    by a number alone get one.
    """
    names, seen = Names(), set[str]()

    def listed() -> Iterator[Row | Left]:
        for source in sources:
            reader = catalog.load(catalog.LAYOUTS, _layout(source, layout))()
            for row in indexing.index(reader, source, output.parent, otherwise=otherwise, headers_only=headers_only):
                if isinstance(row, Left):
                    yield row
                elif row.path in seen:
                    yield Left(row.path, "is in an earlier source too")
                else:
                    seen.add(row.path)
                    names.count(row)
                    yield row

    first = output.with_name(f".{output.stem}-listed{output.suffix}")
    try:
        written = _written(first, listed(), heard)
        manifest.write(output, names.grouped(manifest.read(first)))
    finally:
        first.unlink(missing_ok=True)
    return replace(written, path=output, names=len(names.shared), series=names.series)


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
    return Audited(path, found, tuple(duplicates.exact(rows)), close, tuple(splitting.leaks(rows)), tuple(left))


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

    `even` mixes in as much of the real picture as makes the files about equally large. Pairs that are there already
    are kept.
    """
    ensure_writable(folder)
    reals = [row for row in manifest.read(path) if row.label == REAL][:most]
    rows = Aligner(autoencoder, folder, even=even).align(
        _counted(Pictures(path.parent).open(reals), len(reals), progress)
    )
    return _written(folder / "manifest.csv", rows, heard)


def split(path: Path, output: Path, shares: Mapping[str, float], *, by: Sequence[str] = (), seed: int = 0) -> Written:
    """Write the manifest with a split for every row; no pair, group or equal value of `by` is divided.

    Neither are pictures without a group whose file names differ by a number alone.
    """
    if path.resolve().parent != output.resolve().parent:
        raise UsageError(
            f"{output} lies in another folder than {path}, and its paths would lead nowhere: write beside."
        )
    rows = splitting.split(list(manifest.read(path)), shares, by=by, seed=seed)
    written = _written(output, rows, lambda _: None)
    return Written(output, written.pictures, Counter(f"{row.split} {row.label}" for row in rows), ())


def opened(model: str) -> Autoencoder:
    """Open the autoencoder called `model`; raises UsageError for one that cannot draw."""
    [encoder] = choice.choose([model]).encoders
    if not isinstance(encoder, Autoencoder):
        raise UsageError(f"{model} only encodes: choose a model that has a decoder too.")
    return encoder


def _layout(source: Path, layout: str) -> str:
    """Return the layout of a source: a manifest is one whatever the others are."""
    return "table" if layout == "folder" and source.is_file() and source.suffix in MANIFESTS else layout


def _counted(pictures: Iterator[Any], total: int, progress: Progress | None) -> Iterator[Any]:
    for number, picture in enumerate(pictures):
        yield picture
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
