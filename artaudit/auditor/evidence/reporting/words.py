"""Words for what records hold: people, times, rates, exhibits and numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from artaudit.language import figure, retold, worded
from artaudit.metrics import clopper_pearson

MARKS = {True: "yes", False: "no", None: "cannot tell"}
LOGINS = frozenset({"root", "admin", "administrator", "user", "ubuntu", "debian", "runner", "nobody"})
"""Names of logins that many computers share; they name nobody."""
NOBODY = "somebody who is not named"
NOT_STATED = "not stated"
NEVER = "never measured"


def person(name: str) -> str:
    """Return the name of a person; a login that anybody may have names nobody."""
    return worded(NOBODY) if name.strip().casefold() in LOGINS or not name.strip() else name


def subject(text: str) -> str:
    """Return the common name in a certificate's subject (RFC 4514), without the marks of escaping, or all of it.

    What is no such name, as the addresses that editions before gave, is returned as it is.
    """
    try:
        named = x509.Name.from_rfc4514_string(text)
    except ValueError:
        return text
    common = named.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else ", ".join(str(attribute.value) for attribute in named)


def exhibits(record: Mapping[str, Any]) -> dict[Any, str]:
    """Return the exhibit numbers of a record's checks, by the check's number, in the order of the case."""
    return {check["id"]: worded("Exhibit {number}", number=at) for at, check in enumerate(record["checks"], start=1)}


def named(said: str, works: Sequence[Mapping[str, Any]]) -> str:
    """Return what was said with every work as an exhibit, its title without the marks of escaping."""
    for work in works:
        exhibit = worded("exhibit W{number}, “{title}”", number=work["id"], title=work["title"])
        said = said.replace(f"work {work['id']}, {work['title']!r}", exhibit)
    return said


def saved_from(source: Mapping[str, Any]) -> str:
    """Return the address that a file was saved from, and that of its page, as far as they are told."""
    url, page = source.get("url", ""), source.get("page", "")
    if not url:
        return worded("the page {page}", page=page) if page else worded("an address that is not told")
    return worded("{url}, on the page {page}", url=url, page=page) if page and page != url else str(url)


def measured(finding: Mapping[str, Any]) -> str:
    """Return what was measured and the bar that it is held to."""
    if finding["score"] is None:
        return "—"
    least = finding["threshold"]
    bar = "" if least is None else worded("; the bar is {figure}", figure=number(least))
    return f"{number(finding['score'])} {retold(finding['unit'])}".rstrip() + bar


def rate(counted: Mapping[str, Any] | None) -> str:
    """Return a rate with the upper end of its 95 % interval; trials that share pictures count as so many pictures."""
    if not counted:
        return worded(NEVER)
    count, trials = counted["count"], counted["trials"]
    pictures = counted.get("pictures") or trials
    most = clopper_pearson(math.ceil(count * pictures / trials), pictures).high if trials else 1.0
    shown = figure(f"{most:.2%}".replace("%", "\u00a0%"))
    return worded("{part}, at most {most}", part=part_of(count, trials), most=shown)


def part_of(count: int, trials: int) -> str:
    """Return a count of how many."""
    return worded("{count} of {trials}", count=figure(f"{count:,}"), trials=figure(f"{trials:,}"))


def number(value: float) -> str:
    """Return a number with three digits that count, large ones whole."""
    return figure(f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}")  # noqa: PLR2004 - where three digits end


def times(log10_ratio: float) -> str:
    """Return a likelihood ratio in words, from its decimal logarithm."""
    factor = figure(f"{float(f'{10 ** min(abs(log10_ratio), 12.0):.2g}'):,.12g}")
    if log10_ratio > 0:
        return worded("{factor} times likelier if a model drew it", factor=factor)
    return worded("{factor} times likelier if no model drew it", factor=factor)


def plain(value: object) -> str:  # noqa: PLR0911 - one for each kind of value
    """Return a JSON value as text for people: a line for each object of a list, nested objects in brackets."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return worded(MARKS[value])
    if value is None or value in ([], {}):
        return worded("none")
    if isinstance(value, float):
        return number(value)
    if isinstance(value, dict):
        return f"({', '.join(_facts(value))})"
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return "\n".join("; ".join(_facts(item)) for item in value)
    return ", ".join(map(plain, value)) if isinstance(value, list) else json.dumps(value)


def _facts(value: Mapping[str, Any]) -> list[str]:
    return [f"{worded(name.replace('_', ' '))} {plain(item)}" for name, item in value.items()]
