"""From a data set on the disk to the rows of its manifest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path, PurePath
from typing import Any

from artaudit.datasets.container import container
from artaudit.datasets.listing import INSIDE, Found, Layout, Left
from artaudit.datasets.manifest import Row
from artaudit.errors import ImageError, UsageError
from artaudit.image import Limits, decode


def index(
    layout: Layout,
    root: Path,
    folder: Path,
    *,
    otherwise: Mapping[str, Any] | None = None,
    headers_only: bool = False,
    limits: Limits | None = None,
) -> Iterator[Row | Left]:
    """Yield a row for each picture at `root`, its path relative to `folder`, and what was left out.

    `otherwise` fills fields that the layout leaves empty. Every picture is decoded once to know that it is whole,
    with `headers_only` just its beginning is read.
    """
    anchor = Path(os.path.relpath(root if root.is_dir() else root.parent, folder))
    for found in layout.find(root):
        yield (
            found
            if isinstance(found, Left)
            else _row(found, anchor, otherwise or {}, limits or Limits(), headers_only=headers_only)
        )


def _row(found: Found, anchor: Path, otherwise: Mapping[str, Any], limits: Limits, *, headers_only: bool) -> Row | Left:
    told = found.told
    told = replace(told, **{name: value for name, value in otherwise.items() if not getattr(told, name)})
    if not told.label:
        return Left(told.path, "has no label: name one with --label, or choose the layout that tells it")
    try:
        data = found.read()
        if len(data) > limits.file_bytes:
            return Left(told.path, f"has {len(data):,} bytes, more than the {limits.file_bytes:,} allowed")
        if not headers_only:
            decode(data, name=told.path, limits=limits)
        facts = asdict(container(data, name=told.path))
    except OSError as error:
        return Left(told.path, f"cannot be read ({error.strerror})")
    except (ImageError, UsageError) as error:
        return Left(told.path, str(error).removeprefix(f"{told.path} ").rstrip("."))
    file, inside, member = told.path.partition(INSIDE)
    path = f"{PurePath(os.path.normpath(anchor / file)).as_posix()}{inside}{member}"
    return replace(told, path=path, sha256=hashlib.sha256(data).hexdigest(), **facts)
