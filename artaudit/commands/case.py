"""The commands about cases: open one, put checks into it, note, list; who did what when stands in the log."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from artaudit.commands.common import AS_JSON, DB, each, open_registry, print_json


@click.group()
def case() -> None:
    """Keep cases: checks and notes that belong together.

    Every check opens a case of its own. The log keeps who did what: $ARTAUDIT_BY, else the name of the login.
    """


@case.command("open")
@click.argument("title")
@AS_JSON
@DB
def open_case(title: str, *, as_json: bool) -> None:
    """Open a case called TITLE and print its number."""
    with open_registry(create=True) as registry:
        number = registry.case_store.open(title)
    if as_json:
        print_json({"case": number, "title": title})
    else:
        click.echo(f"case {number}: {title}")


@case.command()
@click.argument("number", metavar="CASE", type=int)
@click.argument("items", metavar="CHECK_OR_PICTURE...", nargs=-1, required=True)
@AS_JSON
@DB
def add(number: int, items: tuple[str, ...], *, as_json: bool) -> int:
    """Put checks into CASE, or pictures, which are checked first.

    A check is given by the number of its case, which `audit check` printed.
    """
    from artaudit.auditor.check import check  # noqa: PLC0415 - heavy

    with open_registry() as registry:
        registry.case_store.folder(number)

        def put(item: str) -> dict[str, Any]:
            checked = int(item) if item.isdecimal() else check(Path(item), registry)[0]
            new = registry.case_store.add(number, checked)
            if not as_json:
                click.echo(f"check {checked} is in case {number}{'' if new else ' already'}")
            return {"case": number, "check": checked, "new": new}

        done, code = each(items, put)
    if as_json:
        print_json(done)
    return code


@case.command()
@click.argument("number", metavar="CASE", type=int)
@click.argument("text")
@DB
def note(number: int, text: str) -> None:
    """Keep the remark TEXT about CASE; it cannot be changed or removed."""
    with open_registry() as registry:
        registry.case_store.note(number, text)
    click.echo(f"noted in case {number}")


@case.command("list")
@click.argument("number", metavar="[CASE]", type=int, required=False)
@AS_JSON
@DB
def list_cases(number: int | None, *, as_json: bool) -> None:
    """List all cases, or of one CASE who did what and when."""
    with open_registry() as registry:
        book = registry.case_store
        folders = book.folders() if number is None else [book.folder(number)]
        history = [] if number is None else book.history(number)
    if as_json:
        print_json([{**asdict(folder), "history": list(map(asdict, history))} for folder in folders])
        return
    for folder in folders:
        checks = f"checks {', '.join(map(str, folder.checks))}" if folder.checks else "no check"
        click.echo(f"{folder.id}  {folder.opened_at[:19]}  {folder.title or 'a check'}  ({checks})")
    for event in history:
        click.echo(f"    {event.at[:19]}  {event.payload.get('by', 'not recorded')}  {event.kind}")
    for remark in folders[0].notes if number is not None else ():
        click.echo(f"    {remark.at[:19]}  {remark.by}: {remark.text}")
