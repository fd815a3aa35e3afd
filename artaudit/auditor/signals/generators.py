"""How the common image generators write their parameters into files, one reader each.

A1111 and Forge: https://github.com/AUTOMATIC1111/stable-diffusion-webui; ComfyUI:
https://github.com/comfyanonymous/ComfyUI; InvokeAI: https://github.com/invoke-ai/InvokeAI; NovelAI:
https://github.com/NovelAI/novelai-image-metadata; Fooocus: https://github.com/lllyasviel/Fooocus.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

Texts = Mapping[str, str]
Fields = dict[str, Any]

MOST_NODES = 2000
"""Nodes of a graph that are looked at."""

_A1111_KEYS = MappingProxyType(
    {
        "Steps": "steps",
        "Sampler": "sampler",
        "CFG scale": "cfg_scale",
        "Seed": "seed",
        "Size": "size",
        "Model": "model",
        "Model hash": "model_hash",
        "Version": "version",
    }
)
_SETTING = re.compile(r'\s*([^:,\n]{1,60}):\s*("(?:\\.|[^"\\])*"|[^,\n]*)(?:,|$)')


def parse_json(text: str) -> object:
    """Return the value of a JSON text, or None for anything that is none or is nested too deeply."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def as_dict(text: str | None) -> Fields:
    """Return a JSON object, empty for anything else."""
    value = parse_json(text) if text else None
    return value if isinstance(value, dict) else {}


def a1111(found: Texts) -> Fields | None:
    """Read "prompt / Negative prompt: … / Steps: …, Sampler: …" as A1111, Forge and their kin write it."""
    text = next((found[name] for name in ("parameters", "exif:UserComment", "stealth") if name in found), "")
    lines = text.strip().split("\n")
    settings = dict(_SETTING.findall(lines[-1])) if "Steps:" in lines[-1] else {}
    if not settings:
        return None
    head, _, negative = "\n".join(lines[:-1]).partition("Negative prompt:")
    fields = {_A1111_KEYS[key]: value.strip().strip('"') for key, value in settings.items() if key in _A1111_KEYS}
    return {"prompt": head.strip(), "negative_prompt": negative.strip(), **fields}


def comfyui(found: Texts) -> Fields | None:
    """Read the graph of nodes that ComfyUI runs, and pick what its samplers, loaders and texts say."""
    places = ("prompt", "workflow", "exif:Make", "exif:Model", "exif:ImageDescription")
    candidates = [re.sub(r"^(prompt|workflow|Prompt|Workflow):", "", found[name]) for name in places if name in found]
    graphs = [graph for graph in map(as_dict, candidates) if _is_graph(graph)]
    if not graphs:
        return None
    fields: Fields = {"nodes": max(len(graph.get("nodes", graph)) for graph in graphs)}
    texts = []
    for kind, inputs in (node for graph in graphs for node in _nodes(graph)):
        for key, name in (("seed", "seed"), ("noise_seed", "seed"), ("steps", "steps"), ("sampler_name", "sampler")):
            if isinstance(inputs.get(key), int | str):
                fields.setdefault(name, inputs[key])
        for key in ("ckpt_name", "unet_name"):
            if isinstance(inputs.get(key), str):
                fields.setdefault("model", inputs[key])
        if "TextEncode" in kind and isinstance(inputs.get("text"), str):
            texts.append(inputs["text"])
    return fields | ({"prompt": "\n".join(dict.fromkeys(texts))} if texts else {})


def _is_graph(graph: Fields) -> bool:
    listed = graph.get("nodes")
    if isinstance(listed, list):
        return any(isinstance(node, dict) and "type" in node for node in listed)
    return any(isinstance(node, dict) and "class_type" in node for node in graph.values())


def _nodes(graph: Fields) -> Iterator[tuple[str, Fields]]:
    """Yield (kind, inputs) of the nodes of a graph in the form that runs; the form for display has no names."""
    for node in list(graph.values())[:MOST_NODES]:
        if isinstance(node, dict) and isinstance(node.get("inputs"), dict):
            yield str(node.get("class_type", "")), node["inputs"]


