"""The graphs that ComfyUI writes: "prompt" (as it ran) and "workflow" (as the user interface showed it).

Source: https://docs.comfy.org/development/core-concepts/workflow (PNG text; in WebP, EXIF texts "prompt:{…}").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from artaudit.provenance.fields.claims import Claim, Fields, make_claim, size
from artaudit.provenance.fields.limits import parse_object

_TOOL = "ComfyUI"
_MODELS = ("ckpt_name", "unet_name", "model_name")
_WORDS = ("text", "text_g", "t5xxl", "clip_l", "prompt", "string", "value")
_Graph = dict[str, dict[str, Any]]


def read_comfyui(fields: Fields) -> Claim | None:
    """Return the claim of the graph, read backwards from the node that saves the picture; None without a graph."""
    objects = dict(_objects(fields))
    graph = _graph(objects.get("prompt", ("", {}))[1])
    names = [name for name, _ in objects.values()]
    if graph:
        return make_claim(_TOOL, fields, names, **_parameters(graph))
    workflow = objects.get("workflow", ("", {}))[1]
    if isinstance(workflow.get("nodes"), list) and "links" in workflow:
        return make_claim(_TOOL, fields, names)
    return None


def _objects(fields: Fields) -> Iterator[tuple[str, tuple[str, dict[str, Any]]]]:
    """Yield (kind, (name, object)) for texts called "prompt" or "workflow", or beginning with these words."""
    for name, text in fields.texts.items():
        kind, colon, rest = text[:12].lower().partition(":")
        if name in ("prompt", "workflow") and name in fields.objects:
            yield name, (name, fields.objects[name])
        elif colon and kind in ("prompt", "workflow") and rest.lstrip().startswith("{"):
            try:
                yield kind, (name, parse_object(text[len(kind) + 1 :]))
            except ValueError:
                continue


def _graph(prompt: dict[str, Any]) -> _Graph:
    """Return the inputs of every valid node: an object with "class_type" and "inputs"."""
    nodes = {name: node for name, node in prompt.items() if isinstance(node, dict) and "class_type" in node}
    return {name: node["inputs"] for name, node in nodes.items() if isinstance(node.get("inputs"), dict)}


def _parameters(graph: _Graph) -> dict[str, object]:
    nodes = [inputs for _, inputs in _upstream(graph, _ends(graph))]
    sized = (inputs for inputs in nodes if _scalar(inputs, "width") and "height" in inputs)
    sides = next(((inputs["width"], inputs["height"]) for inputs in sized), None)
    positive = _words(graph, nodes, ("positive", "conditioning"))
    return {
        "model": _all(nodes, _MODELS),
        "prompt": positive,
        "negative_prompt": _words(graph, nodes, ("negative",)),
        "seed": _all([inputs for inputs in nodes if inputs.get("add_noise") != "disable"], ("seed", "noise_seed")),
        "steps": _first(nodes, ("steps",)),
        "sampler": _first(nodes, ("sampler_name",)),
        "guidance": _first(nodes, ("cfg", "guidance")),
        "size": size(*sides) if sides else None,
    }


def _ends(graph: _Graph) -> list[str]:
    """Return the output nodes: those without a consumer that take images, else all without a consumer."""
    consumed = {link for inputs in graph.values() for _, link in _links(graph, inputs)}
    ends = [name for name in graph if name not in consumed] or list(graph)
    return [name for name in ends if "images" in graph[name]] or ends


def _upstream(graph: _Graph, start: list[str], role: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield `start` and the nodes that it depends on, nearest first; an input called `role` is followed alone."""
    waiting, seen = list(start), set(start)
    for name in waiting:
        inputs = graph[name]
        yield name, inputs
        links = dict(_links(graph, inputs))
        for link in [links[role]] if role in links else links.values():
            if link not in seen:
                seen.add(link)
                waiting.append(link)


def _links(graph: _Graph, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (name of the input, node) for inputs that are links: [node, number of its output]."""
    for name, value in inputs.items():
        if isinstance(value, list) and len(value) == 2 and str(value[0]) in graph:  # noqa: PLR2004 - node and output
            yield name, str(value[0])


def _words(graph: _Graph, nodes: list[dict[str, Any]], roles: tuple[str, ...]) -> str | None:
    """Return the nearest text upstream of the first of `roles` that any node has as an input."""
    for role in roles:
        links = (dict(_links(graph, inputs)).get(role) for inputs in nodes)
        start = next((link for link in links if link is not None), None)
        if start is not None:
            reached = [inputs for _, inputs in _upstream(graph, [start], role)]
            texts = (inputs[word] for inputs in reached for word in _WORDS if isinstance(inputs.get(word), str))
            return next(texts, None)
    return None


def _first(nodes: list[dict[str, Any]], names: tuple[str, ...]) -> object:
    return next((inputs[name] for inputs in nodes for name in names if _scalar(inputs, name)), None)


def _all(nodes: list[dict[str, Any]], names: tuple[str, ...]) -> str:
    """Join the values of these inputs, nearest to the saved picture first: a graph may use several models and seeds."""
    values = (str(inputs[name]) for inputs in nodes for name in names if _scalar(inputs, name))
    return ", ".join(dict.fromkeys(values))


def _scalar(inputs: Mapping[str, Any], name: str) -> bool:
    return isinstance(inputs.get(name), str | int | float)
