"""What is left that others can verify: content credentials, WACZ and a package of `audit report`; `make bench-peers`.

    python benchmarks/peers/evidence.py [--write]

Bytes, time and signer, and all of the package, are checked by running the tool, openssl and sha256sum; a cell whose
check fails says so. A timestamp is asked for the package alone. The other cells say what the formats say.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import zipfile
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from artaudit.datasets.photographs import photograph
from benchmarks.page import write
from benchmarks.peers.asking import PAGE, ask, rows, versions

ROWS = (
    "a byte changed later is seen",
    "when, by somebody else's clock",
    "who, by a certificate of one's own",
    "what it was compared with, and how sure",
    "checked without the tool that made it",
)


def run(*words: str | Path, folder: Path, code: int = 0) -> str:
    """Return what a program printed; raises RuntimeError for another exit code than `code`."""
    settings = {
        "ARTAUDIT_DB": str(folder / "registry.db"),
        "ARTAUDIT_KEYS": str(folder / "keys"),
        "ARTAUDIT_PASSPHRASE": "for this run",
        "HOME": str(folder),
    }
    done = subprocess.run(  # noqa: S603 - the programs that are compared
        list(map(str, words)), cwd=folder, env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    if done.returncode != code:
        raise RuntimeError(f"{words[:4]}: {done.returncode}, {done.stderr[-300:]}")
    return done.stdout


def audit(*words: str | Path, folder: Path, code: int = 0) -> str:
    """Return what `audit` printed."""
    return run(sys.executable, "-m", "artaudit", *words, folder=folder, code=code)


def holds(*words: str | Path, folder: Path) -> bool:
    """Return whether a program ends with 0."""
    try:
        run(*words, folder=folder)
    except RuntimeError:
        return False
    return True


def flipped(path: Path, other: Path, place: int) -> Path:
    """Write a copy of a file with one bit changed."""
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    other.write_bytes(data)
    return other


def yes(found: bool, words: str, otherwise: str) -> str:  # noqa: FBT001 - the cell's own question
    """Return a cell."""
    return f"yes: {words}" if found else f"no: {otherwise}"


def credential(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Sign a picture by a certificate of one's own, and ask c2pa-python about it and about a changed copy."""
    signed = folder / "work-signed.jpg"
    audit("sign", "work.jpg", folder=folder)
    broken = flipped(signed, folder / "broken.jpg", signed.stat().st_size - 1000)
    told = ask("credentials", "credentials", [signed, broken])
    whole, other = (told["read"][str(path)] for path in (signed, broken))
    seen = whole["state"] in ("Valid", "Trusted") and other["state"] == "Invalid"
    cells = [
        yes(seen, "in the picture's own file, pixels included", f"{whole['state']}, {other['state']}"),
        yes(bool(whole["time"]), whole["time"], "only where an authority is asked while signing"),
        yes(whole["state"] == "Trusted", whole["by"], "named, but not trusted: only listed authorities are"),
        "no: it says who signed, and nothing of other pictures",
        "by any reader of C2PA; openssl alone cannot",
    ]
    return cells, told["versions"]


def archive(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Ask wacz about an archive without a signing server, one with other bytes, and one that was made again."""
    told: Any = ask("credentials", "archive", [folder / "work.jpg"])
    cells = [
        yes(told["whole"] and not told["changed"], "by the digests inside", "it was accepted"),
        yes(told["signed"], "signed", "only where a signing server is asked"),
        yes(not told["made again"], "", "whoever changes it makes all digests again, and it is valid"),
        "no: it keeps the page as it was served, which the others do not",
        "by any reader of ZIP and WARC, digest by digest",
    ]
    return cells, told["versions"]


def package(folder: Path) -> list[str]:
    """Write a package with a timestamp by an authority of this computer, and check it by openssl and sha256sum."""
    authority = import_module("tests.authority").Authority("openssl", folder)
    audit("register", "work.jpg", folder=folder)
    audit("check", "copy.jpg", folder=folder, code=1)
    audit("report", "1", "-o", "package.zip", "--timestamp", authority.url, folder=folder)
    inside, seal = folder / "inside", "tagmanifest-sha256.txt"
    with zipfile.ZipFile(folder / "package.zip") as package_:
        package_.extractall(inside)
    summed = all(holds("sha256sum", "-c", f"{name}-sha256.txt", folder=inside) for name in ("manifest", "tagmanifest"))
    named = ("-in", f"{seal}.p7s", "-content", seal, "-CAfile", "signer-ca.pem", "-out", "verified.txt")
    ways = ("-binary", "-inform", "DER", "-partial_chain", "-purpose", "any", "-no_check_time")
    signed = holds("openssl", "cms", "-verify", *ways, *named, folder=inside)
    root = folder / "root.pem"
    stamped = holds("openssl", "ts", "-verify", "-in", f"{seal}.1.tsr", "-data", seal, "-CAfile", root, folder=inside)
    record = json.loads((inside / "data" / "report.json").read_text("utf-8"))
    compared = "false_alarms" in json.dumps(record["checks"])
    flipped(inside / "data" / "report.json", inside / "data" / "report.json", 100)
    seen = summed and not holds("sha256sum", "-c", "manifest-sha256.txt", folder=inside)
    return [
        yes(seen, "of every file of the case", "the changed file was accepted"),
        yes(stamped, "RFC 3161, where an authority is named", "the timestamp failed"),
        yes(signed, "if the reader has the root's digest from its owner; no list names it", "the signature failed"),
        yes(compared, "works, scores, bars, measured false alarms", "the record lacks them"),
        yes(summed and signed and stamped, "sha256sum and openssl", "sha256sum or openssl failed"),
    ]


def main() -> None:
    """Check all cells, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="not needed")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    asked = parser.parse_args()
    with TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "work.jpg").write_bytes(photograph("china.jpg"))
        (folder / "copy.jpg").write_bytes(photograph("china.jpg") + b"\0")
        audit("keys", "init", "--name", "A Studio", folder=folder)
        (credentials, first), (archives, second) = credential(folder), archive(folder)
        lines = list(zip(ROWS, credentials, archives, package(folder), strict=True))
    head = ("what others can verify", "content credential (c2pa-python)", "WACZ (wacz)", "`audit report`")
    shown = f"{rows(head, lines)}\n\n{versions(first | second)}."
    print(shown)
    if asked.write:
        write(PAGE, "peers-evidence", shown)


if __name__ == "__main__":
    main()