def invokeai(found: Texts) -> Fields | None:
    """Read the three forms that InvokeAI has written over its versions."""
    new, old = as_dict(found.get("invokeai_metadata")), as_dict(found.get("sd-metadata"))
    if new:
        model = new.get("model")
        named = model.get("model_name") or model.get("name") if isinstance(model, dict) else model
        size = {"size": f"{new['width']}x{new['height']}"} if {"width", "height"} <= new.keys() else {}
        return {
            "prompt": new.get("positive_prompt"),
            "negative_prompt": new.get("negative_prompt"),
            "model": named,
            **{key: new.get(key) for key in ("seed", "steps", "cfg_scale")},
            "sampler": new.get("scheduler"),
            **size,
        }
    if old:
        return _old_invokeai(old)
    if "invokeai_graph" in found:
        return {}
    return {"command": found["Dream"], **_dream(found["Dream"])} if "Dream" in found else None


def _old_invokeai(old: Fields) -> Fields:
    image = old.get("image")
    inner: Fields = image if isinstance(image, dict) else {}
    prompt = inner.get("prompt")
    if isinstance(prompt, list):
        prompt = "; ".join(str(one.get("prompt")) for one in prompt if isinstance(one, dict))
    picked = {key: inner.get(key) for key in ("seed", "steps", "cfg_scale", "sampler")}
    return {"prompt": prompt, "model": old.get("model_weights"), "model_hash": old.get("model_hash"), **picked}


def _dream(command: str) -> Fields:
    """Read a command line like: "a prompt" -s 50 -S 42 -W 512 -H 512 -A k_lms."""
    prompt = re.match(r'\s*"((?:\\.|[^"\\])*)"', command)
    flags = dict(re.findall(r"\s-([sSWHCA])\s*([^\s]+)", command))
    names = {"s": "steps", "S": "seed", "C": "cfg_scale", "A": "sampler"}
    fields: Fields = {names[flag]: value for flag, value in flags.items() if flag in names}
    if {"W", "H"} <= flags.keys():
        fields["size"] = f"{flags['W']}x{flags['H']}"
    return fields | ({"prompt": prompt[1]} if prompt else {})


def novelai(found: Texts) -> Fields | None:
    """Read NovelAI's text chunks, or their copy hidden in alpha."""
    hidden = as_dict(found.get("stealth"))
    source = hidden if hidden.get("Software") == "NovelAI" else found
    if source.get("Software") != "NovelAI" and found.get("exif:Software") != "NovelAI":
        return None
    comment = source.get("Comment")
    inner = comment if isinstance(comment, dict) else as_dict(comment if isinstance(comment, str) else None)
    size = {"size": f"{inner['width']}x{inner['height']}"} if {"width", "height"} <= inner.keys() else {}
    return {
        "prompt": inner.get("prompt") or source.get("Description"),
        "negative_prompt": inner.get("uc"),
        "model": source.get("Source"),
        **{key: inner.get(key) for key in ("seed", "steps", "sampler")},
        "cfg_scale": inner.get("scale"),
        "signed": "signed_hash" in inner,
        **size,
    }


def fooocus(found: Texts) -> Fields | None:
    """Read Fooocus' JSON, under its own scheme or in the comment of a PNG."""
    for name in ("parameters", "Comment", "exif:UserComment"):
        value = as_dict(found.get(name))
        told = {key.lower().replace(" ", "_"): item for key, item in value.items()}
        ours = "fooocus" in found.get("fooocus_scheme", "") or "Fooocus" in str(told.get("version", ""))
        if told and (ours or {"base_model", "sharpness"} <= told.keys() or "base_model_hash" in told):
            picked = {
                key: told.get(key) for key in ("prompt", "negative_prompt", "seed", "steps", "sampler", "version")
            }
            return {**picked, "model": told.get("base_model"), "size": told.get("resolution")}
    return None


READERS: Mapping[str, Callable[[Texts], Fields | None]] = MappingProxyType(
    {
        "NovelAI": novelai,
        "InvokeAI": invokeai,
        "Fooocus": fooocus,
        "ComfyUI": comfyui,
        "AUTOMATIC1111 or Forge": a1111,
    }
)
"""Tools by name, the most telling first: the first reader that recognises its own decides."""
