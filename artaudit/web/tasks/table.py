"""The functions of tasks, by the kind of the job; importing this is as heavy as what they do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from artaudit.web.tasks.checking import check
from artaudit.web.tasks.context import Context
from artaudit.web.tasks.modelling import calibrate, install
from artaudit.web.tasks.protecting import preview, protect
from artaudit.web.tasks.registering import register
from artaudit.web.tasks.trying import trial
from artaudit.web.tasks.verifying import verify

TASKS: Mapping[str, Callable[[Context], dict[str, Any]]] = MappingProxyType(
    {
        "calibrate": calibrate,
        "check": check,
        "install": install,
        "preview": preview,
        "protect": protect,
        "register": register,
        "trial": trial,
        "verify": verify,
    }
)
