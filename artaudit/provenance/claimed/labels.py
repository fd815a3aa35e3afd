"""Labels for machine-made pictures from any tool: IPTC's digital source type and AI fields, China's TC260 label.

IPTC: https://iptc.org/standards/photo-metadata/iptc-standard/ . TC260 (GB 45438-2025): https://www.tc260.org.cn/ .
"""

from __future__ import annotations

from artaudit.provenance.fields.claims import Claim, Fields, make_claim
from artaudit.provenance.fields.limits import plain
from artaudit.provenance.source_types import GENERATORS, source_type

_TYPE = "Iptc4xmpExt:DigitalSourceType"
_SYSTEM = "Iptc4xmpExt:AISystemUsed"
_VERSION = "Iptc4xmpExt:AISystemVersionUsed"
_PROMPT = "Iptc4xmpExt:AIPromptInformation"
_TC260 = ("TC260:AIGC", "AIGC", "UserComment", "exif:UserComment", "ImageDescription")
_TC260_LABELS = {"1": "", "2": ", possibly", "3": ", as was suspected"}


def read_source_type(fields: Fields) -> Claim | None:
    """Return the claim of a digital source type that names a generator, None for all others."""
    name = source_type(fields.texts.get(_TYPE, ""))
    if name not in GENERATORS:
        return None
    return make_claim(f"{GENERATORS[name]} (IPTC digital source type {name})", fields, [_TYPE])


def read_ai_fields(fields: Fields) -> Claim | None:
    """Return the claim of IPTC's fields about the AI system and its prompt, None without them."""
    system, prompt = (plain(fields.texts.get(name)) for name in (_SYSTEM, _PROMPT))
    if not system and not prompt:
        return None
    version = fields.texts.get(_VERSION)
    return make_claim(
        system or "an AI system", fields, [_SYSTEM, _VERSION, _PROMPT], model=version or system, prompt=prompt
    )


def read_tc260(fields: Fields) -> Claim | None:
    """Return the claim of a TC260 label, None without one."""
    for name in _TC260:
        values = fields.objects.get(name, {})
        values = values.get("AIGC", values)
        label = plain(values.get("Label")) if isinstance(values, dict) else None
        if label in _TC260_LABELS:
            producer = values.get("ContentProducer") or values.get("ServiceProvider")
            tool = f"a generative model{_TC260_LABELS[label]} (TC260 label {label})"
            return make_claim(tool, fields, [name], producer=producer)
    return None
