"""Noise schedules of denoisers and their samplers: diffusion (DDIM) and rectified flow (Euler).

Song et al., "Denoising Diffusion Implicit Models", https://arxiv.org/abs/2010.02502; Liu et al., "Flow Straight and
Fast", https://arxiv.org/abs/2209.03003
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from artaudit.errors import ModelError
from artaudit.generators.folders import as_model_errors

Latents = Float[Tensor, "batch channels rows columns"]
Steps = Int[Tensor, " batch"]
Times = Float[Tensor, " batch"]
Ask = Callable[[Tensor, Tensor], Tensor]
"""From noisy latents and the time of each, in the denoiser's units, to the denoiser's output."""

LONGEST = 100_000
"""Steps of the longest training schedule that is accepted."""

_DIFFUSION = (
    *("DDIMScheduler", "DDPMScheduler", "PNDMScheduler", "LMSDiscreteScheduler", "EulerDiscreteScheduler"),
    *("EulerAncestralDiscreteScheduler", "HeunDiscreteScheduler", "KDPM2DiscreteScheduler", "LCMScheduler"),
    *("KDPM2AncestralDiscreteScheduler", "DPMSolverMultistepScheduler", "DPMSolverSinglestepScheduler"),
    *("DEISMultistepScheduler", "UniPCMultistepScheduler"),
)
_FLOW = ("FlowMatchEulerDiscreteScheduler",)


@runtime_checkable
class Schedule(Protocol):
    """A forward process of `steps` steps (step 0 is the cleanest), and its reverse."""

    steps: int

    def times(self, steps: Steps) -> Times:
        """Return the times that the denoiser takes as input at these steps."""
        ...

    def add_noise(self, latents: Latents, noise: Latents, steps: Steps) -> Latents:
        """Return noisy latents at these steps."""
        ...

    def training_target(self, latents: Latents, noise: Latents, steps: Steps) -> Latents:
        """Return the output of a perfect denoiser."""
        ...

    def sampler(self, count: int, latents: Latents) -> Any:  # noqa: ANN401 - a scheduler of diffusers
        """Return a fresh scheduler of `count` steps for latents of this size."""
        ...

    def mixed(self, latents: Latents, noise: Latents, time: Float[Tensor, ""]) -> Latents:
        """Return noisy latents at one of the sampler's times."""
        ...


class Diffusion:
    """The variance-preserving process; the prediction is noise, velocity or the clean latents, as the config says."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Take the betas from a scheduler's config; raises ModelError for an unknown kind."""
        from diffusers import DDIMScheduler  # noqa: PLC0415 - heavy

        known = _known(config, _DIFFUSION) | {"clip_sample": False}
        self._config = {key: value for key, value in known.items() if key in _settings(DDIMScheduler)}
        scheduler = _scheduler(DDIMScheduler, self._config)
        self.prediction = str(scheduler.config.prediction_type)
        if self.prediction not in ("epsilon", "v_prediction", "sample"):
            raise ModelError(f"The prediction type {self.prediction!r} is not known: it is epsilon or v_prediction.")
        self._alphas: Tensor = scheduler.alphas_cumprod
        self.steps = len(self._alphas)

    def times(self, steps: Steps) -> Times:
        """Return the steps themselves."""
        return steps.float()

    def add_noise(self, latents: Latents, noise: Latents, steps: Steps) -> Latents:
        """Return `sqrt(a) latents + sqrt(1 - a) noise`."""
        signal, deviation = self._shares(latents, steps)
        return signal * latents + deviation * noise

    def training_target(self, latents: Latents, noise: Latents, steps: Steps) -> Latents:
        """Return the noise, the velocity `sqrt(a) noise - sqrt(1 - a) latents`, or the latents."""
        signal, deviation = self._shares(latents, steps)
        velocity = signal * noise - deviation * latents
        return {"epsilon": noise, "v_prediction": velocity, "sample": latents}[self.prediction]

    def sampler(self, count: int, latents: Latents) -> Any:  # noqa: ANN401 - a scheduler of diffusers
        """Return DDIM without added noise."""
        from diffusers import DDIMScheduler  # noqa: PLC0415 - heavy

        scheduler = _scheduler(DDIMScheduler, self._config)
        scheduler.set_timesteps(count, device=latents.device)
        return scheduler

    def mixed(self, latents: Latents, noise: Latents, time: Float[Tensor, ""] | Int[Tensor, ""]) -> Latents:
        """Return noisy latents at one of the sampler's whole steps."""
        return self.add_noise(latents, noise, time.reshape(1).long().expand(len(latents)))

    def _shares(self, latents: Latents, steps: Steps) -> tuple[Tensor, Tensor]:
        alphas = self._alphas.to(latents)[steps.to(latents.device)].view(-1, 1, 1, 1)
        return alphas.sqrt(), (1 - alphas).sqrt()


