"""The published detectors that can be added, recognised by what a file holds and not by its name.

Community Forensics by Park and Owens, CVPR 2025, https://arxiv.org/abs/2411.04125, code
https://github.com/JeongsooP/Community-Forensics; Sieve, https://github.com/Phineas1500/sieve-ai-image-detector; the
Community Forensics frontier and low-quality detectors of August 2026, code
https://github.com/Sekinal/local-ai-image-signal-training. All are vision transformers S/16 with one output, which
grows with what looks machine-made.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from PIL import Image as Pillow
from safetensors import SafetensorError, safe_open

from artaudit.detect import onnx_files
from artaudit.detect.preprocessing import Preprocessing, both_rounded, cut_off, longer_rounded, lower_half, rounded_half
from artaudit.errors import ModelError

LARGEST = 256 << 20
"""Bytes of the largest file that is looked into: a ViT-S/16 in float32 has 87 million."""

WIDTH, LAYERS, PATCH = 384, 12, 16
PICKLES = (b"PK\x03\x04", b"\x80")
"""How files begin that run code when they are opened: archives of torch, and bare pickles."""

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Form:
    """How a network's file looks: what its tensors' names begin with and, of ONNX, the names of input and output."""

    prefix: str
    ends: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class KnownNetwork:
    """A published network: what it is, where its code lies, how it sees a picture, and the forms its file comes in."""

    about: str
    source: str
    view: Preprocessing
    forms: tuple[Form, ...]
    licence: str = "MIT"


_TORCHVISION = Preprocessing(440, 384, Pillow.Resampling.BILINEAR, cut_off, rounded_half)
NETWORKS = MappingProxyType(
    {
        "community-forensics-384": KnownNetwork(
            "Community Forensics, ViT-S/16 at 384 pixels (OwensLab/commfor-model-384), safetensors",
            "https://github.com/JeongsooP/Community-Forensics",
            _TORCHVISION,
            (Form("vit."),),
        ),
        "community-forensics-224": KnownNetwork(
            "Community Forensics, ViT-S/16 at 224 pixels (OwensLab/commfor-model-224), safetensors",
            "https://github.com/JeongsooP/Community-Forensics",
            Preprocessing(256, 224, Pillow.Resampling.BILINEAR, cut_off, rounded_half),
            (Form("vit."),),
        ),
        "sieve": KnownNetwork(
            "Sieve, the ONNX file of one of its releases",
            "https://github.com/Phineas1500/sieve-ai-image-detector",
            Preprocessing(440, 384, Pillow.Resampling.BILINEAR, both_rounded, lower_half),
            (Form("m.vit.", ("input", "logit")),),
        ),
        "frontier-2026-08": KnownNetwork(
            "the Community Forensics frontier or low-quality detector of August 2026, ONNX or safetensors",
            "https://github.com/Sekinal/local-ai-image-signal-training",
            Preprocessing(440, 384, Pillow.Resampling.BICUBIC, longer_rounded, rounded_half),
            (Form("wrapped.", ("images", "logits")), Form(""), Form("model.")),
        ),
    }
)
"""The networks that can be added."""


def is_safetensors(path: Path) -> bool:
    """Tell whether a file begins as safetensors do: eight bytes, then JSON."""
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


def recognised(path: Path) -> tuple[str, Form]:
    """Return the name of the network whose weights a file holds, and the form of the file.

    Raises ModelError for files that are too large, run code, reach elsewhere, or hold none of `NETWORKS`.
    """
    try:
        with path.open("rb") as file:
            begins = file.read(4)
        if path.stat().st_size > LARGEST:
            raise ModelError(f"{path} has more than {LARGEST >> 20} MiB, more than any known network: {_known()}")
        if begins.startswith(PICKLES):
            raise ModelError(
                f"{path} may run code when it is opened: convert it where you trust it, with "
                "safetensors.torch.save_file(torch.load(FILE, weights_only=True), 'model.safetensors')."
            )
        if is_safetensors(path):
            ends, shapes = ("", ""), _shapes(path)
        else:
            graph = onnx_files.read_graph(path.read_bytes())
            ends = (",".join(graph.inputs), ",".join(graph.outputs))
            shapes = graph.tensors
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): correct the path.") from error
    except (ValueError, SafetensorError) as error:
        raise ModelError(f"{path} is no file that can be added ({error}): {_known()}") from error
    for name, network in NETWORKS.items():
        for form in network.forms:
            if form.ends == ends and _holds(shapes, form, network.view.side):
                return name, form
    raise ModelError(f"{path} holds none of the networks that are known here: {_known()}")


def expected(side: int) -> Shapes:
    """Return the shape of every tensor of a ViT-S/16 with one output for views of `side` pixels, as timm names it."""
    shapes: Shapes = {"cls_token": (1, 1, WIDTH), "pos_embed": (1, (side // PATCH) ** 2 + 1, WIDTH)}
    shapes |= {"patch_embed.proj.weight": (WIDTH, 3, PATCH, PATCH), "patch_embed.proj.bias": (WIDTH,)}
    layers = {"norm": (WIDTH,), "head": (1, WIDTH)}
    for block in (f"blocks.{number}." for number in range(LAYERS)):
        layers |= {f"{block}norm1": (WIDTH,), f"{block}norm2": (WIDTH,)}
        layers |= {f"{block}attn.qkv": (3 * WIDTH, WIDTH), f"{block}attn.proj": (WIDTH, WIDTH)}
        layers |= {f"{block}mlp.fc1": (4 * WIDTH, WIDTH), f"{block}mlp.fc2": (WIDTH, 4 * WIDTH)}
    for name, shape in layers.items():
        shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    return shapes


def _holds(shapes: Shapes, form: Form, side: int) -> bool:
    """Tell whether tensors are a network's: all of safetensors; of ONNX those that its exporter leaves their names.

    torch's exporter turns the matrices inside blocks round and renames them, and may join norms that are alike.
    """
    wanted = {form.prefix + name: shape for name, shape in expected(side).items()}
    if not form.ends[0]:
        return shapes == wanted
    loose = {name for name, shape in wanted.items() if ".blocks." in name and (len(shape) > 1 or ".norm" in name)}
    named = {name: shape for name, shape in wanted.items() if name not in loose}
    others = {name for name in shapes if name.startswith(form.prefix)} - wanted.keys()
    return not others and all(shapes.get(name) == shape for name, shape in named.items())


def _shapes(path: Path) -> Shapes:
    with safe_open(path, framework="numpy") as file:
        return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 - no mapping


def _known() -> str:
    return "known are " + "; ".join(network.about for network in NETWORKS.values()) + "."
