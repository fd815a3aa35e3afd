"""A published network as it is: shown each picture as its own code shows it, its log odds the score.

`known` says which networks there are. Weights as safetensors are read into transformers' vision transformer; an ONNX
file is run by onnxruntime, which the extra `detectors` installs.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32
from safetensors import SafetensorError
from safetensors.torch import load

from artaudit.detect import onnx_files
from artaudit.detect.calibration import Calibration
from artaudit.detect.crop_detector import CropDetector, Features
from artaudit.detect.crops import Corner, Picture
from artaudit.detect.detectors.checkpoint import transformer
from artaudit.detect.estimator import Estimator
from artaudit.detect.known_networks import NETWORKS, Form, is_safetensors, recognised
from artaudit.errors import MissingExtraError, ModelError
from artaudit.findings import FalseAlarms

Views = Float32[np.ndarray, "count 3 side side"]
Network = Callable[[Views], np.ndarray]
"""Turns views into log odds, whatever axes they come with."""

SMALLEST = 128
"""Pixels along the shorter side below which a picture is too small to tell, as for the shipped detector."""


class FiniteGate(Estimator):
    """Takes every finite score as in distribution: a single number does not tell what a picture is like."""

    def knows(self, features: Features) -> Bool[np.ndarray, " count"]:
        """Tell which rows hold numbers."""
        return np.isfinite(features).all(axis=1)


class PublishedDetector(CropDetector):
    """Scores whole pictures by the log odds of one published network, whose file lies in the detector's folder.

    `network` is one of `NETWORKS`, `file` the name of its file and `sha256` that file's digest. Nothing is learned but
    the threshold, from real pictures, and what scores mean; before that it scores nothing.
    """

    PARTS: ClassVar[dict[str, type]] = {
        "gate_": FiniteGate,
        "false_alarms_": FalseAlarms,
        "calibration_": Calibration,
    }
    alarms, crops, side = 0.01, 1, 0

    def __init__(self, network: str = "", file: str = "", sha256: str = "") -> None:
        """Keep the settings."""
        self.network, self.file, self.sha256 = network, file, sha256
        self._home: Path | None = None
        self._opened: Network | None = None

    def use(self, folder: Path) -> None:
        """Say in which folder the network's file lies."""
        self._home, self._opened = folder, None

    def describe(self, squares: Float[np.ndarray, "count height width 3"]) -> Features:
        """Return the log odds of each picture of a stack; raises ModelError for a file that is not the pinned one."""
        views = np.stack([NETWORKS[self.network].view(_levels(picture)) for picture in squares])
        odds = np.asarray(self._asked()(views), dtype=np.float64).reshape(-1, 1)
        if len(odds) != len(views) or not np.isfinite(odds).all():
            raise ModelError(f"{self.file} gave no number for a picture: add the network again from its source.")
        return odds

    def read_crops(self, picture: Picture) -> tuple[list[Corner], Features]:
        """Return one row, what the network says of the whole picture; none where it is too small."""
        if min(picture.shape[:2]) < SMALLEST:
            return [], np.empty((0, 0))
        return [(0, 0)], self.describe(picture[None])

    def begin(self, reals: Features) -> None:
        """Set the threshold on what `features` returned of real pictures; the score stays the network's own."""
        self.mean_, self.scale_, self.weights_, self.bias_ = np.zeros(1), np.ones(1), np.ones(1), 0.0
        self.gate_ = FiniteGate()
        self.set_threshold(reals, "readings of real pictures")

    def _asked(self) -> Network:
        if self._opened is None:
            if self._home is None or self.network not in NETWORKS:
                raise ModelError("A published network is asked from the folder it was added to: `audit detector add`.")
            self._opened = opened(self._home / self.file, self.sha256)
        return self._opened


def opened(path: Path, sha256: str) -> Network:
    """Return the network in a file; raises ModelError where it is not the file of this digest or holds none.

    Raises MissingExtraError for ONNX without onnxruntime.
    """
    name, form = recognised(path)
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{path} is not the file that was added: add the network again.")
    if not is_safetensors(path):
        return _by_onnxruntime(content, path)
    return _by_torch(content, path, form, name)


def _by_torch(content: bytes, path: Path, form: Form, name: str) -> Network:
    try:
        weights = {key.removeprefix(form.prefix): value.float() for key, value in load(content).items()}
        network = transformer(weights).eval()
    except (SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise ModelError(f"{path} holds no weights of {name} ({error}): add it again from its source.") from error

    def asked(views: Views) -> np.ndarray:
        with torch.inference_mode():
            return network(pixel_values=torch.from_numpy(views)).logits.numpy()

    return asked


def _by_onnxruntime(content: bytes, path: Path) -> Network:
    if importlib.util.find_spec("onnxruntime") is None:
        raise MissingExtraError("detectors", "A detector in an ONNX file")
    import onnxruntime  # noqa: PLC0415 - optional

    graph = onnx_files.read_graph(content)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    try:
        session: Any = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises classes of its own, none of them public
        raise ModelError(f"{path} is no model that onnxruntime runs: add it again from its source.") from error

    def asked(views: Views) -> np.ndarray:
        try:
            return np.concatenate([session.run(None, {graph.inputs[0]: view[None]})[0] for view in views])
        except Exception as error:  # likewise
            raise ModelError(f"{path} cannot be asked ({error}): add it again from its source.") from error

    return asked


def _levels(picture: Picture) -> np.ndarray:
    return np.rint(picture * 255).astype(np.uint8)
