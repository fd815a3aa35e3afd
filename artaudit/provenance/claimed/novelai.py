"""NovelAI's texts: Software, Source, Description and a JSON Comment, in PNG text or hidden in the alpha channel.

Source: https://github.com/NovelAI/novelai-image-metadata .
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from artaudit.provenance.fields.claims import Claim, Fields, gather, make_claim, size

_NAMES = ("Software", "Source", "Title", "Description", "Comment")


def read_novelai(fields: Fields) -> Claim | None:
    """Return the claim of NovelAI's texts, None without them; a signature in them is not checked here."""
    inner = _inside(fields)
    if "NovelAI" not in inner.texts.get("Software", ""):
        return None
    comment: Mapping[str, Any] = inner.objects.get("Comment", {})
    return make_claim(
        "NovelAI",
        inner,
        _NAMES,
        model=inner.texts.get("Source"),
        prompt=comment.get("prompt") or inner.texts.get("Description"),
        negative_prompt=comment.get("uc"),
        seed=comment.get("seed"),
        steps=comment.get("steps"),
        sampler=comment.get("sampler"),
        guidance=comment.get("scale"),
        size=size(comment.get("width"), comment.get("height")),
    )


def _inside(fields: Fields) -> Fields:
    """Return the texts inside an EXIF UserComment, as in WebP files, else the fields themselves."""
    inside = fields.objects.get("UserComment", {})
    if "Comment" not in inside:
        return fields
    texts = {name: text for name, text in inside.items() if isinstance(text, str)}
    return gather(fields.place, ({"Software": fields.texts.get("Software", "")} | texts).items())
