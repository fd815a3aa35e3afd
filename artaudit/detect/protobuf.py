"""Fields of protobuf messages, read without a schema and never beyond what is there.

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator

_LONGEST = 10
"""Bytes of the longest number."""

Field = tuple[int, int | memoryview]
"""A field's number and its value: an integer, or the bytes of everything else."""


def fields_of(message: memoryview) -> Iterator[Field]:
    """Yield a message's fields in order; raises ValueError for bytes that are no message of ONNX."""
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


def integers(numbers: memoryview) -> Iterator[int]:
    """Yield packed numbers, without signs."""
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


def as_bytes(value: int | memoryview) -> memoryview:
    """Return a field's bytes; raises ValueError where it holds a number."""
    if isinstance(value, int):
        raise ValueError("it is no ONNX model")  # noqa: TRY004 - the bytes are wrong, not the caller
    return value
