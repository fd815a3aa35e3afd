"""Features in CLIP's image encoder of a cloaked picture that serves as a style reference, without any training.

Ye et al., "IP-Adapter: Text Compatible Image Prompt Adapter", https://arxiv.org/abs/2308.06721
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.generators.clip import BACKBONE, VARIABLE, ClipVision, backbone
from artaudit.protect.trial.judges import CHANGED, CLEAN, models_of
from artaudit.protect.trial.pairs import Picture
from artaudit.tensors import halved, to_batch
from artaudit.transforms import Jpeg

Pixels = Float[Tensor, "_ 3 _ _"]

WHOLE, MIDDLE = "whole picture, squashed to a square", "middle square"
NOT_MEASURED = "The larger towers that image prompts use (CLIP ViT-L and ViT-H, SigLIP) were not measured."
MADE_AGAINST = "The cloak was made against this very tower, so others will be fooled less, or not at all."
MAYBE_AGAINST = "The cloak may have been made against this very tower; others will be fooled less then."


@dataclass(frozen=True, slots=True)
class Similarity:
    """The image encoder's similarity of original and changed picture after an edit, in one view.

    `cosine` is that of their embeddings, 1 for equal ones; `noise` is the lowest of the noises, of the kind `control`.
    """

    edit: str
    view: str
    cosine: float
    noise: float
    control: str


def style_reference(pictures: Mapping[str, Picture], receipt: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the similarities and what limits them, as JSON values; `pictures` are the whole ones of a trial, by name.

    `rows` are empty where the image encoder is switched off, and `why` says so. `white_box` is whether the cloak was
    made against it, None where that is not known.
    """
    tower = backbone()
    if tower is None:
        return {"model": None, "rows": [], "white_box": None, "said": [], "why": f"{VARIABLE} switches it off"}
    white_box = None if receipt is None else BACKBONE in models_of(receipt)
    limits = {True: [MADE_AGAINST], None: [MAYBE_AGAINST], False: []}[white_box]
    rows = [asdict(row) for edit, change in EDITS.items() for row in _rows(tower, pictures, edit, change)]
    return {"model": tower.name, "rows": rows, "white_box": white_box, "said": [*limits, NOT_MEASURED], "why": ""}


def _rows(
    tower: ClipVision, pictures: Mapping[str, Picture], edit: str, change: Callable[[Pixels], Pixels]
) -> list[Similarity]:
    edited = {name: change(to_batch(picture)) for name, picture in pictures.items()}
    height, width = edited[CLEAN].shape[-2:]
    views = {WHOLE: tower.squashed} if height == width else {WHOLE: tower.squashed, MIDDLE: tower.fitted}
    return [
        _row(tower, {name: see(picture) for name, picture in edited.items()}, edit, view) for view, see in views.items()
    ]


def _row(tower: ClipVision, seen: Mapping[str, Pixels], edit: str, view: str) -> Similarity:
    with torch.no_grad():
        embeddings = dict(zip(seen, tower.features(torch.cat(list(seen.values()))).embedding, strict=True))
    clean = embeddings.pop(CLEAN)
    cosines = {
        name: round(float(F.cosine_similarity(clean, embedding, dim=0)), 4) for name, embedding in embeddings.items()
    }
    cosine = cosines.pop(CHANGED)
    control = min(cosines, key=lambda name: cosines[name])
    return Similarity(edit, view, cosine, cosines[control], control)


EDITS: Mapping[str, Callable[[Pixels], Pixels]] = {
    "untouched": lambda pixels: pixels,
    "JPEG 75": lambda pixels: Jpeg(75)(pixels, 0),
    "half size": halved,
}
"""Edits of a picture before it is used as a reference, the same for all pictures of a trial."""
