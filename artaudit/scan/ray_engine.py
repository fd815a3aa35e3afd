"""Runs the stage on a cluster, by Ray Data: tasks read the shards, actors that hold a stage look at the pictures.

https://docs.ray.io/en/latest/data/data.html . Every machine has to see the shards under the same paths. The files of
the works travel through Ray's object store, once to each machine. What a lost actor or machine did is done again.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import platform
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from artaudit.errors import MissingExtraError, ScanError
from artaudit.image import isolation, write_atomically
from artaudit.scan import works
from artaudit.scan.pool import Begun, Known, Seen, left
from artaudit.scan.rows import Row
from artaudit.scan.shards.finding import Shard
from artaudit.scan.shards.item import Item
from artaudit.scan.stage import Stage

_BATCH = 16
_WORKS = (works.INDEX, works.KEYPOINTS)
_SENT = ("found", "unsure")
_READING = 0.05
"""Share of a processor that reading a shard asks for; actors leave room for it, else none could be read beside them."""

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RayEngine:
    """Looks at pictures with `workers` actors; `folder` holds the works, `address` is that of the cluster.

    Without an address, Ray starts on this machine. Raises MissingExtraError without Ray.
    """

    folder: Path
    workers: int
    address: str | None = None

    def __post_init__(self) -> None:
        """See that Ray is installed."""
        if importlib.util.find_spec("ray") is None:
            raise MissingExtraError("ray", "A scan on a cluster")

    def __call__(self, begun: Iterable[Begun], known: Known) -> Iterator[Seen]:  # noqa: ARG002 - asked by no machine but this
        """Yield the rows of shards in their order; whether a picture is known is seen when its row comes."""
        import ray  # noqa: PLC0415 - an extra

        orders = [_order(shard) for shard in begun]
        if not orders:
            return
        cpus = None if self.address else self.workers
        ray.init(self.address or "local", num_cpus=cpus, ignore_reinit_error=True, include_dashboard=False)
        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        sent = [ray.put(np.fromfile(self.folder / name, np.uint8)) for name in _WORKS]
        pictures = ray.data.from_items(orders, override_num_blocks=len(orders)).flat_map(read, num_cpus=_READING)
        rows = pictures.map_batches(
            Looker,
            batch_size=_BATCH,
            batch_format="pyarrow",
            concurrency=self.workers,
            num_cpus=1 - 2 * _READING,
            fn_constructor_args=(sent,),
        )
        for batch in rows.iter_batches(batch_size=_BATCH, batch_format="pyarrow"):
            for row in batch.to_pylist():
                yield Seen(row["number"], cast(Row, json.loads(row["row"])) if row["row"] else None, row["data"])


def _order(begun: Begun) -> Plain:
    return {
        "number": begun.number,
        "path": str(begun.shard.path),
        "kind": begun.shard.kind,
        "start": begun.start,
    }


def read(order: Mapping[str, Any]) -> Iterator[Plain]:
    """Yield the pictures of a shard as rows of bytes and text, then its end."""
    for item in Shard(Path(order["path"]), order["kind"]).items(order["start"]):
        about = {"place": item.place, "key": item.key, "context": item.context, "left": item.left}
        yield {"number": order["number"], "item": json.dumps(about), "data": item.data}
    yield {"number": order["number"], "item": "", "data": b""}


class Looker:
    """The stage as an actor of Ray: pictures go in, rows as JSON come out, with the bytes of what was found."""

    def __init__(self, sent: list[Any]) -> None:
        """Take references to the files of the works, and keep these files on this machine for all actors."""
        import ray  # noqa: PLC0415 - an extra

        self._isolated = isolation.isolated()
        self._isolated.__enter__()
        self._stage = Stage(kept({name: ray.get(data) for name, data in zip(_WORKS, sent, strict=True)}))

    def __call__(self, batch: Any) -> Any:  # noqa: ANN401 - a table of pyarrow
        """Return a table with a row for each picture of a batch."""
        import pyarrow as pa  # noqa: PLC0415 - an extra

        rows = [self._row(row) for row in batch.to_pylist()]
        kinds = [("number", pa.int64()), ("row", pa.string()), ("data", pa.binary())]
        return pa.Table.from_pylist(rows, schema=pa.schema(kinds))

    def _row(self, given: Plain) -> Plain:
        if not given["item"]:
            return {"number": given["number"], "row": "", "data": b""}
        item = Item(**json.loads(given["item"]), data=given["data"])
        row = left(item) or self._stage(item)
        data = item.data if row["outcome"] in _SENT else b""
        return {"number": given["number"], "row": json.dumps(row), "data": data}


def kept(files: Mapping[str, np.ndarray]) -> Path:
    """Return a folder of this machine that holds the works; its name is their digest, so actors share it."""
    digest = hashlib.sha256(b"".join(hashlib.sha256(data.data).digest() for data in files.values())).hexdigest()
    folder = Path(tempfile.gettempdir(), f"artaudit-scan-{digest[:32]}")
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.is_symlink():
        raise ScanError(f"{folder} belongs to somebody else: set TMPDIR to a folder of your own on {platform.node()}.")
    for name, data in files.items():
        if not (folder / name).exists():
            write_atomically(folder / name, data.tobytes())
    return folder
