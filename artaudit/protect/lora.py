"""Generators that learn a picture through low-rank adapters (LoRA), as an imitator would train them.

Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022, https://arxiv.org/abs/2106.09685.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from artaudit.errors import UsageError
from artaudit.protect.denoising import Denoising, relative, source
from artaudit.protocols import Condition, Generator

Pixels = Float[Tensor, "1 3 height width"]
Batch = Float[Tensor, "batch 3 height width"]
Latents = Float[Tensor, "batch channels rows columns"]

ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")
"""Names of the layers that adapters are put on, in every denoiser of diffusers."""


class Student:
    """A generator like its teacher, but for adapters on the attention of its denoiser; these alone are trained.

    Frozen weights are shared with the teacher's network, not copied. `priors` are pictures that the teacher drew.
    """

    def __init__(self, teacher: Generator, *, rank: int, seed: int, priors: Sequence[Pixels] = ()) -> None:
        """Make adapters that do not change anything yet; raises UsageError for a denoiser without attention."""
        self.denoiser = adapted(teacher.denoiser, rank=rank, seed=seed, name=teacher.name)
        self._generator = copy.copy(teacher)
        object.__setattr__(self._generator, "denoiser", self.denoiser)  # the copy is ours, even if it is frozen
        self.name, self.digest, self.family, self.factor = teacher.name, teacher.digest, teacher.family, teacher.factor
        self.schedule_steps = teacher.schedule_steps
        self.priors = tuple(priors)
        self._kept: list[Tensor] = []
        self.keep()

    @property
    def weights(self) -> list[nn.Parameter]:
        """The trainable weights."""
        return [weight for weight in self.denoiser.parameters() if weight.requires_grad]

    def keep(self) -> None:
        """Remember the trainable weights as they are."""
        self._kept = [weight.detach().clone() for weight in self.weights]

    def restore(self) -> None:
        """Go back to the weights that were kept last."""
        with torch.no_grad():
            for weight, kept in zip(self.weights, self._kept, strict=True):
                weight.copy_(kept)

    def encode(self, pixels: Batch) -> Latents:
        """Return the teacher's latents."""
        return self._generator.encode(pixels)

    def decode(self, latents: Latents) -> Batch:
        """Return the teacher's pixels."""
        return self._generator.decode(latents)

    def condition(self, prompt: str) -> Condition:
        """Return the teacher's condition."""
        return self._generator.condition(prompt)

    def add_noise(self, latents: Latents, noise: Latents, steps: Int[Tensor, " batch"]) -> Latents:
        """Return the teacher's forward process."""
        return self._generator.add_noise(latents, noise, steps)

    def predict(self, noisy: Latents, steps: Int[Tensor, " batch"], condition: Condition) -> Latents:
        """Return the prediction of the denoiser with its adapters."""
        return self._generator.predict(noisy, steps, condition)

    def training_target(self, latents: Latents, noise: Latents, steps: Int[Tensor, " batch"]) -> Latents:
        """Return the teacher's training target."""
        return self._generator.training_target(latents, noise, steps)

    def generate(
        self,
        prompt: str,
        *,
        seed: int,
        size: tuple[int, int] = (512, 512),
        start: Pixels | None = None,
        strength: float = 1.0,
        guidance: float = 7.5,
        steps: int = 50,
    ) -> Float[Tensor, "1 3 drawn_height drawn_width"]:
        """Return a picture drawn with the adapters in place."""
        return self._generator.generate(
            prompt, seed=seed, size=size, start=start, strength=strength, guidance=guidance, steps=steps
        )


def adapted(denoiser: nn.Module, *, rank: int, seed: int, name: str) -> nn.Module:
    """Return a twin of a denoiser with untrained adapters, which shares every weight and buffer with it.

    Adapters are kept in float32, whatever the network computes in. Raises UsageError where no attention is found.
    """
    from peft import LoraConfig, inject_adapter_in_model  # noqa: PLC0415 - heavy

    if not any(layer.endswith(ATTENTION) for layer, _ in denoiser.named_modules()):
        raise UsageError(f"The denoiser of {name} has no attention to train: choose another model for this method.")
    shared = {id(tensor): tensor for tensor in (*denoiser.parameters(), *denoiser.buffers())}
    twin = copy.deepcopy(denoiser, shared)
    config = LoraConfig(r=rank, lora_alpha=rank, target_modules=list(ATTENTION))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        inject_adapter_in_model(config, twin)
    for weight in twin.parameters():
        if weight.requires_grad:
            weight.data = weight.data.float()
    return twin


@dataclass(frozen=True, slots=True)
class LoRATrainer:
    """How a student is trained: AdamW at `rate` on random crops of `side` pixels under `prompt`.

    Prior preservation adds, with `prior_weight`, the loss on `priors` pictures that the teacher drew under
    `prior_prompt` (Ruiz et al., "DreamBooth", CVPR 2023, https://arxiv.org/abs/2208.12242); 0 priors leave it out.
    The text encoder is not trained.
    """

    rank: int = 4
    rate: float = 1e-4
    side: int = 512
    prompt: str = "a painting"
    priors: int = 2
    prior_prompt: str = "a picture"
    prior_weight: float = 0.1
    prior_steps: int = 20

    def student(self, teacher: Generator, clean: Pixels, seed: int) -> Student:
        """Return a student of `teacher`; the teacher draws the priors first, in the size of the crops of `clean`."""
        height, width = (min(self.side, length) for length in clean.shape[-2:])
        priors = [
            teacher.generate(self.prior_prompt, seed=seed + number, size=(height, width), steps=self.prior_steps)
            for number in range(self.priors)
        ]
        return Student(teacher, rank=self.rank, seed=seed, priors=priors)

    def train(self, student: Student, picture: Pixels, *, steps: int, seed: int) -> None:
        """Train a student on a picture; the same seed draws the same crops and noise."""
        weights = student.weights
        optimizer = torch.optim.AdamW(weights, lr=self.rate, weight_decay=0.01)
        learn = Denoising(student, self.prompt, seed)
        recall = Denoising(student, self.prior_prompt, seed + 1)
        for step in range(steps):
            with torch.no_grad():
                latents = student.encode(crop(picture, self.side, source(seed, step)))
            loss = relative(*learn(latents, step))
            if student.priors:
                with torch.no_grad():
                    known = student.encode(student.priors[step % len(student.priors)])
                loss = loss + self.prior_weight * relative(*recall(known, step))
            optimizer.zero_grad()
            torch.autograd.backward(loss, inputs=weights)
            optimizer.step()


def crop(picture: Pixels, side: int, random: torch.Generator) -> Float[Tensor, "1 3 crop_height crop_width"]:
    """Cut a random window of at most `side` pixels a side."""
    height, width = picture.shape[-2:]
    top = int(torch.randint(max(0, height - side) + 1, (), generator=random))
    left = int(torch.randint(max(0, width - side) + 1, (), generator=random))
    return picture[..., top : top + side, left : left + side]
