"""A small but real latent diffusion model: diffusers' own UNet, a convolutional autoencoder, linear betas."""

from __future__ import annotations

import pytest
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import nn

from artaudit.protocols import Condition
from artaudit.tensors import pad_to_multiple


class TinyEncoder:
    """Pixels to four latents, eight times down, with seeded weights."""

    family = "tiny"
    factor = 8

    def __init__(self, seed: int = 0, scale: float = 1.0) -> None:
        self.name, self.digest, self.scale = f"tiny@{seed}", str(seed), scale
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            layers = [nn.Conv2d(3, 12, 4, 4), nn.SiLU(), nn.Conv2d(12, 4, 2, 2)]
            self._encoder = nn.Sequential(*layers).requires_grad_(requires_grad=False)
        latents = self._encoder(torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(0)))
        self._mean, self._deviation = latents.mean(), latents.std()

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        latents = self._encoder(pad_to_multiple(pixels, self.factor))
        return self.scale * (latents - self._mean) / self._deviation


class TinyGenerator(TinyEncoder):
    """The encoder with an untrained denoiser, which predicts noise."""

    def __init__(self, seed: int = 0, schedule_steps: int = 100) -> None:
        super().__init__(seed)
        self.schedule_steps = schedule_steps
        self.scheduler = DDIMScheduler(num_train_timesteps=schedule_steps, beta_schedule="linear", clip_sample=False)
        with torch.random.fork_rng():
            torch.manual_seed(seed + 1)
            self._decoder = nn.ConvTranspose2d(4, 3, 8, 8).requires_grad_(requires_grad=False)
            self.denoiser = _network().eval().requires_grad_(requires_grad=False)

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self._decoder(latents))

    def condition(self, prompt: str) -> Condition:
        random = torch.Generator().manual_seed(sum(prompt.encode()))
        return Condition({"states": torch.randn(1, 3, 8, generator=random)})

    def add_noise(self, latents: torch.Tensor, noise: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
        return self.scheduler.add_noise(latents, noise, steps)

    def predict(self, noisy: torch.Tensor, steps: torch.Tensor, condition: Condition) -> torch.Tensor:
        return self.denoiser(noisy, steps, encoder_hidden_states=condition.tensors["states"]).sample

    def training_target(self, latents: torch.Tensor, noise: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
        del latents, steps
        return noise

    @torch.no_grad()
    def generate(self, prompt, *, seed, size=(512, 512), start=None, strength=1.0, guidance=7.5, steps=50):
        del guidance
        condition = self.condition(prompt)
        self.scheduler.set_timesteps(min(steps, 4))
        shape = (1, 4, *(-(-side // self.factor) for side in size)) if start is None else self.encode(start).shape
        noise = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
        times = self.scheduler.timesteps[int((1 - strength) * len(self.scheduler.timesteps)) :]
        latents = noise if start is None else self.add_noise(self.encode(start), noise, times[:1])
        for time in times:
            latents = self.scheduler.step(self.predict(latents, time[None], condition), time, latents).prev_sample
        height, width = size if start is None else start.shape[-2:]
        return self.decode(latents)[..., :height, :width]


def _network() -> UNet2DConditionModel:
    return UNet2DConditionModel(
        in_channels=4,
        out_channels=4,
        sample_size=8,
        layers_per_block=1,
        block_out_channels=(16, 32),
        norm_num_groups=4,
        attention_head_dim=8,
        cross_attention_dim=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    )


@pytest.fixture
def generator() -> TinyGenerator:
    return TinyGenerator()


@pytest.fixture
def encoder() -> TinyEncoder:
    return TinyEncoder()
