"""What a scan says of one picture: a plain row, which any process can send and any file can keep."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

Outcome = Literal["clear", "found", "unsure", "listed", "absent", "refused"]

OUTCOMES: dict[Outcome, str] = {
    "found": "show a registered work",
    "unsure": "may show a part of a registered work; a person must look",
    "listed": "not at hand, but a list gives the digest of a registered file for them",
    "clear": "show no registered work, as far as the steps of a scan can tell",
    "absent": "not at hand: a list names them, and nothing is fetched",
    "refused": "could not be read",
}
"""What can become of a picture, as the end of a sentence about several."""

KEPT: tuple[Outcome, ...] = ("found", "unsure", "listed", "refused")
"""Outcomes whose rows are kept whole; of the others, the digest and the place are kept."""

Plain = dict[str, Any]


class Row(TypedDict):
    """The outcome of one picture.

    `sha256` is that of its bytes, "" where they are not at hand. `step` is the step of the cascade that ended the
    search: "digest", "pixels", "pdq", "features" or "confirmation". `matches` hold work, title, tier, band, score,
    threshold, unit, orientation and region of each registered work, the surest first.
    """

    place: int
    key: str
    sha256: str
    outcome: Outcome
    context: dict[str, str]
    reason: NotRequired[str]
    step: NotRequired[str]
    matches: NotRequired[list[Plain]]
    size: NotRequired[tuple[int, int]]
    format: NotRequired[str]
