"""What a trial says to an artist: protected, hardly protected or not, use by use, and what it costs the eye.

The bounds were declared before any cloak was judged by them. Fine-tuning: see `grading`. Style references: embeddings
of different pictures have cosines of .34 to .65, so that at .5 the tower takes a picture for another one; a tenth below
noise is more than noise of any kind differs by. Redrawing: a score of 50 is where people begin to be annoyed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from artaudit.protect.trial.grading import FAR_GAIN, NOISE_GAIN, Grade, Outcome, weakest
from artaudit.protect.visibility import Place, in_words

PROTECTED, HARDLY, NOT, UNKNOWN = "protected", "hardly protected", "not protected", "not measured"
FINE_TUNING, STYLE_REFERENCE, REDRAWING = "fine-tuning", "style reference", "image-to-image"

ANOTHER = 0.5
"""Up to this cosine a tower takes a picture for another one."""
BELOW_NOISE = 0.1
"""A cosine lower than noise's by less than this is no protection."""
SPOILED = 50.0
"""Up to this SSIMULACRA2 a redrawn picture is spoiled."""
CLOSE = 2.0
"""Scores of SSIMULACRA2 that are no further apart say the same."""
_THIRDS = (1 / 3, 2 / 3)


@dataclass(frozen=True, slots=True)
class Use:
    """What protects against one use: one of four words, the sentence that it rests on, and what limits it."""

    use: str
    word: str
    sentence: str
    limits: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self) | {"limits": list(self.limits)}


def fine_tuning(given: Grade, outcomes: Sequence[Outcome], *, mimicked: bool) -> Use:
    """Judge by the grade; the outcome of the untouched file comes first, and `mimicked` is whether mimics learned."""
    untouched, *attacks = outcomes
    word = {"A": PROTECTED, "B": HARDLY, "C": HARDLY}.get(given.letter, NOT)
    worst = weakest([one for one in attacks if one.everyday])
    sentence = f"It confuses the models that judge {_times(untouched)} as much as noise that shows as much"
    if worst is not None:
        sentence += f", and after the everyday edit that hurts it most ({worst.said}) {_times(worst)} as much"
    limits = [] if mimicked else ["Whether a model that is trained on it learns less was not measured (--mimicry)."]
    if not untouched.held_out:
        limits.insert(0, "Judged only by models that it may have been made against, which hardly counts.")
    return Use(FINE_TUNING, word, f"{sentence}.", tuple(limits))


def style_reference(record: Mapping[str, Any]) -> Use:
    """Judge by what the tower sees, in the view and after the edit that help most; see `Use`."""
    rows = record["rows"]
    if not rows:
        return Use(STYLE_REFERENCE, UNKNOWN, f"Nothing looked at it as a reference: {record['why']}.")
    worst = max(rows, key=lambda row: row["cosine"])
    word = NOT
    if all(row["noise"] - row["cosine"] >= BELOW_NOISE for row in rows):
        word = PROTECTED if worst["cosine"] <= ANOTHER and record["white_box"] is False else HARDLY
    best, noise = min(row["cosine"] for row in rows), min(row["noise"] for row in rows)
    name = record["model"].partition("@")[0]
    sentence = (
        f"{name} finds it {worst['cosine']:.2f} like its original where it is fooled least ({worst['edit']}) and "
        f"{best:.2f} where most; 1 is the same, noise that shows as much has {noise:.2f} or more, different pictures "
        "have .34 to .65."
    )
    return Use(STYLE_REFERENCE, word, sentence, tuple(record["said"]))


def redrawing(rows: Sequence[Mapping[str, Any]]) -> Use:
    """Judge by how much more the redrawn picture is spoiled than noise would spoil it, in the way that does least."""
    if not rows:
        return Use(REDRAWING, UNKNOWN, "No model that redraws pictures is here.")
    worst = min(rows, key=lambda row: row["gain"])
    word = NOT
    if worst["gain"] > NOISE_GAIN:
        far = worst["gain"] >= FAR_GAIN and all(row["ssimulacra2"] <= SPOILED for row in rows)
        word = PROTECTED if far else HARDLY
    sentence = (
        f"{worst['how'].capitalize()} by {worst['model']}, it differs from its original, drawn again likewise, "
        f"{worst['gain']:.2f} times as much as noise that shows as much does (SSIMULACRA2 {worst['ssimulacra2']:.0f}: "
        f"{in_words(worst['ssimulacra2'])})."
    )
    said = f"Redrawn by {', '.join(dict.fromkeys(row['model'] for row in rows))} alone; larger models were not asked."
    return Use(REDRAWING, word, sentence, (said,))


def cost_to_the_eye(shown: Mapping[str, float | None], noise: float, tile: Place) -> str:
    """Say what people see of a change and, by its worst `tile`, where; `noise` is the score of white noise as visible.

    Noise is as loud as the more tolerant of SSIMULACRA2 and FLIP allows: where it has a lower score than the change,
    the change shows by FLIP what it hides from SSIMULACRA2, and the lower one counts.
    """
    score = shown["ssimulacra2"] or 0.0
    counts = min(score, noise)
    said = f"{in_words(counts).capitalize()} (SSIMULACRA2 {score:.0f}"
    if noise < score - CLOSE:
        said += f", but by FLIP it shows as much as white noise of {noise:.0f}"
    place = where(tile)
    return f"{said})." + (f" It shows most {place}: there {tile.score:.0f}, {in_words(tile.score)}." if place else "")


def where(place: Place) -> str:
    """Say in which ninth of a picture a place lies, nothing for the middle of a picture that is one tile."""
    down, across = (sum(share > third for third in _THIRDS) for share in (place.down, place.across))
    rows, columns = ("at the top", "", "at the bottom")[down], ("left", "", "right")[across]
    if not rows and not columns:
        return "" if place.down == place.across == 0.5 else "in the middle"  # noqa: PLR2004 - the middle
    return f"{rows} {columns}".strip() if rows else f"on the {columns}"


def _times(outcome: Outcome) -> str:
    return "nobody knows how" if outcome.gain is None else f"{outcome.gain:.2f} times"
