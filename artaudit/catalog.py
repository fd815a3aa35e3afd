"""Everything that can be chosen by name, on one screen; nothing is imported before it is chosen."""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import Any

from artaudit.errors import UsageError

CLOAKS = MappingProxyType(
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
    }
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

MODELS = MappingProxyType({**ENCODERS, **AUTOENCODERS, **GENERATORS})
"""Kinds of models."""

BACKBONES = MappingProxyType({"clip-vision": "artaudit.generators.clip:ClipVision"})
"""Kinds of frozen image towers, which see a whole picture at one size; they come with artaudit and are not added."""

DETECTORS = MappingProxyType(
    {
        "backbone": "artaudit.detect.detectors.backbone:BackboneDetector",
        "residual": "artaudit.detect.detectors.residual:ResidualDetector",
        "npr": "artaudit.detect.detectors.npr:NprDetector",
        "cnn": "artaudit.detect.detectors.cnn:CnnDetector",
        "lnp": "artaudit.detect.detectors.lnp:LnpDetector",
        "reconstruction": "artaudit.detect.detectors.reconstruction:ReconstructionDetector",
        "embedding": "artaudit.detect.detectors.embedding:EmbeddingDetector",
        "checkpoint": "artaudit.detect.detectors.checkpoint:CheckpointDetector",
    }
)
"""Classifiers of machine-made pictures, to be fitted; a check asks the one that comes with artaudit."""

ADDED = MappingProxyType(
    {
        "published": "artaudit.detect.detectors.published:PublishedDetector",
        "fused": "artaudit.detect.detectors.fused:FusedDetector",
    }
)
"""Detectors that `audit detector add` makes; no configuration trains them."""

ALL_DETECTORS = MappingProxyType({**DETECTORS, **ADDED})
"""Detectors of any kind, as their folders name them."""

ATTRIBUTIONS = MappingProxyType(
    {
        "joined": "artaudit.attribution.statistics.joined:Joined",
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

EXAMINERS = MappingProxyType(
    {
        "portfolio": "artaudit.matching.examiner:PortfolioExaminer",
        "signatures": "artaudit.provenance.signed.examiner:Signatures",
        "signals": "artaudit.provenance.claimed.examiner:FileClaims",
        "watermarks": "artaudit.provenance.watermark.examiner:Watermarks",
        "attribution": "artaudit.attribution.examiner:Origin",
        "detector": "artaudit.detect.examiner:MachineMade",
    }
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


def load(table: MappingProxyType[str, str], name: str) -> Any:  # noqa: ANN401 - any component
    """Return the class that `table` names `name`; raises UsageError for a name it does not hold."""
    if name not in table:
        raise UsageError(f"There is no {name!r} here: choose one of {', '.join(table)}.")
    module, attribute = table[name].split(":")
    return getattr(import_module(module), attribute)
