"""The published cloaks with the budgets and steps of their authors' code, in units of the full range.

Half of these programs scale samples to [-1, 1], where "8/255" is 4 of 255 levels. Budgets that are no whole levels are
rounded down: 7.65 to 7, 6.375 to 6, 12.75 to 12, 10.2 to 10. The descent starts at random, which SDS does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from artaudit.protect.cloak import DescentCloak
from artaudit.protect.constraints import LEVELS
from artaudit.protect.descent import Descent
from artaudit.protect.objective import Objective
from artaudit.protect.objectives.advdm import AdvDM
from artaudit.protect.objectives.antidreambooth import AntiDreamBooth
from artaudit.protect.objectives.mist import Mist
from artaudit.protect.objectives.mist2 import Mist2
from artaudit.protect.objectives.nightshade import Nightshade
from artaudit.protect.objectives.photoguard import PhotoGuard
from artaudit.protect.objectives.push import Push
from artaudit.protect.objectives.sds import ScoreDistillation
from artaudit.protocols import Budget, Encoder
from artaudit.transforms import Identity


@dataclass(frozen=True, slots=True)
class Preset:
    """A published setting: `linf`, `first` and `last` step in levels of 255, plain signed gradients, no transforms."""

    objective: Objective
    linf: float
    steps: int
    first: float
    last: float

    @property
    def budget(self) -> Budget:
        """The published budget."""
        return Budget(self.linf / LEVELS)

    @property
    def descent(self) -> Descent:
        """The published steps, from noise that fills the budget."""
        start = int(self.linf) / 3**0.5
        return Descent(steps=self.steps, first=self.first, last=self.last, start=start, betas=None)

    def cloak(self, models: Sequence[Encoder]) -> DescentCloak:
        """Return the cloak against these models; to be applied with `budget`."""
        return DescentCloak(self.objective, tuple(models), self.descent, expectation=(Identity(),), together=True)


PRESETS = MappingProxyType(
    {
        "photoguard": Preset(PhotoGuard(), linf=7.65, steps=1000, first=2.55, last=0.0255),
        "advdm": Preset(AdvDM(), linf=16.0, steps=100, first=1.0, last=1.0),
        "mist-v1": Preset(Mist(), linf=16.0, steps=100, first=1.0, last=1.0),
        "mist-v2": Preset(Mist2(block=30, lesson=10), linf=6.0, steps=5 * 30, first=0.6375, last=0.6375),
        "ace": Preset(Mist2(block=50, lesson=5), linf=4.0, steps=5 * 50, first=0.6375, last=0.6375),
        "ace-plus": Preset(Mist2(block=50, lesson=5, pulled=100.0), linf=4.0, steps=5 * 50, first=0.6375, last=0.6375),
        "aspl": Preset(AntiDreamBooth(), linf=6.375, steps=50 * 6, first=0.6375, last=0.6375),
        "sds": Preset(ScoreDistillation(), linf=16.0, steps=100, first=1.0, last=1.0),
        "pid": Preset(Push(), linf=12.75, steps=1000, first=1.0, last=1.0),
        "nightshade-ref": Preset(Nightshade(), linf=10.2, steps=500, first=10.2, last=0.102),
    }
)
"""Methods by the name of their publication or program."""
