"""What the person who writes a report states about it: who, for whom, where, with which device, what for."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from artaudit.auditor.evidence.casefile import CaseFile
from artaudit.errors import UsageError
from artaudit.language import ENGLISH, LANGUAGES

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Statement:
    """What is stated; empty is not stated.

    `by` writes the report, `client` is for whom, `maker` says who made and owns the works. `unsigned` tells that it was
    asked not to be signed. `language` is that of page, paper and texts, one of `artaudit.language.LANGUAGES`; the
    record itself is English. Raises UsageError for another, and for what is no line of at most 500 characters.
    """

    by: str = ""
    client: str = ""
    place: str = ""
    device: str = ""
    purpose: str = ""
    maker: str = ""
    unsigned: bool = False
    language: str = ENGLISH

    def __post_init__(self) -> None:
        """Refuse what would not stand on one line, and languages that no report has."""
        if self.language not in LANGUAGES:
            raise UsageError(f"There are no reports in {self.language!r}: choose one of {', '.join(LANGUAGES)}.")
        for name, value in asdict(self).items():
            if isinstance(value, str) and (len(value) > _LONGEST or not value.isprintable()):
                raise UsageError(f"What is stated as {name} is no line of at most {_LONGEST} characters: shorten it.")

    def upon(self, case: CaseFile) -> CaseFile:
        """Return the case with what is stated."""
        return replace(case, exported_by=self.by or case.exported_by, stated=self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """Return the record's entries, those that are stated; the writer's name has its own."""
        stated = {name: value.strip() if isinstance(value, str) else value for name, value in asdict(self).items()}
        stated["for"] = stated.pop("client")
        return {name: value for name, value in stated.items() if value and name != "by"}
