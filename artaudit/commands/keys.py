"""The commands about keys: make or import what evidence is signed with, and unlock it where it is needed."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artaudit.commands.common import AS_JSON, PATH, notice, print_json
from artaudit.commands.trust import trust
from artaudit.commands.words import Group
from artaudit.errors import UsageError

if TYPE_CHECKING:  # cryptography loads more than `--help` may wait for
    from artaudit.auditor.evidence import Seal, Trust
    from artaudit.auditor.registry import Registry
    from artaudit.auditor.signing.keys import Signer, SigningIdentity

VARIABLE = "ARTAUDIT_PASSPHRASE"
TRUST = click.option("--trust", type=PATH, help="Root certificates (PEM) that signers must come from.")
AUTHORITY = click.option("--authority", type=PATH, help="Root certificates (PEM) that timestamps must come from.")
TIMESTAMP = click.option(
    "--timestamp",
    "authorities",
    multiple=True,
    metavar="URL",
    help="Ask this authority for a timestamp (RFC 3161); may be repeated.",
)
STAMP = click.option(
    "--timestamp",
    "authorities",
    multiple=True,
    metavar="URL",
    envvar="ARTAUDIT_TIMESTAMP",
    help="Ask this authority (RFC 3161) to timestamp the log; only a digest is sent; may be repeated "
    "[default: those in $ARTAUDIT_TIMESTAMP].",
)
UNSIGNED = click.option("--unsigned", is_flag=True, help="Do not sign, even if there are keys.")


@click.group(cls=Group)
def keys() -> None:
    """Make, import and show the keys that evidence is signed with.

    They lie in the folder $ARTAUDIT_KEYS, else in the platform's data folder. The passphrase is asked for, or taken
    from $ARTAUDIT_PASSPHRASE.
    """


keys.add_command(trust)


@keys.command()
@click.option("--name", required=True, help="Your name or your studio's, as signatures will show it.")
@AS_JSON
def init(name: str, *, as_json: bool) -> None:
    """Make a signing key and certificates of your own.

    The key is kept under a passphrase. Nobody vouches for you but you: tell those who are to trust your packages the
    sha256 of the root certificate, by another way than the package.
    """
    from artaudit.auditor.signing import keys as tools  # noqa: PLC0415 - heavy

    _show(tools.create(tools.default_folder(), name, passphrase(new=True)), as_json=as_json)


@keys.command("import")
@click.argument("certificate", type=PATH)
@click.option("--key", type=PATH, help="The private key, where CERTIFICATE is a PEM file without it.")
@AS_JSON
def import_keys(certificate: Path, key: Path | None, *, as_json: bool) -> None:
    """Import the CERTIFICATE and key that an authority gave you.

    They are one .p12 file, or two PEM files, of which --key names the second. Their passphrase stays as it is.
    """
    from artaudit.auditor.signing import keys as tools  # noqa: PLC0415 - heavy

    word = passphrase()
    signer = tools.read_pem(certificate, key, word) if key else tools.read_pkcs12(certificate, word)
    _show(tools.keep(tools.default_folder(), signer, word), as_json=as_json)


@keys.command()
@AS_JSON
def show(*, as_json: bool) -> None:
    """Show the name on the keys, their last day and their folder."""
    _show(_identity(), as_json=as_json)


@keys.command()
@click.option("-o", "--output", type=PATH, required=True, help="The file to write, PEM.")
def root(output: Path) -> None:
    """Write the certificates that others need to trust you.

    They give the file to --trust of `audit verify`, and compare the sha256 of the root with what you told them.
    """
    from artaudit.auditor.signing import keys as tools  # noqa: PLC0415 - heavy
    from artaudit.image import write_atomically  # noqa: PLC0415 - heavy
    from artaudit.image.writing import ensure_new  # noqa: PLC0415 - heavy

    ensure_new(output, "choose another -o")
    found = _identity()
    write_atomically(output, found.authority_pem())
    click.echo(f"{output}  sha256 of the root: {tools.fingerprint(found.chain[-1])}")


def signer() -> Signer | None:
    """Return the signer that the keys at hand make, unlocked; None where there are no keys."""
    from artaudit.auditor.signing import keys as tools  # noqa: PLC0415 - heavy

    folder = tools.default_folder()
    return tools.unlock(folder, passphrase()) if tools.identity(folder) else None


def passphrase(*, new: bool = False) -> str:
    """Return the passphrase from the environment or, at a terminal, from the person there."""
    given = os.environ.get(VARIABLE)
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise UsageError(f"The passphrase of the keys is not known: set {VARIABLE}, or run this in a terminal.")
    word: str = click.prompt("Passphrase of your keys", hide_input=True, confirmation_prompt=new, err=True)
    return word


def trusted(signers: Path | None, authorities: Path | None) -> Trust:
    """Read the roots that a person names."""
    from artaudit.auditor.evidence import Trust  # noqa: PLC0415 - heavy
    from artaudit.auditor.signing.keys import certificates  # noqa: PLC0415 - heavy

    return Trust(*(tuple(certificates(path)) if path else () for path in (signers, authorities)))


def new_seal(authorities: tuple[str, ...], *, unsigned: bool) -> Seal:
    """Return who signs, where there are keys and signing is wanted, and which authorities timestamp."""
    from artaudit.auditor.evidence import Seal  # noqa: PLC0415 - heavy

    return Seal(None if unsigned else signer(), authorities)


def stamp_and_tell(registry: Registry, authorities: tuple[str, ...]) -> list[dict[str, Any]]:
    """Have the log timestamped, say who did and who did not answer, and return it; offer it where nobody was named."""
    from artaudit.auditor.stamping import stamp_log  # noqa: PLC0415 - heavy

    if not authorities:
        notice("The date is your word alone: `audit db timestamp --timestamp URL` lets an authority state it.")
    done = stamp_log(registry, authorities)
    for answer in done:
        if answer["at"]:
            click.echo(f"timestamped {answer['at'][:19]} UTC by {answer['authority']}", err=True)
        else:
            click.echo(f"{answer['error']} It waits; `audit db timestamp` asks again.", err=True)
    return done


def sealed_line(seal: Seal, *, unsigned: bool = False) -> str:
    """Say who signed and who timestamped; `unsigned` tells that it was asked not to be signed."""
    said, why = seal.as_dict(), ", as --unsigned asked" if unsigned else " (`audit keys init`)"
    signed = f"signed by {said['signer']['subject']}" if said["signer"] else f"not signed{why}"
    stamped = f"timestamped by {', '.join(said['timestamps'])}" if said["timestamps"] else "not timestamped"
    return f"{signed}, {stamped}"


def _identity() -> SigningIdentity:
    from artaudit.auditor.signing import keys as tools  # noqa: PLC0415 - heavy

    found = tools.identity(tools.default_folder())
    if found is None:
        raise UsageError(f"There are no keys in {tools.default_folder()}: make some with `audit keys init`.")
    return found


def _show(found: SigningIdentity, *, as_json: bool) -> None:
    from artaudit.auditor.signing.keys import default_folder  # noqa: PLC0415 - heavy

    said: dict[str, Any] = {**found.as_dict(), "folder": str(default_folder())}
    if as_json:
        print_json(said)
        return
    for name, value in said.items():
        click.echo(f"{name.replace('_', ' ')}: {value}")
