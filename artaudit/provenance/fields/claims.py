"""The types of this room: the texts of one place in a file, and the claim that a tool's texts make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from artaudit.provenance.fields.limits import clean, cut, parse_object, plain

_TEXTS_KEPT = 256
_LONGEST_TOOL = 200


@dataclass(frozen=True, slots=True)
class Fields:
    """The named texts of one place in a file.

    `place` names the place, such as "PNG text". `objects` are the texts that are JSON objects, parsed. `notes` say what
    could not be read.
    """

    place: str
    texts: Mapping[str, str]
    objects: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """What a file claims about its making; every value is text as in the file, None if the file has none.

    `tool` completes the sentence "the file says it was made with …", `place` is where the texts are and `raw` holds the
    texts themselves, shortened. `size` is width x height in pixels, `producer` the maker that a label names.
    `samplers` are those of a graph with several, each with its own parameters, "saved" where its picture was saved.
    """

    tool: str
    place: str
    raw: str = field(repr=False)
    model: str | None = None
    model_hash: str | None = None
    prompt: str | None = None
    negative_prompt: str | None = None
    seed: str | None = None
    steps: str | None = None
    sampler: str | None = None
    guidance: str | None = None
    size: str | None = None
    producer: str | None = None
    samplers: tuple[Mapping[str, str | bool], ...] | None = None


def gather(place: str, pairs: Iterable[tuple[str, str]], notes: Iterable[str] = ()) -> Fields:
    """Collect (name, text) pairs; of two texts with one name the first is kept and the second noted."""
    texts: dict[str, str] = {}
    problems = list(notes)
    for name, text in pairs:
        if texts.setdefault(name, text) != text:
            problems.append(f"{place} {_quoted(name)} stands there more than once, and only the first was read")
        if len(texts) >= _TEXTS_KEPT:
            problems.append(f"{place} has more than {_TEXTS_KEPT} texts, and the rest was not read")
            break
    objects = {}
    for name, text in texts.items():
        if text.lstrip()[:1] == "{":
            try:
                objects[name] = parse_object(text.rstrip("\0"))  # some tools end a text as C ends strings
            except ValueError:
                problems.append(f"{place} {_quoted(name)} looks like JSON and cannot be read as JSON")
    return Fields(place, texts, objects, tuple(dict.fromkeys(problems)))


def make_claim(tool: str, fields: Fields, names: Iterable[str], **values: object) -> Claim:
    """Build the claim of the texts called `names`; `values` are the claim's fields as read from the file."""
    present = [name for name in names if name in fields.texts]
    raw = "\n".join(f"{clean(name)}: {clean(fields.texts[name])}" for name in present)
    told: dict[str, Any] = {name: plain(value) for name, value in values.items()}
    return Claim(plain(tool[:_LONGEST_TOOL]) or "a tool", fields.place, cut(raw), **told)


def size(width: object, height: object) -> str | None:
    """Return width and height as "640x480", None when one is missing."""
    sides = plain(width), plain(height)
    return f"{sides[0]}x{sides[1]}" if all(sides) else None


def _quoted(name: str) -> str:
    return repr(clean(name)[:80])
