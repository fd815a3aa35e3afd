"""What an ONNX file holds, read from its protobuf before anything opens it, and refused where it reaches elsewhere.

The format is https://github.com/onnx/onnx/blob/main/onnx/onnx.proto; the numbers below are its fields'.
"""

from __future__ import annotations

from dataclasses import dataclass

from artaudit.detect.protobuf import as_bytes, fields_of, integers

GRAPH, OPERATORS, TRAINING, FUNCTIONS = 7, 8, 20, 25
"""Fields of a model: its graph, the sets of operators it uses, and what no network needs to run."""

NODE, INITIALISER, INPUT, OUTPUT, SPARSE = 1, 5, 11, 12, 15
ATTRIBUTE, NODE_DOMAIN = 5, 7
ATTRIBUTE_TENSOR, ATTRIBUTE_GRAPH, ATTRIBUTE_TENSORS, ATTRIBUTE_GRAPHS = 5, 6, 10, 11
DIMENSIONS, TENSOR_NAME, OUTSIDE, LOCATION = 1, 8, 13, 14
OPERATORS_DOMAIN, VALUE_NAME = 1, 1
STANDARD = ("", "ai.onnx")
"""Domains of ONNX's own operators; any other belongs to somebody's library."""


@dataclass(frozen=True, slots=True)
class OnnxGraph:
    """Names of inputs and outputs, and the shape of every stored tensor by its name."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    tensors: dict[str, tuple[int, ...]]


def read_graph(content: bytes) -> OnnxGraph:
    """Return what a self-contained model of ONNX's own operators holds.

    Raises ValueError, which says what is wrong, for bytes that are no model, for data in other files, for operators
    of other domains, and for functions, subgraphs, training graphs and sparse tensors, none of which is needed here.
    """
    model = list(fields_of(memoryview(content)))
    for number, value in model:
        if number in (TRAINING, FUNCTIONS):
            raise ValueError("it holds functions or a training graph")
        if number == OPERATORS:
            _refuse_foreign(_text(as_bytes(value), OPERATORS_DOMAIN))
    graphs = [as_bytes(value) for number, value in model if number == GRAPH]
    if len(graphs) != 1:
        raise ValueError("it holds no graph")
    inputs: list[str] = []
    outputs: list[str] = []
    tensors: dict[str, tuple[int, ...]] = {}
    for number, value in fields_of(graphs[0]):
        if number == NODE:
            _check_node(as_bytes(value))
        elif number == INITIALISER:
            name, shape = _tensor(as_bytes(value))
            tensors[name] = shape
        elif number in (INPUT, OUTPUT):
            (inputs if number == INPUT else outputs).append(_text(as_bytes(value), VALUE_NAME))
        elif number == SPARSE:
            raise ValueError("it holds sparse tensors")
    return OnnxGraph(tuple(name for name in inputs if name not in tensors), tuple(outputs), tensors)


def _check_node(node: memoryview) -> None:
    for number, value in fields_of(node):
        if number == NODE_DOMAIN:
            _refuse_foreign(bytes(as_bytes(value)).decode())
        if number != ATTRIBUTE:
            continue
        for inner, held in fields_of(as_bytes(value)):
            if inner in (ATTRIBUTE_GRAPH, ATTRIBUTE_GRAPHS):
                raise ValueError("it holds a graph inside a node")
            if inner in (ATTRIBUTE_TENSOR, ATTRIBUTE_TENSORS):
                _tensor(as_bytes(held))


def _tensor(tensor: memoryview) -> tuple[str, tuple[int, ...]]:
    """Return a tensor's name and shape; raises ValueError for one whose data lie in another file."""
    name, shape = "", []
    for number, value in fields_of(tensor):
        if number == OUTSIDE or (number == LOCATION and value):
            raise ValueError("its data lie in another file")
        if number == TENSOR_NAME:
            name = bytes(as_bytes(value)).decode()
        elif number == DIMENSIONS:
            shape += [value] if isinstance(value, int) else list(integers(value))
    return name, tuple(shape)


def _refuse_foreign(domain: str) -> None:
    if domain not in STANDARD:
        raise ValueError(f"it asks for operators of {domain!r}, which are not ONNX's own")


def _text(message: memoryview, wanted: int) -> str:
    return next((bytes(as_bytes(value)).decode() for number, value in fields_of(message) if number == wanted), "")
