"""Reads what generators wrote into files by sd-parsers, sd-prompt-reader and Dataset Tools: python … ASKED TOLD.

For each file, tool, model, prompt and seed as plain text, or null where a reader finds nothing or fails.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

from dataset_tools.metadata_parser import parse_metadata
from sd_parsers import ParserManager
from sd_prompt_reader.image_data_reader import ImageDataReader

Read = dict[str, str] | None


def sd_parsers(path: str) -> Read:
    """Read by sd-parsers; of several samplers, all seeds, and of several prompts, all."""
    info = ParserManager().parse(path)
    if info is None:
        return None
    seeds = [sampler.parameters.get("seed", sampler.parameters.get("noise_seed", "")) for sampler in info.samplers]
    return {
        "tool": getattr(info.generator, "value", str(info.generator)),
        "model": "; ".join(str(model.name) for model in info.models),
        "prompt": str(info.full_prompt),
        "seed": "; ".join(map(str, seeds)),
    }


def sd_prompt_reader(path: str) -> Read:
    """Read by sd-prompt-reader, which leaves what it does not know without a tool."""
    info = ImageDataReader(path)
    if not info.tool:
        return None
    given: dict[str, Any] = info.parameter or {}
    seed, model = str(given.get("seed", "")), str(given.get("model", ""))
    return {"tool": info.tool, "model": model, "prompt": str(info.positive), "seed": seed}


def dataset_tools(path: str) -> Read:
    """Read by Dataset Tools; what it shows of any file, as EXIF, is no generator's."""
    sections = parse_metadata(path)
    named = sections.get("metadata_info_section", {}).get("Detected Tool", "")
    if not named:
        return None
    given = sections.get("generation_parameters_section", {})
    prompt = sections.get("prompt_data_section", {}).get("Positive", "")
    return {
        "tool": str(named),
        "model": str(given.get("model", "")),
        "prompt": str(prompt),
        "seed": str(given.get("seed", "")),
    }


READERS: dict[str, Callable[[str], Read]] = {
    "sd-parsers": sd_parsers,
    "sd-prompt-reader": sd_prompt_reader,
    "kn-dataset-tools": dataset_tools,
}


def attempted(reader: Callable[[str], Read], path: str) -> Read:
    """Read a file; a reader that fails on it has found nothing."""
    try:
        return reader(path)
    except Exception as error:  # noqa: BLE001 - of other people's programs, any
        print(f"{reader.__name__} failed on {path}: {error!r}", file=sys.stderr)
        return None


def main() -> None:
    """Ask every reader about every file."""
    logging.disable()
    paths = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    read = {name: {path: attempted(reader, path) for path in paths} for name, reader in READERS.items()}
    told = {"read": read, "versions": {name: metadata.version(name) for name in READERS}}
    Path(sys.argv[2]).write_text(json.dumps(told), "utf-8")


if __name__ == "__main__":
    main()
