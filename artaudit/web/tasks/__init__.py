"""What workers do, by the kind of the job, and in which lane: quick ones do not wait behind cloaks."""

from __future__ import annotations

from types import MappingProxyType

QUICK, LONG = "quick", "long"

LANES = MappingProxyType(
    {
        "preview": QUICK,
        "check": QUICK,
        "register": QUICK,
        "verify": QUICK,
        "trial": QUICK,
        "install": QUICK,
        "protect": LONG,
        "calibrate": LONG,
    }
)
"""By kind of job, the lane that it waits in; each lane has one worker."""
