"""What a folder of diffusers offers: which kind of model it is, and which of its files that kind needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from artaudit.errors import ModelError
from artaudit.generators.autoencoders import CLASSES
from artaudit.generators.configs import CONFIG, INDEX, called, read_config
from artaudit.generators.families import family_of

PIPELINES = MappingProxyType(
    {
        "StableDiffusionPipeline": "stable-diffusion",
        "StableDiffusionImg2ImgPipeline": "stable-diffusion",
        "StableDiffusionXLPipeline": "stable-diffusion-xl",
        "StableDiffusion3Pipeline": "stable-diffusion-3",
        "FluxPipeline": "flux",
    }
)
"""Kinds of model by the class that a pipeline's index names."""

_CLIP, _CLIP_2 = ("text_encoder", "tokenizer"), ("text_encoder_2", "tokenizer_2")
PARTS = MappingProxyType(
    {
        "stable-diffusion": ("vae", "scheduler", "unet", *_CLIP),
        "stable-diffusion-xl": ("vae", "scheduler", "unet", *_CLIP, *_CLIP_2),
        "stable-diffusion-3": ("vae", "scheduler", "transformer", *_CLIP, *_CLIP_2),
        "flux": ("vae", "scheduler", "transformer", *_CLIP, *_CLIP_2),
    }
)
"""Folders of a pipeline that each kind needs."""

OPTIONAL_PARTS = ("text_encoder_3", "tokenizer_3")
AUTOENCODER_PARTS = ("vae", "vqvae", "movq")
TOKENIZER_FILES = ("tokenizer.json", "vocab.json", "merges.txt", "special_tokens_map.json", "added_tokens.json")
_PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".msgpack", ".h5")


@dataclass(frozen=True, slots=True)
class Offer:
    """A model to be installed: its kind, its latent space where that is known, and its files by relative path."""

    kind: str
    family: str | None
    files: Mapping[str, Path] = field(repr=False)
    note: str = ""
    """What is left out, as a sentence."""


def offer(folder: Path) -> Offer:
    """Return what lies in a pipeline's folder or that of one autoencoder.

    Of a pipeline that is not known, only the autoencoder is offered. Raises ModelError where there is none, where
    files are missing, lead elsewhere, or are pickles.
    """
    if not (folder / INDEX).is_file():
        return Offer("autoencoder", _space(folder), dict(_component(folder, folder, "")))
    pipeline = str(read_config(folder / INDEX).get("_class_name"))
    kind = PIPELINES.get(pipeline)
    if kind is None:
        return _autoencoder_of(folder, pipeline)
    files = {INDEX: folder / INDEX}
    for part in (*PARTS[kind], *OPTIONAL_PARTS):
        if part in PARTS[kind] or (kind == "stable-diffusion-3" and (folder / part).is_dir()):
            files |= dict(_component(folder, folder / part, f"{part}/"))
    return Offer(kind, _space(folder / "vae"), files)


def _autoencoder_of(folder: Path, pipeline: str) -> Offer:
    for part in AUTOENCODER_PARTS:
        if (folder / part / CONFIG).is_file() and read_config(folder / part / CONFIG).get("_class_name") in CLASSES:
            files = dict(_component(folder, folder / part, ""))
            note = f"Only the autoencoder is taken: the pipeline ({called(pipeline)}) is not served here."
            return Offer("autoencoder", _space(folder / part), files, note)
    raise ModelError(
        f"{folder} is no pipeline that is known ({called(pipeline)}), and has no such autoencoder: see "
        "docs/components.md."
    )


def _component(root: Path, folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    """Yield the files that one component is opened from."""
    if "tokenizer" in folder.name and prefix:
        names = {name: name for name in ("tokenizer_config.json", *TOKENIZER_FILES) if (folder / name).is_file()}
    elif folder.name == "scheduler" and prefix:
        names = {"scheduler_config.json": "scheduler_config.json"}
    else:
        read_config(folder / CONFIG)
        names = {CONFIG: CONFIG} | _weights(folder)
    for target, name in names.items():
        yield prefix + target, _within(folder / name, root)


def _weights(folder: Path) -> dict[str, str]:
    """Return the safetensors of a component by the names that loaders expect; half precision if there is no other."""
    for stem in ("diffusion_pytorch_model", "model"):
        for index in (f"{stem}.safetensors.index.json", f"{stem}.safetensors.index.fp16.json"):
            if (folder / index).is_file():
                return {f"{stem}.safetensors.index.json": index} | {shard: shard for shard in _shards(folder / index)}
        for name in (f"{stem}.safetensors", f"{stem}.fp16.safetensors"):
            if (folder / name).is_file():
                return {f"{stem}.safetensors": name}
    pickles = sorted(path.name for path in folder.glob("*") if path.suffix in _PICKLES)
    if pickles:
        raise ModelError(f"{folder / pickles[0]} may run code when it is opened: convert it to safetensors first.")
    raise ModelError(f"{folder} holds no safetensors weights: give a whole diffusers folder.")


def _shards(index: Path) -> list[str]:
    listed = read_config(index).get("weight_map")
    names = sorted({str(name) for name in listed.values()}) if isinstance(listed, dict) else []
    if not names or any(Path(name).name != name or not name.endswith(".safetensors") for name in names):
        raise ModelError(f"{index} lists no safetensors files beside it: fetch the model again.")
    return names


def _within(path: Path, root: Path) -> Path:
    """Return a file that lies below `root`, or in the blobs of the hub's cache if `root` is a snapshot there."""
    file, home = path.resolve(), root.resolve()
    blobs = home.parents[1] / "blobs" if home.parent.name == "snapshots" else home
    if not file.is_file():
        raise ModelError(f"{path} is missing: give a whole diffusers folder.")
    if not file.is_relative_to(home) and not file.is_relative_to(blobs):
        raise ModelError(f"{path} is a link that leaves its folder: copy the file there first.")
    return file


def _space(folder: Path) -> str | None:
    return family_of(read_config(folder / CONFIG))
