"""Everything that can be chosen by name, on one screen; nothing is imported before it is chosen."""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import Any

from artaudit.errors import UsageError

CLOAKS = MappingProxyType(
    {
        "push": "artaudit.protect.push:Push",
        "photoguard": "artaudit.protect.photoguard:PhotoGuard",
        "mist": "artaudit.protect.mist:Mist",
        "mist2": "artaudit.protect.mist2:Mist2",
        "advdm": "artaudit.protect.advdm:AdvDM",
        "antidreambooth": "artaudit.protect.antidreambooth:AntiDreamBooth",
        "sds": "artaudit.protect.sds:ScoreDistillation",
        "glaze": "artaudit.protect.glaze:Glaze",
        "nightshade": "artaudit.protect.nightshade:Nightshade",
    }
)
"""What the latents of a cloaked picture should do."""

ENCODERS = MappingProxyType({"taesd-encoder": "artaudit.generators.taesd:TaesdEncoder"})
"""Kinds of models that encode pictures and have no way back."""

AUTOENCODERS = MappingProxyType(
    {
        "autoencoder": "artaudit.generators.autoencoders:DiffusersAutoencoder",
        "studio": "artaudit.generators.studio:Studio",
        "taesd": "artaudit.generators.taesd:Taesd",
        "vaelight": "artaudit.generators.vaelight:VaeLight",
    }
)
"""Kinds of models that encode pictures and draw them again."""

GENERATORS = MappingProxyType(
    {
        "latent-diffusion": "artaudit.generators.latents:latent_diffusion",
        "stable-diffusion": "artaudit.generators.stable:stable_diffusion",
        "stable-diffusion-xl": "artaudit.generators.stable:stable_diffusion_xl",
        "stable-diffusion-3": "artaudit.generators.flow:stable_diffusion_3",
        "flux": "artaudit.generators.flow:flux",
    }
)
"""Kinds of models that have a denoiser too."""

MODELS = MappingProxyType({**ENCODERS, **AUTOENCODERS, **GENERATORS})
"""Kinds of models."""

DETECTORS = MappingProxyType({"residual": "artaudit.detect.residual:ResidualDetector"})
"""Classifiers of machine-made pictures, to be fitted; a check uses none before its error rates are measured."""

ATTRIBUTIONS = MappingProxyType({"double": "artaudit.attribution.double:double_reconstruction"})
"""Statistics about one picture and one autoencoder; a check uses none before it is calibrated."""

EXAMINERS = MappingProxyType(
    {
        "portfolio": "artaudit.auditor.examiners:PortfolioExaminer",
        "signals": "artaudit.auditor.signals:FileClaims",
    }
)
"""What looks at a picture in a check, in this order."""

PRESETS = ("photoguard", "advdm", "mist-v1", "mist-v2", "ace", "ace-plus", "aspl", "sds", "pid", "nightshade-ref")
"""Published cloaks with the budgets and steps of their authors; `protect/presets.py` says which."""

STRENGTHS = MappingProxyType({"low": (8 / 255, 0.0157), "default": (16 / 255, 0.0249), "high": (24 / 255, 0.0395)})
"""Budgets by name, set by visibility: the largest change of any sample and the root mean square of all, in units of
the full range. They stand for a PSNR of at least 36, 32 and 28 dB."""


def load(table: MappingProxyType[str, str], name: str) -> Any:  # noqa: ANN401 - any component
    """Return the class that `table` names `name`; raises UsageError for a name it does not hold."""
    if name not in table:
        raise UsageError(f"There is no {name!r} here: choose one of {', '.join(table)}.")
    module, attribute = table[name].split(":")
    return getattr(import_module(module), attribute)
