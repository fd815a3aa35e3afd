"""The command `audit sign`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artaudit.commands.common import AS_JSON, DB, PATH, PICTURES, each, open_registry, print_json, sum_up
from artaudit.commands.keys import signer
from artaudit.errors import ArtauditError, UsageError

if TYPE_CHECKING:  # signing loads more than `--help` may wait for
    from artaudit.auditor.sign import Signed
    from artaudit.auditor.signing.credentials import Wish


@click.command()
@PICTURES
@click.option("-o", "--output", type=PATH, help="The folder for results, which keep the names of their originals.")
@click.option(
    "--no-train/--any-use",
    "refuses",
    default=True,
    show_default=True,
    help="Refuse training in the credential and in the file's XMP (plus:DataMining), or say nothing about it.",
)
@click.option(
    "--no-register", "keeps", flag_value=False, default=True, help="Do not register pictures that are no works yet."
)
@click.option("--timestamp", "authority", metavar="URL", help="Ask this authority for a timestamp (RFC 3161).")
@AS_JSON
@DB
def sign(
    pictures: tuple[Path, ...],
    output: Path | None,
    *,
    refuses: bool,
    keeps: bool,
    authority: str | None,
    as_json: bool,
) -> int:
    """Sign PICTURES: say who made them, and refuse training on them.

    The statement is a content credential (C2PA) in the file. PICTURES are files, folders (searched through) or quoted
    patterns. Each result is written beside its original as NAME-signed.EXT, or with -o into that folder; its pixels
    stay as they are. The credential is also kept with the registered work, so that a copy that lost it still leads to
    it; a picture that is no work yet is registered for that.
    """
    from artaudit.auditor.sign import sign_picture  # noqa: PLC0415 - heavy
    from artaudit.auditor.signing.credentials import SIGNABLE, Wish  # noqa: PLC0415 - heavy
    from artaudit.image.sources import OWN, gather  # noqa: PLC0415 - heavy

    pen = signer()
    if pen is None:
        raise UsageError("There are no keys to sign with: make some with `audit keys init`.")
    wish, refused = Wish(refuses, keeps, authority), list[ArtauditError]()
    sources = gather(pictures, suffixes=SIGNABLE, own=(*OWN[1:], "-signed"))
    with open_registry(create=True) as registry:

        def signed(source: Any) -> dict[str, Any]:  # noqa: ANN401 - heavy to name
            path = source.path
            target = output / source.inside if output else path.with_stem(f"{path.stem}-signed")
            done = sign_picture(path, target, pen, registry, wish)
            number = done.work.id if done.work else None
            if not as_json:
                click.echo(f"{target}  {_signed_line(done, wish)}")
            return {
                "path": str(path),
                "result": str(target),
                "work": number,
                "registered": done.new,
                "xmp": done.xmp,
            }

        rows, code = each(sources, signed, refused)
    if as_json:
        print_json(rows)
    else:
        sum_up(len(rows), len(sources), "signed", refused)
    return code


def _signed_line(signed: Signed, wish: Wish) -> str:
    if signed.work is None:
        kept = "no registered work: a copy that lost the credential will not lead to it"
    else:
        kept = f"{'registered for it as' if signed.new else 'kept with'} work {signed.work.id}, {signed.work.title!r}"
    only = "; its kind holds no XMP, so that only the credential refuses training"
    return f"signed, {kept}{only if wish.refuses and not signed.xmp else ''}"
