"""Measures what the default cloak and the embedded autoencoders are worth, and writes docs/limits.md's tables.

Usage: python benchmarks/limits.py --data ../shared/data [--pictures 12] [--side 256]. Only pictures that no
training and no choice of settings has seen are used; the hold-out encoder is never optimised against.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image as Pillow

from artaudit import distances
from artaudit.auditor.models import open_model
from artaudit.catalog import STRENGTHS
from artaudit.generators import pool
from artaudit.generators.studio import Studio
from artaudit.generators.taesd import TaesdEncoder
from artaudit.generators.vaelight import VaeLight
from artaudit.image import Image, decode
from artaudit.protect.cloak import DescentCloak
from artaudit.protect.effect import effect, noisy
from artaudit.protect.push import Push
from artaudit.protect.saving import save_within
from artaudit.protocols import Autoencoder, Budget, Encoder
from artaudit.tensors import to_array, to_batch
from artaudit.transforms import Blur, Jpeg, Noise, Rescale, Screenshot, Transform
from training.pictures import held_out_paths, open_picture

PAGE = Path("docs/limits.md")
BUDGET = Budget(*STRENGTHS["default"])
SURVIVAL: dict[str, Transform] = {
    "JPEG 75": Jpeg(75),
    "blur 1": Blur(1.0),
    "half size": Rescale(0.5),
    "screenshot": Screenshot(),
    "noise .05": Noise(0.05),
}


def paintings(data: Path, count: int, side: int) -> list[Image]:
    """Return middle crops of held-out paintings: half from the Louvre's validation split, half by van Gogh."""
    chosen = []
    for source, share in (("louvre", count - count // 2), ("vangogh", count // 2)):
        paths = held_out_paths(data, source)
        chosen += [paths[number * len(paths) // share] for number in range(share)]
    return [crop(path, side) for path in chosen]


def crop(path: Path, side: int) -> Image:
    """Return the middle of a picture as a PNG in memory, scaled down first where it is more than twice as large."""
    picture = open_picture(path)
    scale = max(side / min(picture.size), min(1.0, 2 * side / min(picture.size)))
    picture = picture.resize((round(picture.width * scale), round(picture.height * scale)), Pillow.Resampling.LANCZOS)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    buffer = io.BytesIO()
    picture.crop((left, top, left + side, top + side)).save(buffer, "PNG")
    return decode(buffer.getvalue(), name=path.name)


def real_pool(data: Path) -> tuple[Encoder, ...]:
    """Return the encoders of real latent spaces: FLUX.2's through TAEF2, Stable Diffusion 1.x's through VAElight."""
    weights = data / "weights"
    taef2 = TaesdEncoder(weights / "taef2_encoder.safetensors", name="taef2", family="FLUX.2")
    return taef2, VaeLight(*(weights / f"vaelight_sd1_{half}.safetensors" for half in ("encoder", "decoder")))


def embedded_pool() -> tuple[Studio, ...]:
    """Return the autoencoders that come with artaudit."""
    return tuple(one for record in pool.embedded() if isinstance(one := open_model(record), Studio))


def interval(values: Sequence[float]) -> str:
    """Return the mean with a bootstrap 95 % interval."""
    drawn = np.random.default_rng(0).choice(np.array(values), (4000, len(values))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return f"{np.mean(values):.2f} ({low:.2f} to {high:.2f})"


def gains(pictures: Sequence[Image], changed: Sequence[Image], encoders: Sequence[Encoder]) -> dict[str, list[float]]:
    """Return what shows, and every encoder's gain over equal-PSNR noise, picture by picture.

    After a transform, both pictures have passed it, and the noise has the PSNR that is left between them.
    """
    found: dict[str, list[float]] = defaultdict(list)
    for one, other in zip(pictures, changed, strict=True):
        found["PSNR dB"].append(distances.psnr(one.pixels, other.pixels))
        found["SSIM"].append(distances.ssim(one.pixels, other.pixels))
        found["mean CIEDE2000"].append(float(distances.delta_e(one.pixels, other.pixels).mean()))
        for encoder in encoders:
            found[encoder.name.split("@")[0]].append(effect(encoder, one.pixels, other.pixels).gain)
        left = []
        for name, transform in SURVIVAL.items():
            first, second = (to_array(transform(to_batch(image.pixels), 9)) for image in (one, other))
            left.append(effect(encoders[0], first, second).gain)
            found[f"taef2 after {name}"].append(left[-1])
        found["taef2, worst of these"].append(min(left))
    return dict(found)


def cloaked(pictures: Sequence[Image], encoders: Sequence[Encoder]) -> tuple[list[Image], float]:
    """Return the cloaked files and the mean seconds each took."""
    started = time.monotonic()
    tool = DescentCloak(Push(), tuple(encoders))
    made = [save_within(one, tool.apply(one, budget=BUDGET, seed=number)) for number, one in enumerate(pictures)]
    return made, (time.monotonic() - started) / len(pictures)


def plain_noise(pictures: Sequence[Image]) -> list[Image]:
    """Return the pictures with low-pass noise of 32.1 dB: what a cloak that does nothing looks like."""
    changed = []
    for number, one in enumerate(pictures):
        buffer = io.BytesIO()
        noise = noisy(one.pixels, 10 ** (-32.1 / 10), sigma=1.0, seed=1000 + number)
        Pillow.fromarray(np.rint(noise * 255).astype(np.uint8)).save(buffer, "PNG")
        changed.append(decode(buffer.getvalue(), name=one.name))
    return changed


def redraw(model: Autoencoder, pictures: Sequence[Image]) -> list[float]:
    """Return the PSNR of every picture redrawn through its latents."""
    with torch.no_grad():
        drawn = [to_array(model.decode(model.encode(to_batch(one.pixels)))) for one in pictures]
    return [distances.psnr(one.pixels, other) for one, other in zip(pictures, drawn, strict=True)]


def table(title: str, columns: dict[str, dict[str, list[float]]]) -> str:
    """Return a table with a row a measure and a column a kind of change."""
    names = list(columns)
    lines = [f"| {title} | {' | '.join(names)} |", "|---|" + "---|" * len(names)]
    rows = next(iter(columns.values()))
    lines += [f"| {row} | {' | '.join(interval(columns[name][row]) for name in names)} |" for row in rows]
    return "\n".join(lines)


def write(page: Path, name: str, text: str) -> None:
    """Replace what stands between a page's markers for `name`."""
    mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
    page.write_text(mark.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page.read_text("utf-8")), "utf-8")


def main() -> None:
    """Measure everything and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=12)
    parser.add_argument("--side", type=int, default=256)
    args = parser.parse_args()
    real = real_pool(args.data)
    taesana = TaesdEncoder(args.data / "weights" / "taesana_encoder.safetensors", name="taesana", family="Sana")
    judges = (*real, taesana)
    studio = embedded_pool()
    pictures = paintings(args.data, args.pictures, args.side)
    kinds: dict[str, Callable[[], tuple[list[Image], float]]] = {
        "cloak, real pool (taef2 + vaelight)": lambda: cloaked(pictures, real),
        "cloak, embedded pool": lambda: cloaked(pictures, studio),
        "low-pass noise": lambda: (plain_noise(pictures), 0.0),
    }
    columns, seconds = {}, {}
    for name, make in kinds.items():
        changed, seconds[name] = make()
        columns[name] = gains(pictures, changed, judges)
        print(name, {key: interval(values) for key, values in columns[name].items()}, flush=True)
    facts = f"{args.pictures} held-out paintings, middle crops of {args.side} x {args.side}, seed by number. "
    facts += "Seconds a picture: " + ", ".join(f"{name} {value:.0f}" for name, value in seconds.items() if value) + "."
    write(PAGE, "gain", f"{table('gain over equal-PSNR noise', columns)}\n\n{facts}")
    more = [crop(path, args.side) for path in held_out_paths(args.data, "louvre")]
    redrawn = {one.name.split("@")[0]: {"redraw PSNR dB": redraw(one, more)} for one in studio}
    write(PAGE, "redraw", table(f"{len(more)} held-out paintings of the Louvre", redrawn))
    print(json.dumps({name: interval(values["redraw PSNR dB"]) for name, values in redrawn.items()}))


if __name__ == "__main__":
    main()
