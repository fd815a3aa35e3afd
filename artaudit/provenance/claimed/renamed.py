"""Tools whose parameters are one flat object with names of their own: Fooocus, SwarmUI, Draw Things, Easy Diffusion.

Sources: https://github.com/lllyasviel/Fooocus , https://github.com/mcmonkeyprojects/SwarmUI ,
https://github.com/drawthingsai/draw-things-community , https://github.com/easydiffusion/easydiffusion .
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from artaudit.provenance.fields.claims import Claim, Fields, make_claim, size

_JSON_NAMES = ("parameters", "Comment", "UserComment", "exif:UserComment", "Model", "ImageDescription")

_FOOOCUS = {
    "model": "base_model",
    "model_hash": "base_model_hash",
    "prompt": "prompt",
    "negative_prompt": "negative_prompt",
    "seed": "seed",
    "steps": "steps",
    "sampler": "sampler",
    "guidance": "guidance_scale",
    "size": "resolution",
}
_SWARMUI = {
    "model": "model",
    "prompt": "prompt",
    "negative_prompt": "negativeprompt",
    "seed": "seed",
    "steps": "steps",
    "sampler": "sampler",
    "guidance": "cfgscale",
}
_DRAW_THINGS = {
    "model": "model",
    "prompt": "c",
    "negative_prompt": "uc",
    "seed": "seed",
    "steps": "steps",
    "sampler": "sampler",
    "guidance": "scale",
    "size": "size",
}
_EASY_DIFFUSION = {
    "model": "use_stable_diffusion_model",
    "prompt": "prompt",
    "negative_prompt": "negative_prompt",
    "seed": "seed",
    "steps": "num_inference_steps",
    "sampler": "sampler_name",
    "guidance": "guidance_scale",
}
_PAIR = re.compile(r"\(? *(\d{1,6}) *[,x\u00d7] *(\d{1,6}) *\)?")


def read_fooocus(fields: Fields) -> Claim | None:
    """Return what Fooocus's object claims; it is told by its scheme, its version or its name for the base model."""
    for name in _JSON_NAMES:
        said = fields.objects.get(name, {})
        marked = "fooocus_scheme" in fields.texts or "Fooocus" in str(said.get("version", said.get("software", "")))
        if "prompt" in said and (marked or "base_model_hash" in said or "adm_guidance" in said):
            return _renamed("Fooocus", fields, name, said, _FOOOCUS)
    return None


def read_swarmui(fields: Fields) -> Claim | None:
    """Return what SwarmUI's "sui_image_params" claim."""
    for name in _JSON_NAMES:
        said = fields.objects.get(name, {}).get("sui_image_params")
        if isinstance(said, dict):
            return _renamed("SwarmUI", fields, name, said, _SWARMUI)
    return None


def read_draw_things(fields: Fields) -> Claim | None:
    """Return what Draw Things' comment in XMP claims."""
    said = fields.objects.get("exif:UserComment", {})
    if "c" in said and "sampler" in said:
        return _renamed("Draw Things", fields, "exif:UserComment", said, _DRAW_THINGS)
    return None


def read_easy_diffusion(fields: Fields) -> Claim | None:
    """Return what Easy Diffusion's separate texts claim."""
    if "use_stable_diffusion_model" not in fields.texts:
        return None
    names = [name for name in (*_EASY_DIFFUSION.values(), "width", "height") if name in fields.texts]
    values = {ours: fields.texts.get(theirs) for ours, theirs in _EASY_DIFFUSION.items()}
    sides = size(fields.texts.get("width"), fields.texts.get("height"))
    return make_claim("Easy Diffusion", fields, names, size=sides, **values)


def _renamed(tool: str, fields: Fields, name: str, said: Mapping[str, Any], table: Mapping[str, str]) -> Claim:
    values = {ours: said.get(theirs) for ours, theirs in table.items()}
    pair = _PAIR.fullmatch(str(values.get("size", "")))
    values["size"] = size(*pair.groups()) if pair else size(said.get("width"), said.get("height"))
    return make_claim(tool, fields, [name], **values)
