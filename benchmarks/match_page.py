"""Puts what `benchmarks/match.py` measured into docs/limits.md."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from artaudit.matching.portfolio import TIERS
from benchmarks.page import PAGE, write

Seen = Sequence[dict[str, Any]]

KEPT = Path("artaudit/matching/false_matches.json")
MISSED = KEPT.with_name("missed_copies.json")
"""The files of the rates that reports quote."""


def read_parts(folder: Path, part: str) -> list[dict[str, Any]]:
    """Return the results of all shards of a part."""
    return [suspect for path in sorted(folder.glob(f"{part}-*.json")) for suspect in json.loads(path.read_text())]


def write_page(folder: Path) -> None:
    """Write the tables of recall and of false matches."""
    edited, unrelated = [*read_parts(folder, "edits"), *read_parts(folder, "cloaks")], read_parts(folder, "strangers")
    write(PAGE, "match", f"{recall(edited)}\n\n{false_matches(edited, unrelated)}")
    KEPT.write_text(json.dumps(rates([*edited, *unrelated]), indent=2) + "\n", encoding="utf-8")
    MISSED.write_text(json.dumps(missed(edited), indent=2) + "\n", encoding="utf-8")


def rates(seen: Seen) -> dict[str, dict[str, Any]]:
    """Return the rates of false copies by tier, as reports quote them."""
    found: dict[str, dict[str, Any]] = {}
    for tier in TIERS:
        asked = _asked(seen, tier)
        if asked:
            pictures = len({suspect["name"] for suspect in asked})
            found[tier] = {
                "count": sum(len(_wrong(suspect, tier, "copy")) for suspect in asked),
                "trials": sum(suspect["pairs"] for suspect in asked),
                "population": f"pairs of pictures and works they do not show: edited and cloaked paintings, "
                f"photographs, generated pictures ({pictures} in all, seen {len(asked)} times) beside 179 works",
                "pictures": pictures,
            }
    return found


def missed(edited: Seen) -> dict[str, dict[str, Any]]:
    """Return how many edited copies were missed, without and with descriptors, as reports quote it."""
    works, edits = ({suspect[what] for suspect in edited} for what in ("of", "kind"))
    about = {
        "trials": len(edited),
        "population": f"edited copies of {len(works)} works, {len(edits)} edits of each "
        "(docs/limits.md, Finding copies)",
        "pictures": len(works),
    }
    plain = sum(not any(match["plain"] for match in _right(suspect)) for suspect in edited)
    described = sum(not _right(suspect) for suspect in edited)
    return {"without descriptors": {"count": plain} | about, "with descriptors": {"count": described} | about}


def recall(edited: Seen) -> str:
    """Return the table of copies found, a row for each edit, with and without the describer."""
    lines = ["| edit | found | with descriptors | by descriptor alone |", "|---|---|---|---|"]
    kinds = dict.fromkeys(suspect["kind"] for suspect in edited)
    lines += [_row(kind, [suspect for suspect in edited if suspect["kind"] == kind]) for kind in kinds]
    return "\n".join([*lines, _row("**all**", edited)])


def _row(name: str, seen: Seen) -> str:
    described = [suspect for suspect in seen if suspect["describer"]]
    plain = [any(match["plain"] for match in _right(suspect)) for suspect in seen]
    alone = sum(
        all(match["tier"] == "descriptor" for match in _right(suspect)) for suspect in described if _right(suspect)
    )
    both = _share([bool(_right(suspect)) for suspect in described])
    return f"| {name} | {_share(plain)} | {both} | {alone} |"


def _right(suspect: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the matches that name the work that is there."""
    return [match for match in suspect["found"] if match["right"] and match["band"] == "copy"]


def _asked(seen: Seen, tier: str) -> list[dict[str, Any]]:
    """Return the suspects that a tier looked at."""
    return [suspect for suspect in seen if tier != "descriptor" or suspect["describer"]]


def _wrong(suspect: dict[str, Any], tier: str, band: str) -> list[dict[str, Any]]:
    """Return the matches of a tier that name a work that is not there."""
    return [
        match for match in suspect["found"] if not match["right"] and (match["tier"], match["band"]) == (tier, band)
    ]


def _share(hits: Sequence[bool]) -> str:
    return f"{sum(hits)} of {len(hits)} ({sum(hits) / len(hits):.1%})" if hits else "not measured"


def false_matches(edited: Seen, unrelated: Seen) -> str:
    """Return the table of matches with works that are not in the suspect, a row for each tier."""
    seen = [*edited, *unrelated]
    pictures = {suspect["name"] for suspect in seen}
    lines = ["| tier | false copies | false candidates | pairs compared |", "|---|---|---|---|"]
    for tier in TIERS:
        asked = _asked(seen, tier)
        counts = [sum(len(_wrong(suspect, tier, band)) for suspect in asked) for band in _BANDS]
        lines.append(f"| {tier} | {counts[0]} | {counts[1]} | {sum(suspect['pairs'] for suspect in asked):,} |")
    described = [suspect["describer"] for suspect in seen if suspect["describer"]]
    model = described[0] if described else "none"
    seconds = sum(suspect["seconds"] for suspect in seen) / len(seen)
    facts = (
        f"{len(seen):,} suspects ({len(edited):,} edited copies of {len({suspect['of'] for suspect in edited})} works, "
        f"{len(unrelated):,} unrelated pictures) beside 179 works; pairs share pictures: behind them stand "
        f"{len(pictures)} different pictures and the works. {len(described)} of the suspects "
        f"were looked at with a describer too ({model}). {seconds:.2f} CPU seconds a check, "
        "features and models included."
    )
    return "\n".join(lines) + "\n\n" + facts


_BANDS = ("copy", "candidate")
