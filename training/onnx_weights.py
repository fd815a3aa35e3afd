"""Weights of an ONNX file that was quantised to eight bits, dequantised to float32, from its protobuf's fields.

https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from artaudit.detect.protobuf import Field, as_bytes, fields_of, integers

GRAPH = 7
NODE, INITIALISER = 1, 5
INPUTS, NODE_NAME, OPERATION = 1, 3, 4
DIMENSIONS, ELEMENT, FLOATS, INTEGERS, TENSOR_NAME, RAW = 1, 2, 4, 5, 8, 9
TYPES = {1: np.float32, 2: np.uint8, 3: np.int8, 6: np.int32, 7: np.int64}
"""Numbers of the element types that occur."""


@dataclass(frozen=True)
class Graph:
    """Initialisers by name, and the matrix that each quantised multiplication takes, by the node's name."""

    tensors: dict[str, np.ndarray]
    matrices: dict[str, str]


def read_graph(content: bytes) -> Graph:
    """Return what is needed of an ONNX model's graph."""
    graph = next(as_bytes(value) for number, value in fields_of(memoryview(content)) if number == GRAPH)
    parts = list(fields_of(graph))
    nodes = [list(fields_of(as_bytes(value))) for number, value in parts if number == NODE]
    tensors = dict(_tensor(list(fields_of(as_bytes(value)))) for number, value in parts if number == INITIALISER)
    quantised = (node for node in nodes if "MatMulInteger" in _texts(node, OPERATION))
    return Graph(tensors, {_texts(node, NODE_NAME)[0]: _texts(node, INPUTS)[1] for node in quantised})


def float_weights(graph: Graph) -> dict[str, np.ndarray]:
    """Return the state dict: floats as they are, matrices as `(code - zero point) * scale`, outputs first.

    A matrix gets its name from its node's, as torch's exporter makes it of the module's: "/a/b/MatMul_quant" is
    "a.b.weight".
    """
    plain = {name: tensor for name, tensor in graph.tensors.items() if tensor.dtype == np.float32 and "::" not in name}
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
        flat = np.array(list(integers(as_bytes(values[INTEGERS]))), dtype=np.uint64).astype(np.int64).astype(kind)
    else:
        flat = np.frombuffer(as_bytes(values[RAW] if RAW in values else values[FLOATS]), dtype=kind)
    return _texts(fields, TENSOR_NAME)[0], flat.reshape(shape)


def _texts(fields: list[Field], wanted: int) -> list[str]:
    return [bytes(as_bytes(value)).decode() for number, value in fields if number == wanted]
