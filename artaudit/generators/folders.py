"""Folders as diffusers and transformers write them: configs read as data, networks of known classes, no code run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from artaudit.errors import ModelError
from artaudit.generators.configs import CONFIG, called, read_config
from artaudit.visible import visible_line

_LOADING_ERRORS = (
    *(OSError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError, ImportError),
    *(AssertionError, SafetensorError),
)


def class_of(folder: Path, allowed: Sequence[str]) -> str:
    """Return the class that a component's config names; raises ModelError for one that is not in `allowed`."""
    name = read_config(folder / CONFIG).get("_class_name")
    if name not in allowed:
        raise ModelError(f"{folder} is no network that is opened ({called(name)}): known are {', '.join(allowed)}.")
    return str(name)


def network(kind: Any, folder: Path, *, half: bool = False) -> Any:  # noqa: ANN401 - a class, and its instance
    """Return a component's network, frozen, in float32; on a GPU if there is one, in bfloat16 there with `half`.

    Raises ModelError where the folder does not hold just what the class needs.
    """
    read_config(folder / CONFIG)
    dtype = torch.bfloat16 if half and device().type == "cuda" else torch.float32
    options = {"torch_dtype" if kind.__module__.startswith("diffusers.") else "dtype": dtype}
    with as_model_errors(folder, kind.__name__), quiet():
        module, report = kind.from_pretrained(
            str(folder), use_safetensors=True, local_files_only=True, output_loading_info=True, **options
        )
    lacking = sorted(map(str, report["missing_keys"])) + sorted(map(str, report["mismatched_keys"]))
    if lacking:
        raise ModelError(f"{folder} is no whole {kind.__name__} ({lacking[0]} is lacking): fetch the model again.")
    frozen: Any = module.eval().requires_grad_(requires_grad=False).to(device())
    return frozen


@contextmanager
def as_model_errors(path: Path, what: str) -> Iterator[None]:
    """Turn the errors that libraries raise over broken files into a ModelError of one sentence."""
    try:
        yield
    except _LOADING_ERRORS as error:
        reason = visible_line(str(error).split("\n")[0], 300).rstrip(".") or type(error).__name__
        raise ModelError(f"{path} is no whole {what} ({reason}): fetch the model again.") from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the loaders' progress bars off the terminal."""
    import diffusers  # noqa: PLC0415 - heavy
    import transformers  # noqa: PLC0415 - heavy

    loud = [log for log in (diffusers.logging, transformers.logging) if log.is_progress_bar_enabled()]
    for log in loud:
        log.disable_progress_bar()
    try:
        yield
    finally:
        for log in loud:
            log.enable_progress_bar()


def device() -> torch.device:
    """Return the device for networks of the size of real models: a GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def like(values: Tensor, module: nn.Module) -> Tensor:
    """Return the values on the device and in the precision of the network; gradients pass."""
    weight = next(module.parameters())
    return values.to(device=weight.device, dtype=weight.dtype)
