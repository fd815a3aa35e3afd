"""The answers of a trial for an artist: protected, hardly protected or not, for each use, and how visible the cloak is.

The bounds were declared before any cloak was judged by them. Fine-tuning: see `grading`. Style references: embeddings
of different pictures have cosines of .34 to .65, so that at .5 the image encoder takes a picture for another one; kinds
of noise differ by less than .1. Redrawing: a score of 50 is where people begin to be annoyed.
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
"""Up to this cosine an image encoder takes a picture for another one."""
BELOW_NOISE = 0.1
"""A cosine that is lower than that of noise by less than this is no protection."""
SPOILED = 50.0
"""Up to this SSIMULACRA2 a redrawn picture is spoiled."""
CLOSE = 2.0
"""Scores of SSIMULACRA2 that differ by at most this are not told apart in sentences."""
_THIRDS = (1 / 3, 2 / 3)


@dataclass(frozen=True, slots=True)
class Use:
    """The protection against one use: one of four words, the sentence that gives the reason, and its limits."""

    use: str
    word: str
    sentence: str
    limits: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Return the answer as JSON values."""
        return asdict(self) | {"limits": list(self.limits)}


def fine_tuning(given: Grade, outcomes: Sequence[Outcome], *, mimicked: bool) -> Use:
    """Judge by the grade; the outcome of the untouched file comes first, and `mimicked` says if mimics were trained."""
    untouched, *attacks = outcomes
    word = {"A": PROTECTED, "B": HARDLY, "C": HARDLY}.get(given.letter, NOT)
    worst = weakest([outcome for outcome in attacks if outcome.everyday])
    sentence = f"It confuses the models that judge {_times(untouched)} as much as noise that shows as much"
    if worst is not None:
        sentence += f", and after the everyday edit that hurts it most ({worst.label}) {_times(worst)} as much"
    limits = [] if mimicked else ["Whether a model that is trained on it learns less was not measured (--mimicry)."]
    if not untouched.held_out:
        limits.insert(0, "Judged only by models that it may have been made against, which hardly counts.")
    return Use(FINE_TUNING, word, f"{sentence}.", tuple(limits))


def style_reference(record: Mapping[str, Any]) -> Use:
    """Judge by the image encoder's similarities, in the view and after the edit that protect least."""
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
    """Judge by how much more the cloak spoils redrawing than noise would, where the difference is least."""
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
    limit = f"Redrawn by {', '.join(dict.fromkeys(row['model'] for row in rows))} alone; larger models were not asked."
    return Use(REDRAWING, word, sentence, (limit,))


def cost_to_the_eye(shown: Mapping[str, float | None], noise: float, tile: Place) -> str:
    """Say how visible a change is and, by its worst `tile`, where; `noise` is the score of white noise as visible.

    That noise is as strong as the more tolerant of SSIMULACRA2 and FLIP allows. Where its score is lower than the
    change's, FLIP sees the change better than SSIMULACRA2 does, and the lower score counts.
    """
    score = shown["ssimulacra2"] or 0.0
    counts = min(score, noise)
    sentence = f"{in_words(counts).capitalize()} (SSIMULACRA2 {score:.0f}"
    if noise < score - CLOSE:
        sentence += f", but by FLIP it shows as much as white noise of {noise:.0f}"
    place = where(tile)
    return f"{sentence})." + (
        f" It shows most {place}: there {tile.score:.0f}, {in_words(tile.score)}." if place else ""
    )


def where(place: Place) -> str:
    """Say in which ninth of a picture a place lies, "" for the middle of a picture that is one tile."""
    down, across = (sum(share > third for third in _THIRDS) for share in (place.down, place.across))
    rows, columns = ("at the top", "", "at the bottom")[down], ("left", "", "right")[across]
    if not rows and not columns:
        return "" if place.down == place.across == 0.5 else "in the middle"  # noqa: PLR2004 - the middle
    return f"{rows} {columns}".strip() if rows else f"on the {columns}"


def _times(outcome: Outcome) -> str:
    return "nobody knows how" if outcome.gain is None else f"{outcome.gain:.2f} times"
