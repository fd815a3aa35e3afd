"""The one training loop of all networks; a run that was killed and goes on ends in the same numbers.

Everything random follows from the seed and the number of the step, so a run needs no more than its weights, its
optimiser's moments, that number and the best weights so far to go on. Processes and mixed precision are accelerate's,
https://huggingface.co/docs/accelerate; early stopping after Prechelt 1998, https://doi.org/10.1007/3-540-49430-8_3.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor, nn

from artaudit.errors import ModelError
from artaudit.image import write_atomically
from artaudit.protocols import Progress

Batch = tuple[Tensor, Tensor]
"""Pictures, uint8 of shape (count, height, width, 3), and which are machine-made, bool of shape (count,)."""
Draw = Callable[[int, int], Batch]
"""The batch of a step for one of the processes."""
Loss = Callable[[nn.Module, Tensor, Tensor], Tensor]
"""A network's loss on pictures, float of shape (count, 3, height, width) in [0, 1], and their labels."""

Precision = Literal["no", "bf16", "fp16"]
"""Accelerate's mixed precision; with fp16, a run that goes on begins the scale of its loss anew."""

STATE, LOG = "state.safetensors", "log.jsonl"


@dataclass(frozen=True, slots=True)
class TrainingSchedule:
    """How long and how fast to learn: AdamW, a warm-up of a twentieth of the steps, then a cosine down to zero.

    `rate` is the highest learning rate; the state is kept every `keep` steps, and so often a network that is watched is
    looked at, `looks` batches each time: after `patience` looks in a row without gain it has learned enough; 0 never
    stops. `precision` is accelerate's.
    """

    steps: int
    rate: float = 1e-3
    decay: float = 1e-2
    seed: int = 0
    keep: int = 50
    patience: int = 0
    looks: int = 4
    precision: Precision = "no"

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0."""
        warm = max(1, self.steps // 20)
        return self.rate * min(1.0, (step + 1) / warm) * (1 + math.cos(math.pi * step / self.steps)) / 2


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """The folder with the state and the log of a training run, and what is told of its progress."""

    folder: Path
    progress: Progress | None = None
    tensorboard: bool = False


@dataclass(slots=True)
class Best:
    """The weights that did best on pictures kept apart, with their loss there, and how many looks ago that was."""

    loss: float = math.inf
    ago: int = 0
    weights: dict[str, Tensor] = field(default_factory=dict)

    def look(self, network: nn.Module, loss: float) -> None:
        """Keep the network's weights where their loss is the least so far."""
        self.ago += 1
        if loss < self.loss:
            weights = {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}
            self.loss, self.ago, self.weights = loss, 0, weights

    def enough(self, patience: int) -> bool:
        """Tell whether the last `patience` looks brought nothing; never for 0."""
        return 0 < patience <= self.ago


def train(
    network: nn.Module,
    draw: Draw,
    loss: Loss,
    schedule: TrainingSchedule,
    run: RunDirectory,
    watched: Draw | None = None,
) -> None:
    """Train a network in place, going on where a run in the folder of `run` was stopped.

    With `watched`, batches of pictures that `draw` never gives, the network ends with the weights that did best on
    these, and may end early. Raises ModelError for a state that is damaged or another network's.
    """
    from accelerate import Accelerator  # noqa: PLC0415 - heavy, and only training needs it

    runner = Accelerator(mixed_precision=schedule.precision)
    optimiser = torch.optim.AdamW(network.parameters(), lr=schedule.rate, weight_decay=schedule.decay)
    best = Best()
    done = _resume(network, optimiser, run.folder, best)
    ready, optimiser = runner.prepare(network, optimiser)
    ready.train()
    board = _board(run) if runner.is_main_process else None
    for step in range(done, schedule.steps):
        if best.enough(schedule.patience):
            break
        torch.manual_seed(schedule.seed * 1_000_003 + step)
        started = time.perf_counter()
        for group in optimiser.param_groups:
            group["lr"] = schedule.rate_at(step)
        pictures, made = (tensor.to(runner.device) for tensor in draw(step, runner.process_index))
        with runner.autocast():
            cost = loss(ready, pictures.permute(0, 3, 1, 2).float() / 255, made)
        optimiser.zero_grad()
        runner.backward(cost)
        runner.clip_grad_norm_(ready.parameters(), 1.0)
        optimiser.step()
        row = {"step": step, "loss": float(cost.detach()), "rate": schedule.rate_at(step)}
        resting = (step + 1) % schedule.keep == 0 or step + 1 == schedule.steps
        if resting and watched:
            row["held out"] = _held_out(runner, ready, watched, loss, schedule.looks)
            best.look(network, row["held out"])
        if runner.is_main_process:
            _write_down(run, {**row, "seconds": round(time.perf_counter() - started, 3)}, board)
            if resting:
                _keep(network, optimiser, step + 1, run.folder, best)
            if run.progress:
                run.progress(step + 1, schedule.steps)
    runner.wait_for_everyone()
    network.load_state_dict(best.weights or network.state_dict())
    network.to("cpu").eval()


