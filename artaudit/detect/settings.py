"""Every setting of every detector that a configuration may give: its type, its range and what it does.

Nothing heavy is imported here, so that a mistake is answered at once. Tests hold these tables against the detectors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from inspect import signature
from types import MappingProxyType

WHOLE, NUMBER, TEXT, FLAG = "whole number", "number", "text", "true or false"
TEXTS, WHOLES, MAPPING = "list of texts", "list of whole numbers", "mapping"


@dataclass(frozen=True, slots=True)
class Setting:
    """What one line of a configuration takes: a `kind` of value, for numbers from `least` on, or one of `choices`."""

    kind: str
    about: str
    least: int | None = None
    above: int | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def form(self) -> str:
        """Say which values are taken."""
        if self.choices:
            return " or ".join(self.choices)
        bounds = {"from": self.least, "above": self.above, "to": self.most}
        return " ".join([self.kind, *(f"{word} {bound:g}" for word, bound in bounds.items() if bound is not None)])

    def fits(self, value: object) -> bool:
        """Tell whether a value is of the kind and in the range."""
        if self.choices:
            return isinstance(value, str) and value in self.choices
        if self.kind in (TEXTS, WHOLES):
            inner = Setting(TEXT if self.kind == TEXTS else WHOLE, "", least=self.least)
            return isinstance(value, list | tuple) and all(inner.fits(item) for item in value)
        if self.kind in (TEXT, FLAG, MAPPING):
            return isinstance(value, {TEXT: str, FLAG: bool, MAPPING: Mapping}[self.kind])
        if isinstance(value, bool) or not isinstance(value, int if self.kind == WHOLE else int | float):
            return False
        enough = (self.least is None or value >= self.least) and (self.above is None or value > self.above)
        return enough and (self.most is None or value <= self.most)


SETTINGS = MappingProxyType(
    {
        "regularisation": Setting(NUMBER, "scikit-learn's C of the linear head: less regularises more", above=0),
        "crops": Setting(WHOLE, "squares of a picture that are looked at, the most textured ones", least=1),
        "side": Setting(WHOLE, "pixels along each side of a square; smaller pictures give no score", least=16),
        "alarms": Setting(
            NUMBER, "share of held-out real pictures that may lie above the threshold", least=0, most=0.5
        ),
        "residuals": Setting(FLAG, "whether noise residuals are read beside the tower's numbers"),
        "steps": Setting(WHOLE, "steps that the network learns", least=1),
        "batch": Setting(WHOLE, "pairs of crops, a real and a machine-made one, in each step", least=1),
        "rate": Setting(NUMBER, "highest learning rate of AdamW", above=0),
        "seed": Setting(WHOLE, "seed of the network's first weights and of the order of its crops", least=0),
        "precision": Setting(TEXT, "mixed precision of accelerate", choices=("no", "bf16", "fp16")),
        "patience": Setting(
            WHOLE,
            "looks at watched pictures, 50 steps apart, without gain before the network stops; 0 is never",
            least=0,
        ),
        "width": Setting(WHOLE, "channels of the network at full resolution", least=1),
        "variant": Setting(TEXT, "signed residuals, or bytes that wrap round as published", choices=("clean", "paper")),
        "denoiser_steps": Setting(WHOLE, "steps that the denoiser learns before the network", least=1),
        "blocks": Setting(WHOLES, "blocks in each stage of the network; [3, 4, 6, 3] is ResNet-50", least=1),
        "models": Setting(TEXTS, "autoencoders that redraw pictures, as `audit models list` names them"),
        "model": Setting(TEXT, "folder with config.json and model.safetensors of a CLIP or DINOv2 image tower"),
        "file": Setting(TEXT, "safetensors file with the published weights"),
        "architecture": Setting(TEXT, "whose network the file holds", choices=("vit", "safe")),
    }
)
"""What each setting is, whichever detector takes it."""

_HEAD = ("regularisation", "crops", "side", "alarms")
_NETWORK = ("steps", "batch", "rate", "seed", "precision", "patience", *_HEAD)

TAKES = MappingProxyType(
    {
        "backbone": ("regularisation", "crops", "alarms", "residuals"),
        "residual": _HEAD,
        "npr": _NETWORK,
        "cnn": (*_NETWORK, "width"),
        "lnp": (*_NETWORK, "variant", "denoiser_steps", "blocks"),
        "reconstruction": ("models", *_HEAD),
        "embedding": ("model", *_HEAD),
        "checkpoint": ("file", "architecture", *_HEAD),
    }
)
"""Which settings each detector of the catalog takes."""


_KINDS = {bool: FLAG, int: WHOLE, float: NUMBER, str: TEXT, tuple: TEXTS}


def told_by(kind: type) -> dict[str, Setting]:
    """Return the settings that a plug-in's class takes: those known here, the others by the type of their defaults."""
    parameters = signature(kind).parameters.values()
    return {
        parameter.name: SETTINGS.get(parameter.name) or Setting(_KINDS.get(type(parameter.default), TEXT), "its own")
        for parameter in parameters
    }


def complaint(told: Mapping[str, object], known: Mapping[str, Setting], what: str) -> str:
    """Say what is wrong with the first line that is wrong, nothing where all are right; `what` names the lines."""
    for name, value in told.items():
        if name not in known:
            near = get_close_matches(str(name), known, 1)
            meant = f": did you mean {near[0]!r}?" if near else f": write {', '.join(known)}."
            return f"{name!r} is no {what}{meant}"
        if not known[name].fits(value):
            return f"the {what} {name!r} takes a {known[name].form}, not {value!r}{_misread(value, known[name])}."
    return ""


def _misread(value: object, known: Setting) -> str:
    """Say what YAML makes of words that look like others to people."""
    if known.choices and value is False:
        return ' (YAML reads no as false: write "no")'
    if known.kind == NUMBER and isinstance(value, str) and re.fullmatch(r"[\d.]+[eE][+-]?\d+", value):
        return " (YAML reads 1e-3 as text: write 0.001 or 1.0e-3)"
    return ""
