"""Components that other installed packages offer, told by their entry points; none is imported before it is chosen.

The form of entry points is https://packaging.python.org/en/latest/specifications/entry-points/.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points

SWITCH = "ARTAUDIT_PLUGINS"
"""The environment variable that leaves plug-ins out where it is "none"."""

CLOAKS, DETECTORS, EXAMINERS, GENERATORS = "cloaks", "detectors", "examiners", "generators"

NEEDED = {
    CLOAKS: ("target", "aim"),
    DETECTORS: ("fit", "fit_features", "read_crops", "score_features"),
    EXAMINERS: ("examine",),
    GENERATORS: ("encode",),
}
"""The kinds of plug-ins, each the entry points `artaudit.KIND`, and the methods that their classes have."""

_NAME = r"[a-z0-9][a-z0-9._-]{0,63}"
_PLACE = r"(?!artaudit[.:])[A-Za-z_][\w.]*:[A-Za-z_]\w*"


@dataclass(frozen=True, slots=True)
class Plugin:
    """A component of another package: its kind, its name in the catalog, and its "module:Class"."""

    kind: str
    name: str
    place: str
    package: str
    version: str

    def __str__(self) -> str:
        """Name the package and its version, as records keep them."""
        return f"{self.package} {self.version}"

    def is_class(self, made: object) -> bool:
        """Tell whether this is the plug-in's class, without importing anything."""
        module, attribute = self.place.split(":")
        return module in sys.modules and getattr(sys.modules[module], attribute, None) is made


class Offers(Mapping[str, Plugin]):
    """The plug-ins of one kind by name, read from the metadata of installed packages when they are first asked for.

    `taken` are names that no plug-in may have. Of two plug-ins of one name neither is taken.
    """

    def __init__(self, kind: str, taken: AbstractSet[str] = frozenset()) -> None:
        """Take the kind and the names of what comes with artaudit."""
        self.kind, self._taken = kind, taken

    def __getitem__(self, name: str) -> Plugin:
        """Return the plug-in of this name."""
        return self._sorted()[0][name]

    def __iter__(self) -> Iterator[str]:
        """Yield names in their order."""
        return iter(self._sorted()[0])

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._sorted()[0])

    @property
    def refused(self) -> tuple[str, ...]:
        """What is left out and why, as sentences."""
        return self._sorted()[1]

    def _sorted(self) -> tuple[dict[str, Plugin], tuple[str, ...]]:
        return _sorted(self.kind, frozenset(self._taken)) if os.environ.get(SWITCH) != "none" else ({}, ())


class Joined(Mapping[str, str]):
    """A table of the catalog, name to "module:Class": what comes with artaudit, then the plug-ins on offer."""

    def __init__(self, shipped: Mapping[str, str], kind: str, taken: AbstractSet[str] = frozenset()) -> None:
        """Take the shipped components, the kind of plug-ins, and further names that none of them may have."""
        self.shipped, self.offers = shipped, Offers(kind, {*shipped, *taken})

    def __getitem__(self, name: str) -> str:
        """Return where a component is; shipped ones are found without a look at other packages."""
        return self.shipped[name] if name in self.shipped else self.offers[name].place

    def __iter__(self) -> Iterator[str]:
        """Yield the shipped names, then those of plug-ins."""
        yield from self.shipped
        yield from self.offers

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.shipped) + len(self.offers)


@cache
def _installed(kind: str) -> tuple[Plugin, ...]:
    found = {
        Plugin(kind, entry.name, entry.value.replace(" ", ""), entry.dist.name, entry.dist.version)
        for entry in entry_points(group=f"artaudit.{kind}")
        if entry.dist is not None
    }
    return tuple(sorted(found, key=lambda plugin: (plugin.name, str(plugin))))


@cache
def _sorted(kind: str, taken: frozenset[str]) -> tuple[dict[str, Plugin], tuple[str, ...]]:
    named: dict[str, list[Plugin]] = {}
    for plugin in _installed(kind):
        named.setdefault(plugin.name, []).append(plugin)
    found, refused = dict[str, Plugin](), list[str]()
    for name, plugins in named.items():
        who = " and ".join(map(str, plugins))
        if name in taken:
            refused.append(f"{who} offers {name!r} among {kind}, which comes with artaudit: it is left out")
        elif not re.fullmatch(_NAME, name) or not all(re.fullmatch(_PLACE, plugin.place) for plugin in plugins):
            refused.append(f"{who} offers {name!r} = {plugins[0].place!r} among {kind}, which is no name and class")
        elif len(plugins) > 1:
            refused.append(f"{who} both offer {name!r} among {kind}: neither is taken")
        else:
            found[name] = plugins[0]
    return found, tuple(refused)


def forget() -> None:
    """Look at the installed packages again when plug-ins are next asked for."""
    _installed.cache_clear()
    _sorted.cache_clear()
