"""The examiner of texts in the file that claim how it was made; anyone can write or remove them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from artaudit.findings import CLAIMS, FILE, TOOL, Finding
from artaudit.image import Image
from artaudit.provenance.claimed.automatic1111 import read_automatic1111
from artaudit.provenance.claimed.comfyui import read_comfyui
from artaudit.provenance.claimed.invokeai import read_invokeai
from artaudit.provenance.claimed.labels import read_ai_fields, read_source_type, read_tc260
from artaudit.provenance.claimed.novelai import read_novelai
from artaudit.provenance.claimed.renamed import (
    read_draw_things,
    read_easy_diffusion,
    read_fooocus,
    read_mflux,
    read_stability_matrix,
    read_swarmui,
)
from artaudit.provenance.claimed.unrecognised import UNRECOGNISED, read_unrecognised
from artaudit.provenance.claimed.vendors import read_vendor
from artaudit.provenance.fields.claims import Claim, Fields
from artaudit.provenance.fields.containers import all_fields
from artaudit.provenance.tiers import CLAIMED

READERS: tuple[Callable[[Fields], Claim | None], ...] = (
    read_invokeai,
    read_novelai,
    read_fooocus,
    read_mflux,
    read_swarmui,
    read_stability_matrix,
    read_draw_things,
    read_easy_diffusion,
    read_comfyui,
    read_automatic1111,
    read_source_type,
    read_ai_fields,
    read_tc260,
    read_vendor,
)
"""One reader for each tool or label: it takes the texts of one place in a file and returns their claim.

Tools that run ComfyUI or write as others do come before these, so that the nearest account of the making is told first.
"""

METHOD = "texts that generators write, read from PNG text, EXIF, XMP, IPTC, comments and the lowest bits of the samples"

WEIGHT = "Anyone can write such a text into a file or remove it: it is a claim, not proof."
ABSENCE = "Most ways of saving or sharing a picture remove such texts, so their absence says nothing."

_NOTES_KEPT = 20


class FileClaims:
    """Finds the parameters that generators write into their pictures."""

    name = "signals"
    group = CLAIMS
    question = FILE

    def examine(self, image: Image) -> list[Finding]:
        """Return a finding for each claim, else one finding that there is none; never raises, whatever the file holds.

        If no claim was found but some texts could not be read, `holds` is None.
        """
        places = all_fields(image)
        unread = "; ".join([note for fields in places for note in fields.notes][:_NOTES_KEPT])
        claims = [claim for fields in places for claim in _read(fields)]
        if claims:
            return [self._claimed(claim, unread) for claim in claims]
        holds = None if unread else False
        details = {"tier": CLAIMED, "weight": ABSENCE} | ({"unread": unread} if unread else {})
        return [Finding(self.name, "generator parameters in the file", holds, METHOD, details=details)]

    def _claimed(self, claim: Claim, unread: str) -> Finding:
        known = {name: value for name, value in asdict(claim).items() if value is not None}
        details = known | {TOOL: claim.tool, "tier": CLAIMED, "weight": WEIGHT} | ({"unread": unread} if unread else {})
        if claim.tool == UNRECOGNISED:
            del details[TOOL]
            text = f"the file holds {UNRECOGNISED}: JSON such as image generators write, of a form not known here"
        else:
            text = f"the file says it was made with {claim.tool}"
        return Finding(self.name, text, holds=True, method=METHOD, details=details)


def _read(fields: Fields) -> list[Claim]:
    """Return the claims of one place; parameters that no reader knows are one only where that leaves nothing."""
    claims = [claim for read in READERS if (claim := read(fields)) is not None]
    detailed = any(claim.prompt or claim.seed for claim in claims)
    further = None if detailed else read_unrecognised(fields)
    return [*claims, *([further] if further else [])]
