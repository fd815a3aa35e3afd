"""A graph of ComfyUI as it ran, walked backwards: what each sampler was given, and whose picture was saved.

Form: https://docs.comfy.org/development/core-concepts/workflow , "API format": {node: {"class_type", "inputs"}}.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

_POSITIVE, _NEGATIVE = "positive", "negative"
_MODELS = ("ckpt_name", "unet_name", "model_name", "base_ckpt_name", "base_checkpoint", "checkpoint")
_SEEDS = ("seed", "noise_seed")
_TEXTS = ("populated_text", "text", "text_g", "text_l", "t5xxl", "clip_l", "clip_g", "prompt", "string", "value")
_TEXT_NAME = re.compile(r"text|prompt|string|wildcard")
_ROLE_NAME = {_POSITIVE: re.compile(r"(^|_)pos(itive)?(_|\d|$)"), _NEGATIVE: re.compile(r"(^|_)neg(ative)?(_|\d|$)")}
_OTHERS_ROLE = {_POSITIVE: _NEGATIVE, _NEGATIVE: _POSITIVE}
_FILE = re.compile(r"\.(safetensors|ckpt|pt|pth|bin|gguf|sft|png|jpe?g|webp)$", re.IGNORECASE)
_NO_WORDS = re.compile(r"model|vae|image|pixels|latent|samples|mask|noise|sigmas|control_net|detector|clip_vision")
"""Inputs that no words come through."""
_NOTHING = "ConditioningZeroOut"
"""The node that makes nothing of the words it is given."""
_STEERING = ("positive", "conditioning", "guider", "basic_pipe", "detailer_pipe", "pipe", "sdxl_tuple")
_CONDITIONING = (_POSITIVE, _NEGATIVE, "conditioning")
_SETTINGS = (*_SEEDS, "steps", "noise")
_PICTURES = re.compile(r"^(images?|samples|pixels|latents?)(_\w+)?\d*$")
_WALKED = 400
"""The most nodes that are walked to from any place."""
_KEPT = 20
"""The most samplers that are told of, and pictures that are saved."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a graph: its class and its inputs, which are values or links [node, number of its output]."""

    kind: str
    inputs: Mapping[str, Any]


Graph = Mapping[str, Node]


def graph_in(prompt: Mapping[str, Any]) -> Graph:
    """Return every valid node of an object: those with "class_type" and "inputs"."""
    nodes = {name: node for name, node in prompt.items() if isinstance(node, dict) and "class_type" in node}
    return {
        name: Node(str(node["class_type"]), node["inputs"])
        for name, node in nodes.items()
        if isinstance(node.get("inputs"), dict)
    }


def samplers(graph: Graph) -> list[dict[str, Any]]:
    """Return what each sampler was given, those first whose picture was saved; these have "saved" True.

    A graph may save several pictures, and which one a file is cannot be told. Each sampler has "node", "kind" and, as
    far as they are found, "prompt", "negative_prompt", "model", "seed", "steps", "sampler", "guidance". A sampler is a
    node that conditioning is led into and that has a seed, steps or noise.
    """
    reached = [[name for name, node in upstream(graph, [end], _pictures) if _samples(node)] for end in ends(graph)]
    saved = list(dict.fromkeys(names[0] for names in reached if names))
    further = [name for names in reached for name in names]
    order = dict.fromkeys([*saved, *further, *(name for name, node in graph.items() if _samples(node))])
    return [
        {"node": name, "kind": graph[name].kind, "saved": name in saved} | _given(graph, name)
        for name in islice(order, _KEPT)
    ]


def ends(graph: Graph) -> list[str]:
    """Return the nodes that save pictures: `_KEPT` at most of those without a consumer that take images.

    Those that only show count where none saves, and all without a consumer where none takes images.
    """
    consumed = {link for node in graph.values() for _, link in links(graph, node)}
    last = [name for name in graph if name not in consumed] or list(graph)
    last = [name for name in last if "images" in graph[name].inputs or "image" in graph[name].inputs] or last
    return ([name for name in last if "save" in graph[name].kind.lower()] or last)[:_KEPT]


def upstream(
    graph: Graph, start: Sequence[str], pick: Callable[[Node, list[str]], Iterable[str]] = lambda _, entries: entries
) -> Iterator[tuple[str, Node]]:
    """Yield `start` and the nodes that it depends on, nearest first, `_WALKED` at most.

    Of the inputs that are links, those are followed that `pick` returns.
    """
    waiting, seen = list(dict.fromkeys(start)), set(start)
    for name in waiting[:_WALKED]:
        yield name, graph[name]
    for name in waiting:
        linked = dict(links(graph, graph[name]))
        for entry in pick(graph[name], list(linked)):
            if linked[entry] not in seen and len(seen) < _WALKED:
                seen.add(linked[entry])
                waiting.append(linked[entry])
                yield linked[entry], graph[linked[entry]]


def links(graph: Graph, node: Node) -> Iterator[tuple[str, str]]:
    """Yield (name of the input, node) for inputs that are links."""
    for name, value in node.inputs.items():
        if isinstance(value, list) and len(value) == 2 and str(value[0]) in graph:  # noqa: PLR2004 - node and output
            yield name, str(value[0])


