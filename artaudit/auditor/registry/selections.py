"""The columns of works and versions as they are now: what was registered, and what was changed since."""

from __future__ import annotations

from artaudit.auditor.registry.changes import DETACHED, EDITABLE, PATH, TITLE, last_value

WITHDRAWN = "coalesce((SELECT withdrawn FROM withdrawals WHERE work = works.id ORDER BY id DESC LIMIT 1), 0)"


def _changed(field: str, registered: str) -> str:
    return f"{last_value('work', 'works.id', field, registered)} AS {field}"


_SAID = (_changed(PATH, "path"), *(_changed(field, "title" if field == TITLE else "''") for field in EDITABLE))
WORK = f"id, sha256, pixels_sha256, width, height, format, registered_at, {', '.join(_SAID)}, {WITHDRAWN} AS withdrawn"
VERSION = (
    "id, work, sha256, pixels_sha256, receipt, added_at, "
    f"{last_value('version', 'versions.id', PATH, 'versions.path')} AS path"
)
ATTACHED = f"{last_value('version', 'versions.id', DETACHED, chr(39) * 2)} = ''"
