"""The commands that write evidence and read it back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artaudit.doors.common import AS_JSON, DB, PATH, PICTURES, each, open_registry, print_json
from artaudit.doors.keykeeping import AUTHORITY, TRUST, signer, trusted
from artaudit.errors import UsageError

if TYPE_CHECKING:  # the evidence room loads more than `--help` may wait for
    from artaudit.auditor.evidence import Seal
    from artaudit.auditor.signing import Signed, Wish

TIMESTAMP = click.option(
    "--timestamp", "authorities", multiple=True, metavar="URL", help="Timestamp authority (RFC 3161); may be repeated."
)
UNSIGNED = click.option("--unsigned", is_flag=True, help="Do not sign, though there are keys.")


@click.command()
@click.argument("case", metavar="PICTURE_OR_CASE")
@click.option("-o", "--output", type=PATH, required=True, help="The package to write, a ZIP file.")
@TIMESTAMP
@UNSIGNED
@click.option("--pdf", is_flag=True, help="Add the report as PDF/A (needs the extra 'pdf').")
@AS_JSON
@DB
def report(case: str, output: Path, *, authorities: tuple[str, ...], unsigned: bool, pdf: bool, as_json: bool) -> None:
    """Write the evidence of a case as a package that anybody can verify.

    PICTURE_OR_CASE is the number of a case that `audit check` or `audit case open` printed, or a picture, which is
    checked first. The package is signed when there are keys (`audit keys init`).
    """
    from artaudit.auditor import reporting, verbs  # noqa: PLC0415 - heavy

    seal = _seal(authorities, unsigned=unsigned)
    with open_registry() as registry:
        number = int(case) if case.isdecimal() else verbs.check(Path(case), registry)[0]
        written = reporting.report(number, output, registry, seal, pdf=pdf)
    if as_json:
        print_json(written)
        return
    click.echo(f"{output}  case {number}, {written['bytes']:,} bytes, sha256 {written['sha256']}")
    click.echo(_sealed_line(seal), err=True)


@click.command()
@click.argument("package", type=PATH)
@TRUST
@AUTHORITY
@AS_JSON
def verify(package: Path, *, trust: Path | None, authority: Path | None, as_json: bool) -> int:
    """Recompute every digest of an evidence PACKAGE and say what broke; exit code 1 when anything did.

    With --trust the package must be signed by somebody those roots vouch for, with --authority timestamped likewise.
    """
    from artaudit.auditor.evidence import verify_package  # noqa: PLC0415 - heavy

    result = verify_package(package, trusted(trust, authority))
    if as_json:
        print_json({"path": str(package), **asdict(result)})
    elif result.ok:
        click.echo(f"{package} is intact: {result.checked} files agree with their digests")
        click.echo("\n".join(_sealed_by(result.summary)))
    else:
        click.echo("\n".join(result.problems))
    return int(not result.ok)


@click.command()
@click.option("-o", "--output", type=PATH, required=True, help="The seal to write, a JSON file.")
@TIMESTAMP
@UNSIGNED
@AS_JSON
@DB
def seal(output: Path, *, authorities: tuple[str, ...], unsigned: bool, as_json: bool) -> None:
    """Write the root of the log to a file to keep elsewhere; `audit db verify --seal` compares with it.

    A signature and timestamps are written beside it, as its name with .p7s and .1.tsr.
    """
    from artaudit.auditor.sealing import seal_log  # noqa: PLC0415 - heavy

    mark = _seal(authorities, unsigned=unsigned)
    with open_registry() as registry:
        record = seal_log(output, registry, mark)
    if as_json:
        print_json({"path": str(output), **record})
        return
    click.echo(f"{output}  {record['size']} events, root {record['root']}")
    click.echo(_sealed_line(mark), err=True)


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
    from artaudit.auditor.signing import SIGNABLE, Wish, sign_picture  # noqa: PLC0415 - heavy
    from artaudit.auditor.sources import OWN, gather  # noqa: PLC0415 - heavy

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


@click.command()
@click.argument("record", metavar="PACKAGE_OR_REPORT", type=PATH)
@AS_JSON
def reproduce(record: Path, *, as_json: bool) -> int:
    """Make the checks of a package again, on its own bytes, and compare; exit code 1 when anything differs.

    PACKAGE_OR_REPORT is the package, or data/report.json of an unpacked one.
    """
    from artaudit.auditor.reproducing import reproduce as repeat  # noqa: PLC0415 - heavy

    result = repeat(record)
    if as_json:
        print_json(result)
    else:
        for check in result["checks"]:
            for finding in check["findings"]:
                why = f" ({finding['why']})" if "why" in finding else ""
                click.echo(f"check {check['check']}  {finding['outcome']:>12}  {finding['claim']}{why}")
            click.echo(f"check {check['check']}  {check['assessment']['outcome']:>12}  what the findings come to")
    return int(not result["same"])


def _seal(authorities: tuple[str, ...], *, unsigned: bool) -> Seal:
    from artaudit.auditor.evidence import Seal  # noqa: PLC0415 - heavy

    return Seal(None if unsigned else signer(), authorities)


def _sealed_line(seal: Seal) -> str:
    said = seal.as_dict()
    signed = f"signed by {said['signer']['subject']}" if said["signer"] else "not signed (`audit keys init`)"
    stamped = f"timestamped by {', '.join(said['timestamps'])}" if said["timestamps"] else "not timestamped"
    return f"{signed}, {stamped}"


def _sealed_by(summary: dict[str, Any]) -> list[str]:
    """Say who signed a package and who timestamped it, and whether a root was given that vouches for them."""
    signed = _vouched("signed by", summary["signer"], "--trust") if summary["signer"] else "not signed"
    stamped = [
        _vouched(f"timestamped {one['at'][:19].replace('T', ' ')} UTC by", one, "--authority")
        for one in summary["timestamps"]
    ]
    return [signed, *(stamped or ["not timestamped"])]


def _vouched(what: str, one: dict[str, Any], option: str) -> str:
    known = "a root you gave vouches for it" if one["trusted"] else f"give its root with {option} to see whose it is"
    return f"{what} {one['subject']}, sha256 {one['sha256']}: {known}"


COMMANDS: tuple[click.Command, ...] = (report, verify, seal, sign, reproduce)
