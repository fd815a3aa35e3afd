"""The command `audit protect`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from artaudit import catalog
from artaudit.doors.common import AS_JSON, DB, PATH, PICTURES, each, open_registry, print_json, progress_bar, seconds
from artaudit.doors.keykeeping import signer
from artaudit.errors import UsageError

SHARE = click.FloatRange(0, 1)
POSITIVE = click.FloatRange(0, min_open=True)
LIMITS = ("mask", "jnd", "delta_e", "hinge", "low_pass", "luma")
"""Options that narrow where and how the budget is spent."""


@click.command()
@PICTURES
@click.option("-o", "--output", type=PATH, help="Folder for results, under their own names.")
@click.option("--method", type=click.Choice(list(catalog.CLOAKS)), default="push", show_default=True)
@click.option("--preset", type=click.Choice(list(catalog.PRESETS)), help="A published cloak: method, budget, steps.")
@click.option("--strength", type=click.Choice(list(catalog.STRENGTHS)), default="default", show_default=True)
@click.option(
    "--model",
    "models",
    multiple=True,
    default=("auto",),
    show_default=True,
    help="Model to cloak against; NAME=2 counts it twice.",
)
@click.option("--target", type=PATH, help="Picture whose latents to pull towards, for methods that pull.")
@click.option("--concept", help="What a nightshade is to be mistaken for, like 'cat'.")
@click.option("--mask", type=PATH, help="Picture that says where: white all, black none (exact if lossless).")
@click.option("--jnd", type=SHARE, default=0.0, help="Spend less where it shows, up to 1: flat areas get little.")
@click.option("--delta-e", type=POSITIVE, help="Largest colour difference (CIEDE2000) in flat areas.")
@click.option("--hinge", type=SHARE, help="Perceptual distance from which on a change is punished.")
@click.option("--low-pass", type=click.FloatRange(0), default=0.0, help="Blur the change itself by so many pixels.")
@click.option("--luma", is_flag=True, help="Change brightness alone: files of flat art grow less.")
@click.option("--steps", type=click.IntRange(1, 100_000), help="Steps of the descent [default: the method's own].")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Repeat a cloak exactly [default: drawn, and noted].")
@click.option(
    "--time",
    "seconds",
    callback=seconds,
    help="Time for the descent of each picture, like 60s or 10m; saving comes on top.",
)
@click.option("--spare-memory", is_flag=True, help="Keep less of a denoiser in memory, and work longer.")
@click.option("--quality", type=click.IntRange(1, 100), help="Quality of a JPEG or WebP result, cloaked as such.")
@click.option("--no-train", is_flag=True, help='Mark results "no AI training": XMP, and signed where you have keys.')
@click.option("--preview", is_flag=True, help="Write NAME-preview.png: before, after, difference, the worst spot.")
@click.option("--again", is_flag=True, help="Cloak even what is a cloaked version already.")
@click.option("--resume", is_flag=True, help="Leave out pictures whose results are there already and still right.")
@click.option("--dry-run", is_flag=True, help="Say what would be written and how long it would take; write nothing.")
@AS_JSON
@DB
def protect(
    pictures: tuple[Path, ...],
    output: Path | None,
    *,
    as_json: bool,
    resume: bool,
    dry_run: bool,
    **settings: Any,  # noqa: ANN401 - one an option
) -> int:
    """Cloak PICTURES and register them; originals are never touched.

    PICTURES are files, folders (searched through) or quoted patterns. Each result is written beside its original
    as NAME-cloaked.EXT, or with -o at its own place in that folder, with NAME.receipt.json beside it.
    """
    from artaudit.auditor import cloaking  # noqa: PLC0415 - heavy
    from artaudit.auditor.sources import gather  # noqa: PLC0415 - heavy

    goals = {source: cloaking.targets(source, output) for source in gather(pictures)}
    wanted = [target for goal in goals.values() for target in (goal.picture, goal.receipt, goal.preview)]
    if len(set(wanted)) < len(wanted):
        raise UsageError("Two of the pictures would be written to the same place: cloak them one after the other.")
    if resume:
        goals = {source: goal for source, goal in goals.items() if not _is_done(source, goal)}
    _one_choice(settings["preset"])
    limits = cloaking.limits_of(**{name: settings.pop(name) for name in LIMITS})
    credential = _credential() if settings["no_train"] and not dry_run else None
    shop = cloaking.prepare(cloaking.Order(limits=limits, credential=credential, **settings))
    click.echo(shop.choice.note, err=True)
    if dry_run:
        return _foretell(goals, shop, as_json=as_json)
    with open_registry() as registry:

        def one(source: Any) -> dict[str, Any]:  # noqa: ANN401 - loads torch
            with progress_bar(source.path.name) as progress:
                paper = cloaking.cloak(source, goals[source], shop, registry, progress)
            if not as_json:
                click.echo(_protected_line(goals[source].picture, paper))
            return {"path": str(source.path), "result": str(goals[source].picture), **paper}

        papers, code = each(goals, one)
    if as_json:
        print_json(papers)
    return code


def _one_choice(preset: str | None) -> None:
    """Refuse a preset beside what it decides itself; raises UsageError."""
    context = click.get_current_context()
    chosen = [
        f"--{name}"
        for name in ("method", "strength")
        if preset and context.get_parameter_source(name) is not ParameterSource.DEFAULT
    ]
    if chosen:
        raise UsageError(f"The preset {preset} brings its own method and budget: leave out {' and '.join(chosen)}.")


def _credential() -> Any:  # noqa: ANN401 - loads C2PA
    """Return what signs a picture against training, or None without keys or their passphrase, which is said."""
    from artaudit.auditor.signing import with_credential  # noqa: PLC0415 - heavy

    try:
        known = signer()
    except UsageError as error:
        click.echo(f"The mark against training is written but not signed: {error}", err=True)
        return None
    return known and partial(with_credential, signer=known)


def _is_done(source: Any, goal: Any) -> bool:  # noqa: ANN401 - load torch
    from artaudit.auditor.cloaking import finished  # noqa: PLC0415 - heavy

    done = finished(source, goal)
    if done:
        click.echo(f"{goal.picture} is there already", err=True)
    return done


def _foretell(goals: dict[Any, Any], shop: Any, *, as_json: bool) -> int:  # noqa: ANN401 - load torch
    from artaudit.auditor.cloaking import estimate  # noqa: PLC0415 - heavy

    def one(source: Any) -> dict[str, Any]:  # noqa: ANN401 - loads torch
        told = {"path": str(source.path), "result": str(goals[source].picture), **estimate(source, shop)}
        if not as_json:
            click.echo(
                f"{told['result']}  {told['width']} x {told['height']} {told['format']}, {told['steps']} steps, "
                f"about {told['seconds']:.0f} s"
            )
        return told

    plans, code = each(goals, one)
    if as_json:
        print_json(plans)
    else:
        click.echo(f"{len(plans)} pictures, about {sum(plan['seconds'] for plan in plans):.0f} s; nothing was written")
    return code


def _protected_line(target: Path, paper: dict[str, Any]) -> str:
    seen = paper["visibility"]
    ratio = "no change" if seen["psnr_db"] is None else f"PSNR {seen['psnr_db']:.1f} dB"
    effects = ", ".join(f"{e['gain_over_noise']:.1f}x on {e['model'].split('@')[0]}" for e in paper["effect"])
    return (
        f"{target}  {ratio}, SSIM {seen['ssim']:.3f}, dE {seen['delta_e_mean']:.1f}, "
        f"file x{paper['file_growth']:.2f}; moves latents {effects} as far as equal noise"
    )
