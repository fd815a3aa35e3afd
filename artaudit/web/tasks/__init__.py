"""What workers do, by the kind of the job, and in which lane: a check waits for no folder, no trial and no cloak."""

from __future__ import annotations

from types import MappingProxyType

CHECKS, FOLDERS, TRIALS, CLOAKS = "checks", "folders", "trials", "cloaks"

LANES = MappingProxyType(
    {
        "check": CHECKS,
        "verify": CHECKS,
        "register": FOLDERS,
        "preview": TRIALS,
        "trial": TRIALS,
        "install": TRIALS,
        "protect": CLOAKS,
        "calibrate": CLOAKS,
    }
)
"""By kind of job, the lane that it waits in; each lane has one worker."""
