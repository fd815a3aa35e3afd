"""The commands about cases: open one, put checks into it, note, list; who did what when stands in the log."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from artaudit.commands.common import AS_JSON, DB, each, open_registry, print_json
from artaudit.commands.words import Group
from artaudit.errors import UsageError


@click.group(cls=Group)
def case() -> None:
    """Keep cases: checks and notes that belong together.

    Every check opens a case of its own. The log keeps who did what: $ARTAUDIT_BY, else the setting name, else the name
    of the login.
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


@case.command()
@click.argument("number", metavar="CASE", type=int)
@click.argument("title")
@DB
def rename(number: int, title: str) -> None:
    """Call CASE by TITLE from now on; the log keeps what it was called."""
    if not title.strip():
        raise UsageError("A title has at least one letter: name another.")
    with open_registry() as registry:
        before = registry.case_store.folder(number).title
        registry.case_store.rename(number, title)
    click.echo(f"case {number}: {title}{f', before {before}' if before else ''}")


@case.command()
@click.argument("number", metavar="CASE", type=int)
@click.option("--reason", default="", help="Why; kept in the log.")
@DB
def close(number: int, reason: str) -> None:
    """Leave CASE out of the list from now on; nothing is deleted."""
    with open_registry() as registry:
        registry.case_store.close(number, reason)
    click.echo(f"case {number} is closed: `audit case reopen {number}` brings it back")


@case.command()
@click.argument("number", metavar="CASE", type=int)
@DB
def reopen(number: int) -> None:
    """Take a closed CASE into the list again."""
    with open_registry() as registry:
        registry.case_store.reopen(number)
    click.echo(f"case {number} is open")


@case.command("list")
@click.argument("number", metavar="[CASE]", type=int, required=False)
@click.option("--closed", is_flag=True, help="List closed cases, too.")
@AS_JSON
@DB
def list_cases(number: int | None, *, closed: bool, as_json: bool) -> None:
    """List the open cases, or the history of one CASE.

    A line says number, day, what was found in a word (copy, made by a machine, perhaps a copy, claimed by the file,
    nothing), and the name of the checked picture, or the title of the case with the number of its checks.
    """
    from artaudit.auditor.cases import described  # noqa: PLC0415 - heavy

    with open_registry() as registry:
        book = registry.case_store
        folders = book.folders() if number is None else [book.folder(number)]
        folders = [folder for folder in folders if closed or number is not None or not folder.closed]
        history = [] if number is None else book.history(number)
        evidence = {check: registry.case(check).evidence for folder in folders for check in folder.checks}
    rows = [described(folder, [evidence[check] for check in folder.checks]) for folder in folders]
    if as_json:
        print_json([{**row, "history": list(map(asdict, history))} for row in rows])
        return
    for row in rows:
        click.echo(_line(row))
    if not rows:
        click.echo("There is no open case: `audit check PICTURE` makes one.")
    for event in history:
        click.echo(f"    {event.at[:19]}  {event.payload.get('by', 'not recorded')}  {event.kind}")
    for remark in folders[0].notes if number is not None else ():
        click.echo(f"    {remark.at[:19]}  {remark.by}: {remark.text}")


def _line(row: dict[str, Any]) -> str:
    count = len(row["checks"])
    number = "no check" if not count else "1 check" if count == 1 else f"{count} checks"
    name = f"{row['title']} ({number})" if row["title"] else ", ".join(row["pictures"])
    state = "  (closed)" if row["closed"] else ""
    return f"{row['id']:>4}  {row['opened_at'][:10]}  {row['verdict']:<7}  {name}{state}"
