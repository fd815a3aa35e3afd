"""Tools that write a flat object with their own names for parameters, such as Fooocus, SwarmUI and mflux.

Sources: https://github.com/lllyasviel/Fooocus , https://github.com/runew0lf/RuinedFooocus ,
https://github.com/mcmonkeyprojects/SwarmUI , https://github.com/drawthingsai/draw-things-community ,
https://github.com/easydiffusion/easydiffusion , https://github.com/filipstrand/mflux ,
https://github.com/LykosAI/StabilityMatrix .
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
_RUINED_FOOOCUS = {
    "model": "base_model_name",
    "model_hash": "base_model_hash",
    "prompt": "Prompt",
    "negative_prompt": "Negative",
    "seed": "seed",
    "steps": "steps",
    "sampler": "sampler_name",
    "guidance": "cfg",
}
_MFLUX = {
    "model": "model",
    "prompt": "prompt",
    "negative_prompt": "negative_prompt",
    "seed": "seed",
    "steps": "steps",
    "guidance": "guidance",
}
_STABILITY_MATRIX = {
    "model": "ModelName",
    "model_hash": "ModelHash",
    "prompt": "PositivePrompt",
    "negative_prompt": "NegativePrompt",
    "seed": "Seed",
    "steps": "Steps",
    "sampler": "Sampler",
    "guidance": "CfgScale",
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
    """Return the claim of Fooocus's object, known by its scheme, its version or its name for the base model."""
    for name in _JSON_NAMES:
        values = fields.objects.get(name, {})
        if str(values.get("software")).startswith("RuinedFooocus"):
            words = {"Prompt": values.get("prompt"), "Negative": values.get("negative_prompt")}
            return _renamed("Ruined Fooocus", fields, name, words | values, _RUINED_FOOOCUS)
        marked = "fooocus_scheme" in fields.texts or "Fooocus" in str(values.get("version", values.get("software", "")))
        if "prompt" in values and (marked or "base_model_hash" in values or "adm_guidance" in values):
            return _renamed("Fooocus", fields, name, values, _FOOOCUS)
    return None


def read_mflux(fields: Fields) -> Claim | None:
    """Return the claim of mflux's object, known by its version, None without it."""
    for name in _JSON_NAMES:
        values = fields.objects.get(name, {})
        if "mflux_version" in values:
            return _renamed("mflux", fields, name, values, _MFLUX)
    return None


def read_swarmui(fields: Fields) -> Claim | None:
    """Return the claim of SwarmUI's "sui_image_params", None without them."""
    for name in _JSON_NAMES:
        values = fields.objects.get(name, {}).get("sui_image_params")
        if isinstance(values, dict):
            return _renamed("SwarmUI", fields, name, values, _SWARMUI)
    return None


def read_stability_matrix(fields: Fields) -> Claim | None:
    """Return the claim of Stability Matrix's object, None without it."""
    values = fields.objects.get("parameters-json", {})
    if "PositivePrompt" not in values:
        return None
    sides = {"width": values.get("Width"), "height": values.get("Height")}
    return _renamed("Stability Matrix", fields, "parameters-json", values | sides, _STABILITY_MATRIX)


def read_draw_things(fields: Fields) -> Claim | None:
    """Return the claim of Draw Things' comment in XMP, None without it."""
    values = fields.objects.get("exif:UserComment", {})
    if "c" in values and "sampler" in values:
        return _renamed("Draw Things", fields, "exif:UserComment", values, _DRAW_THINGS)
    return None


def read_easy_diffusion(fields: Fields) -> Claim | None:
    """Return the claim of Easy Diffusion's separate texts, None without them."""
    if "use_stable_diffusion_model" not in fields.texts:
        return None
    names = [name for name in (*_EASY_DIFFUSION.values(), "width", "height") if name in fields.texts]
    values = {ours: fields.texts.get(theirs) for ours, theirs in _EASY_DIFFUSION.items()}
    sides = size(fields.texts.get("width"), fields.texts.get("height"))
    return make_claim("Easy Diffusion", fields, names, size=sides, **values)


def _renamed(tool: str, fields: Fields, name: str, written: Mapping[str, Any], table: Mapping[str, str]) -> Claim:
    values = {ours: written.get(theirs) for ours, theirs in table.items()}
    pair = _PAIR.fullmatch(str(values.get("size", "")))
    values["size"] = size(*pair.groups()) if pair else size(written.get("width"), written.get("height"))
    return make_claim(tool, fields, [name], **values)
