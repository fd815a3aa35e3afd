"""Everything that can be chosen by name, on one screen; nothing is imported before it is chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from artaudit import plugins
from artaudit.errors import PluginError, UsageError
from artaudit.plugins import Joined, Plugin

CLOAKS = Joined(
    {
        "push": "artaudit.protect.objectives.push:Push",
        "photoguard": "artaudit.protect.objectives.photoguard:PhotoGuard",
        "mist": "artaudit.protect.objectives.mist:Mist",
        "mist2": "artaudit.protect.objectives.mist2:Mist2",
        "advdm": "artaudit.protect.objectives.advdm:AdvDM",
        "antidreambooth": "artaudit.protect.objectives.antidreambooth:AntiDreamBooth",
        "sds": "artaudit.protect.objectives.sds:ScoreDistillation",
        "glaze": "artaudit.protect.objectives.glaze:Glaze",
        "nightshade": "artaudit.protect.objectives.nightshade:Nightshade",
    },
    plugins.CLOAKS,
)
"""What the latents of a cloaked picture should do."""

ENCODERS = MappingProxyType(
    {
        "studio-encoder": "artaudit.generators.studio:StudioHalf",
        "taesd-encoder": "artaudit.generators.taesd:TaesdEncoder",
    }
)
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

BACKBONES = MappingProxyType({"clip-vision": "artaudit.generators.clip:ClipVision"})
"""Kinds of frozen image towers, which see a whole picture at one size; they come with artaudit and are not added."""

MODELS = Joined({**ENCODERS, **AUTOENCODERS, **GENERATORS}, plugins.GENERATORS, set(BACKBONES))
"""Kinds of models; what those of plug-ins can do is told by the methods of their classes."""

DETECTORS = Joined(
    {
        "backbone": "artaudit.detect.detectors.backbone:BackboneDetector",
        "residual": "artaudit.detect.detectors.residual:ResidualDetector",
        "npr": "artaudit.detect.detectors.npr:NprDetector",
        "cnn": "artaudit.detect.detectors.cnn:CnnDetector",
        "lnp": "artaudit.detect.detectors.lnp:LnpDetector",
        "reconstruction": "artaudit.detect.detectors.reconstruction:ReconstructionDetector",
        "embedding": "artaudit.detect.detectors.embedding:EmbeddingDetector",
        "checkpoint": "artaudit.detect.detectors.checkpoint:CheckpointDetector",
    },
    plugins.DETECTORS,
    {"published", "fused"},
)
"""Classifiers of machine-made pictures, to be fitted; a check asks the one that comes with artaudit."""

ADDED = MappingProxyType(
    {
        "published": "artaudit.detect.detectors.published:PublishedDetector",
        "fused": "artaudit.detect.detectors.fused:FusedDetector",
    }
)
"""Detectors that `audit detector add` makes; no configuration trains them."""

ALL_DETECTORS = Joined({**DETECTORS.shipped, **ADDED}, plugins.DETECTORS)
"""Detectors of any kind, as their folders name them."""

ATTRIBUTIONS = MappingProxyType(
    {
        "inversion": "artaudit.attribution.statistics.inversion:Inversion",
        "octaves": "artaudit.attribution.statistics.octaves:Octaves",
        "double": "artaudit.attribution.statistics.double:Double",
        "phase": "artaudit.attribution.statistics.phase:Phase",
        "aeroblade": "artaudit.attribution.statistics.aeroblade:Aeroblade",
        "latenttracer": "artaudit.attribution.statistics.latenttracer:LatentTracer",
        "ronan": "artaudit.attribution.statistics.ronan:Ronan",
        "ddim": "artaudit.attribution.statistics.ddim:Ddim",
    }
)
"""Statistics about pictures and one model; calibrated, they say whether that model drew a picture."""

EXAMINERS = Joined(
    {
        "portfolio": "artaudit.matching.examiner:PortfolioExaminer",
        "signatures": "artaudit.provenance.signed.examiner:Signatures",
        "signals": "artaudit.provenance.claimed.examiner:FileClaims",
        "watermarks": "artaudit.provenance.watermark.examiner:Watermarks",
        "attribution": "artaudit.attribution.examiner:Origin",
        "detector": "artaudit.detect.examiner:MachineMade",
    },
    plugins.EXAMINERS,
)
"""What looks at a picture in a check, in this order."""

ATTACKS = MappingProxyType(
    {
        "jpeg": "artaudit.protect.attacks.handling:JPEG",
        "jpeg-full-colour": "artaudit.protect.attacks.handling:JPEG_FULL",
        "resize": "artaudit.protect.attacks.handling:RESIZE",
        "resize-bilinear": "artaudit.protect.attacks.handling:RESIZE_BILINEAR",
        "crop-resize": "artaudit.protect.attacks.handling:CROP_RESIZE",
        "screenshot": "artaudit.protect.attacks.handling:SCREENSHOT",
        "social-media": "artaudit.protect.attacks.handling:SOCIAL_MEDIA",
        "noise": "artaudit.protect.attacks.filters:NOISE",
        "blur": "artaudit.protect.attacks.filters:BLUR",
        "median": "artaudit.protect.attacks.filters:MEDIAN",
        "non-local-means": "artaudit.protect.attacks.filters:NON_LOCAL_MEANS",
        "bilateral": "artaudit.protect.attacks.filters:BILATERAL",
        "total-variation": "artaudit.protect.attacks.filters:TOTAL_VARIATION",
        "adverse-cleaner": "artaudit.protect.attacks.adverse:ADVERSE_CLEANER",
        "adverse-cleaner-clean-guide": "artaudit.protect.attacks.adverse:ADVERSE_CLEANER_CLEAN_GUIDE",
        "noise-denoise": "artaudit.protect.attacks.combined:NOISE_DENOISE",
        "noise-smooth": "artaudit.protect.attacks.combined:NOISE_SMOOTH",
        "jpeg-blur": "artaudit.protect.attacks.combined:JPEG_BLUR",
        "resize-denoise": "artaudit.protect.attacks.combined:RESIZE_DENOISE",
        "autoencoder-loop": "artaudit.protect.attacks.redrawing:AUTOENCODER_LOOP",
        "impress": "artaudit.protect.attacks.redrawing:IMPRESS",
        "diffpure": "artaudit.protect.attacks.diffusing:DIFF_PURE",
        "noisy-redraw": "artaudit.protect.attacks.diffusing:NOISY_REDRAW",
        "gridpure": "artaudit.protect.attacks.diffusing:GRID_PURE",
        "trained-remover": "artaudit.protect.attacks.trained:TRAINED_REMOVER",
    }
)
"""What others do to a cloaked picture, from what happens to every file to what somebody does who owns this tool."""

LAYOUTS = MappingProxyType(
    {
        "folder": "artaudit.datasets.layouts.folder:Folder",
        "table": "artaudit.datasets.layouts.table:Table",
        "genimage": "artaudit.datasets.layouts.genimage:GenImage",
        "forensynths": "artaudit.datasets.layouts.forensynths:ForenSynths",
        "drct-2m": "artaudit.datasets.layouts.drct:Drct2M",
        "synthbuster": "artaudit.datasets.layouts.synthbuster:Synthbuster",
        "community-forensics": "artaudit.datasets.layouts.community:CommunityForensics",
        "wildrf": "artaudit.datasets.layouts.wildrf:WildRF",
        "wikiart": "artaudit.datasets.layouts.wikiart:WikiArt",
        "webdataset": "artaudit.datasets.layouts.webdataset:WebDataset",
    }
)
"""How data sets of real and generated pictures lie on the disk."""

PRESETS = ("photoguard", "advdm", "mist-v1", "mist-v2", "ace", "ace-plus", "aspl", "sds", "pid", "nightshade-ref")
"""Published cloaks with the budgets and steps of their authors; `protect/presets.py` says which."""

STRENGTHS = MappingProxyType({"low": 88.0, "default": 80.0, "high": 70.0})
"""Budgets by name: the SSIMULACRA2 score that the saved picture keeps beside the original."""


TABLES = (CLOAKS, DETECTORS, EXAMINERS, MODELS)
"""The tables that plug-ins may add to."""

PLUGINS = MappingProxyType({table.offers.kind: table.offers for table in TABLES})
"""What other installed packages offer, by kind."""


def load(table: Mapping[str, str], name: str) -> Any:  # noqa: ANN401 - any component
    """Return the class that `table` names `name`.

    Raises UsageError for a name it does not hold, PluginError for a plug-in that cannot be imported.
    """
    if name not in table:
        raise UsageError(f"There is no {name!r} here: choose one of {', '.join(table)}.")
    module, attribute = table[name].split(":")
    try:
        return getattr(import_module(module), attribute)
    except Exception as error:
        plugin = next((found for found in _offered() if (found.name, found.place) == (name, table[name])), None)
        if plugin is None:
            raise
        raise PluginError(f"The plug-in {plugin} cannot be loaded ({error}): ask who made it.") from error


def plugin_of(made: type) -> Plugin | None:
    """Return the plug-in whose class this is, None for any other class; nothing is imported."""
    return next((found for found in _offered() if found.is_class(made)), None)


def _offered() -> Iterator[Plugin]:
    return (plugin for offers in PLUGINS.values() for plugin in offers.values())
