"""Weights of an ONNX file that was quantised to eight bits, dequantised to float32; reads its protobuf by itself.

https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

GRAPH = 7
NODE, INITIALISER = 1, 5
INPUTS, NODE_NAME, OPERATION = 1, 3, 4
DIMENSIONS, ELEMENT, FLOATS, INTEGERS, TENSOR_NAME, RAW = 1, 2, 4, 5, 8, 9
TYPES = {1: np.float32, 2: np.uint8, 3: np.int8, 6: np.int32, 7: np.int64}
"""Numbers of the element types that occur."""

Field = tuple[int, int | memoryview]


@dataclass(frozen=True)
class Graph:
    """Initialisers by name, and the matrix that each quantised multiplication takes, by the node's name."""

    tensors: dict[str, np.ndarray]
    matrices: dict[str, str]


def read_graph(content: bytes) -> Graph:
    """Return what is needed of an ONNX model's graph."""
    graph = next(_view(value) for number, value in _fields(memoryview(content)) if number == GRAPH)
    parts = list(_fields(graph))
    nodes = [list(_fields(_view(value))) for number, value in parts if number == NODE]
    tensors = dict(_tensor(list(_fields(_view(value)))) for number, value in parts if number == INITIALISER)
    quantised = (node for node in nodes if "MatMulInteger" in _texts(node, OPERATION))
    return Graph(tensors, {_texts(node, NODE_NAME)[0]: _texts(node, INPUTS)[1] for node in quantised})


def float_weights(graph: Graph) -> dict[str, np.ndarray]:
    """Return the state dict: floats as they are, matrices as `(code - zero point) * scale`, outputs first.

    A matrix gets its name from its node's, as torch's exporter makes it of the module's: "/a/b/MatMul_quant" is
    "a.b.weight".
    """
    plain = {name: one for name, one in graph.tensors.items() if one.dtype == np.float32 and "::" not in name}
    for node, matrix in graph.matrices.items():
        name = node.removeprefix("/").removesuffix("/MatMul_quant").replace("/", ".")
        scale, zero = (graph.tensors[matrix.removesuffix("quantized") + part] for part in ("scale", "zero_point"))
        codes = graph.tensors[matrix].astype(np.float32) - zero.astype(np.float32)
        plain[f"{name}.weight"] = np.ascontiguousarray((codes * scale).T)
    return plain


def _tensor(fields: list[Field]) -> tuple[str, np.ndarray]:
    values = dict(fields)
    kind, shape = TYPES[int(values[ELEMENT])], [int(value) for number, value in fields if number == DIMENSIONS]
    if INTEGERS in values:
        flat = np.array(list(_integers(_view(values[INTEGERS]))), dtype=kind)
    else:
        flat = np.frombuffer(_view(values[RAW] if RAW in values else values[FLOATS]), dtype=kind)
    return _texts(fields, TENSOR_NAME)[0], flat.reshape(shape)


def _texts(fields: list[Field], wanted: int) -> list[str]:
    return [bytes(_view(value)).decode() for number, value in fields if number == wanted]


def _fields(message: memoryview) -> Iterator[Field]:
    """Yield the numbers and values of a message's fields: integers, or the bytes of everything else."""
    place = 0
    while place < len(message):
        key, place = _integer(message, place)
        size = {1: 8, 5: 4}.get(key & 7)
        if size is None:
            size, place = _integer(message, place)
        if key & 7 == 0:
            yield key >> 3, size
            continue
        yield key >> 3, message[place : place + size]
        place += size


def _integers(packed: memoryview) -> Iterator[int]:
    place = 0
    while place < len(packed):
        value, place = _integer(packed, place)
        yield value - (1 << 64) if value >> 63 else value


def _integer(message: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        value, shift, place = value | (byte & 127) << shift, shift + 7, place + 1
        if byte < 128:
            return value, place


def _view(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise TypeError("This is no ONNX model: a field that should hold bytes holds a number.")
    return value
