"""Each generator gives the numbers of diffusers' own pipeline, and keeps what the protocol promises."""

import copy
from dataclasses import replace

import diffusers
import pytest
import torch

from artaudit import catalog
from artaudit.errors import UsageError
from artaudit.generators import choice, installing, opening, pool
from artaudit.generators.diffusers_layout import offer
from artaudit.generators.diffusion import LatentDiffusion
from artaudit.protocols import Autoencoder, Condition, Encoder, Generator

NAMES = ["stable-diffusion", "velocity", "stable-diffusion-xl", "stable-diffusion-3", "flux", "schnell"]
DIFFUSION = ["stable-diffusion", "velocity", "stable-diffusion-xl"]
FLOW = ["stable-diffusion-3", "flux", "schnell"]


@pytest.fixture(scope="module")
def opened(pipelines):
    cache = {}

    def give(name):
        if name not in cache:
            folder, pipeline = pipelines(name)
            kind = offer(folder).kind
            cache[name] = (
                catalog.load(catalog.GENERATORS, kind)(folder, name="x", family="y", digest="0" * 64),
                pipeline,
            )
        return cache[name]

    return give


@pytest.fixture(params=NAMES)
def pair(request, opened):
    return opened(request.param)


def rand(*shape, seed=1):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def randn(*shape, seed=2):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def theirs(pipeline, prompt="a cat", **settings):
    chance = torch.Generator().manual_seed(3)
    with torch.no_grad():
        return pipeline(prompt, num_inference_steps=4, output_type="pt", generator=chance, **settings).images


def test_it_is_a_generator(pair):
    model, _ = pair
    assert isinstance(model, Generator)
    assert isinstance(model.autoencoder, Autoencoder)
    assert model.schedule_steps == 1000
    assert model.factor == 2


def test_latents_are_those_the_pipeline_denoises(pair):
    model, pipeline = pair
    pixels, config = rand(2, 3, 32, 48), pipeline.vae.config
    with torch.no_grad():
        mean = pipeline.vae.encode(pixels * 2 - 1).latent_dist.mean
        expected = (mean - (config.shift_factor or 0)) * config.scaling_factor
        assert torch.allclose(model.encode(pixels), expected, atol=1e-6)
        back = pipeline.vae.decode(expected / config.scaling_factor + (config.shift_factor or 0)).sample
        assert torch.allclose(model.decode(expected), (back / 2 + 0.5).clamp(0, 1), atol=1e-5)


