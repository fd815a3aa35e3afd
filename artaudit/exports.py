"""What a package offers by name, imported when it is asked for and not before.

PEP 562, https://peps.python.org/pep-0562/
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def exports(package: str, names: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and `__dir__` of a package whose `names` lie at "module:attribute".

    A name is looked up once and then stays in the package. Names it does not offer raise AttributeError.
    """
    home = vars(sys.modules[package])

    def get(name: str) -> Any:  # noqa: ANN401 - any class or function
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, attribute = names[name].split(":")
        return home.setdefault(name, getattr(import_module(module), attribute))

    def listed() -> list[str]:
        return sorted({*home, *names})

    return get, listed
