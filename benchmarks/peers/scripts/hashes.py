"""Hashes pictures by every hash of imagehash, imagededup and pdqhash: python hashes.py ASKED TOLD.

imagededup imports its network with its hashes. The network needs torchvision, and weights that it fetches when it is
first used; neither is asked here, so empty modules stand in its place.
"""

from __future__ import annotations

import json
import sys
import time
import types
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import imagehash
import numpy as np
import pdqhash
from PIL import Image

ImageHash = Callable[[Image.Image], Any]


def of_imagehash(method: ImageHash) -> Callable[[str], str]:
    """Return what gives the hexadecimal digits of a hash of imagehash."""
    return lambda path: str(method(Image.open(path)))


def of_imagededup(name: str) -> Callable[[str], str]:
    """Return what gives the hexadecimal digits of a hash of imagededup."""
    for module, held in (("imagededup.methods.cnn", "CNN"), ("imagededup.utils.models", "CustomModel")):
        empty = types.ModuleType(module)
        setattr(empty, held, None)
        sys.modules.setdefault(module, empty)
    methods = __import__("imagededup.methods.hashing", fromlist=[name])
    encoder = getattr(methods, name)(verbose=False)
    return lambda path: str(encoder.encode_image(image_file=path))


def pdq(path: str) -> str:
    """Return the hexadecimal digits of the PDQ hash."""
    bits, _ = pdqhash.compute(np.asarray(Image.open(path).convert("RGB")))
    return np.packbits(bits).tobytes().hex()


def chosen() -> dict[str, tuple[int, Callable[[str], str]]]:
    """Return by name the bits that may differ, as the documentation has them, and the hash.

    imagehash's own README shows a cutoff of 5, imagededup's default is 10; of PDQ's 256 bits, its authors allow 31.
    """
    methods: dict[str, tuple[int, Callable[[str], str]]] = {
        f"imagehash {name}": (5, of_imagehash(method))
        for name, method in {
            "ahash": imagehash.average_hash,
            "phash": imagehash.phash,
            "dhash": imagehash.dhash,
            "whash": imagehash.whash,
        }.items()
    }
    methods |= {f"imagededup {name}": (10, of_imagededup(name)) for name in ("AHash", "PHash", "DHash", "WHash")}
    return methods | {"PDQ alone": (31, pdq)}


def main() -> None:
    """Hash every file by every method; write hashes, defaults, CPU seconds for a picture, and versions."""
    paths = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    told: dict[str, Any] = {"methods": {}}
    for name, (default, hashed) in chosen().items():
        hashed(paths[0])
        begun = time.process_time()
        hashes = {path: hashed(path) for path in paths}
        seconds = (time.process_time() - begun) / len(paths)
        told["methods"][name] = {"default": default, "seconds": seconds, "hashes": hashes}
    told["versions"] = {name: metadata.version(name) for name in ("imagehash", "imagededup", "pdqhash")}
    Path(sys.argv[2]).write_text(json.dumps(told), "utf-8")


if __name__ == "__main__":
    main()