def test_a_drawing_is_the_pipelines_own(pair):
    model, pipeline = pair
    expected = theirs(pipeline, height=32, width=48, guidance_scale=5.0)
    drawn = model.generate("a cat", seed=3, size=(32, 48), guidance=5.0, steps=4)
    assert torch.allclose(drawn, expected, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_prompts_and_guidance_are_heard(name, opened):
    model, _ = opened(name)
    settings = {"seed": 3, "size": (32, 32), "steps": 2}
    drawn = model.generate("a cat", guidance=2.0, **settings)
    assert torch.equal(drawn, model.generate("a cat", guidance=2.0, **settings))
    assert not torch.equal(drawn, model.generate("dog", guidance=2.0, **settings))
    assert torch.equal(drawn, model.generate("a cat", guidance=6.0, **settings)) == (name == "schnell")
    assert not torch.equal(drawn, model.generate("a cat", seed=4, guidance=2.0, size=(32, 32), steps=2))


def test_the_forward_process_runs_from_clean_to_noise(pair):
    model, _ = pair
    latents, noise = randn(2, *_channels(model), 8, 8), randn(2, *_channels(model), 8, 8, seed=5)
    near, far = torch.zeros(2, dtype=torch.int64), torch.full((2,), model.schedule_steps - 1)
    assert torch.nn.functional.mse_loss(model.add_noise(latents, noise, near), latents) < 0.01
    assert torch.nn.functional.mse_loss(model.add_noise(latents, noise, far), noise) < 0.01
    whole = model.add_noise(latents, noise, torch.tensor([10, 700]))
    assert torch.allclose(whole[1:], model.add_noise(latents[1:], noise[1:], torch.tensor([700])))


@pytest.mark.parametrize("name", DIFFUSION)
def test_diffusion_is_noised_and_answered_as_in_ddpm(name, opened):
    model, pipeline = opened(name)
    scheduler = diffusers.DDPMScheduler.from_config(pipeline.scheduler.config)
    latents, noise, steps = randn(3, 4, 8, 8), randn(3, 4, 8, 8, seed=5), torch.tensor([0, 400, 999])
    assert torch.allclose(model.add_noise(latents, noise, steps), scheduler.add_noise(latents, noise, steps), atol=1e-6)
    velocity = name == "velocity"
    expected = scheduler.get_velocity(latents, noise, steps) if velocity else noise
    assert torch.allclose(model.training_target(latents, noise, steps), expected, atol=1e-6)


@pytest.mark.parametrize("name", FLOW)
def test_flow_is_a_straight_line(name, opened):
    model, pipeline = opened(name)
    latents, noise = randn(1, *_channels(model), 8, 8), randn(1, *_channels(model), 8, 8, seed=5)
    place = 250
    step, level = torch.tensor([999 - place]), pipeline.scheduler.__class__.from_config(pipeline.scheduler.config)
    sigma = level.sigmas[place]
    noisy = model.add_noise(latents, noise, step)
    assert torch.allclose(noisy, (1 - sigma) * latents + sigma * noise, atol=1e-6)
    assert torch.allclose(noisy - sigma * model.training_target(latents, noise, step), latents, atol=1e-5)


def test_one_call_of_the_denoiser_is_the_pipelines(opened):
    model, pipeline = opened("stable-diffusion-xl")
    noisy, steps = randn(2, 4, 16, 24), torch.tensor([7, 900])
    with torch.no_grad():
        words, _, pooled, _ = pipeline.encode_prompt("a cat", do_classifier_free_guidance=False)
        sizes = torch.tensor([[32, 48, 0, 0, 32, 48]]).expand(2, -1)
        added = {"text_embeds": pooled.expand(2, -1), "time_ids": sizes}
        expected = pipeline.unet(noisy, steps, words.expand(2, -1, -1), added_cond_kwargs=added).sample
        assert torch.allclose(model.predict(noisy, steps, model.condition("a cat")), expected, atol=1e-5)


def test_the_empty_prompt_of_xl_is_zero(opened):
    condition = opened("stable-diffusion-xl")[0].condition("")
    assert not any(entry.any() for entry in condition.tensors.values())
    assert opened("stable-diffusion")[0].condition("").tensors["words"].any()


def test_gradients_reach_the_pixels_and_no_weights(pair):
    model, _ = pair
    pixels = rand(1, 3, 32, 32).requires_grad_()
    latents = model.encode(pixels)
    noise, steps = torch.randn(latents.shape, generator=torch.Generator().manual_seed(1)), torch.tensor([300])
    prediction = model.predict(model.add_noise(latents, noise, steps), steps, model.condition("a cat"))
    (slope,) = torch.autograd.grad(prediction.square().mean(), pixels)
    assert torch.isfinite(slope).all()
    assert (slope != 0).float().mean() > 0.9
    assert not any(weight.requires_grad for weight in model.denoiser.parameters())
    assert not model.denoiser.training


def test_memory_is_spared_without_changing_gradients(pair):
    model, _ = pair
    spared = replace(model, denoiser=copy.deepcopy(model.denoiser))
    spared.spare_memory()
    noisy, steps = randn(1, *_channels(model), 8, 8), torch.tensor([300])
    slopes = []
    for generator in (model, spared):
        start = noisy.clone().requires_grad_()
        loss = generator.predict(start, steps, generator.condition("a cat")).square().mean()
        slopes += torch.autograd.grad(loss, start)
    assert spared.denoiser.is_gradient_checkpointing
    assert not model.denoiser.is_gradient_checkpointing
    assert torch.allclose(*slopes, atol=1e-7)


@pytest.mark.parametrize("size", [(31, 33), (35, 50), (2, 2)])
def test_odd_sizes_are_padded(pair, size):
    model, _ = pair
    rows, columns = (-(-side // model.factor) for side in size)
    latents = model.encode(rand(1, 3, *size))
    assert latents.shape[-2:] == (rows, columns)
    assert model.predict(latents, torch.tensor([5]), model.condition("")).shape == latents.shape
    assert model.generate("a", seed=1, size=size, steps=1).shape == (1, 3, rows * model.factor, columns * model.factor)


@pytest.mark.parametrize("strength", [0.25, 0.5, 1.0])
def test_a_redrawing_is_the_pipelines_own(pair, strength):
    model, pipeline = pair
    start = rand(1, 3, 32, 32)
    redraws = getattr(diffusers, type(pipeline).__name__.replace("Pipeline", "Img2ImgPipeline"))(**pipeline.components)
    redraws.set_progress_bar_config(disable=True)
    with torch.no_grad():
        start_latents = model.encode(start)
    expected = theirs(redraws, image=start_latents, strength=strength, guidance_scale=5.0, **_sides(pipeline))
    drawn = model.generate("a cat", seed=3, start=start, strength=strength, guidance=5.0, steps=4)
    assert torch.allclose(drawn, expected, atol=1e-5)


def test_a_redrawing_has_the_size_of_its_start_and_takes_a_step_at_least(pair):
    model, _ = pair
    start = rand(1, 3, 31, 33)
    drawn = model.generate("a cat", seed=3, start=start, strength=0.001, guidance=1.0, steps=4)
    assert drawn.shape == start.shape
    assert torch.equal(drawn, model.generate("a cat", seed=3, start=start, strength=0.25, guidance=1.0, steps=4))


@pytest.mark.parametrize("settings", [{"size": (0, 8)}, {"steps": 0}, {"strength": 0.0}, {"strength": 1.5}])
def test_what_cannot_be_drawn_is_said(opened, settings):
    with pytest.raises(UsageError, match="is drawn at"):
        opened("stable-diffusion")[0].generate("a", seed=1, **settings)


def test_a_condition_serves_a_batch(pair):
    model, _ = pair
    noisy, condition = randn(3, *_channels(model), 8, 8), model.condition("a cat")
    assert isinstance(condition, Condition)
    with torch.no_grad():
        together = model.predict(noisy, torch.tensor([5, 50, 500]), condition)
        alone = model.predict(noisy[2:], torch.tensor([500]), condition)
    assert torch.allclose(together[2:], alone, atol=1e-5)


def _channels(model: LatentDiffusion) -> tuple[int]:
    return (model.autoencoder.channels,)


@pytest.mark.parametrize("name", NAMES)
def test_an_installed_pipeline_is_opened_whole_or_as_its_autoencoder(name, pipelines, tmp_path, monkeypatch):
    monkeypatch.setenv("ARTAUDIT_MODELS", str(tmp_path))
    folder, _ = pipelines(name)
    about = pool.Record("mine", "", "" if offer(folder).family else "FLUX.1", "", pool.SURROGATE, tmp_path, ())
    record, note = installing.add(about, [folder])
    assert note == ""
    assert opening.abilities(record) == ("encoder", "autoencoder", "attribution", "denoiser")
    [whole] = choice.choose(("auto",), needs_generator=True).encoders
    [half] = choice.choose(("mine",)).encoders
    assert isinstance(whole, Generator)
    assert isinstance(half, Encoder)
    assert not isinstance(half, Generator)
    assert whole.name == half.name == f"mine@{record.digest[:12]}"
    pixels = rand(1, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(whole.encode(pixels), half.encode(pixels))


def _sides(pipeline):
    """Return the size for those pipelines that do not take it from the latents they start from."""
    return {"height": 32, "width": 32} if hasattr(pipeline, "transformer") else {}
