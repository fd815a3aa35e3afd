"""The commands `audit attribute`: which of the models held here drew a picture, if any, and how they come to know."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from artaudit import catalog
from artaudit.commands.common import AS_JSON, EDITS, PATH, PICTURES, SPLIT, each, print_json, progress_bar
from artaudit.commands.words import Group
from artaudit.errors import UsageError
from artaudit.memory import keep_freed_memory

MODELS = click.option(
    "--model",
    "models",
    multiple=True,
    default=("auto",),
    metavar="NAME",
    help="Ask this model alone; may be repeated [default: all].",
)


class _Pictures(Group):
    """A group that takes anything but the name of a command for pictures to look at."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command `pictures` before arguments that name none; raises UsageError for words that mean another."""
        named = args[:1] and args[0] in (*self.commands, *ctx.help_option_names)
        picture = named or not args or ctx.resilient_parsing or Path(args[0]).exists()
        if not picture and (answer := self.answer(ctx, args[0])):
            raise UsageError(answer)
        return super().parse_args(ctx, args if named else ["pictures", *args])


@click.group(cls=_Pictures)
def attribute() -> None:
    """Say which of the models held here drew a picture, if any did.

    `audit attribute PICTURE…` is short for `audit attribute pictures PICTURE…`. Models that come with artaudit can be
    asked at once, others after `audit attribute enrol`.
    """
    keep_freed_memory()


@attribute.command("pictures")
@PICTURES
@MODELS
@click.option(
    "--resized", is_flag=True, help="Search for crops that were resized too, at usual factors: several times as long."
)
@click.option(
    "--no-search",
    "search",
    flag_value=False,
    default=True,
    help="Look for no crop and no resize: for pictures that are surely as they were drawn.",
)
@click.option(
    "-o", "--output", type=PATH, help="Write an HTML page: each picture redrawn by the models, with error maps."
)
@AS_JSON
def attribute_pictures(
    pictures: tuple[Path, ...],
    models: tuple[str, ...],
    output: Path | None,
    *,
    resized: bool,
    search: bool,
    as_json: bool,
) -> int:
    """Ask every enrolled model whether it drew PICTURES.

    Each model redraws the part with the most detail, which changes the model's own pictures otherwise than those of
    others. Models draw in squares of pixels, one for each latent. Of a picture that no model claims as it is, the
    offset that a crop gave these squares is searched for, and the resize that a whole picture may have had. Exit code 1
    says that at least one picture is a model's.
    """
    from artaudit.attribution import page  # noqa: PLC0415 - heavy
    from artaudit.attribution.candidate import candidates  # noqa: PLC0415 - heavy
    from artaudit.attribution.examiner import finding  # noqa: PLC0415 - heavy
    from artaudit.attribution.opinion import opinions  # noqa: PLC0415 - heavy
    from artaudit.image import read, write_atomically  # noqa: PLC0415 - heavy
    from artaudit.image.writing import ensure_new  # noqa: PLC0415 - heavy

    if output is not None:
        ensure_new(output, "choose another -o")
    asked = candidates(models)
    shown = []

    def ask(path: Path) -> dict[str, Any]:
        image = read(path)
        said = opinions(image, asked, resized=resized, search=search)
        found = finding(said, asked)
        shown.append((str(path), found, said))
        if not as_json:
            _print(str(path), found.as_dict())
        return {"path": str(path), "sha256": image.sha256, **found.as_dict()}

    documents, code = each(pictures, ask)
    if output is not None and shown:
        write_atomically(output, page.page(shown))
    if as_json:
        print_json(documents)
    return code or int(any(document["holds"] for document in documents))


