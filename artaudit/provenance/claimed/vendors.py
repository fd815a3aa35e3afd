"""Services that write few parameters or none, recognised by their texts: one row for each.

Sources: https://docs.midjourney.com , https://github.com/black-forest-labs/flux , https://exiftool.org/TagNames/ .
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from artaudit.provenance.fields.claims import Claim, Fields, make_claim

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_DESCRIPTIONS = ("Description", "ImageDescription", "dc:description", "Caption")
_CREDITS = ("photoshop:Credit", "Credit")
_PROGRAMS = ("Software", "xmp:CreatorTool", "OriginatingProgram")
_GENERATORS = (
    r"midjourney|dall[-\u00b7. ]?e\b|stable ?diffusion|adobe firefly|dreamstudio|ideogram|leonardo\.ai|craiyon|"
    r"nightcafe|diffusers|mflux|draw ?things|invokeai|comfyui|fooocus|swarmui|easy diffusion"
)


@dataclass(frozen=True, slots=True)
class Vendor:
    """How a service's texts are recognised: `pattern` matches a text called one of `names`.

    The pattern's groups "prompt" and "model" go into the claim. `also` are (name, pattern) of further texts that must
    match. Without a `tool`, the matched text names it. `kept` are (field of the claim, name of the text that holds it).
    """

    tool: str
    names: tuple[str, ...]
    pattern: re.Pattern[str]
    also: tuple[tuple[str, re.Pattern[str]], ...] = ()
    kept: tuple[tuple[str, str], ...] = field(default=())


VENDORS = (
    Vendor("Midjourney", _DESCRIPTIONS, re.compile(rf"(?P<prompt>.*?)\s*\bJob ID: {_UUID}", re.DOTALL)),
    Vendor("Ideogram", ("Make",), re.compile(r"Ideogram AI\b")),
    Vendor(
        "Grok (xAI)",
        ("ImageDescription",),
        re.compile(r"Signature: [A-Za-z0-9+/=]{16,}\s*$"),
        also=(("Artist", re.compile(rf"{_UUID}\s*$")),),
    ),
    Vendor(
        "FLUX, by Black Forest Labs' own program or one that writes as it does",
        ("Software",),
        re.compile(r"AI generated;(?:txt|img)2img;flux"),
        kept=(("model", "Model"), ("prompt", "ImageDescription")),
    ),
    Vendor("Google AI", _CREDITS, re.compile(r"Made with Google AI\b")),
    Vendor("a job on Hugging Face", ("hf-job-id",), re.compile(r"\S")),
    Vendor("", _PROGRAMS, re.compile(rf".{{0,60}}?\b(?:{_GENERATORS})(?![a-z])", re.IGNORECASE)),
)


def read_vendor(fields: Fields) -> Claim | None:
    """Return the claim of the first service whose texts are found, None if none is."""
    for vendor in VENDORS:
        for name in vendor.names:
            match = vendor.pattern.match(fields.texts.get(name, ""))
            if match and all(pattern.match(fields.texts.get(other, "")) for other, pattern in vendor.also):
                return _claim(vendor, fields, name, match)
    return None


def _claim(vendor: Vendor, fields: Fields, name: str, match: re.Match[str]) -> Claim:
    values = {key: fields.texts.get(theirs) for key, theirs in vendor.kept} | match.groupdict()
    names = [name, *(other for other, _ in vendor.also), *(theirs for _, theirs in vendor.kept)]
    tool = fields.texts[name].strip().splitlines()[0][:80] if not vendor.tool else vendor.tool
    return make_claim(tool, fields, names, **values)
