"""The room of detectors: is this picture made by a machine, as far as its pixels tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artaudit.exports import exports

if TYPE_CHECKING:
    from artaudit.detect.backbone import BackboneDetector
    from artaudit.detect.calibrating import calibrate
    from artaudit.detect.checkpoints import CheckpointDetector
    from artaudit.detect.cnn import CnnDetector
    from artaudit.detect.embedding import EmbeddingDetector
    from artaudit.detect.evaluation import evaluate
    from artaudit.detect.heads import CropDetector
    from artaudit.detect.lnp import LnpDetector
    from artaudit.detect.loading import open_detector as load_detector
    from artaudit.detect.loading import shipped
    from artaudit.detect.npr import NprDetector
    from artaudit.detect.reconstruction import ReconstructionDetector
    from artaudit.detect.residual import ResidualDetector
    from artaudit.detect.scoring import score
    from artaudit.detect.training import train

_NAMES = {
    "load_detector": "artaudit.detect.loading:open_detector",
    "shipped": "artaudit.detect.loading:shipped",
    "train": "artaudit.detect.training:train",
    "calibrate": "artaudit.detect.calibrating:calibrate",
    "evaluate": "artaudit.detect.evaluation:evaluate",
    "score": "artaudit.detect.scoring:score",
    "CropDetector": "artaudit.detect.heads:CropDetector",
    "BackboneDetector": "artaudit.detect.backbone:BackboneDetector",
    "ResidualDetector": "artaudit.detect.residual:ResidualDetector",
    "NprDetector": "artaudit.detect.npr:NprDetector",
    "CnnDetector": "artaudit.detect.cnn:CnnDetector",
    "LnpDetector": "artaudit.detect.lnp:LnpDetector",
    "ReconstructionDetector": "artaudit.detect.reconstruction:ReconstructionDetector",
    "EmbeddingDetector": "artaudit.detect.embedding:EmbeddingDetector",
    "CheckpointDetector": "artaudit.detect.checkpoints:CheckpointDetector",
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(__name__, _NAMES)

__all__ = [
    "BackboneDetector",
    "CheckpointDetector",
    "CnnDetector",
    "CropDetector",
    "EmbeddingDetector",
    "LnpDetector",
    "NprDetector",
    "ReconstructionDetector",
    "ResidualDetector",
    "calibrate",
    "evaluate",
    "load_detector",
    "score",
    "shipped",
    "train",
]
