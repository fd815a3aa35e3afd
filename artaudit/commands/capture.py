"""The command `audit capture`."""

from __future__ import annotations

from pathlib import Path

import click

from artaudit.commands.common import AS_JSON, PATH, print_json


@click.command()
@click.argument("archives", metavar="ARCHIVES", nargs=-1, required=True, type=PATH)
@click.option("-o", "--output", type=PATH, required=True, help="The folder to write, which must not exist.")
@AS_JSON
def capture(archives: tuple[Path, ...], output: Path, *, as_json: bool) -> None:
    """Take pictures out of saved pages and web archives.

    ARCHIVES are pages that a browser saved (HTML with its folder of files, or MHTML) and web archives (WACZ or WARC).
    The folder gets every picture, page and screenshot in them, and capture.json, which says of each where it came from:
    its address, the page it stood on, when it was saved, what the server answered and its time. Nothing is fetched.

    `audit check --capture FOLDER` keeps all that with its checks, and reports name it under custody, with the digest
    of the archive, from which anybody can make the same folder again. Keep the archive.
    """
    from artaudit.auditor.capture.folder import capture as write  # noqa: PLC0415 - heavy

    record = write(archives, output)
    if as_json:
        print_json({"path": str(output), **record})
        return
    for entry in record["resources"]:
        where = entry["url"] or "its address is not said"
        click.echo(f"{output / entry['file']}  {entry['bytes']:,} bytes, {where}")
    for archive in record["archives"]:
        click.echo(f"{archive['name']} ({archive['kind']}), sha256 {archive['sha256']}: keep it", err=True)
        for remark in archive["remarks"]:
            click.echo(f"  remark: {remark}", err=True)
    click.echo(f"`audit check --capture {output}` checks the pictures and keeps where they came from", err=True)
