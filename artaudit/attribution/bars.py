"""The bars on scores: those of a conformal test on pictures by others that a fit did not see.

A picture is named if it scores higher than all but a small share of these (Vovk et al., "Algorithmic Learning in a
Random World", 2005, https://doi.org/10.1007/b106715). Plain pictures, which any decoder redraws well, have a bar of
their own (Mondrian conformal prediction, section 4.5 of the book).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float

from artaudit.attribution.regression import FURTHER, REAL

FALSE_NAMING_RATE, FALSE_NAMING_RATE_EACH = 0.005, 0.01
"""The largest share of pictures by others that may be named: of all, and of each set."""

LEAST_EVIDENCE = 1.0
"""The lowest bar: the traces are at least ten times likelier if the candidate drew it."""

Scores = Mapping[str, Float[np.ndarray, " _"]]
Flags = Mapping[str, Bool[np.ndarray, " _"]]
"""By set."""


def bars_over(others: Scores, odd: Flags, saved: Flags | None = None) -> tuple[float, float]:
    """Return the bar over pictures by others and that of plain ones, `odd`, which is higher than any of these scored.

    Plain pictures are few, and do not raise the bar of the rest. Of those that were `saved` and those that were not
    each keeps the rates: files lose traces of any decoder, and would hide how high pictures score that never were any.
    """
    kept = saved or {name: np.zeros(len(values), bool) for name, values in others.items()}
    rest = [
        {name: values[~odd[name] & (kept[name] == state)] for name, values in others.items()} for state in (False, True)
    ]
    filled = [{name: values for name, values in _by_kind(part).items() if len(values)} for part in rest]
    bar = max([bar_over(part) for part in filled if part] or [bar_over(_by_kind(others))])
    empty = np.concatenate([values[odd[name]] for name, values in others.items()])
    return bar, max(bar, float(np.nextafter(empty.max(), np.inf))) if len(empty) else bar


def _by_kind(others: Scores) -> dict[str, np.ndarray]:
    """Return the sets with the two of real pictures as one."""
    kinds: dict[str, list[np.ndarray]] = {}
    for name, values in others.items():
        kinds.setdefault(REAL if name == FURTHER else name, []).append(values)
    return {name: np.concatenate(parts) for name, parts in kinds.items()}


def bar_over(others: Scores) -> float:
    """Return the lowest score that is conformal at both rates: over all `others` and over each set of them.

    Where a set is too small for its rate, the bar lies above its highest score.
    """
    everyone = np.concatenate(list(others.values()))
    each = [_conformal(values, FALSE_NAMING_RATE_EACH) for values in others.values()]
    return max(_conformal(everyone, FALSE_NAMING_RATE), *each, LEAST_EVIDENCE)


def _conformal(others: Float[np.ndarray, " pictures"], rate: float) -> float:
    """Return the lowest score that at most the share `rate` of the others and the picture itself reach."""
    allowed = math.floor(rate * (len(others) + 1))
    return float(np.nextafter(np.sort(others)[::-1][max(0, allowed - 1)], np.inf))
