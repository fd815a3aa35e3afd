"""What a check says: findings about one picture, what they come to, and the evidence they make together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any

KINDS = ("photograph", "painting", "digital-art", "comics-line-art", "rendering", "cloaked")
"""What a person may say that a picture is or claims to be: flat art has areas of even colour, cloaked is a painting."""

CLOAKED_VERSIONS = "cloaked_versions"
"""Key of details: how many cloaked versions of a work are registered."""

TOOL = "tool"
"""Key of details: the name of the tool that a text in the file claims as its maker."""

PLUGIN = "plugin"
"""Key of details: the package and version of the plug-in that a finding is of."""

PLUGIN_GROUP = "plug-in "
"""How the groups of plug-ins' findings begin."""

MATCH, SIGNED, NOISE, WATERMARK, CLAIMS = "match", "signed", "noise", "watermark", "claims"
"""Groups of findings that rest on the same traces."""

COPY, ORIGIN, MODEL, FILE = "copy", "origin", "model", "file"
"""Questions that a check answers: which work it shows, whether a machine made it, which model, what the file says."""

UNANSWERED = MappingProxyType({ORIGIN: "whether a machine made it", MODEL: "which model drew it"})
"""By question, the claim of a finding that leaves it open."""

PLACES = MappingProxyType(
    {
        "portfolio": (MATCH, COPY),
        "signatures": (SIGNED, FILE),
        "signals": (CLAIMS, FILE),
        "watermarks": (WATERMARK, ORIGIN),
        "attribution": (NOISE, MODEL),
        "detector": (NOISE, ORIGIN),
    }
)
"""By examiner, group and question of findings in records written before findings carried them; nothing is added."""

NONE = "no"
SCALE = (
    (0.0, NONE),
    (math.log10(2), "weak"),
    (1.0, "moderate"),
    (2.0, "moderately strong"),
    (3.0, "strong"),
    (4.0, "very strong"),
    (6.0, "extremely strong"),
)
"""From which decimal logarithm of a likelihood ratio on the support has which name (ENFSI guideline for evaluative
reporting in forensic science, 2015, https://enfsi.eu/wp-content/uploads/2016/09/m1_guideline.pdf)."""


def named(claim: str, plugin: str) -> str:
    """Return a claim with the plug-in that says it, by package and version."""
    return f"{claim} (plug-in {plugin})"


def strength(log10_ratio: float) -> str:
    """Name how strongly a decimal logarithm of a likelihood ratio supports either side."""
    return next(word for least, word in reversed(SCALE) if abs(log10_ratio) >= least)


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """How often a threshold erred, measured on `trials` of a `population`.

    `pictures` is how many different pictures stand behind the trials where these share some, None where that is not
    known or all differ.
    """

    count: int
    trials: int
    population: str
    pictures: int | None = None


@dataclass(frozen=True, slots=True)
class FalseAlarms(ErrorRate):
    """How often a threshold fired on pictures it should not fire on."""


@dataclass(frozen=True, slots=True)
class Misses(ErrorRate):
    """How often a threshold did not fire on pictures it should fire on."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim about one picture.

    `holds` is True (it does), False (it was looked for and not found) or None (cannot tell). `score` and
    `threshold` share one unit, named in `unit`. `false_alarms` and `misses` are None when the rate was never measured.
    `region` is a polygon in pixels of the upright picture, (x, y) each. `details` holds plain JSON values:
    what the claim rests on.

    `group` names the traces that it rests on: findings of one group count once. `question` is the one that it answers,
    empty for none. `log10_likelihood_ratio` says how much likelier what was measured is if a generative model drew the
    picture than if not, None where that was not measured. A finding without a group takes all three from its examiner,
    work and details, as records did before they kept them.
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
    group: str = ""
    question: str = ""
    log10_likelihood_ratio: float | None = None
    misses: Misses | None = None

    def __post_init__(self) -> None:
        """Place a finding that names no group."""
        if self.group:
            return
        group, question = PLACES.get(self.examiner, (MATCH, COPY) if self.work is not None else (self.examiner, ""))
        object.__setattr__(self, "group", group)
        object.__setattr__(self, "question", self.question or question)
        if self.log10_likelihood_ratio is None:
            object.__setattr__(self, "log10_likelihood_ratio", self._recorded_ratio())

    def _recorded_ratio(self) -> float | None:
        """Return the ratio where records kept it before: in the details, or as the score of what holds."""
        found = self.details.get("log10_likelihood_ratio")
        if found is None and self.holds and self.unit == "log10 of a likelihood ratio":
            found = self.score
        return float(found) if isinstance(found, int | float) and math.isfinite(found) else None

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Finding:
        """Read what `as_dict` gave, as JSON gives it back; raises TypeError or KeyError for anything else."""
        alarms, misses, region = plain["false_alarms"], plain.get("misses"), plain["region"]
        read = {
            "false_alarms": FalseAlarms(**alarms) if alarms else None,
            "misses": Misses(**misses) if misses else None,
            "region": None if region is None else tuple((float(x), float(y)) for x, y in region),
        }
        return cls(**{**plain, **read})

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Group:
    """Findings that rest on the same traces, so that they count once.

    `findings` are their positions, from 0, among those of the check. `holds` is True where one of them found
    something, None where none did and one cannot tell. `log10_likelihood_ratio` is what the group adds to the sum,
    None where it adds nothing; `counts` says in words how the group counts.
    """

    name: str
    findings: tuple[int, ...]
    holds: bool | None
    log10_likelihood_ratio: float | None
    counts: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the findings of a check come to, each kind of evidence for itself.

    `copy` is "found", "possible" (a person must look), "not found" or "not compared". `origin` is "machine-made",
    "not machine-made", "cannot tell" or "not examined"; `basis` is what that rests on: "signed", "watermark",
    "measured" or nothing. `log10_likelihood_ratio` is the sum over independent groups (None: nothing was measured)
    and `support` its name on the verbal scale. `conflicts` are sentences.
    """

    copy: str
    origin: str
    basis: str
    log10_likelihood_ratio: float | None
    support: str
    groups: tuple[Group, ...]
    conflicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All findings of one check of one picture.

    `sha256` names the file's bytes, `pixels_sha256` the decoded picture; `checked_at` is UTC, ISO 8601;
    `compared_with` is the number of registered works the picture was compared with; `environment` names the
    versions of artaudit and the libraries that did the work. `summary` answers in sentences, `verdict` is the same as
    one text; `source` says where the file came from, as far as the person who saved it said so.
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
    summary: tuple[str, ...] = ()
    assessment: Assessment | None = None
    source: dict[str, str] = field(default_factory=dict)

    @property
    def found(self) -> bool:
        """Whether any finding holds."""
        return any(finding.holds for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values, findings included."""
        return asdict(self)
