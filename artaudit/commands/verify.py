"""The command `audit verify`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from artaudit.commands.common import AS_JSON, PATH, print_json, say
from artaudit.commands.keys import AUTHORITY, TRUST, trusted


@click.command()
@click.argument("package", type=PATH)
@TRUST
@AUTHORITY
@AS_JSON
def verify(package: Path, *, trust: Path | None, authority: Path | None, as_json: bool) -> int:
    """Check that an evidence PACKAGE is whole and unchanged.

    PACKAGE is the file that `audit report` wrote, the same packed again by another program, or the folder it was
    unpacked into. Every digest in it is computed again, texts and pictures are made again from the record and compared
    with it and its log, and seals are checked. Exit code 1 says that something is broken.

    With --trust the package must be signed by somebody whom those certificates vouch for, with --authority timestamped
    likewise.
    """
    from artaudit.auditor.evidence import verify_package  # noqa: PLC0415 - heavy

    result = verify_package(package, trusted(trust, authority))
    if as_json:
        print_json({"path": str(package), **asdict(result)})
    elif result.ok:
        say(f"{package} is intact: {result.checked} files agree with their digests")
        say("\n".join(_sealed_by(result.summary)))
    else:
        say("\n".join(result.problems))
    if not as_json:
        for remark in result.remarks:
            say(f"remark: {remark}")
    return int(not result.ok)


def _sealed_by(summary: dict[str, Any]) -> list[str]:
    """Say who signed a package and who timestamped it, and whether a root was given that vouches for them."""
    signed = _vouched("signed by", summary["signer"], "--trust") if summary["signer"] else "not signed"
    stamped = [
        _vouched(f"timestamped {stamp['at'][:19].replace('T', ' ')} UTC by", stamp, "--authority")
        for stamp in summary["timestamps"]
    ]
    return [signed, *(stamped or ["not timestamped"])]


def _vouched(what: str, signer: dict[str, Any], option: str) -> str:
    known = "a root you gave vouches for it" if signer["trusted"] else f"give its root with {option} to see whose it is"
    return f"{what} {signer['subject']}, sha256 {signer['sha256']}: {known}"
