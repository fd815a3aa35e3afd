"""The task of verifying a package that came in, anybody's."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from artaudit.auditor.evidence import verify_package
from artaudit.web.tasks.context import Context


def verify(context: Context) -> dict[str, Any]:
    """Compute every digest of a package again, make its pages again and check its seals."""
    context.tell(0, 1, "computing digests, making the pages again")
    return asdict(verify_package(context.depot.file(context.job.spec["file"])))
