"""A picture that an autoencoder drew survives that autoencoder better than one it did not draw."""

import numpy as np
import torch

from artaudit.attribution.statistics.double import double_reconstruction, homogeneity
from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.generators import pool
from artaudit.generators.opening import open_model
from artaudit.image import decode
from artaudit.tensors import to_array, to_batch


def redrawn(model, pixels):
    with torch.no_grad():
        drawn = to_array(model.decode(model.encode(to_batch(pixels))))
    return np.rint(drawn * 255).astype(np.float32) / 255


def test_an_autoencoders_own_pictures_have_the_lower_ratio():
    model = next(open_model(record) for record in pool.embedded() if record.name == "studio-flux2")
    for name in PHOTOGRAPHS:
        real = decode(photograph(name), name=name).pixels[96:352, 160:416]
        own = double_reconstruction(model, redrawn(model, real))
        other = double_reconstruction(model, real)
        assert own.ratio < other.ratio
        assert own.first < other.first


def test_sides_that_are_no_multiple_keep_the_grid_aligned():
    model = next(open_model(record) for record in pool.embedded() if record.name == "studio-flux2")
    real = decode(photograph("china.jpg"), name="a").pixels[:128, :128]
    own = redrawn(model, real)
    padded = np.pad(own, ((0, 5), (0, 3), (0, 0)), mode="edge")
    assert np.isclose(double_reconstruction(model, padded).first, double_reconstruction(model, own).first)


def test_homogeneity_is_one_for_a_flat_picture_and_falls_with_noise():
    flat = np.full((32, 32, 3), 0.4, np.float32)
    noise = np.random.default_rng(0).random((32, 32, 3), dtype=np.float32)
    assert homogeneity(flat) == 1
    assert homogeneity(noise) < homogeneity(noise * 0.1) <= 1
