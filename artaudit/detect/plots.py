"""Figures of how a detector does, drawn by matplotlib and readable without colour: markers, dashes and numbers tell.

Detection errors over false alarms are drawn on a logarithm, as in Martin et al. 1997 (DET curves).
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from artaudit.detect import metrics, performance
from artaudit.detect.cross_generator import Estimate
from artaudit.detect.performance import ScoreTable
from artaudit.image import write_atomically

MARKERS, DASHES = "osD^vP*X", ("-", "--", "-.", ":")
_BRIGHT = 0.6
"""From which grey on numbers are written in black."""


def draw_all(seen: Mapping[str, ScoreTable], crossed: Mapping[str, Mapping[str, Estimate]], folder: Path) -> list[Path]:
    """Write every figure as SVG into a folder, `crossed` being a matrix or empty; return the paths.

    Text stays text, and equal data gives equal files.
    """
    figures = {"ranking": ranking(seen), "robustness": robustness(seen), "scores": scores(next(iter(seen.values())))}
    if crossed:
        figures["generators"] = matrix(crossed)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, figure in figures.items():
        buffer = io.BytesIO()
        with rc_context({"svg.fonttype": "none", "svg.hashsalt": "artaudit"}):
            figure.savefig(buffer, format="svg", metadata={"Date": None})
        paths.append(folder / f"{name}.svg")
        write_atomically(paths[-1], buffer.getvalue())
    return paths


def ranking(seen: Mapping[str, ScoreTable]) -> Figure:
    """Return what share is found over what share of real pictures alarms, an edit a line."""
    figure, axes = _blank("false alarms among real pictures", "found among machine-made pictures")
    for number, (name, table) in enumerate(seen.items()):
        alarms, found, _ = roc_curve(table.made, table.scores, drop_intermediate=False)
        least = 0.5 / max(1, int((~table.made).sum()))
        style = DASHES[number % len(DASHES)]
        axes.step(np.maximum(alarms, least), found, where="post", color="black", linestyle=style, label=name)
    axes.set(xscale="log", ylim=(0, 1))
    axes.legend(loc="lower right", frameon=False)
    return figure


def robustness(seen: Mapping[str, ScoreTable]) -> Figure:
    """Return AUC with its 95 % interval after each edit; the dashed line is chance."""
    figure, axes = _blank("", "AUC, 95 % interval")
    for number, table in enumerate(seen.values()):
        found = metrics.bootstrap(
            metrics.labelled_auc, table.scores, table.made, groups=table.groups, resamples=performance.RESAMPLES
        )
        axes.plot([number, number], [found.low, found.high], color="black")
        axes.plot([number], [found.value], marker=MARKERS[number % len(MARKERS)], color="black")
        axes.annotate(f"{found.value:.2f}", (number, found.value), xytext=(6, 0), textcoords="offset points")
    axes.axhline(0.5, color="grey", linestyle="--")
    axes.set_xticks(range(len(seen)), list(seen), rotation=30, ha="right")
    axes.set_xlim(-0.5, len(seen) - 0.3)
    return figure


def scores(table: ScoreTable) -> Figure:
    """Return how scores of both kinds lie, real ones hatched."""
    figure, axes = _blank("log odds", "share of pictures")
    edges = np.linspace(table.scores.min(), table.scores.max() + 1e-9, 31).tolist()
    for made, label, hatch in ((False, "real", "///"), (True, "machine-made", "")):
        kept = table.scores[table.made == made]
        axes.hist(
            kept,
            edges,
            weights=np.full(len(kept), 1 / max(1, len(kept))),
            label=f"{label}, {len(kept)}",
            histtype="stepfilled",
            edgecolor="black",
            facecolor="0.7" if made else "none",
            hatch=hatch,
            alpha=0.8,
        )
    axes.legend(frameon=False)
    return figure


def matrix(crossed: Mapping[str, Mapping[str, Estimate]]) -> Figure:
    """Return AUC by the generator trained on (rows) and measured on (columns), as numbers on grey."""
    rows, columns = list(crossed), list(next(iter(crossed.values())))
    values = np.array([[crossed[row][column]["value"] for column in columns] for row in rows])
    figure, axes = _blank("measured on", "trained on")
    axes.imshow(values, cmap="gray", vmin=0.3, vmax=1.0, aspect="auto")
    for (down, across), value in np.ndenumerate(values):
        shade = "black" if value > _BRIGHT else "white"
        axes.text(across, down, f"{value:.2f}", ha="center", va="center", color=shade)
    axes.set_xticks(range(len(columns)), columns, rotation=30, ha="right")
    axes.set_yticks(range(len(rows)), rows)
    return figure


def _blank(across: str, up: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set(xlabel=across, ylabel=up)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
