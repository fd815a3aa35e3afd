"""Settings as scikit-learn keeps them, without loading it, which a check has no time for.

The conventions are those of https://scikit-learn.org/stable/developers/develop.html; `sklearn.base.clone` copies what
keeps to them.
"""

from __future__ import annotations

from inspect import Parameter, signature
from typing import Any


class Estimator:
    """Keeps each parameter of its constructor in an attribute of the same name; what is learned ends in `_`."""

    def get_params(self, *, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002 - no setting holds settings
        """Return the settings by name, in the order of the alphabet."""
        return {name: getattr(self, name) for name in sorted(self._parameters())}

    def set_params(self, **settings: object) -> Estimator:
        """Change settings and return the estimator; raises ValueError for one that it does not have."""
        if unknown := settings.keys() - self._parameters().keys():
            raise ValueError(f"{type(self).__name__} has no setting {', '.join(sorted(unknown))}")
        for name, value in settings.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        usual = self._parameters()
        changed = {name: value for name, value in self.get_params().items() if repr(value) != repr(usual[name].default)}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in changed.items())})"

    @classmethod
    def _parameters(cls) -> dict[str, Parameter]:
        """Return the constructor's parameters but `self`; a class without a constructor has none."""
        return {} if cls.__init__ is object.__init__ else dict([*signature(cls.__init__).parameters.items()][1:])
