"""The task of trying a cloak that was made here: what it does, and what attacks leave of it."""

from __future__ import annotations

from typing import Any

from artaudit.auditor.trial import attempt
from artaudit.image import write_atomically
from artaudit.protect.trial import page
from artaudit.protect.trial.run import TrialOrder
from artaudit.web.tasks.context import Context

CARD = "card.html"


def trial(context: Context) -> dict[str, Any]:
    """Try a cloaked picture as `audit trial` does, and write the card."""
    picture = context.depot.made(context.job.spec["job"], context.job.spec["picture"])
    with context.registry() as registry:
        tried = attempt(picture, registry, TrialOrder(), progress=lambda done, of: context.tell(done, of, "attacks"))
    write_atomically(context.folder / CARD, page.card([tried]))
    said = {name: tried.document.get(name) for name in ("grade", "because", "uses", "eye", "verdict", "limits")}
    return {**said, "card": CARD}
