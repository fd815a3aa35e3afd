"""The card of a trial: a self-contained page without scripts, and the pictures on it."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image as Pillow

from artaudit.generators import pool
from artaudit.generators.opening import open_model
from artaudit.protect.comparison import comparison
from artaudit.protect.receipt import middle
from artaudit.protect.trial.grading import NOISE_GAIN
from artaudit.protect.trial.pairs import Pair, Picture
from artaudit.protect.trial.plots import curves_figure, gains_figure
from artaudit.protect.trial.run import Trial
from artaudit.protect.trial.uses import FINE_TUNING, HARDLY, NOT, PROTECTED, REDRAWING, STYLE_REFERENCE, UNKNOWN
from artaudit.protect.visibility import SCALE
from artaudit.protocols import Autoencoder
from artaudit.templates import template
from artaudit.tensors import to_array, to_batch

NAMES = {
    "ssimulacra2": "SSIMULACRA2",
    "ssimulacra2_worst_tile": "SSIMULACRA2 of the worst tile of 256 pixels",
    "flip": "FLIP, mean (0: nothing shows where the two are flipped in place)",
    "flip_worst_tile": "FLIP of the worst tile of 64 pixels",
    "psnr_db": "PSNR, dB",
    "ssim": "SSIM",
    "delta_e_mean": "colour difference CIEDE2000, mean",
    "delta_e_p95": "colour difference CIEDE2000, 95th percentile",
    "linf": "largest change of any sample (of the range 0 to 1)",
    "file_growth": "file grows by a factor of",
}
MARKS = {PROTECTED: "●", HARDLY: "◐", NOT: "○", UNKNOWN: "–"}  # noqa: RUF001 - a dash for nothing
AGAINST = {
    FINE_TUNING: "Against training on it",
    STYLE_REFERENCE: "As a style reference",
    REDRAWING: "Against redrawing it",
}


def card(trials: Sequence[Trial]) -> bytes:
    """Return the page about these pictures as HTML; it loads nothing from outside."""
    shown = [{"record": trial.document, **_figures(trial)} for trial in trials]
    sheets = {trial.sheet for trial in trials if trial.sheet is not None}
    words = {"names": NAMES, "marks": MARKS, "against": AGAINST, "scale": SCALE[:-1], "bound": NOISE_GAIN}
    uris = [_uri(sheet, "png") for sheet in sheets]
    page = template(__package__, "card.html").render(trials=shown, sheets=uris, **words)
    return page.encode(errors="backslashreplace")


def _figures(trial: Trial) -> dict[str, str | None]:
    record, pair = trial.document, trial.pair
    if record["grade"] is None or pair.clean is None:
        return {"gains": None, "curves": None, "compared": None, "redrawn": None}
    curves = curves_figure(record["attacks"])
    return {
        "gains": _uri(gains_figure(record["effect"], record["attacks"]), "svg+xml"),
        "curves": None if curves is None else _uri(curves, "svg+xml"),
        "compared": _uri(comparison(pair.clean, pair.changed), "png"),
        "redrawn": _uri(decoded(pair), "png"),
    }


def decoded(pair: Pair) -> bytes:
    """Return a PNG: original and picture, each redrawn by an embedded autoencoder, and their difference."""
    model = open_model(next(record for record in pool.embedded() if record.kind == "studio"))
    if not isinstance(model, Autoencoder) or pair.clean is None:
        return b""
    clean, changed = (_redrawn(model, middle(image)) for image in (pair.clean, pair.changed))
    sheet = np.concatenate([clean, changed, (0.5 + 4 * (changed - clean)).clip(0, 1)], axis=1)
    buffer = io.BytesIO()
    Pillow.fromarray(np.rint(255 * sheet).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def _redrawn(model: Autoencoder, picture: Picture) -> Picture:
    with torch.no_grad():
        drawn = model.decode(model.encode(to_batch(picture)))
    return to_array(drawn)[: picture.shape[0], : picture.shape[1]]


def _uri(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def summary(record: dict[str, Any], *, details: bool = True) -> str:
    """Say in a few lines what a trial found; without `details` in words alone, without the reasons."""
    if record["grade"] is None:
        return f"{record['path']}  {record['verdict']}: {' '.join(record['because'])}"
    if not details:
        answers = [f"  {AGAINST[use['use']].lower()}: {use['word']}" for use in record["uses"]]
        shown = record["eye"].partition(" (")[0]  # what follows are scores
        return "\n".join([f"{record['path']}  grade {record['grade']}", *answers, f"  shows now: {shown.lower()}"])
    lines = [f"{record['path']}  grade {record['grade']}: {' '.join(record['because'])}"]
    lines += [f"  {AGAINST[use['use']].lower()}: {use['word']}. {use['sentence']}" for use in record["uses"]]
    lines.append(f"  to the eye: {record['eye']}")
    return "\n".join(lines)


def learned(records: Sequence[dict[str, Any]]) -> list[str]:
    """Return the sentences about mimics, each once for all its pictures; none where no mimics were trained."""
    return list(dict.fromkeys(record["mimicry"]["sentence"] for record in records if record["mimicry"] is not None))
