"""What a check says: findings about one picture, and the evidence they make together."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """How often a threshold fired on pictures it should not fire on, measured on `trials` of them."""

    count: int
    trials: int
    population: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim about one picture.

    `holds` is True (it does), False (it was looked for and not found) or None (cannot tell). `score` and
    `threshold` share one unit, named in `unit`. `false_alarms` is None when the rate was never measured.
    `region` is a polygon in pixels of the upright picture, (x, y) each. `details` holds plain JSON values:
    what the claim rests on.
    """

    examiner: str
    claim: str
    holds: bool | None
    method: str
    score: float | None = None
    threshold: float | None = None
    unit: str = ""
    false_alarms: FalseAlarms | None = None
    region: tuple[tuple[float, float], ...] | None = None
    work: int | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All findings of one check of one picture.

    `sha256` names the file's bytes, `pixels_sha256` the decoded picture; `checked_at` is UTC, ISO 8601;
    `compared_with` is the number of registered works the picture was compared with; `environment` names the
    versions of artaudit and the libraries that did the work.
    """

    path: str
    sha256: str
    pixels_sha256: str
    width: int
    height: int
    format: str
    checked_at: str
    compared_with: int
    verdict: str
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def found(self) -> bool:
        """Whether any finding holds."""
        return any(finding.holds for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values, findings included."""
        return asdict(self)
