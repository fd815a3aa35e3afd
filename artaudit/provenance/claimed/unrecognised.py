"""Parameters that look like a generator's, in JSON that no other reader knows: told as such, never passed over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from artaudit.provenance.fields.claims import Claim, Fields, make_claim, size
from artaudit.provenance.fields.limits import parse_object, plain

UNRECOGNISED = "unrecognised generator parameters"
_DIFFUSERS = ("num_inference_steps", "guidance_scale")
_NAMES = {
    "prompt": ("prompt", "positive_prompt", "positiveprompt", "positive", "caption"),
    "negative_prompt": ("negative_prompt", "negativeprompt", "negative", "uc"),
    "seed": ("seed", "noise_seed", "seeds"),
    "steps": ("steps", "num_inference_steps", "num_steps", "sampling_steps"),
    "guidance": ("guidance_scale", "cfg_scale", "cfgscale", "cfg", "guidance"),
    "sampler": ("sampler", "sampler_name", "scheduler"),
    "model": ("model", "model_name", "base_model_name", "base_model", "checkpoint", "ckpt", "model_id"),
    "model_hash": ("model_hash", "base_model_hash"),
}
_LEAST = 3
"""So many kinds of parameters make an object look like a generator's; two are enough where one is a prompt."""


def read_unrecognised(fields: Fields) -> Claim | None:
    """Return the claim of a JSON object with a generator's parameters, None without one."""
    for name, written in fields.objects.items():
        for values in (written, *_inner(written)):
            found = _parameters(values)
            if len(found) >= _LEAST or ("prompt" in found and len(found) > 1):
                lowered = {key.lower(): value for key, value in values.items()}
                spaces = all(key in lowered for key in _DIFFUSERS)
                sides = size(lowered.get("width"), lowered.get("height")) or lowered.get("resolution")
                tool = "a program around diffusers, as in spaces of Hugging Face" if spaces else UNRECOGNISED
                return make_claim(tool, fields, [name], size=sides, **found)
    return None


def _inner(written: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the objects inside an object, also those written as text."""
    inner = []
    for value in list(written.values())[:50]:
        if isinstance(value, str) and value.lstrip().startswith("{"):
            try:
                inner.append(parse_object(value))
            except ValueError:
                continue
        elif isinstance(value, dict):
            inner.append(value)
    return inner


def _parameters(values: Mapping[str, Any]) -> dict[str, object]:
    """Return the parameters in an object, by the names of a claim; a model may be an object with its own name."""
    lowered = {key.lower().replace(" ", "_"): value for key, value in values.items()}
    model = lowered.get("model")
    if isinstance(model, dict):
        named = {key.lower().replace(" ", "_"): value for key, value in model.items()}
        lowered |= {"model": named.get("model") or named.get("name"), "model_hash": named.get("model_hash")}
    found = {
        ours: next((lowered[name] for name in names if plain(lowered.get(name))), None)
        for ours, names in _NAMES.items()
    }
    return {ours: value for ours, value in found.items() if value is not None}
