"""Examiners of plug-ins: what they say carries the name of their package, and a fault of theirs ends no check."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from artaudit import catalog
from artaudit.examination import Illustration
from artaudit.findings import COPY, PLACES, PLUGIN, PLUGIN_GROUP, Finding, named
from artaudit.image import Image
from artaudit.plugins import EXAMINERS, Plugin

NOT_LOOKED_AT = "not looked at"
"""The method of a finding that stands for an examiner that could not look."""

_LONGEST = 200
"""The most letters of a plug-in's own error that are repeated."""


class PluginExaminer:
    """Asks an examiner of another package.

    Its findings are a group of their own, which is repeated and never weighed: how often it errs is for its makers to
    say. Whose work a picture shows is for the portfolio alone to say.
    """

    def __init__(self, plugin: Plugin, make: Callable[[], Any]) -> None:
        """Take the plug-in and what imports and makes its examiner, which is called once it is asked."""
        self.name, self.plugin, self._make = plugin.name, plugin, make
        self._made: Any = None

    def examine(self, image: Image) -> list[Finding]:
        """Return what the plug-in finds, or one finding that leaves its question open where it fails."""
        try:
            return [self._named(finding) for finding in self._examiner().examine(image)]
        except Exception as error:  # noqa: BLE001 - whatever others get wrong
            claim = f"what {self.name} looks for (it failed: {_line(f'{type(error).__name__}: {error}')[:_LONGEST]})"
            return [self._placed(Finding(self.name, claim, None, NOT_LOOKED_AT), "")]

    def illustrate(self, image: Image, finding: Finding) -> Sequence[Illustration]:
        """Return what the plug-in draws, nothing where it draws nothing or fails."""
        try:
            draw = getattr(self._examiner(), "illustrate", None)
            return [] if draw is None else [self._captioned(drawn) for drawn in draw(image, finding)]
        except Exception:  # noqa: BLE001 - likewise
            return []

    def _captioned(self, drawn: Illustration) -> Illustration:
        pixels = np.ascontiguousarray(drawn.rgb8)
        if not re.fullmatch(r"[A-Za-z0-9-]{1,40}", drawn.name) or pixels.dtype != np.uint8 or pixels.shape[2:] != (3,):
            raise ValueError(drawn.name)
        return Illustration(drawn.name, named(_line(drawn.caption), str(self.plugin)), pixels)

    def _examiner(self) -> Any:  # noqa: ANN401 - any class
        self._made = self._make() if self._made is None else self._made
        return self._made

    def _named(self, finding: Finding) -> Finding:
        kept = Finding.of(json.loads(json.dumps(finding.as_dict(), allow_nan=False)))
        question = getattr(self._examiner(), "question", kept.question)
        return self._placed(kept, "" if question == COPY else question)

    def _placed(self, finding: Finding, question: str) -> Finding:
        plugin = str(self.plugin)
        return replace(
            finding,
            examiner=self.name,
            claim=named(_line(finding.claim), plugin),
            method=_line(finding.method),
            details={**finding.details, PLUGIN: plugin},
            group=f"{PLUGIN_GROUP}{self.name}",
            question=question,
        )


def absent_plugin(finding: Mapping[str, Any]) -> str:
    """Say that the plug-in of a recorded finding is not installed here in its version, "" where it is.

    The finding is not trusted; one of an examiner that comes with artaudit has no plug-in.
    """
    told = finding["details"].get(PLUGIN)
    if not told or finding["examiner"] in PLACES:
        return ""
    here = catalog.PLUGINS[EXAMINERS].get(finding["examiner"])
    if here is None:
        return f"the plug-in that says so, {told}, is not installed here"
    return "" if str(here) == told else f"the plug-in that says so was {told}, and here is {here}"


def _line(text: str) -> str:
    return " ".join(str(text).split())
