"""The graphs that ComfyUI writes: "prompt" (as it ran) and "workflow" (as the user interface showed it).

Source: https://docs.comfy.org/development/core-concepts/workflow (PNG text; in WebP, EXIF texts "prompt:{…}"). Civitai
writes the graph into the EXIF comment, with what its page asked for beside the nodes ("extraMetadata"); Tensor.Art adds
a text of its own ("generation_data").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from artaudit.provenance.claimed.comfyui_graph import (
    Graph,
    ends,
    first,
    graph_in,
    model_of,
    samplers,
    scalar,
    upstream,
    words,
)
from artaudit.provenance.fields.claims import Claim, Fields, make_claim, size
from artaudit.provenance.fields.limits import parse_object, plain

_COMMENTS = ("UserComment", "exif:UserComment", "Comment", "ImageDescription", "parameters")
_CIVITAI, _TENSOR_ART = "extraMetadata", "generation_data"
_SAMPLERS_TEXT = 1000
_ASKED = {
    "prompt": "prompt",
    "negative_prompt": "negativePrompt",
    "seed": "seed",
    "steps": "steps",
    "sampler": "sampler",
    "guidance": "cfgScale",
}
"""By field of a claim, how Civitai calls what its page asked for."""


def read_comfyui(fields: Fields) -> Claim | None:
    """Return the claim of the graph, read backwards from the node that saves the picture; None without a graph."""
    objects: dict[str, tuple[str, dict[str, Any]]] = {}
    for kind, found in _objects(fields):
        objects.setdefault(kind, found)
    prompt = objects.get("prompt", ("", {}))[1]
    names = list(dict.fromkeys(name for name, _ in objects.values()))
    graph = graph_in(prompt)
    if graph:
        tool, stated = _service(fields, prompt)
        walked = samplers(graph)
        claim = make_claim(tool, fields, names, **_parameters(graph, walked) | stated)
        return replace(claim, samplers=tuple(map(_told, walked))) if len(walked) > 1 else claim
    workflow = objects.get("workflow", ("", {}))[1]
    if isinstance(workflow.get("nodes"), list) and "links" in workflow:
        return make_claim("ComfyUI", fields, names)
    return None


def _service(fields: Fields, prompt: dict[str, Any]) -> tuple[str, dict[str, object]]:
    """Return the tool that ran a graph, and what it states beside the graph."""
    model = _object(fields.objects.get(_TENSOR_ART, {}).get("baseModel")).get("modelFileName")
    if model:
        return "Tensor.Art (ComfyUI)", {"model": model}
    asked = _object(prompt.get(_CIVITAI))
    stated = {ours: asked.get(theirs) for ours, theirs in _ASKED.items() if plain(asked.get(theirs))}
    return "Civitai's generator (ComfyUI)" if asked or "resource-stack" in prompt else "ComfyUI", stated


def _objects(fields: Fields) -> Iterator[tuple[str, tuple[str, dict[str, Any]]]]:
    """Yield (kind, (name, object)) for texts that are a "prompt" or "workflow", begin with these words or hold them."""
    for name, text in fields.texts.items():
        kind, colon, rest = text[:12].lower().partition(":")
        if name in ("prompt", "workflow") and name in fields.objects:
            yield name, (name, fields.objects[name])
        elif colon and kind in ("prompt", "workflow") and rest.lstrip().startswith("{"):
            try:
                yield kind, (name, parse_object(text[len(kind) + 1 :]))
            except ValueError:
                continue
        elif name in _COMMENTS and name in fields.objects:
            yield from ((kind, (name, found)) for kind, found in _inside(fields.objects[name]))


def _inside(comment: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what a comment holds: a graph itself, or "prompt" and "workflow", as objects or as their JSON."""
    if graph_in(comment):
        yield "prompt", comment
    for kind in ("prompt", "workflow"):
        found = _object(comment.get(kind))
        if found and (kind == "workflow" or graph_in(found)):
            yield kind, found


def _object(value: object) -> dict[str, Any]:
    """Return a JSON object, also from its text; empty for anything else."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            return parse_object(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


def _parameters(graph: Graph, found: list[dict[str, Any]]) -> dict[str, object]:
    """Return the parameters of the samplers whose pictures were saved."""
    nodes = [node for _, node in upstream(graph, ends(graph))]
    sized = (node.inputs for node in nodes if scalar(node, "width") and scalar(node, "height"))
    sides = next(((inputs["width"], inputs["height"]) for inputs in sized), None)
    saved = [sampler for sampler in found if sampler["saved"]] or found[:1] or [_without_sampler(graph)]
    own: dict[str, object] = {name: saved[0].get(name) for name in _ASKED}
    own |= {name: ", ".join(_values(saved, name)) for name in ("seed", "model")}
    return own | {"size": size(*sides) if sides else None}


def _told(sampler: dict[str, Any]) -> dict[str, str | bool]:
    """Return a sampler as it is kept: cleaned, with texts of at most `_SAMPLERS_TEXT` characters."""
    return {
        name: value if isinstance(value, bool) else (plain(value) or "")[:_SAMPLERS_TEXT]
        for name, value in sampler.items()
    }


def _values(saved: list[dict[str, Any]], name: str) -> dict[str, None]:
    """Return the different values of samplers, in their order."""
    return dict.fromkeys(str(sampler[name]) for sampler in saved if sampler.get(name))


def _without_sampler(graph: Graph) -> dict[str, Any]:
    """Return what a graph without a node that looks like a sampler tells, from its last node on."""
    last = ends(graph)
    nodes = [node for _, node in upstream(graph, last)]
    found = next((text for name, _ in upstream(graph, last) if (text := words(graph, name, "positive"))), None)
    return {
        "model": model_of(nodes),
        "prompt": found,
        "seed": first(nodes, ("seed", "noise_seed")),
        "steps": first(nodes, ("steps",)),
    }
