"""Reads calibrations from their files, which other machines may have written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from artaudit.attribution.calibration import EARLIER, SCHEMA, CandidateCalibration, Stratum
from artaudit.attribution.regression import BELONGING, lengths
from artaudit.errors import ModelError

_LARGEST_FILE = 1 << 20


def read_calibration(path: Path) -> CandidateCalibration | None:
    """Read what `as_json` wrote, None if an earlier version did; raises ModelError for a damaged or foreign file."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ModelError(f"{path} is too large for a calibration: enrol the model again.")
        plain = json.loads(path.read_bytes())
        if (schema := plain.pop("schema")) != SCHEMA and schema in EARLIER:
            return None
        strata = tuple(Stratum(**_with_tuples(known)) for known in plain.pop("strata"))
        learned = CandidateCalibration(**_with_tuples(plain), strata=strata)
        if schema != SCHEMA or not all(_fits(known, learned) for known in strata):
            raise ModelError(f"{path} is no readable calibration: enrol the model again.")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{path} is no readable calibration: enrol the model again.") from error
    return learned


def _fits(known: Stratum, learned: CandidateCalibration) -> bool:
    """Tell whether a stratum holds as many numbers as the calibration names."""
    count = len(learned.names_of_files if known.jpeg else learned.names)
    sizes = len(known.mean), len(known.scale)
    return sizes == (count, count) and len(known.weights) in lengths(count) and BELONGING in known.passed


def _with_tuples(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return what JSON holds with tuples for its lists, also within its objects."""

    def restored(value: Any) -> Any:  # noqa: ANN401 - what JSON holds
        if isinstance(value, list):
            return tuple(value)
        return {key: restored(item) for key, item in value.items()} if isinstance(value, dict) else value

    return {name: restored(value) for name, value in plain.items()}
