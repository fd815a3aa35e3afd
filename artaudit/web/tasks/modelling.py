"""The tasks about models: install one from a folder, and make it known to attribution."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from artaudit.attribution.enrolment import calibrate_model
from artaudit.generators import pool
from artaudit.generators.installing import add
from artaudit.image import read
from artaudit.image.sources import gather
from artaudit.web.tasks.context import Context


def install(context: Context) -> dict[str, Any]:
    """Install the model of a folder, or of one file, under a name, as `audit models add` does."""
    spec = context.job.spec
    context.tell(0, 1, "copying and opening it once as a test")
    licence, home = spec["licence"] or "not stated", pool.models_folder()
    about = pool.Record(spec["name"], "", spec.get("family", ""), licence, pool.SURROGATE, home, ())
    record, note = add(about, [Path(spec["place"]).resolve()])
    return {"name": record.name, "digest": record.digest, "note": note}


def calibrate(context: Context) -> dict[str, Any]:
    """Calibrate a model on pictures of a folder that no model made, as `audit attribute enrol` does."""
    sources = gather([Path(context.job.spec["place"])])
    images = []
    for number, source in enumerate(sources):
        context.tell(number, len(sources), "reading the pictures")
        images.append(read(source.path))
    learned = calibrate_model(
        context.job.spec["name"], images, progress=lambda done, of: context.tell(done, of, "measuring what it draws")
    )
    first = learned.first
    return {
        "separable": learned.separable,
        "own": list(first.passed["belonging"]),
        "wrong": list(first.named_of_others),
        "bar": first.bar,
    }
