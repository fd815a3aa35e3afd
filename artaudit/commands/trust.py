"""The commands about trust lists: by whose authorities content credentials in pictures are judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artaudit.commands.common import AS_JSON, PATH, print_json
from artaudit.commands.words import Group
from artaudit.errors import UsageError

if TYPE_CHECKING:  # cryptography loads more than `--help` may wait for
    from artaudit.provenance.signed.trust import TrustList


@click.group(cls=Group)
def trust() -> None:
    """Choose whose content credentials (C2PA) are trusted.

    Two lists of the C2PA Conformance Program come with artaudit: of authorities whose signers it accepts, and of those
    whose timestamps it accepts. Nothing is fetched; a newer list is a file that you give to `update`. The PEM file
    $ARTAUDIT_TRUST, where it is set, counts as one more list of signers.
    """


@trust.command("list")
@AS_JSON
def show(*, as_json: bool) -> None:
    """Show the trust lists in use, with date, source and sha256."""
    from artaudit.provenance.signed.trust import configured, stored  # noqa: PLC0415 - heavy

    lists, (_, aside) = configured().lists, stored()
    if as_json:
        print_json({"lists": [_told(found) for found in lists], "set_aside": list(aside)})
        return
    for found in lists:
        click.echo(_line(found))
        click.echo(f"  from {found.source}" + (f" ({found.licence})" if found.licence else ""))
        click.echo(f"  sha256 {found.sha256}")
    for name in aside:
        click.echo(f"{name}: set aside (`audit keys trust remove {name} --undo` takes it back)")


@trust.command()
@click.argument("file", type=PATH)
@click.option("--name", help="What to call the list [default: the file's name without its ending].")
@click.option("--timestamps", is_flag=True, help="Trust these authorities for timestamps, not for signers.")
@AS_JSON
def add(file: Path, name: str | None, *, timestamps: bool, as_json: bool) -> None:
    """Trust the authorities in FILE (certificates, PEM) from now on.

    FILE is copied and may go. Whoever these authorities gave a certificate counts as a trusted signer, so that a
    statement of theirs about a picture stands above what is measured.
    """
    from artaudit.provenance.signed.trust import configured, read_list, store, stored  # noqa: PLC0415 - heavy

    added, aside = stored()
    found = read_list(file, name or file.stem, "timestamps" if timestamps else "signers")
    if found.name in {known.name for known in configured().lists} | set(aside):
        raise UsageError(
            f"There is a trust list {found.name} already: choose another --name, or use `audit keys trust update`."
        )
    store((*added, found), aside)
    _say(found, as_json=as_json)


@trust.command()
@click.argument("file", type=PATH)
@click.option("--name", help="Which list it replaces [default: the one called as the file without its ending].")
@AS_JSON
def update(file: Path, name: str | None, *, as_json: bool) -> None:
    """Replace a list by a newer one in FILE (certificates, PEM).

    The names of C2PA's own lists are those of its files, C2PA-TRUST-LIST and C2PA-TSA-TRUST-LIST, which lie at
    https://github.com/c2pa-org/conformance-public. `audit keys trust remove` goes back to the one that came with
    artaudit.
    """
    from artaudit.provenance.signed.trust import read_list, shipped, store, stored  # noqa: PLC0415 - heavy

    added, aside = stored()
    wanted = name or file.stem
    old = next((known for known in (*added, *shipped()) if known.name == wanted), None)
    if old is None:
        raise UsageError(f"There is no trust list {wanted}: name one with --name, or use `audit keys trust add`.")
    found = replace(read_list(file, wanted, old.purpose), licence=old.licence)
    store((*(known for known in added if known.name != wanted), found), (other for other in aside if other != wanted))
    _say(found, as_json=as_json)


@trust.command()
@click.argument("name")
@click.option("--undo", is_flag=True, help="Use a list again that came with artaudit and was set aside.")
def remove(name: str, *, undo: bool) -> None:
    """Trust the list NAME no longer.

    A list that you added is deleted; one that you updated becomes again what came with artaudit, and that is only set
    aside.
    """
    from artaudit.provenance.signed.trust import shipped, store, stored  # noqa: PLC0415 - heavy

    added, aside = stored()
    ours, theirs = ({known.name for known in lists} for lists in (shipped(), added))
    if undo:
        if name not in aside:
            raise UsageError(f"No trust list {name} was set aside: see `audit keys trust list`.")
        store(added, (other for other in aside if other != name))
        click.echo(f"{name} is in use again")
    elif name in theirs:
        store((known for known in added if known.name != name), aside)
        click.echo(f"{name} is again the list that came with artaudit" if name in ours else f"{name} was removed")
    elif name in ours and name not in aside:
        store(added, (*aside, name))
        click.echo(f"{name} is set aside (`--undo` takes it back)")
    else:
        raise UsageError(f"There is no trust list {name} in use: see `audit keys trust list`.")


def _say(found: TrustList, *, as_json: bool) -> None:
    if as_json:
        print_json(_told(found))
    else:
        click.echo(_line(found))


def _line(found: TrustList) -> str:
    told = _told(found)
    ended = f", {told['expired']} of them expired" if told["expired"] else ""
    return f"{found.label}: {told['authorities']} authorities of {found.purpose}{ended}"


def _told(found: TrustList) -> dict[str, Any]:
    return {**found.as_dict(), **found.count()}