def first(nodes: Iterable[Node], names: Sequence[str]) -> str | None:
    """Return the nearest value of inputs called one of `names`, as text."""
    values = (node.inputs[name] for node in nodes for name in names if scalar(node, name))
    return next(map(str, values), None)


def model_of(nodes: Iterable[Node]) -> str | None:
    """Return the nearest model that is no upscaler."""
    return first((node for node in nodes if "upscale" not in node.kind.lower()), _MODELS)


def scalar(node: Node, name: str) -> bool:
    """Tell whether an input holds a text or a number."""
    value = node.inputs.get(name)
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _samples(node: Node) -> bool:
    linked = {name for name, value in node.inputs.items() if isinstance(value, list)}
    return bool(linked.intersection(_STEERING)) and any(name in node.inputs for name in _SETTINGS)


def _pictures(_: Node, entries: list[str]) -> list[str]:
    """Return the inputs that carry the picture itself; where none does, all."""
    return [entry for entry in entries if _PICTURES.search(entry)] or entries


def _no_pictures(_: Node, entries: list[str]) -> list[str]:
    """Return the inputs through which a model may come: neither pictures nor conditioning."""
    return [entry for entry in entries if not _PICTURES.search(entry) and entry not in _CONDITIONING]


def _given(graph: Graph, name: str) -> dict[str, str]:
    own = [found for _, found in upstream(graph, [name])]
    model = [found for _, found in upstream(graph, [name], _no_pictures)]
    values = {
        "prompt": words(graph, name, _POSITIVE),
        "negative_prompt": words(graph, name, _NEGATIVE),
        "model": model_of(model) or model_of(own),
        "seed": _seed(graph, name),
        "steps": first(own, ("steps",)),
        "sampler": first(own, ("sampler_name",)),
        "guidance": first(own, ("cfg", "guidance")),
    }
    return {key: value for key, value in values.items() if value}


def _seed(graph: Graph, name: str) -> str | None:
    """Return the seed of a sampler: its own value, or that of the node that gives its seed or noise.

    A sampler that adds no noise goes on from those before it, whose seeds count, joined.
    """

    def before(node: Node, entries: list[str]) -> list[str]:
        return [] if _adds_noise(node) else _pictures(node, entries)

    nodes = (node for _, node in upstream(graph, [name], before) if _adds_noise(node))
    seeds = (_own_seed(graph, node) for node in nodes)
    return ", ".join(dict.fromkeys(filter(None, seeds))) or None


def _adds_noise(node: Node) -> bool:
    return _samples(node) and node.inputs.get("add_noise") not in ("disable", False)


def _own_seed(graph: Graph, node: Node) -> str | None:
    own = first([node], _SEEDS)
    if own is not None:
        return own
    given = [link for entry, link in links(graph, node) if entry in (*_SEEDS, "noise")]
    return first((found for _, found in upstream(graph, given)), (*_SEEDS, "value", "int", "number"))


def words(graph: Graph, name: str, role: str) -> str | None:
    """Return the text that reaches a node as its "positive" or "negative" words; None when none is found."""
    node = graph[name]
    start = [link for entry, link in links(graph, node) if entry == role]
    if not start and role == _POSITIVE:
        start = [link for entry, link in links(graph, node) if entry == "conditioning"]
    if not start:
        start = [link for entry, link in links(graph, node) if entry in _STEERING and entry not in _CONDITIONING]
        if role == _NEGATIVE and not any(_names_role(graph, found, role) for found in start):
            return None
    if not start and role == _POSITIVE:
        start = [link for entry, link in _carried(graph, node, role) if _TEXT_NAME.search(entry)]
    for _, found in upstream(graph, start, lambda found, entries: _carrying(found, entries, role)):
        text = _text(found, role)
        if text:
            return text
    return None


def _carried(graph: Graph, node: Node, role: str) -> list[tuple[str, str]]:
    """Return the links through which words of this role may come into a node."""
    linked = dict(links(graph, node))
    return [(entry, linked[entry]) for entry in _carrying(node, list(linked), role)]


def _names_role(graph: Graph, start: str, role: str) -> bool:
    """Tell whether any node before `start` has an input for this role."""
    return any(_ROLE_NAME[role].search(entry) for _, node in upstream(graph, [start]) for entry in node.inputs)


def _carrying(node: Node, entries: list[str], role: str) -> list[str]:
    """Return the inputs through which words of this role may come: none of the other role, and no pictures."""
    if node.kind == _NOTHING:
        return []
    others = _ROLE_NAME[_OTHERS_ROLE[role]]
    entries = [entry for entry in entries if not others.search(entry) and not _NO_WORDS.search(entry)]
    return [entry for entry in entries if _ROLE_NAME[role].search(entry)] or entries


def _text(node: Node, role: str) -> str:
    """Return the text that a node itself holds for this role, "" without one."""
    if node.kind == _NOTHING:
        return ""
    held = {name.lower(): value.strip() for name, value in node.inputs.items() if isinstance(value, str)}
    held = {name: value for name, value in held.items() if not _FILE.search(value)}
    held = {name: value for name, value in held.items() if not _ROLE_NAME[_OTHERS_ROLE[role]].search(name)}
    named = [name for name in held if _ROLE_NAME[role].search(name)]
    others = [name for name in held if name not in _TEXTS and _TEXT_NAME.search(name)]
    return next((held[name] for name in (*named, *_TEXTS, *others) if held.get(name)), "")
