"""The command `audit serve`."""

from __future__ import annotations

import webbrowser

import click

from artaudit.commands.common import DB, acting, open_registry, registry_path
from artaudit.commands.settings import settings
from artaudit.errors import MissingExtraError, UsageError
from artaudit.language import ENGLISH

HERE = ("127.0.0.1", "localhost")


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="The port; 0 takes a free one."
)
@click.option("--host", default=HERE[0], help="Anything but this computer is refused, with how to tunnel instead.")
@click.option("--no-browser", is_flag=True, help="Open no browser; the link is printed either way.")
@DB
def serve(port: int, host: str, *, no_browser: bool) -> None:
    """Open a page in the browser, for all that artists do.

    Protect, portfolio, checks, cases and models, on this computer alone: nothing listens on the network, and the link
    opens the page once. Cloaks go on in the background; what was begun goes on at the next start.
    """
    if host not in HERE:
        raise UsageError(
            f"The page listens on this computer alone, never on {host}: from another one, tunnel with "
            f"`ssh -L {port}:127.0.0.1:{port} YOU@THIS-COMPUTER` and open the link there."
        )
    try:
        from artaudit.web.serving import serve as begin  # noqa: PLC0415 - heavy
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("artaudit"):
            raise
        raise MissingExtraError("web", "The page") from error
    opened = no_browser

    def told(link: str) -> None:
        nonlocal opened
        click.echo(f"{'Another browser' if opened and not no_browser else 'The page'}: {link}")
        if not opened:
            opened = True
            webbrowser.open(link)

    with open_registry(create=True):  # so that there is one
        pass
    begin(registry_path(), port, told, by=acting(), language=lambda: settings().get("language", ENGLISH))
