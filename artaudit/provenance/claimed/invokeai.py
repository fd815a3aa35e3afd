"""The three forms in which InvokeAI has written its parameters: "invokeai_metadata", "sd-metadata" and "Dream".

Source: https://github.com/invoke-ai/InvokeAI (PNG text).
"""

from __future__ import annotations

import re
from typing import Any

from artaudit.provenance.fields.claims import Claim, Fields, make_claim, size

_TOOL = "InvokeAI"
_OPTION = re.compile(r"(?<!\S)-(\w{1,3}) +(\S{1,100})")
_BRACKETS = re.compile(r"\[([^\]]*)\]")
_OPTIONS_LENGTH = 5000
_PLACEHOLDER = "<too lazy to implement>"
"""What early versions wrote for previews instead of the command line."""


def read_invokeai(fields: Fields) -> Claim | None:
    """Return the claim of the newest format in the file, None without one."""
    if "invokeai_metadata" in fields.objects:
        return _metadata(fields, fields.objects["invokeai_metadata"])
    if "sd-metadata" in fields.objects:
        return _sd_metadata(fields, fields.objects["sd-metadata"])
    dream = fields.texts.get("Dream", "")
    if dream == _PLACEHOLDER or re.search(r"(?<!\S)-[sSA] ", dream[-_OPTIONS_LENGTH:]):
        return _dream(fields, dream)
    if "invokeai_graph" in fields.objects or "invokeai_workflow" in fields.objects:
        return make_claim(_TOOL, fields, ["invokeai_graph", "invokeai_workflow"])
    return None


def _metadata(fields: Fields, values: dict[str, Any]) -> Claim:
    model = _object(values.get("model"))
    return make_claim(
        _TOOL,
        fields,
        ["invokeai_metadata"],
        model=model.get("model_name") or model.get("name"),
        model_hash=model.get("hash"),
        prompt=values.get("positive_prompt"),
        negative_prompt=values.get("negative_prompt"),
        seed=values.get("seed"),
        steps=values.get("steps"),
        sampler=values.get("scheduler"),
        guidance=values.get("cfg_scale"),
        size=size(values.get("width"), values.get("height")),
    )


def _sd_metadata(fields: Fields, values: dict[str, Any]) -> Claim:
    image = _object(values.get("image"))
    prompt, negative = _split_brackets(_prompt(image.get("prompt")))
    return make_claim(
        _TOOL,
        fields,
        ["sd-metadata", "Dream"],
        model=values.get("model_weights") or values.get("model"),
        model_hash=values.get("model_hash"),
        prompt=prompt,
        negative_prompt=negative,
        seed=image.get("seed"),
        steps=image.get("steps"),
        sampler=image.get("sampler"),
        guidance=image.get("cfg_scale"),
        size=size(image.get("width"), image.get("height")),
    )


def _dream(fields: Fields, line: str) -> Claim:
    """Read the command line of the first versions: "prompt [negative]" -s steps -S seed, and so on."""
    words, _, options = line.rpartition('" -')
    values = dict(_OPTION.findall(("-" + options)[:_OPTIONS_LENGTH]))
    prompt, negative = _split_brackets(words.strip().removeprefix('"'))
    return make_claim(
        _TOOL,
        fields,
        ["Dream"],
        prompt=prompt,
        negative_prompt=negative,
        seed=values.get("S"),
        steps=values.get("s"),
        sampler=values.get("A"),
        guidance=values.get("C"),
        size=size(values.get("W"), values.get("H")),
    )


def _prompt(value: object) -> str:
    """Join the weighted parts of a prompt."""
    parts = value if isinstance(value, list) else [value]
    texts = (part.get("prompt") if isinstance(part, dict) else part for part in parts)
    return " ".join(text for text in texts if isinstance(text, str))


def _split_brackets(prompt: str) -> tuple[str, str]:
    """Split "words [unwanted words]" into prompt and negative prompt; brackets that are not closed stay as they are."""
    head, closed, tail = prompt.rpartition("]")
    parts = _BRACKETS.split(head + closed)
    return "".join([*parts[::2], tail]), " ".join(parts[1::2])


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
