"""The small latent diffusion model is opened from two files, is conditioned on the words it knows, and draws."""

import json

import pytest
import torch
from diffusers import DDIMScheduler
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from artaudit.errors import ModelError
from artaudit.generators import opening, pool
from artaudit.generators.latents import ConditionedDenoiser, WordTable, build_denoiser, latent_diffusion
from artaudit.protocols import Generator

CONFIG = {
    "autoencoder": "studio-sd1",
    "betas": {"start": 0.00085, "end": 0.012, "steps": 1000, "kind": "scaled_linear"},
    "words": ["drawing", "painting", "tree"],
    "denoiser": {
        "sample_size": 16,
        "block_out_channels": [16, 32],
        "layers_per_block": 1,
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
        "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"],
        "cross_attention_dim": 24,
        "attention_head_dim": 8,
        "norm_num_groups": 8,
    },
}


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    home = tmp_path / "mine"
    home.mkdir()
    (home / "config.json").write_text(json.dumps(CONFIG))
    save_file(
        {key: value.half() for key, value in ConditionedDenoiser(CONFIG).state_dict().items()},
        home / "denoiser.safetensors",
    )
    return home


def opened(folder):
    return latent_diffusion(folder, name="mine", family="SD 1.x", digest="0" * 64)


def change(folder, **entries):
    (folder / "config.json").write_text(json.dumps(CONFIG | entries))


def test_a_record_of_two_files_is_opened_as_a_generator(folder):
    files = [folder / "config.json", folder / "denoiser.safetensors"]
    record = pool.record_of("mine", "latent-diffusion", files, family="SD 1.x", licence="", use=pool.SURROGATE)
    (folder / pool.RECORD).write_bytes(pool.describe(record))
    [found] = pool.installed(folder.parent)
    model = opening.open_model(found)
    assert isinstance(model, Generator)
    assert model.name == f"mine@{found.digest[:12]}"
    assert opening.abilities(found) == ("encoder", "autoencoder", "attribution", "denoiser")
    studio = next(opening.open_model(record) for record in pool.embedded() if record.name == "studio-sd1")
    pixels = torch.rand(1, 3, 64, 64)
    assert torch.equal(model.encode(pixels), studio.encode(pixels))
    assert not any(weight.requires_grad for weight in model.denoiser.parameters())


def test_it_predicts_what_its_network_answers_to_its_words(folder):
    model, state = opened(folder), load_file(folder / "denoiser.safetensors")
    denoiser = build_denoiser(CONFIG).eval()
    denoiser.load_state_dict({k.removeprefix("denoiser."): v.float() for k, v in state.items() if k[0] == "d"})
    noisy, steps = torch.randn(2, 4, 8, 8), torch.tensor([3, 800])
    words = state["words.weight"].float()[[3, 1, 0, 0, 0, 0, 0, 0]][None].expand(2, -1, -1)
    with torch.no_grad():
        expected = denoiser(noisy, steps, words).sample
        assert torch.allclose(model.predict(noisy, steps, model.condition("A TREE, drawing!")), expected, atol=1e-5)
    scheduler = DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    noise = torch.randn(2, 4, 8, 8)
    assert torch.allclose(model.add_noise(noisy, noise, steps), scheduler.add_noise(noisy, noise, steps), atol=1e-6)
    assert torch.equal(model.training_target(noisy, noise, steps), noise)


def test_unknown_words_are_ignored(folder):
    model = opened(folder)
    assert model.vocabulary == ("drawing", "painting", "tree")
    words = [model.condition(prompt).tensors["words"] for prompt in ("", "a photo of a dog", "tree", "a Tree.")]
    assert torch.equal(words[0], words[1])
    assert torch.equal(words[2], words[3])
    assert not torch.equal(words[0], words[2])
    assert words[0].shape == (1, 8, 24)


def test_it_draws_the_same_for_the_same_seed(folder):
    model = opened(folder)
    first, again, other = (model.generate("tree", seed=seed, size=(64, 72), steps=3) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == (1, 3, 64, 72)
    assert first.min() >= 0
    assert first.max() <= 1


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60), st.lists(st.sampled_from(["drawing", "tree", "of", "Painting"]), max_size=12))
def test_ids_are_the_known_words_in_order_cut_to_the_length(text, words):
    table = WordTable(CONFIG["words"], 4)
    ids = table.ids(" ".join(words))
    known = [table.words.index(word.lower()) + 1 for word in words if word.lower() in table.words][:8]
    assert ids.tolist() == known + [0] * (8 - len(known))
    assert table.ids(text).shape == (8,)
    assert table(ids[None]).shape == (1, 8, 4)


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"autoencoder": "somebody's"}, "which does not come with artaudit"),
        ({"autoencoder": "../../x"}, "which does not come with artaudit"),
        ({"betas": None}, "names no betas"),
        ({"betas": {"start": 1}}, "names no betas"),
        ({"betas": CONFIG["betas"] | {"steps": 10**12}}, "is not accepted"),
        ({"betas": CONFIG["betas"] | {"kind": "odd"}}, "no whole schedule"),
        ({"words": None}, "no whole config of a denoiser"),
        ({"words": ["a"]}, "another layout"),
        ({"denoiser": {}}, "no whole config of a denoiser"),
        ({"denoiser": CONFIG["denoiser"] | {"block_out_channels": [1 << 16, 1 << 16]}}, "another layout"),
        ({"denoiser": CONFIG["denoiser"] | {"down_block_types": ["a", "b"]}}, "no whole config of a denoiser"),
        ({"denoiser": CONFIG["denoiser"] | {"surprise": 1}}, "no whole config of a denoiser"),
    ],
)
def test_strange_configs_are_answered_with_a_sentence(folder, entries, sentence):
    change(folder, **entries)
    with pytest.raises(ModelError, match=sentence):
        opened(folder)
