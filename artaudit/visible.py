"""The one place where text that strangers wrote becomes text for people: on a terminal, in pages, papers and logs.

Characters that move, hide or reorder text are replaced by what names them, such as [U+202E]. Which those are: the
categories Cc, Cf, Cs, Zl and Zp of Unicode but for signs that show, and fillers that do not, as Unicode Technical
Standard 39 warns of, https://www.unicode.org/reports/tr39/ .
"""

from __future__ import annotations

import json
import re
from typing import Any

MOST = 2000
"""Characters of one text of a stranger that a line for people holds, unless it says otherwise."""

_JOINERS = "\u200c\u200d"
_UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
_JOINED = "\u0600-\u1cff\u2190-\u2bff\ufb50-\ufdff\ufe0f\ufe70-\ufefc\U0001f000-\U0001faff"
"""Scripts whose letters are joined and parted, and the pictures that are joined to others, by unseen characters."""
_RUNS = re.compile(f"(?<=[{_JOINED}])[{_JOINERS}](?=[{_JOINED}])|([{_UNSEEN}])\\1*")
_STAND_INS = re.compile("(?:\\[U\\+[0-9A-F]{4,6}(?: x[0-9]+)?\\]|\N{REPLACEMENT CHARACTER})+")
_UNSEEN_IN_JSON = re.compile(f"[{_UNSEEN}]")


def visible(text: str, most: int | None = None) -> str:
    """Return a text in which every character shows: unseen ones become their number, a run of them one number.

    Line feeds and tabs stay. With `most` the text is cut there, with an ellipsis.
    """
    seen = _RUNS.sub(_named, text.replace("\r\n", "\n"))
    return seen if most is None or len(seen) <= most else f"{seen[: most - 1]}…"


def visible_line(text: object, most: int = MOST) -> str:
    """Return a text as one line in which every character shows, `most` characters at most."""
    return visible(" ".join(str(text)[: 4 * most].split()), most)


def json_text(value: object, indent: int | None = 2) -> str:
    """Return a value as JSON, keys sorted, in which characters that do not show are escaped: nothing is lost."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, sort_keys=True)
    return _UNSEEN_IN_JSON.sub(lambda found: json.dumps(found[0])[1:-1], text)


def visible_all(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a JSON value in which every character of every text shows."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {name: visible_all(item) for name, item in value.items()}
    return [visible_all(item) for item in value] if isinstance(value, list | tuple) else value


def told_alike(text: str) -> str:
    """Return a text in which every way to stand for unseen characters is one, to compare it with older records."""
    return _STAND_INS.sub("\N{REPLACEMENT CHARACTER}", visible(text))


def _named(run: re.Match[str]) -> str:
    if run[1] is None:
        return run[0]
    times = f" x{len(run[0])}" if len(run[0]) > 1 else ""
    return f"[U+{ord(run[1]):04X}{times}]"
