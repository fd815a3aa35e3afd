"""The command `audit sign`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artaudit.commands.common import AS_JSON, DB, PATH, PICTURES, each, open_registry, print_json
from artaudit.commands.keys import signer
from artaudit.errors import UsageError

if TYPE_CHECKING:  # signing loads more than `--help` may wait for
    from artaudit.auditor.sign import Signed
    from artaudit.auditor.signing.credentials import Wish


@click.command()
@PICTURES
@click.option("-o", "--output", type=PATH, help="Folder for results, under their own names.")
@click.option(
    "--no-train/--any-use",
    "refuses",
    default=True,
    show_default=True,
    help="Refuse training in the credential and in the file's XMP (plus:DataMining), or say nothing of it.",
)
@click.option("--no-register", "keeps", flag_value=False, default=True, help="Do not make works of unknown pictures.")
@click.option("--timestamp", "authority", metavar="URL", help="Timestamp authority (RFC 3161).")
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
    """Sign PICTURES: who made them, and that nobody may train on them, as content credentials (C2PA) in the file.

    PICTURES are files, folders (searched through) or quoted patterns. Each result is written as NAME-signed.EXT beside
    its original, or with -o into that folder; no sample changes. The credential is kept with the registered work, so
    that a copy that lost it still leads to it; a picture that is no work yet is registered for that, and it is said.
    """
    from artaudit.auditor.sign import sign_picture  # noqa: PLC0415 - heavy
    from artaudit.auditor.signing.credentials import SIGNABLE, Wish  # noqa: PLC0415 - heavy
    from artaudit.image.sources import OWN, gather  # noqa: PLC0415 - heavy

    pen = signer()
    if pen is None:
        raise UsageError("There are no keys to sign with: make some with `audit keys init`.")
    wish = Wish(refuses, keeps, authority)
    sources = gather(pictures, suffixes=SIGNABLE, own=(*OWN[1:], "-signed"))
    with open_registry() as registry:

        def one(source: Any) -> dict[str, Any]:  # noqa: ANN401 - heavy to name
            path = source.path
            target = output / source.inside if output else path.with_stem(f"{path.stem}-signed")
            signed = sign_picture(path, target, pen, registry, wish)
            number = signed.work.id if signed.work else None
            if not as_json:
                click.echo(f"{target}  {_signed_line(signed, wish)}")
            return {
                "path": str(path),
                "result": str(target),
                "work": number,
                "registered": signed.new,
                "xmp": signed.xmp,
            }

        done, code = each(sources, one)
    if as_json:
        print_json(done)
    return code


def _signed_line(signed: Signed, wish: Wish) -> str:
    if signed.work is None:
        kept = "no registered work: a copy that lost the credential will not lead to it"
    else:
        kept = f"{'registered for it as' if signed.new else 'kept with'} work {signed.work.id}, {signed.work.title!r}"
    only = "; its kind holds no XMP, so that only the credential refuses training"
    return f"signed, {kept}{only if wish.refuses and not signed.xmp else ''}"
