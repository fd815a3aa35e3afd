"""What `make site` adds to the pages of this folder: those that lie above it, and links that lead out of it as text."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ABOVE = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Pages above the folder, and what they are called on the site."""

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)")
_CODE = re.compile(r"(^```.*?^```$|`[^`\n]+`)", re.DOTALL | re.MULTILINE)


def on_files(files: Files, config: Any) -> Files:  # noqa: ANN401 - MkDocs' own
    """Add the pages that lie above the folder."""
    root = Path(config["docs_dir"]).parent
    for name, page in ABOVE.items():
        files.append(File.generated(config, page, content=(root / name).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:  # noqa: ANN401 - MkDocs' own
    """Let links point to where pages lie on the site; what is no page there is named only."""
    place = page.file.src_uri
    home = next((name for name, called in ABOVE.items() if called == place), f"docs/{place}")

    def link(found: re.Match[str]) -> str:
        words, target, anchor = found[1], found[2], found[3] or ""
        there = posixpath.normpath(posixpath.join(posixpath.dirname(home), target))
        page_there = ABOVE.get(there, there.removeprefix("docs/") if there.startswith("docs/") else "")
        if not page_there.endswith((".md", ".json")):
            return words
        return f"[{words}]({posixpath.relpath(page_there, posixpath.dirname(place) or '.')}{anchor})"

    parts = _CODE.split(markdown)
    return "".join(part if number % 2 else _LINK.sub(link, part) for number, part in enumerate(parts))
