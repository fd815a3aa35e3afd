"""The method of a cloak and its settings as plain JSON values, for receipts, and read back from these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from types import MappingProxyType
from typing import Any, TypeVar

from artaudit import catalog, transforms
from artaudit.catalog import plugin_of
from artaudit.findings import PLUGIN
from artaudit.transforms import Transform

Component = TypeVar("Component")

KIND = "kind"
"""Key of settings: the class of the component that they are settings of."""

TRANSFORMS: Mapping[str, Any] = MappingProxyType(
    {
        transform.__name__: transform
        for transform in (
            transforms.Identity,
            transforms.Blur,
            transforms.Noise,
            transforms.Rescale,
            transforms.Crop,
            transforms.Jpeg,
            transforms.Encoded,
            transforms.Screenshot,
        )
    }
)
"""Transforms that can be made from their settings, by the names of their classes."""


def method_named(objective: str) -> str:
    """Return the name that the catalog gives a shipped objective's class, "" for a class that it does not hold."""
    places = ((name, catalog.CLOAKS[name]) for name in catalog.CLOAKS if name not in catalog.CLOAKS.offers)
    return next((name for name, place in places if place.rpartition(":")[2] == objective), "")


def method_of(objective: object) -> dict[str, str]:
    """Return the catalog's name of an objective, "" for one that it does not hold, and the plug-in that it is of."""
    plugin = plugin_of(type(objective))
    if plugin is not None:
        return {"name": plugin.name, PLUGIN: str(plugin)}
    shipped = type(objective).__module__.startswith("artaudit.")
    return {"name": method_named(type(objective).__name__) if shipped else ""}


def settings_of(component: Any) -> Any:  # noqa: ANN401 - JSON values of any component
    """Return plain JSON values: for a dataclass its class and the fields in its repr, for others class and repr."""
    if component is None or isinstance(component, bool | int | float | str):
        return component
    if isinstance(component, tuple | list):
        return [settings_of(entry) for entry in component]
    kind, plain = {KIND: type(component).__name__}, getattr(component, "__dataclass_params__", None)
    if plain is not None and plain.repr:
        return kind | {
            shown.name: settings_of(getattr(component, shown.name)) for shown in fields(component) if shown.repr
        }
    return kind | {"repr": repr(component)}


def with_settings(component: Component, settings: Mapping[str, Any]) -> Component:
    """Return a dataclass with the settings that `settings_of` gave for one of its class.

    What cannot be made from plain values, such as a picture to pull towards, stays as it is in `component`.
    """
    given: dict[str, Any] = {}
    for setting in fields(component):  # type: ignore[arg-type]
        if not setting.init or setting.name not in settings:
            continue
        present, kept = getattr(component, setting.name), settings[setting.name]
        if not isinstance(kept, Mapping):
            given[setting.name] = tuple(kept) if isinstance(kept, list) else kept
        elif is_dataclass(present) and kept.get(KIND) == type(present).__name__:
            given[setting.name] = with_settings(present, kept)
    return replace(component, **given)  # type: ignore[type-var]


def transform_of(settings: Mapping[str, Any]) -> Transform | None:
    """Make a transform from its settings; None for one that is not known here."""
    kind = TRANSFORMS.get(settings[KIND])
    transform: Transform | None = None if kind is None else kind(**{k: v for k, v in settings.items() if k != KIND})
    return transform
