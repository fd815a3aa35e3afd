"""State dicts on disk: safetensors read with limits, named by their sha256, loaded into a network."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from artaudit.errors import ModelError

Network = TypeVar("Network", bound=nn.Module)

AXES = 4
"""Axes of a convolution's weights: outputs, inputs, rows, columns."""

WIDEST = 1024
"""Outputs of the widest layer that is built: a small file must not ask for a huge network."""

LARGEST_FILE = 1 << 30
"""Bytes of the largest weights file that is read."""


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a weights file of at most `LARGEST_FILE` bytes; raises ModelError."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            msg = f"{path} is larger than {LARGEST_FILE >> 20} MiB: this loader reads small autoencoders only."
            raise ModelError(msg)
        return path.read_bytes()
    except OSError as error:
        msg = f"{path} cannot be read ({error.strerror}): install the model again or correct the path."
        raise ModelError(msg) from error


def read_state(path: Path) -> tuple[dict[str, Tensor], str]:
    """Return the tensors of a safetensors file as float32 and the file's sha256.

    Raises ModelError where the file is missing, truncated or no safetensors.
    """
    state, digest = read_tensors(path)
    return {key: value.float() for key, value in state.items()}, digest


def read_tensors(path: Path) -> tuple[dict[str, Tensor], str]:
    """Return the tensors of a safetensors file as they are stored, and the file's sha256.

    Raises ModelError where the file is missing, truncated or no safetensors.
    """
    content = read_bytes(path)
    digest = hashlib.sha256(content).hexdigest()
    try:
        state = load(content)
    except SafetensorError as error:
        msg = f"{path} is no whole safetensors file ({error}): fetch it again; pickles are not read."
        raise ModelError(msg) from error
    return state, digest


class Uninitialised(TorchFunctionMode):
    """A context in which layers skip the random initialisation of weights, for networks whose weights come by `fill`.

    Much quicker than torch's device "meta", which first imports the shape rules of all operations.
    """

    def __torch_function__(
        self,
        func: Callable[..., object],
        types: object,
        args: tuple[object, ...] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        """Call a function of torch, unless it initialises weights."""
        if getattr(func, "__module__", "") == nn.init.__name__:
            return args[0] if args else (kwargs or {})["tensor"]
        return func(*args, **(kwargs or {}))


def fill(network: Network, state: Mapping[str, Tensor], origin: Path, *, assign: bool = False) -> Network:
    """Copy the tensors of `state` into `network`, or assign the tensors themselves with `assign`, and freeze it.

    Raises ModelError where names or shapes differ.
    """
    try:
        network.load_state_dict(state, assign=assign)
    except RuntimeError as error:
        raise other_layout(origin) from error
    return network.eval().requires_grad_(requires_grad=False)


def convolutions(state: Mapping[str, Tensor], origin: Path) -> list[Tensor]:
    """Return the weights of the convolutions that a sequence holds directly, by position.

    These are non-empty tensors with four axes and a name like "12.weight"; all others are left to `fill`. Raises
    ModelError where there is none, or one with more than `WIDEST` outputs.
    """
    found = {}
    for key, value in state.items():
        position, _, rest = key.partition(".")
        if rest == "weight" and re.fullmatch(r"[0-9]{1,3}", position) and value.ndim == AXES and value.numel():
            found[int(position)] = value
    if not found or max(map(len, found.values())) > WIDEST:
        raise other_layout(origin)
    return [found[position] for position in sorted(found)]


def other_layout(origin: Path) -> ModelError:
    """Return the error of a file whose tensors are not those of its kind of model."""
    return ModelError(f"{origin} has another layout than its kind of model: check the kind it was added as.")


def short(digest: str) -> str:
    """Return the first 12 digits of a sha256, which a model's name ends in."""
    return digest[:12]
