"""A linear head on what a frozen general network sees, CLIP's or DINOv2's, as far as one is installed.

Ojha et al., CVPR 2023 (UnivFD), https://arxiv.org/abs/2302.10174; DINOv2 by Oquab et al. 2023,
https://arxiv.org/abs/2304.07193. The network is read by transformers from a folder on this machine.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from artaudit.detect.crop_detector import CropDetector, Features, Squares
from artaudit.detect.preprocessing import NORMALS
from artaudit.errors import ModelError, UsageError


class EmbeddingDetector(CropDetector):
    """Reads native crops through a frozen vision network of transformers and learns a linear head.

    `model` is a folder with `config.json` and `model.safetensors` of a vision tower; `side` must be a multiple of its
    patch. Nothing is fetched and no code from the folder runs. The other settings are those of every detector.
    """

    def __init__(
        self, model: str = "", regularisation: float = 0.1, crops: int = 5, side: int = 224, alarms: float = 0.0
    ) -> None:
        """Keep the settings."""
        self.model = model
        self.regularisation, self.crops, self.side, self.alarms = regularisation, crops, side, alarms

    def describe(self, squares: Squares) -> Features:
        """Return the pooled embedding of each crop; raises ModelError, UsageError where there is no such network."""
        network, (mean, spread) = self._network
        pixels = torch.from_numpy(np.ascontiguousarray(squares.transpose(0, 3, 1, 2)))
        pixels = (pixels - torch.tensor(mean)[:, None, None]) / torch.tensor(spread)[:, None, None]
        extra = {} if self._resolved else {"interpolate_pos_encoding": True}
        with torch.no_grad():
            return network(pixel_values=pixels, **extra).pooler_output.numpy().astype(np.float64)

    @cached_property
    def _network(self) -> tuple[Any, tuple[tuple[float, ...], tuple[float, ...]]]:
        network = vision_network(self.model)
        return network, NORMALS["clip" if "clip" in network.config.model_type else "imagenet"]

    @property
    def _resolved(self) -> bool:
        return bool(getattr(self._network[0].config, "image_size", self.side) == self.side)


def vision_network(folder: str) -> Any:  # noqa: ANN401 - any vision network of transformers
    """Read a vision tower from a folder; raises UsageError where none is named, ModelError where it cannot be read."""
    from transformers import AutoConfig, AutoModel, CLIPVisionModel  # noqa: PLC0415 - heavy

    path = Path(folder).expanduser()
    if not folder or not path.is_dir():
        raise UsageError(f"An embedding needs `model`: the folder of a CLIP or DINOv2 network; {folder!r} is none.")
    try:
        told = {"local_files_only": True, "use_safetensors": True}
        kind = AutoConfig.from_pretrained(path, local_files_only=True).model_type
        made = CLIPVisionModel if kind in {"clip", "clip_vision_model"} else AutoModel
        return made.from_pretrained(path, **told).eval()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(
            f"{path} holds no vision network that transformers reads from safetensors ({error})."
        ) from error