def _held_out(runner: Any, network: nn.Module, watched: Draw, loss: Loss, looks: int) -> float:  # noqa: ANN401
    """Return the mean loss on the same batches each time, as the first process measures it."""
    from accelerate.utils import broadcast  # noqa: PLC0415 - heavy, and only training needs it

    network.eval()
    total = torch.zeros((), device=runner.device)
    with torch.no_grad(), runner.autocast():
        for look in range(looks):
            pictures, made = (tensor.to(runner.device) for tensor in watched(look, 0))
            total += loss(network, pictures.permute(0, 3, 1, 2).float() / 255, made) / looks
    network.train()
    return float(broadcast(total))


def leads() -> bool:
    """Tell whether this is the process that writes; the others of a run have nothing left to do after training."""
    from accelerate import PartialState  # noqa: PLC0415 - heavy, and only training needs it

    return bool(PartialState().is_main_process)


def _board(run: RunDirectory) -> Any:  # noqa: ANN401 - TensorBoard is optional
    if not run.tensorboard:
        return None
    try:
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ModelError("TensorBoard is not installed: pip install 'artaudit[tensorboard]'.") from error
    return SummaryWriter(str(run.folder / "tensorboard"))


def _write_down(run: RunDirectory, row: Mapping[str, float | int], board: Any) -> None:  # noqa: ANN401
    run.folder.mkdir(parents=True, exist_ok=True)
    with (run.folder / LOG).open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    if board:
        for name in row.keys() & {"loss", "rate", "held out"}:
            board.add_scalar(name, row[name], row["step"])


def _keep(network: nn.Module, optimiser: Any, done: int, folder: Path, best: Best) -> None:  # noqa: ANN401
    """Write everything that the next step needs, whole or not at all."""
    tensors = {f"network/{name}": value for name, value in network.state_dict().items()}
    for number, kept in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser/{number}/{name}": torch.as_tensor(value) for name, value in kept.items()}
    tensors |= {f"best/{name}": value for name, value in best.weights.items()}
    tensors = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    told = {"done": str(done), "best": repr(best.loss), "ago": str(best.ago)}
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / STATE, save(tensors, metadata=told))


def _resume(network: nn.Module, optimiser: torch.optim.Optimizer, folder: Path, best: Best) -> int:
    """Take up the state that lies in the folder and return how many steps it has behind it."""
    path = folder / STATE
    if not path.exists():
        (folder / LOG).unlink(missing_ok=True)
        return 0
    try:
        with safe_open(path, framework="pt") as file:
            told = file.metadata()
            done, best.loss, best.ago = int(told["done"]), float(told["best"]), int(told["ago"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        network.load_state_dict(_below("network/", tensors))
        best.weights = _below("best/", tensors)
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in _below("optimiser/", tensors).items():
            number, what = name.split("/")
            moments.setdefault(int(number), {})[what] = value
        optimiser.load_state_dict(optimiser.state_dict() | {"state": moments})
    except Exception as error:
        raise ModelError(f"{path} is no state of this network ({error}): delete it to begin anew.") from error
    log = folder / LOG
    rows = log.read_text("utf-8").splitlines() if log.exists() else []
    kept = [row for row in rows if row.endswith("}") and json.loads(row)["step"] < done]
    write_atomically(log, "".join(f"{row}\n" for row in kept).encode())
    return done


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}
