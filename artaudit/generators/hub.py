"""Models from the Hugging Face hub, at one revision: the only module of artaudit that downloads models.

https://huggingface.co/docs/huggingface_hub
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artaudit.errors import ModelError, UsageError
from artaudit.generators.configs import INDEX
from artaudit.generators.diffusers_layout import AUTOENCODER_PARTS, OPTIONAL_PARTS, PARTS

_REVISION = r"[0-9a-f]{40}"
_TEXTS = (".json", ".txt")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A repository's files at one commit, and the licence that its card states."""

    folder: Path
    repository: str
    commit: str
    licence: str


def fetch(repository: str, revision: str, target: Path) -> Fetched:
    """Download the files of a diffusers model to `target`; a branch or tag becomes the commit it names.

    Raises UsageError for a name that is none, ModelError where the hub cannot be reached or lacks the repository,
    the revision or anything to open.
    """
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise UsageError(f"{repository!r} is no repository of the hub: write OWNER/NAME.")
    from huggingface_hub import HfApi  # noqa: PLC0415 - only where the network is asked for
    from huggingface_hub.errors import HfHubHTTPError, HTTPError  # type: ignore[attr-defined]  # noqa: PLC0415

    api = HfApi()
    try:
        info = api.model_info(repository, revision=revision)
        commit = str(info.sha)
        if not re.fullmatch(_REVISION, commit):
            raise ModelError(f"The hub names no commit for {repository} at {revision}: try again later.")
        for name in wanted([sibling.rfilename for sibling in info.siblings or ()]):
            api.hf_hub_download(repository, name, revision=commit, local_dir=target)
    except HfHubHTTPError as error:
        reason = str(error).split("\n")[0].rstrip(".")
        raise ModelError(f"The hub has no {repository} at {revision} for you ({reason}): check both names.") from error
    except (HTTPError, OSError, ValueError) as error:
        reason = str(error).split("\n")[0].rstrip(".")
        raise ModelError(
            f"{repository} cannot be fetched from {api.endpoint} ({reason}): go online, or `audit models add` a folder."
        ) from error
    return Fetched(target, repository, commit, _licence(info))


def wanted(names: Sequence[str]) -> list[str]:
    """Return the files of a repository that a model is opened from: no pickles, no second copy of any weights."""
    parts = {*OPTIONAL_PARTS, *AUTOENCODER_PARTS, *(part for needed in PARTS.values() for part in needed)}
    folders = sorted(parts) if INDEX in names else [""]
    chosen = [INDEX] if INDEX in names else []
    for folder in folders:
        here = [name for name in names if name.rpartition("/")[0] == folder]
        weights = [name for name in here if name.endswith(".safetensors")]
        full = [name for name in weights if not re.search(r"\.(fp16|bf16|non_ema|ema_only)", name)]
        chosen += [name for name in here if name.endswith(_TEXTS)]
        chosen += full or [name for name in weights if ".fp16" in name]
    if not chosen:
        raise ModelError("The repository holds no model of diffusers: name one with a model_index.json.")
    return chosen


def _licence(info: Any) -> str:  # noqa: ANN401 - the hub's own description
    stated = getattr(info.card_data, "license", None) if info.card_data else None
    return stated if isinstance(stated, str) else "not stated"
