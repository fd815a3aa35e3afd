"""Detectors: did a machine make this picture, as far as its pixels tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artaudit.exports import exports

if TYPE_CHECKING:
    from artaudit.detect.calibrating import calibrate
    from artaudit.detect.crop_detector import CropDetector
    from artaudit.detect.detectors.backbone import BackboneDetector
    from artaudit.detect.detectors.checkpoint import CheckpointDetector
    from artaudit.detect.detectors.cnn import CnnDetector
    from artaudit.detect.detectors.embedding import EmbeddingDetector
    from artaudit.detect.detectors.lnp import LnpDetector
    from artaudit.detect.detectors.npr import NprDetector
    from artaudit.detect.detectors.reconstruction import ReconstructionDetector
    from artaudit.detect.detectors.residual import ResidualDetector
    from artaudit.detect.evaluation import evaluate
    from artaudit.detect.loading import open_detector as load_detector
    from artaudit.detect.loading import shipped
    from artaudit.detect.scoring import score
    from artaudit.detect.training import train

_NAMES = {
    "load_detector": "artaudit.detect.loading:open_detector",
    "shipped": "artaudit.detect.loading:shipped",
    "train": "artaudit.detect.training:train",
    "calibrate": "artaudit.detect.calibrating:calibrate",
    "evaluate": "artaudit.detect.evaluation:evaluate",
    "score": "artaudit.detect.scoring:score",
    "CropDetector": "artaudit.detect.crop_detector:CropDetector",
    "BackboneDetector": "artaudit.detect.detectors.backbone:BackboneDetector",
    "ResidualDetector": "artaudit.detect.detectors.residual:ResidualDetector",
    "NprDetector": "artaudit.detect.detectors.npr:NprDetector",
    "CnnDetector": "artaudit.detect.detectors.cnn:CnnDetector",
    "LnpDetector": "artaudit.detect.detectors.lnp:LnpDetector",
    "ReconstructionDetector": "artaudit.detect.detectors.reconstruction:ReconstructionDetector",
    "EmbeddingDetector": "artaudit.detect.detectors.embedding:EmbeddingDetector",
    "CheckpointDetector": "artaudit.detect.detectors.checkpoint:CheckpointDetector",
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
