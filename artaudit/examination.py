"""What looks at a picture in a check, and the pictures that it draws for reports, as protocols."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from artaudit.findings import Finding
from artaudit.image import Image


@runtime_checkable
class Examiner(Protocol):
    """Looks at one picture and says what it found; never writes, never prints.

    Its class may name the `group` of its findings, which rest on the same traces as others of that group, and the
    `question` of a check that they answer (`findings.COPY`, `ORIGIN`, `MODEL` or `FILE`). Without them its findings are
    a group of their own, and the summary repeats their claims.
    """

    name: str

    def examine(self, image: Image) -> Sequence[Finding]:
        """Return the findings about `image`, an empty sequence when there is nothing to say."""
        ...


@dataclass(frozen=True, slots=True)
class Illustration:
    """A picture that shows what a finding rests on.

    `name` (letters, digits, dashes) tells the pictures of one finding apart, `caption` says what is to be seen.
    """

    name: str
    caption: str
    rgb8: UInt8[np.ndarray, "height width 3"] = field(repr=False)


@runtime_checkable
class Illustrator(Protocol):
    """An examiner that can also draw what its findings rest on, for reports."""

    name: str

    def illustrate(self, image: Image, finding: Finding) -> Sequence[Illustration]:
        """Return pictures for a finding of its own about `image`, an empty sequence when there is nothing to draw."""
        ...
