"""What a person sets once, in a TOML file; the command line and environment variables win over it."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from artaudit import catalog
from artaudit.errors import ArtauditError, ImageError, UsageError
from artaudit.language import LANGUAGES

VARIABLE = "ARTAUDIT_SETTINGS"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a setting is for, the options (command, parameter) that it is the default of, and how a value is read.

    `read` returns the value as it is kept, or raises UsageError.
    """

    meaning: str
    options: tuple[tuple[str, str], ...]
    read: Callable[[str], str]


def _text(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise UsageError("A setting is a line of text: write one, or take the setting back with `audit config unset`.")
    return value.strip()


def _path(value: str) -> str:
    return str(Path(_text(value)).expanduser().absolute())


def _strength(value: str) -> str:
    if value not in catalog.STRENGTHS:
        from artaudit.protect.job import score_of  # noqa: PLC0415 - heavy

        score_of(value)
    return value


def _language(value: str) -> str:
    if value not in LANGUAGES:
        raise UsageError(f"There are no reports in {value!r}: choose one of {', '.join(LANGUAGES)}.")
    return value


SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {
        "name": Setting("Your name or your studio's, for keys, reports and the log.", (("keys init", "name"),), _text),
        "strength": Setting(
            "How little of a cloak may show: low, default, high or a score.", (("protect", "strength"),), _strength
        ),
        "output": Setting(
            "The folder for cloaked and signed pictures.", (("protect", "output"), ("sign", "output")), _path
        ),
        "db": Setting("The registry file.", (), _path),
        "language": Setting("The language of reports, en or de.", (("report", "language"),), _language),
    }
)


def settings_path() -> Path:
    """Return the file of settings: ARTAUDIT_SETTINGS, else in the platform's folder for settings."""
    import platformdirs  # noqa: PLC0415 - for those who need it

    chosen = os.environ.get(VARIABLE)
    return Path(chosen) if chosen else platformdirs.user_config_path("artaudit") / "settings.toml"


def settings() -> dict[str, str]:
    """Return what is set; empty where there is no file. Raises ArtauditError for a file that cannot be read."""
    path = settings_path()
    try:
        found = parsed(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ArtauditError(
            f"The settings in {path} cannot be read ({error.strerror}): check its permissions."
        ) from error
    except (ValueError, RecursionError) as error:
        raise ArtauditError(f"The settings in {path} are no TOML ({error}): mend the file or move it away.") from error
    for name, value in found.items():
        if name not in SETTINGS or not isinstance(value, str):
            raise ArtauditError(
                f"{path} sets {name} to {value!r}: set {', '.join(SETTINGS)} to a text, or take the line out."
            )
    return found


def parsed(text: str) -> dict[str, Any]:
    """Read TOML; raises ValueError for what is none."""
    return tomllib.loads(text)


def defaults(values: Mapping[str, str]) -> dict[str, Any]:
    """Return settings as click's `default_map`: by command and subcommand, the defaults of their options."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        for command, parameter in SETTINGS[name].options:
            place = found
            for word in command.split():
                place = place.setdefault(word, {})
            place[parameter] = value
    return found


def change(name: str, value: str | None) -> str | None:
    """Set a setting in the file, or take it back for None; return the value as it is kept.

    Other lines, comments among them, stay as they are. Raises UsageError for an unknown name or a value without sense.
    """
    if name not in SETTINGS:
        raise UsageError(f"There is no setting {name}: choose {', '.join(SETTINGS)}.")
    kept = None if value is None else SETTINGS[name].read(value)
    path, before = settings_path(), settings()
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    lines = [line for line in lines if not re.match(rf"\s*[\"']?{name}[\"']?\s*=", line)]
    if kept is not None:
        lines.append(f"{name} = {_quoted(kept)}")
    after = {key: given for key, given in {**before, name: kept}.items() if given is not None}
    text = "".join(f"{line}\n" for line in lines)
    if _understood(text) != after:
        raise ArtauditError(f"{path} is written in a way that only people should change: set {name} in it by hand.")
    write(path, text)
    return kept


def write(path: Path, text: str) -> None:
    """Write the file of settings whole; raises ArtauditError where its folder takes none."""
    from artaudit.image import write_atomically  # noqa: PLC0415 - heavy

    try:
        write_atomically(path, text.encode())
    except ImageError as error:
        raise ArtauditError(
            f"{path} cannot be written: check its permissions, or name another in {VARIABLE}."
        ) from error


def _understood(text: str) -> dict[str, Any] | None:
    try:
        return parsed(text)
    except ValueError:
        return None


def _quoted(value: str) -> str:
    """Return a printable text as a TOML string; what JSON escapes in one, TOML escapes alike."""
    return json.dumps(value, ensure_ascii=False)