class Flow:
    """The straight path from latents to noise; the prediction is its direction, `noise - latents`.

    With `even` a sampler's noise levels are spaced evenly down to 1 / count, as for FLUX; without it down to the lowest
    level of training, as for Stable Diffusion 3.
    """

    def __init__(self, config: Mapping[str, Any], *, even: bool = False) -> None:
        """Take the noise levels from a scheduler's config; raises ModelError for an unknown kind."""
        from diffusers import FlowMatchEulerDiscreteScheduler  # noqa: PLC0415 - heavy

        settings = _settings(FlowMatchEulerDiscreteScheduler)
        self._config = {key: value for key, value in _known(config, _FLOW).items() if key in settings}
        self._even = even
        self._levels: Tensor = _scheduler(FlowMatchEulerDiscreteScheduler, self._config).sigmas.flip(0)
        self.steps = len(self._levels)

    def times(self, steps: Steps) -> Times:
        """Return the noise levels times the number of steps."""
        return self._levels.to(steps.device)[steps] * self.steps

    def add_noise(self, latents: Latents, noise: Latents, steps: Steps) -> Latents:
        """Return `(1 - s) latents + s noise`."""
        level = self._levels.to(latents)[steps.to(latents.device)].view(-1, 1, 1, 1)
        return (1 - level) * latents + level * noise

    def training_target(self, latents: Latents, noise: Latents, steps: Steps) -> Latents:  # noqa: ARG002 - at any step
        """Return `noise - latents`."""
        return noise - latents

    def sampler(self, count: int, latents: Latents) -> Any:  # noqa: ANN401 - a scheduler of diffusers
        """Return Euler steps along the path, shifted by the size of the latents where the model asks for it."""
        from diffusers import FlowMatchEulerDiscreteScheduler  # noqa: PLC0415 - heavy

        scheduler = _scheduler(FlowMatchEulerDiscreteScheduler, self._config)
        shift = _shift(scheduler.config, latents) if scheduler.config.use_dynamic_shifting else None
        levels = np.linspace(1, 1 / count, count).tolist() if self._even else None
        scheduler.set_timesteps(count, device=latents.device, mu=shift, sigmas=levels)
        return scheduler

    def mixed(self, latents: Latents, noise: Latents, time: Float[Tensor, ""]) -> Latents:
        """Return noisy latents at a noise level times the number of steps."""
        return latents + (time / self.steps) * (noise - latents)


def sample(schedule: Schedule, ask: Ask, noise: Latents, start: Latents | None, strength: float, count: int) -> Latents:
    """Return latents drawn from noise, or redrawn from `start` noised to `strength` (a part of the schedule)."""
    sampler = schedule.sampler(count, noise)
    skipped = 0 if start is None else count - min(count, max(1, int(count * strength)))
    times = sampler.timesteps[skipped:]
    latents = noise if start is None else schedule.mixed(start, noise, times[0])
    sampler.set_begin_index(skipped) if hasattr(sampler, "set_begin_index") else None
    for time in times:
        prediction = ask(latents, time.float().expand(len(latents)))
        latents = sampler.step(prediction, time, latents, return_dict=False)[0]
    return latents


def _known(config: Mapping[str, Any], classes: tuple[str, ...]) -> dict[str, Any]:
    name, steps = config.get("_class_name"), config.get("num_train_timesteps", 1000)
    if name not in classes:
        raise ModelError(f"The scheduler {name!r} is not known here: it is one of {', '.join(classes)}.")
    if not isinstance(steps, int) or not 0 < steps <= LONGEST:
        raise ModelError(f"A schedule of {steps!r} steps is not accepted: check the model's scheduler_config.json.")
    return dict(config)


def _settings(kind: Any) -> set[str]:  # noqa: ANN401 - a class of diffusers
    return set(kind._get_init_keys(kind))  # noqa: SLF001 - diffusers' only list of a config's keys


def _scheduler(kind: Any, config: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a scheduler of diffusers
    with as_model_errors(Path("scheduler_config.json"), "schedule"):
        return kind(**config)


def _shift(config: Any, latents: Latents) -> float:  # noqa: ANN401 - a config of diffusers
    """Return the shift of the path for the number of patches, linear between the two of the config."""
    patches = latents.shape[-2] * latents.shape[-1] / 4
    slope = (config.max_shift - config.base_shift) / (config.max_image_seq_len - config.base_image_seq_len)
    return float(config.base_shift + slope * (patches - config.base_image_seq_len))
