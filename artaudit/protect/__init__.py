"""Cloaks: changes to a picture, within a budget, that make models learn it wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artaudit.exports import exports

if TYPE_CHECKING:
    from artaudit.protect.calling import load_objective
    from artaudit.protect.cloak import DescentCloak as Cloak
    from artaudit.protect.constraints import Constraint, FlickerCeiling, ScoreFloor, noise_of
    from artaudit.protect.descent import Descent
    from artaudit.protect.objective import Objective
    from artaudit.protect.presets import PRESETS, Preset
    from artaudit.protect.saving import save_within
    from artaudit.protocols import Budget, Cloaked

_NAMES = {
    "Budget": "artaudit.protocols:Budget",
    "Cloaked": "artaudit.protocols:Cloaked",
    "Cloak": "artaudit.protect.cloak:DescentCloak",
    "Descent": "artaudit.protect.descent:Descent",
    "Constraint": "artaudit.protect.constraints:Constraint",
    "ScoreFloor": "artaudit.protect.constraints:ScoreFloor",
    "FlickerCeiling": "artaudit.protect.constraints:FlickerCeiling",
    "noise_of": "artaudit.protect.constraints:noise_of",
    "Objective": "artaudit.protect.objective:Objective",
    "load_objective": "artaudit.protect.calling:load_objective",
    "PRESETS": "artaudit.protect.presets:PRESETS",
    "Preset": "artaudit.protect.presets:Preset",
    "save_within": "artaudit.protect.saving:save_within",
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(__name__, _NAMES)

__all__ = [
    "PRESETS",
    "Budget",
    "Cloak",
    "Cloaked",
    "Constraint",
    "Descent",
    "FlickerCeiling",
    "Objective",
    "Preset",
    "ScoreFloor",
    "load_objective",
    "noise_of",
    "save_within",
]
