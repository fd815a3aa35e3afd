"""A cloak moves the features of a whole picture in CLIP's image encoder, and still keeps its score."""

import io

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from PIL import Image as Pillow
from skimage.data import chelsea

from artaudit.distances import ssimulacra2
from artaudit.generators.clip import backbone
from artaudit.image import Image, decode
from artaudit.protect.cloak import DescentCloak
from artaudit.protect.descent import Descent
from artaudit.protect.objectives.push import Push
from artaudit.protect.saving import save_within
from artaudit.protect.style_reference import StyleReference, Tower, represented
from artaudit.protocols import Budget
from artaudit.tensors import to_batch


def photograph() -> Image:
    buffer = io.BytesIO()
    Pillow.fromarray(chelsea()[60:220, 130:290]).save(buffer, "PNG")
    return decode(buffer.getvalue(), name="cat.png")


def cosine(tower: Tower, first: Image, second: Image) -> float:
    with torch.no_grad():
        seen = [tower.features(tower.squashed(to_batch(picture.pixels))).embedding for picture in (first, second)]
    return float(F.cosine_similarity(*seen))


@pytest.mark.slow
def test_a_tower_in_the_pool_sees_another_picture_where_plain_cloaks_leave_it_the_same(encoder):
    tower, image, budget = backbone(), photograph(), Budget(ssimulacra2=75.0)
    assert isinstance(tower, Tower)
    plain, styled = (
        DescentCloak(Push(), (encoder,), Descent(steps=16), style=style) for style in (None, StyleReference(tower))
    )
    without, cloaked = (plain.apply(image, budget=budget, seed=1), styled.apply(image, budget=budget, seed=1))
    assert [name for name, _ in cloaked.models] == [encoder.name, tower.name]
    saved = save_within(image, cloaked)
    assert ssimulacra2(image.pixels, saved.pixels) >= 75
    assert cosine(tower, image, saved) < cosine(tower, image, save_within(image, without)) - 0.08


def test_turns_see_the_middle_and_the_whole_and_the_distance_starts_at_zero():
    tower = backbone()
    clean = to_batch(photograph().pixels)[..., :100]
    aim = StyleReference(tower).aim(clean)
    moved = clean + 0.02 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
    assert float(aim(clean, 0)) > float(aim(moved, 0))
    assert float(aim(moved, 0)) != pytest.approx(float(aim(moved, 4)))


def test_what_the_tower_sees_is_of_one_size_whatever_the_picture():
    tower = backbone()
    with torch.no_grad():
        seen = represented(tower, tower.fitted(to_batch(photograph().pixels)))
    assert float(seen[:, :512].norm()) == pytest.approx(8, rel=1e-4)
    assert float(seen[:, 512:].norm()) == pytest.approx(0.25 * np.sqrt(197), rel=1e-4)
