"""What an ONNX file holds, read from its protobuf before anything opens it, and refused where it reaches elsewhere.

The format is https://github.com/onnx/onnx/blob/main/onnx/onnx.proto; the numbers below are its fields'.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

GRAPH, OPERATORS, TRAINING, FUNCTIONS = 7, 8, 20, 25
"""Of a model: its graph, the sets of operators it asks for, and what no network needs to be asked."""

NODE, INITIALISER, INPUT, OUTPUT, SPARSE = 1, 5, 11, 12, 15
ATTRIBUTE, NODE_DOMAIN = 5, 7
ATTRIBUTE_TENSOR, ATTRIBUTE_GRAPH, ATTRIBUTE_TENSORS, ATTRIBUTE_GRAPHS = 5, 6, 10, 11
DIMENSIONS, TENSOR_NAME, OUTSIDE, LOCATION = 1, 8, 13, 14
OPERATORS_DOMAIN, VALUE_NAME = 1, 1
STANDARD = ("", "ai.onnx")
"""Domains of ONNX's own operators; any other belongs to somebody's library."""

_LONGEST = 10
"""Bytes of the longest number."""

Field = tuple[int, int | memoryview]


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
    model = list(_fields(memoryview(content)))
    for number, value in model:
        if number in (TRAINING, FUNCTIONS):
            raise ValueError("it holds functions or a training graph")
        if number == OPERATORS:
            _refuse_foreign(_text(_view(value), OPERATORS_DOMAIN))
    graphs = [_view(value) for number, value in model if number == GRAPH]
    if len(graphs) != 1:
        raise ValueError("it holds no graph")
    inputs: list[str] = []
    outputs: list[str] = []
    tensors: dict[str, tuple[int, ...]] = {}
    for number, value in _fields(graphs[0]):
        if number == NODE:
            _check_node(_view(value))
        elif number == INITIALISER:
            name, shape = _tensor(_view(value))
            tensors[name] = shape
        elif number in (INPUT, OUTPUT):
            (inputs if number == INPUT else outputs).append(_text(_view(value), VALUE_NAME))
        elif number == SPARSE:
            raise ValueError("it holds sparse tensors")
    return OnnxGraph(tuple(name for name in inputs if name not in tensors), tuple(outputs), tensors)


def _check_node(node: memoryview) -> None:
    for number, value in _fields(node):
        if number == NODE_DOMAIN:
            _refuse_foreign(bytes(_view(value)).decode())
        if number != ATTRIBUTE:
            continue
        for inner, held in _fields(_view(value)):
            if inner in (ATTRIBUTE_GRAPH, ATTRIBUTE_GRAPHS):
                raise ValueError("it holds a graph inside a node")
            if inner in (ATTRIBUTE_TENSOR, ATTRIBUTE_TENSORS):
                _tensor(_view(held))


def _tensor(tensor: memoryview) -> tuple[str, tuple[int, ...]]:
    """Return a tensor's name and shape; raises ValueError for one whose data lie in another file."""
    name, shape = "", []
    for number, value in _fields(tensor):
        if number == OUTSIDE or (number == LOCATION and value):
            raise ValueError("its data lie in another file")
        if number == TENSOR_NAME:
            name = bytes(_view(value)).decode()
        elif number == DIMENSIONS:
            shape += [value] if isinstance(value, int) else list(_packed(value))
    return name, tuple(shape)


def _refuse_foreign(domain: str) -> None:
    if domain not in STANDARD:
        raise ValueError(f"it asks for operators of {domain!r}, which are not ONNX's own")


def _text(message: memoryview, wanted: int) -> str:
    return next((bytes(_view(value)).decode() for number, value in _fields(message) if number == wanted), "")


def _fields(message: memoryview) -> Iterator[Field]:
    """Yield the numbers and values of a message's fields: integers, or the bytes of everything else."""
    place = 0
    while place < len(message):
        key, place = _number(message, place)
        kind = key & 7
        if kind == 0:
            value, place = _number(message, place)
            yield key >> 3, value
            continue
        size = {1: 8, 5: 4}.get(kind)
        if size is None and kind != 2:  # noqa: PLR2004 - protobuf's number for bytes
            raise ValueError("it is no ONNX model")
        if size is None:
            size, place = _number(message, place)
        if size > len(message) - place:
            raise ValueError("it is cut short or no ONNX model")
        yield key >> 3, message[place : place + size]
        place += size


def _packed(numbers: memoryview) -> Iterator[int]:
    place = 0
    while place < len(numbers):
        value, place = _number(numbers, place)
        yield value


def _number(message: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for count in range(_LONGEST):
        if place + count >= len(message):
            break
        byte = message[place + count]
        value |= (byte & 127) << (7 * count)
        if byte < 128:  # noqa: PLR2004 - the highest bit says whether more follow
            return value, place + count + 1
    raise ValueError("it is cut short or no ONNX model")


def _view(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("it is no ONNX model")  # noqa: TRY004 - the bytes are wrong, not the caller
    return value
