"""What workers do, by the kind of the job, and in which lane: a check waits for no folder, no trial and no cloak."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from artaudit.web.jobs import Job, Order

CHECKS, FOLDERS, PREVIEWS, TRIALS, CLOAKS = "checks", "folders", "previews", "trials", "cloaks"

LANES = MappingProxyType(
    {
        "check": CHECKS,
        "verify": CHECKS,
        "register": FOLDERS,
        "preview": PREVIEWS,
        "install": PREVIEWS,
        "trial": TRIALS,
        "protect": CLOAKS,
        "calibrate": CLOAKS,
    }
)
"""By kind of job, the lane that it waits in; each lane has one worker."""

NICE = MappingProxyType({CLOAKS: 5, TRIALS: 10})
"""By how much a lane's worker lets other programs go first: what lasts long yields to what is looked at."""


def following(job: Job, result: Mapping[str, Any]) -> Order | None:
    """Return what is asked for when a job has ended well: a cloak that changed its picture is tried."""
    if job.kind != "protect" or not result.get("changed"):
        return None
    spec = {"job": job.id, "picture": result["picture"]}
    return Order("trial", LANES["trial"], job.title, spec, job.batch)
