"""A picture that an autoencoder drew survives that autoencoder better than one it did not draw."""

import numpy as np
import torch

from artaudit.attribution.statistics.double import Double, homogeneities
from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.generators import pool
from artaudit.generators.opening import open_model
from artaudit.image import decode
from artaudit.tensors import to_batch


def redrawn(model, pixels):
    with torch.no_grad():
        return (model.decode(model.encode(pixels)) * 255).round() / 255


def test_an_autoencoders_own_pictures_have_the_lower_ratio():
    model = next(open_model(record) for record in pool.embedded() if record.name == "studio-flux2")
    for name in PHOTOGRAPHS:
        real = to_batch(decode(photograph(name), name=name).pixels[96:352, 160:416])
        own, photographed = Double().measure(model, torch.cat([redrawn(model, real), real]))
        assert own[0] < photographed[0]
        assert own[1] + own[2].log10() < photographed[1] + photographed[2].log10()


def test_homogeneity_is_one_for_a_flat_picture_and_falls_with_noise():
    flat = np.full((32, 32, 3), 0.4, np.float32)
    noise = np.random.default_rng(0).random((32, 32, 3), dtype=np.float32)
    level, loud, quiet = (float(homogeneities(to_batch(picture))[0]) for picture in (flat, noise, noise * 0.1))
    assert level == 1
    assert loud < quiet <= 1
