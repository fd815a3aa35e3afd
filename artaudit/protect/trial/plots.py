"""The figures of a trial's card, in black and grey: markers and dashes instead of colours."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from artaudit.protect.trial.grading import NOISE_GAIN

MARKERS = "osD^vPX*"
DASHES = ("-", "--", ":", "-.")
INK, SOFT = "#1c1b19", "#8a8780"
_COLUMNS = 4


def gains_figure(effect: dict[str, Any], attacks: Sequence[dict[str, Any]]) -> bytes:
    """Return an SVG: a row per attack, every judge's gain at each strength, the line of noise at 1.2."""
    rows = [("untouched", [effect]), *((name, list(steps)) for name, steps in groupby(attacks, lambda a: a["attack"]))]
    plot, axes = _figure(7.2, 1.0 + 0.27 * len(rows))
    for row, (_, steps) in enumerate(rows):
        for number, reading in enumerate(steps[0]["readings"]):
            values = [step["readings"][number]["gain"] for step in steps]
            place = row + 0.14 * (number - (len(steps[0]["readings"]) - 1) / 2)
            axes.plot([min(values), max(values)], [place, place], color=SOFT, linewidth=1)
            axes.plot(values, [place] * len(values), linestyle="", **_marker(number, hold_out=reading["hold_out"]))
    axes.set_yticks(range(len(rows)), [name + (" *" if steps[0]["everyday"] else "") for name, steps in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.axvline(NOISE_GAIN, color=INK, linestyle="--", linewidth=1)
    axes.set_xlabel("gain over noise that shows as much (dashed: 1.2, no better than noise; * everyday edit)")
    _legend(axes, effect["readings"])
    return _svg(plot)


def curves_figure(attacks: Sequence[dict[str, Any]]) -> bytes | None:
    """Return an SVG of gains along every attack's strengths, None where no attack has two."""
    families = [(name, list(steps)) for name, steps in groupby(attacks, lambda attack: attack["attack"])]
    families = [(name, steps) for name, steps in families if len(steps) > 1]
    if not families:
        return None
    lines = -(-len(families) // _COLUMNS)
    plot, grid = _figure(7.2, 0.4 + 1.5 * lines, lines, _COLUMNS)
    for place, axes in enumerate(grid.flat):
        if place >= len(families):
            axes.set_axis_off()
            continue
        name, steps = families[place]
        for number, reading in enumerate(steps[0]["readings"]):
            values = [step["readings"][number]["gain"] for step in steps]
            style = _marker(number, hold_out=reading["hold_out"])
            axes.plot(range(len(steps)), values, linestyle=DASHES[number % len(DASHES)], linewidth=1, **style)
        axes.axhline(NOISE_GAIN, color=SOFT, linestyle="--", linewidth=0.8)
        axes.set_xticks(range(len(steps)), [f"{step['strength']:g}" for step in steps])
        axes.set_title(name, fontsize=7)
    return _svg(plot)


def _marker(number: int, *, hold_out: bool) -> dict[str, Any]:
    """Return the style of a judge's marker: filled for hold-outs, hollow for the others."""
    face = INK if hold_out else "white"
    return {"marker": MARKERS[number % len(MARKERS)], "color": INK, "markerfacecolor": face, "markersize": 4}


def _legend(axes: Any, judged: Sequence[dict[str, Any]]) -> None:  # noqa: ANN401 - matplotlib has no types here
    for number, reading in enumerate(judged):
        label = reading["judge"] + (" (hold-out)" if reading["hold_out"] else "")
        axes.plot([], [], linestyle="", label=label, **_marker(number, hold_out=reading["hold_out"]))
    axes.legend(fontsize=7, frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3)


def _figure(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Any, Any]:
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy

    plot = Figure(figsize=(width, height), layout="constrained")
    axes = plot.subplots(rows, columns, squeeze=rows * columns == 1)
    for panel in [axes] if rows * columns == 1 else axes.flat:
        panel.tick_params(labelsize=7, colors=INK)
        panel.xaxis.label.set_size(7)
        panel.spines[["top", "right"]].set_visible(False)
    return plot, axes


def _svg(plot: Any) -> bytes:  # noqa: ANN401 - matplotlib has no types here
    from matplotlib import rc_context  # noqa: PLC0415 - heavy

    buffer = io.BytesIO()
    with rc_context({"svg.hashsalt": "artaudit", "svg.fonttype": "path"}):
        plot.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
