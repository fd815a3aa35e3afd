"""What every autoencoder of the catalog promises, embedded or installed."""

import pytest
import torch

from artaudit import distances
from artaudit.datasets.photographs import photograph
from artaudit.generators import pool
from artaudit.generators.opening import open_model
from artaudit.generators.taesd import Taesd, TaesdEncoder
from artaudit.generators.vaelight import VaeLight
from artaudit.image import decode
from artaudit.protocols import Autoencoder, Encoder
from artaudit.tensors import to_array, to_batch

REAL = ["taef2", "vaelight", "taesana"]


def real(name: str, shared: object) -> Encoder:
    files = [shared / "weights" / f"{name}_{half}.safetensors" for half in ("encoder", "decoder")]
    if name == "vaelight":
        halves = ("encoder", "decoder")
        return VaeLight(*(shared / "weights" / f"vaelight_sd1_{half}.safetensors" for half in halves))
    kind = Taesd if files[1].exists() else TaesdEncoder
    return kind(*[file for file in files if file.exists()], name=name, family="x")


@pytest.fixture(params=[record.name for record in pool.embedded()] + REAL)
def encoder(request: pytest.FixtureRequest) -> Encoder:
    if request.param in REAL:
        return real(request.param, request.getfixturevalue("shared"))
    return open_model(next(record for record in pool.embedded() if record.name == request.param))


def test_any_size_is_padded_to_whole_latents(encoder):
    assert isinstance(encoder, Encoder)
    for height, width in ((64, 64), (65, 100), (64 + encoder.factor - 1, 97)):
        latents = encoder.encode(torch.rand(1, 3, height, width))
        assert latents.shape[-2:] == (-(-height // encoder.factor), -(-width // encoder.factor))


def test_gradients_reach_every_pixel(encoder):
    pixels = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(1), requires_grad=True)
    (slope,) = torch.autograd.grad(encoder.encode(pixels).square().sum(), pixels)
    assert torch.isfinite(slope).all()
    assert (slope != 0).float().mean() > 0.9


def test_latents_are_of_about_unit_scale_on_a_photograph(encoder):
    pixels = to_batch(decode(photograph("china.jpg"), name="china").pixels[:256, :256])
    with torch.no_grad():
        assert 0.3 < float(encoder.encode(pixels).std()) < 3


def test_an_autoencoder_redraws_a_photograph_in_its_range(encoder):
    if not isinstance(encoder, Autoencoder):
        pytest.skip("an encoder alone redraws nothing")
    pixels = to_batch(decode(photograph("china.jpg"), name="china").pixels[:256, :256])
    with torch.no_grad():
        redrawn = encoder.decode(encoder.encode(pixels))
    assert redrawn.shape == pixels.shape
    assert redrawn.min() >= 0
    assert redrawn.max() <= 1
    assert distances.psnr(to_array(pixels), to_array(redrawn)) > 17


def test_the_right_loader_redraws_kodak_at_about_thirty_decibels(shared):
    model = real("taef2", shared)
    decibels = []
    for path in sorted((shared / "real" / "kodak").glob("*.png"))[:4]:
        pixels = to_batch(decode(path.read_bytes(), name="kodak").pixels[:256, :256])
        with torch.no_grad():
            decibels.append(distances.psnr(to_array(pixels), to_array(model.decode(model.encode(pixels)))))
    assert 27 < sum(decibels) / len(decibels) < 33
