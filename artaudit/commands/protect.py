"""The command `audit protect`."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from artaudit import catalog
from artaudit.commands.common import (
    AS_JSON,
    DB,
    PATH,
    PICTURES,
    counted,
    duration,
    each,
    notice,
    open_registry,
    print_json,
    progress_bar,
    registry_or_empty,
    say,
    seconds,
    sum_up,
    tell,
)
from artaudit.commands.keys import signer
from artaudit.errors import ArtauditError, UsageError
from artaudit.memory import keep_freed_memory

_STRENGTHS = ", ".join(f"{name} {score:g}" for name, score in catalog.STRENGTHS.items())


@click.command()
@PICTURES
@click.option("-o", "--output", type=PATH, help="The folder for results, which keep the names of their originals.")
@click.option(
    "--method",
    type=click.Choice(list(catalog.CLOAKS)),
    default="push",
    show_default=True,
    help="What the cloak does to the models, as docs/components.md describes it.",
)
@click.option(
    "--preset", type=click.Choice(list(catalog.PRESETS)), help="A published cloak, with its method, budget and steps."
)
@click.option(
    "--strength",
    default="default",
    show_default=True,
    metavar="low|default|high|SCORE",
    help=f"How little may show: the SSIMULACRA2 score that the result keeps ({_STRENGTHS}; 100 is no change).",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    default=("auto",),
    show_default=True,
    metavar="NAME[=COUNT]",
    help=(
        "Cloak against this model; may be repeated, and NAME=2 counts one twice. auto is every installed model, else "
        "those that come with artaudit, and clip-vit-b16, through which style references are read, unless "
        "ARTAUDIT_BACKBONE=none."
    ),
)
@click.option(
    "--target", type=PATH, help="The picture that models are to see instead, for methods that pull towards one."
)
@click.option("--concept", help="What models are to see instead, like 'cat', for nightshade.")
@click.option(
    "--mask",
    type=PATH,
    help="A picture that says where to cloak: fully where white, not where black (exactly so in lossless files).",
)
@click.option("--steps", type=click.IntRange(1, 100_000), help="Steps of the descent [default: the method's own].")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    help="The seed; the same one repeats a cloak exactly [default: a random one, kept in the receipt].",
)
@click.option(
    "--time",
    "seconds",
    callback=seconds,
    metavar="TIME",
    help="The time for each picture, like 60s or 10m: fewer steps are made, one at least.",
)
@click.option("--spare-memory", is_flag=True, help="Use less memory with models that have a denoiser, and more time.")
@click.option(
    "--quality",
    type=click.IntRange(1, 100),
    help="The quality of a JPEG or WebP result, which the cloak then allows for.",
)
@click.option("--no-train", is_flag=True, help='Mark results "no AI training", in XMP, and signed if you have keys.')
@click.option(
    "--preview",
    is_flag=True,
    help="Write NAME-preview.png alone: a part of the picture cloaked quickly, beside noise that shows as much.",
)
@click.option(
    "--comparison", is_flag=True, help="Write NAME-comparison.png too: before, after, the difference, the worst spot."
)
@click.option("--again", is_flag=True, help="Cloak pictures that are cloaked already, too.")
@click.option("--resume", is_flag=True, help="Go on after a stop: skip what is done, finish what was begun.")
@click.option("--dry-run", is_flag=True, help="Say what would be written and how long that takes; write nothing.")
@click.option("--details", is_flag=True, help="Say what was measured of each result, in numbers.")
@AS_JSON
@DB
def protect(
    pictures: tuple[Path, ...],
    output: Path | None,
    *,
    as_json: bool,
    dry_run: bool,
    preview: bool,
    details: bool,
    **settings: Any,  # noqa: ANN401 - one an option
) -> int:
    """Cloak PICTURES against image models, and register them.

    A cloak is a change that people hardly see and that misleads models which learn from the picture or redraw it. The
    originals stay as they are. PICTURES are files, folders (searched through) or quoted patterns. Each result is
    written beside its original as NAME-cloaked.EXT, or with -o into that folder, with a receipt of what was done,
    NAME.receipt.json.
    """
    from artaudit.auditor.protect import cloak  # noqa: PLC0415 - heavy
    from artaudit.image.sources import gather  # noqa: PLC0415 - heavy
    from artaudit.protect.job import CloakOrder, prepare, targets  # noqa: PLC0415 - heavy

    keep_freed_memory()
    goals = {source: targets(source, output) for source in gather(pictures)}
    wanted = [target for goal in goals.values() for target in goal.all]
    if len(set(wanted)) < len(wanted):
        raise UsageError("Two of the pictures would be written to the same place: cloak them one after the other.")
    if settings["resume"] and not preview:
        goals = {source: goal for source, goal in goals.items() if not _is_done(source, goal)}
    _one_choice(settings["preset"])
    credential = _credential() if settings["no_train"] and not (dry_run or preview) else None
    job = prepare(CloakOrder(credential=credential, **settings))
    if dry_run or preview:
        return (_foretell if dry_run else _preview)(goals, job, as_json=as_json)
    refused = list[ArtauditError]()
    with open_registry(create=True) as registry:

        def protected(numbered: tuple[int, Any]) -> dict[str, Any]:  # loads torch
            number, source = numbered
            goal = goals[source]
            label = source.path.name if len(goals) == 1 else f"{source.path.name} ({number} of {len(goals)})"
            with progress_bar(label) as progress, _said_how_to_go_on(goal.partial):
                paper = cloak(source, goal, job, registry, progress)
            if not as_json:
                say((_measured_line if details else _protected_line)(goal.picture, paper))
            return {"path": str(source.path), "result": str(goal.picture), **paper}

        papers, code = each(enumerate(goals, 1), protected, refused)
    if as_json:
        print_json(papers)
    else:
        sum_up(len(papers), len(goals), "cloaked", refused, _where(papers, output))
    if papers:
        notice(job.choice.note)
    return code


def _where(papers: Sequence[dict[str, Any]], output: Path | None) -> str:
    return f", in {output}" if output and papers else ", beside their originals" if papers else ""


@contextmanager
def _said_how_to_go_on(partial: Path) -> Iterator[None]:
    """Say after Ctrl-C how a picture that was begun is gone on with, where its descent is kept."""
    try:
        yield
    except KeyboardInterrupt:
        if partial.exists():
            tell(f"\n{partial} keeps how far it came: the same command with --resume goes on from there.")
        raise


def _one_choice(preset: str | None) -> None:
    """Refuse a preset beside what it decides itself, and plans beside results; raises UsageError."""
    context = click.get_current_context()
    if context.params["preview"] and (context.params["dry_run"] or context.params["comparison"]):
        raise UsageError("--preview stops before anything is made: leave out --dry-run and --comparison.")
    chosen = [
        f"--{name}"
        for name in ("method", "strength")
        if preset and context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    ]
    if chosen:
        raise UsageError(f"The preset {preset} brings its own method and budget: leave out {' and '.join(chosen)}.")


def _credential() -> Any:  # noqa: ANN401 - loads C2PA
    """Return what signs a picture against training, or None without keys or their passphrase, which is said."""
    from artaudit.auditor.signing.credentials import with_credential  # noqa: PLC0415 - heavy

    try:
        known = signer()
    except UsageError as error:
        tell(f"The mark against training is written but not signed: {error}")
        return None
    return known and partial(with_credential, signer=known)


def _is_done(source: Any, goal: Any) -> bool:  # noqa: ANN401 - load torch
    from artaudit.protect.job import finished  # noqa: PLC0415 - heavy

    done = finished(source, goal)
    if done:
        tell(f"{goal.picture} is there already")
    return done


def _foretell(goals: dict[Any, Any], job: Any, *, as_json: bool) -> int:  # noqa: ANN401 - load torch
    from artaudit.auditor.protect import foretell  # noqa: PLC0415 - heavy

    refused = list[ArtauditError]()
    with registry_or_empty() as registry, counted("estimating", goals, len(goals)) as shown:

        def plan(source: Any) -> dict[str, Any]:  # noqa: ANN401 - loads torch
            goal = goals[source]
            told = {"path": str(source.path), "result": str(goal.picture), **foretell(source, goal, job, registry)}
            if not as_json:
                size = f"{told['width']} x {told['height']} {told['format']}"
                say(f"{told['result']}  {size}, {told['steps']} steps, about {duration(told['seconds'])}")
            return told

        plans, code = each(shown, plan, refused)
    if as_json:
        print_json(plans)
        return code
    sum_up(len(plans), len(goals), "would be cloaked", refused)
    if plans:
        whole = duration(math.fsum(told["seconds"] for told in plans))
        models = ", ".join(model.name.split("@")[0] for model in job.choice.encoders)
        say(f"it would take about {whole}, against {models}; nothing was written")
    return code


def _preview(goals: dict[Any, Any], job: Any, *, as_json: bool) -> int:  # noqa: ANN401 - load torch
    from artaudit.protect.preview import preview  # noqa: PLC0415 - heavy

    def previewed(source: Any) -> dict[str, Any]:  # noqa: ANN401 - loads torch
        goal = goals[source]
        with progress_bar(source.path.name) as progress:
            told = preview(source, goal, job, progress)
        if not as_json:
            say(f"{goal.preview}  {' '.join(told['said'])}")
        return {"path": str(source.path), "preview": str(goal.preview), **told}

    previews, code = each(goals, previewed)
    if as_json:
        print_json(previews)
    if previews:
        notice(job.choice.note)
    return code


def _protected_line(target: Path, paper: dict[str, Any]) -> str:
    from artaudit.protect.visibility import in_words  # noqa: PLC0415 - heavy

    seen = paper["visibility"]
    if seen["psnr_db"] is None:
        return f"{target}  nothing was changed: there is no room for a cloak"
    return f"{target}  shows now: {in_words(seen['ssimulacra2'])}; `{_typed('trial', target)}` says whether it works"


def _typed(verb: str, path: Path) -> str:
    return f"audit {verb} {shlex.quote(str(path))}"


def _measured_line(target: Path, paper: dict[str, Any]) -> str:
    from artaudit.protect.preview import gains  # noqa: PLC0415 - heavy
    from artaudit.protect.visibility import in_words  # noqa: PLC0415 - heavy

    seen = paper["visibility"]
    if seen["psnr_db"] is None:
        return f"{target}  nothing was changed: there is no room for a cloak"
    return (
        f"{target}  SSIMULACRA2 {seen['ssimulacra2']:.0f} ({in_words(seen['ssimulacra2'])}), FLIP {seen['flip']:.3f}, "
        f"file x{paper['file_growth']:.2f}; moves latents {gains(paper['effect'])} as far as noise that shows as much"
    )
