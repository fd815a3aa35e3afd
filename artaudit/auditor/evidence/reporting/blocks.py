"""The blocks of a report: plain JSON values, each with its "kind", which HTML and Typst set each in its way.

A cell is a text, or what `mono` makes of a digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Block = dict[str, Any]
Cell = str | dict[str, str]


def mono(text: str) -> dict[str, str]:
    """Return a cell in letters of one width, as digests are set."""
    return {"mono": text}


def heading(text: str, level: int = 2, name: str = "") -> Block:
    """Return a heading; `name` is what links on the page point to."""
    return {"kind": "heading", "level": level, "text": text, "name": name}


def text(words: str, *, small: bool = False) -> Block:
    """Return a paragraph."""
    return {"kind": "text", "text": words, "small": small}


def facts(rows: Sequence[tuple[str, Cell]]) -> Block:
    """Return names with their values."""
    return {"kind": "facts", "rows": [[name, _cell(value)] for name, value in rows]}


def table(head: Sequence[str], rows: Sequence[Sequence[Cell]], widths: Sequence[int], *, form: bool = False) -> Block:
    """Return a table whose columns share the width as `widths` do; a `form` has rows to write into."""
    cells = [[_cell(value) for value in row] for row in rows]
    return {"kind": "table", "head": list(head), "rows": cells, "widths": list(widths), "form": form}


def bullets(items: Sequence[str]) -> Block:
    """Return a list."""
    return {"kind": "list", "items": list(items)}


def code(lines: Sequence[str]) -> Block:
    """Return lines for a terminal."""
    return {"kind": "code", "lines": list(lines)}


def answers(items: Sequence[tuple[str, str, Sequence[str]]]) -> Block:
    """Return the answers about each exhibit: the file of its picture, its name, and sentences."""
    named = [{"file": file, "title": title, "sentences": list(said)} for file, title, said in items]
    return {"kind": "answers", "items": named}


def exhibit(file: str, alt: str, rows: Sequence[tuple[str, Cell]]) -> Block:
    """Return a picture with facts beside it."""
    return {"kind": "exhibit", "file": file, "alt": alt, "rows": facts(rows)["rows"]}


def figures(items: Sequence[tuple[str, str]], caption: str, *, columns: int = 1) -> Block:
    """Return pictures with a title each and one caption below, so many beside each other."""
    named = [{"file": file, "title": title} for file, title in items]
    return {"kind": "figures", "items": named, "caption": caption, "columns": columns}


def tree(lines: Sequence[tuple[int, str]], caption: str) -> Block:
    """Return lines that are indented by their depth, counted from 0, below a caption."""
    named = [{"depth": depth, "text": said} for depth, said in lines]
    return {"kind": "tree", "items": named, "caption": caption}


def links(items: Sequence[tuple[str, str]]) -> Block:
    """Return lines that each name a file beside the report."""
    return {"kind": "links", "items": [{"text": f"{words}: {name}", "to": name} for words, name in items]}


def page_break() -> Block:
    """Return the end of a page."""
    return {"kind": "break"}


def files(blocks: Sequence[Block]) -> set[str]:
    """Return the names of all pictures that blocks show."""
    items = [item for block in blocks for item in block.get("items", ()) if isinstance(item, dict)]
    return {str(part["file"]) for part in (*blocks, *items) if "file" in part}


def _cell(value: Cell) -> Block:
    return {"text": value, "mono": False} if isinstance(value, str) else {"text": value["mono"], "mono": True}
