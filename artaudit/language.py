"""The language of a report: English messages with named places, and a catalog that has each in another language.

Records hold finished English sentences, which the log vouches for. `retold` takes such a sentence apart by the message
of the catalog that it was made from, so that nothing else has to be kept, and quotes it in English where there is none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Formatter
from types import MappingProxyType

ENGLISH = "en"
LANGUAGES: Mapping[str, str] = MappingProxyType({ENGLISH: "English", "de": "Deutsch"})
"""The languages of reports, each by its own name."""

QUOTED = "“{said}” (in English)"
"""What stands for a sentence that the catalog does not know."""

_LONGEST, _MOST = 1000, 60
"""Characters of the longest sentence that is taken apart, and how many within it are tried: strangers write some."""

_TITLE = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_KINDS = MappingProxyType(
    {"number": r"\d[\d,]*", "share": r"\d+%", "figure": r"-?\d+(?:\.\d+)?", "work": rf"work \d+, (?:{_TITLE})"}
    | {"quoted": r"\"[^\"]*\"", "who": "(?:who|whose) .+"}
)
"""By the name of a place in a message, what stands there; in others stands any text."""
_FIGURES = frozenset({"number", "share", "figure"})
_NESTED, _NAMES = frozenset({"said", "who"}), "known"
"""Places of these names hold sentences of the catalog, and such or else names."""
_SWAPPED = str.maketrans(",.", ".,")

_SPOKEN: ContextVar[str] = ContextVar("language", default=ENGLISH)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Make `worded`, `retold` and `figure` speak a language of `LANGUAGES`; raises KeyError for another."""
    token = _SPOKEN.set(language if LANGUAGES[language] else ENGLISH)
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def spoken() -> str:
    """Return the language that is spoken now."""
    return _SPOKEN.get()


def worded(message: str, **places: object) -> str:
    """Return an English message in the language spoken, with what stands at its places."""
    told = message if spoken() == ENGLISH else catalog(spoken()).messages.get(message, message)
    return told.format(**places) if places else told


def each(messages: Iterable[str]) -> list[str]:
    """Return messages without places in the language spoken."""
    return [worded(message) for message in messages]


def retold(said: str) -> str:
    """Return a sentence that a record holds in the language spoken, or quoted where the catalog does not know it."""
    if spoken() == ENGLISH or not said:
        return said
    told = catalog(spoken()).retold(said)
    return worded(QUOTED, said=said) if told is None else told


def known(text: str) -> str:
    """Return a text in the language spoken where the catalog knows it, else as it is: a name, a quotation, code."""
    told = None if spoken() == ENGLISH else catalog(spoken()).retold(text)
    return text if told is None else told


def remade(said: str, make: Callable[[], str]) -> str:
    """Return what `make` says in the language spoken, if in English it says what the record holds; else that retold."""
    with speaking(ENGLISH):
        same = make() == said
    return make() if same else retold(said)


def figure(text: str) -> str:
    """Return a number, written as in English, as the language spoken writes it."""
    return text if spoken() == ENGLISH else text.translate(_SWAPPED)


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A message as patterns of the sentences made from it, which end each place as early and as late as can be.

    Where the two differ, or the later does not fit, and a place is `free` to hold any text, it cannot be told what is
    text and what is message.
    """

    shortest: re.Pattern[str]
    longest: re.Pattern[str]
    told: str
    free: bool

    def places(self, said: str) -> dict[str, str] | None:
        """Return what stands at the places in a sentence; None where it was not made so, or may be not."""
        short = self.shortest.fullmatch(said)
        long = self.longest.fullmatch(said) if short and self.free else short
        found, again = (match.groupdict() if match else None for match in (short, long))
        return found if found == again else None


@dataclass(frozen=True, slots=True)
class Catalog:
    """The messages of a language by the English ones; `patterns` are those that records hold with places filled."""

    messages: Mapping[str, str]
    patterns: tuple[_Pattern, ...]

    def retold(self, said: str) -> str | None:
        """Return a finished English sentence in this language; None where no message tells how."""
        return self._retold(said, iter(range(_MOST)))

    def _retold(self, said: str, left: Iterator[int]) -> str | None:
        """Return a sentence, or one within it, in this language; `left` ends where too many were tried."""
        if said in self.messages or len(said) > _LONGEST or next(left, None) is None:
            return self.messages.get(said)
        made = ((pattern, places) for pattern in self.patterns if (places := pattern.places(said)) is not None)
        return next((told for pattern, places in made if (told := self._filled(pattern, places, left))), None)

    def _filled(self, pattern: _Pattern, places: Mapping[str, str], left: Iterator[int]) -> str | None:
        told = {}
        for name, text in places.items():
            part = self._place(name, text, left)
            if part is None:
                return None
            told[name] = part
        return pattern.told.format(**told)

    def _place(self, name: str, text: str, left: Iterator[int]) -> str | None:
        kind = _kind(name)
        if kind in _NESTED:
            return self._retold(text, left)
        if kind == _NAMES:
            return self._retold(text, left) or text
        return figure(text).replace("%", "\u00a0%") if kind in _FIGURES else text


@cache
def catalog(language: str) -> Catalog:
    """Return the catalog of a language other than English."""
    record, report = (parts(language)[part] for part in ("record", "report"))
    return Catalog(
        record | report, tuple(_pattern(message, told) for message, told in record.items() if "{" in message)
    )


def parts(language: str) -> dict[str, dict[str, str]]:
    """Return the messages of a language: those that a "report" says, and those of sentences that a "record" holds."""
    text = (resources.files("artaudit") / "messages" / f"{language}.toml").read_text("utf-8")
    return tomllib.loads(text)


def places_of(message: str) -> list[str]:
    """Return the names of a message's places, in order."""
    return [name for _, name, _, _ in Formatter().parse(message) if name is not None]


def _pattern(message: str, told: str) -> _Pattern:
    free = any(_kind(name) not in {*_KINDS, *_NESTED} for name in places_of(message))
    shortest, longest = (re.compile(_regex(message, text), re.DOTALL) for text in (".+?", ".+"))
    return _Pattern(shortest, longest, told, free)


def _regex(message: str, text: str) -> str:
    """Return a pattern in which a place that `text` matches ends for good where what follows it was found first.

    Atomic groups keep the time in proportion to the length of what strangers wrote.
    """
    found, closing = "", ""
    for words, name, _, _ in Formatter().parse(message):
        found += re.escape(words)
        if name is not None and _kind(name) in _KINDS:
            found += f"(?P<{name}>{_KINDS[_kind(name)]})"
        elif name is not None:
            found, closing = f"{found}{closing}(?>(?P<{name}>{text})", ")"
    return rf"{found}\Z{closing}"


def _kind(place: str) -> str:
    """Return what a place holds: the first word of its name, as several places of one kind are told apart."""
    return place.partition("_")[0]