@attribute.command("candidates")
@AS_JSON
def list_candidates(*, as_json: bool) -> None:
    """List the models, and how well each tells its own pictures."""
    from artaudit.attribution.candidate import candidates  # noqa: PLC0415 - heavy

    rows = [
        {
            "name": candidate.record.name,
            "words": candidate.words,
            "obstacle": candidate.obstacle,
            "calibration": None if candidate.calibration is None else asdict(candidate.calibration),
        }
        for candidate in candidates()
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        click.echo(f"{row['name']}  {row['obstacle'] or row['words']}")


@attribute.command()
@click.argument("model")
@click.argument("pictures", type=PATH, nargs=-1)
@click.option(
    "--method",
    type=click.Choice(list(catalog.ATTRIBUTIONS)),
    default="inversion",
    show_default=True,
    help="The statistic that tells its own pictures from others, as docs/components.md describes it.",
)
@click.option(
    "--most",
    type=click.IntRange(min=10),
    default=40,
    show_default=True,
    help="How many pictures MODEL redraws; evidence takes 100, and nearly three times as long.",
)
@AS_JSON
def enrol(model: str, pictures: tuple[Path, ...], *, method: str, most: int, as_json: bool) -> None:
    """Make MODEL known, so that it can be asked about pictures.

    Crops of PICTURES are measured as MODEL redraws them, which are its own, and as they are, edited, drawn by code and
    redrawn by other models, which are not. PICTURES are files or folders, at least ten pictures that no model made, of
    256 pixels or more, better three hundred: the first --most are redrawn, twice as many more are measured as they are.
    Without any, drawings by code and parts of two photographs stand in for them. A stopped enrolment goes on where it
    was.
    """
    from artaudit.attribution.candidate import calibration_path, candidates  # noqa: PLC0415 - heavy
    from artaudit.attribution.enrolment import FURTHER_PICTURES, calibrate_model  # noqa: PLC0415 - heavy
    from artaudit.image import read  # noqa: PLC0415 - heavy
    from artaudit.image.sources import gather  # noqa: PLC0415 - heavy

    (candidate,) = candidates((model,))
    paths = [source.path for source in gather(pictures)][: (1 + FURTHER_PICTURES) * most] if pictures else []
    images, code = each(paths, read)
    if code:
        raise UsageError("Some pictures could not be read: leave them out.")
    with progress_bar("measuring") as progress:
        learned = calibrate_model(model, images, method=method, most=most, progress=progress)
    if as_json:
        print_json({"path": str(calibration_path(candidate.record)), **asdict(learned)})
        return
    click.echo("\n".join(learned.summary()))
    if learned.relatives:
        click.echo(f"not to be told from {', '.join(learned.relatives)}: they will be named together")
    if learned.small:
        click.echo("Few pictures stand behind this: answers will say so, and stay out of reports.", err=True)
    if not learned.separable:
        click.echo(f"{model} is not separable here and will give no answer", err=True)


@attribute.command("evaluate")
@click.argument("model")
@click.argument("data", type=PATH)
@SPLIT
@EDITS
@click.option("--side", type=click.IntRange(min=96), default=128, show_default=True, help="Pixels along a crop's side.")
@AS_JSON
def evaluate(model: str, data: Path, *, split: str, edits: tuple[str, ...], side: int, as_json: bool) -> None:
    """Measure how well MODEL tells its own pictures in DATA.

    MODEL is a model's name, or auto for all that are enrolled; DATA is a manifest (`audit data index`). A model's own
    pictures are the real ones of DATA as it redraws them, and those whose row names it as generator. Every picture is
    edited alike.
    """
    from artaudit.attribution import evaluation  # noqa: PLC0415 - heavy

    with progress_bar("measuring") as progress:
        asked = edits or evaluation.EDITS
        found = evaluation.evaluate((model,), data, split=split, edits=asked, side=side, progress=progress)
    if as_json:
        print_json(found)
        return
    for edit, told in found["curve"].items():
        click.echo(
            f"{edit}: closed-set accuracy {_share(told['closed_set_accuracy'])}, open-set AUC {told['open_set_auc']}"
        )
        for name, row in told["candidates"].items():
            at_5 = _share(row["accuracy_at_5_percent_false_alarms"])
            click.echo(f"  {name}  AUC {row['auc']}, accuracy at 5 % false alarms {at_5}")
        for truth, row in told["confusion"].items():
            click.echo(f"  drawn by {truth}: {', '.join(f'{name} {count}' for name, count in row.items())}")


def _share(share: dict[str, Any]) -> str:
    if share["value"] is None:
        return "of nothing"
    bounds = f"95 % {share['low']:.3f} to {share['high']:.3f}"
    return f"{share['value']:.3f} ({share['count']}/{share['n']}, {bounds})"


def _print(path: str, found: dict[str, Any]) -> None:
    mark = {True: "yes", False: "no", None: "cannot tell"}[found["holds"]]
    click.echo(f"{path}: {mark}: {found['claim']}")
    for said in found["details"]["candidates"]:
        offset = f", grid at {tuple(said['offset'])}" if any(said["offset"]) else ""
        scale = f", a resize by {said['scale']} undone" if said["scale"] != 1 else ""
        click.echo(f"  {said['model']}  {said['score']:+.2f}, bar {said['bar']:+.2f}{offset}{scale}")
    for name, why in found["details"]["left_out"].items():
        click.echo(f"  {name}  {why}")
