"""Lists of authorities whose signers and timestamps are trusted: C2PA's own, which ship, and what the user adds.

The shipped lists are those of the C2PA Conformance Program, https://github.com/c2pa-org/conformance-public.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import platformdirs

from artaudit.errors import UsageError

TRUST = "ARTAUDIT_TRUST"
"""The environment variable that names one more PEM file of authorities whose signers are trusted."""

Purpose = Literal["signers", "timestamps"]
SHIPPED = Path(__file__).parent / "trust_lists"
_ADDED = "trust.json"
_FORM = "artaudit-trust/1"


@dataclass(frozen=True, slots=True)
class TrustList:
    """Authorities to trust, as PEM text, for the signers or for the timestamps that they vouch for.

    `date` is the day on which the list was issued, or else added (ISO 8601), `source` where it came from.
    """

    name: str
    purpose: Purpose
    pem: str
    date: str = ""
    source: str = ""
    licence: str = ""
    shipped: bool = False

    @property
    def sha256(self) -> str:
        """The digest of the PEM text, hexadecimal."""
        return hashlib.sha256(self.pem.encode()).hexdigest()

    @property
    def label(self) -> str:
        """Name and date."""
        return f"{self.name} of {self.date}" if self.date else self.name

    def count(self) -> dict[str, int]:
        """Return how many authorities the list names ("authorities") and how many have "expired" by now."""
        from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415 - heavy

        ends = [found.not_valid_after_utc for found in load_pem_x509_certificates(self.pem.encode())]
        return {"authorities": len(ends), "expired": sum(end < datetime.now(UTC) for end in ends)}

    def as_dict(self) -> dict[str, Any]:
        """Return what there is to say of the list, as plain JSON values, without its certificates."""
        names = ("name", "purpose", "date", "source", "licence", "shipped", "sha256")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Trust:
    """The lists that a check goes by."""

    lists: tuple[TrustList, ...] = ()

    def of(self, purpose: Purpose) -> tuple[TrustList, ...]:
        """Return the lists for signers or for timestamps."""
        return tuple(trust_list for trust_list in self.lists if trust_list.purpose == purpose)

    def pem(self, purpose: Purpose) -> str:
        """Return the certificates of all lists for a purpose."""
        return "\n".join(trust_list.pem for trust_list in self.of(purpose))


def only(pem: str) -> Trust:
    """Return the trust in signers of these authorities and in nobody else; "" trusts nobody."""
    return Trust((TrustList("your trust list", "signers", pem),) if pem else ())


def configured() -> Trust:
    """Return the lists in use here: shipped, added, and what ARTAUDIT_TRUST names.

    Raises UsageError when one of them cannot be read or is not as it was when it was added.
    """
    added, aside = stored()
    hidden = {*aside, *(trust_list.name for trust_list in added)}
    kept = (trust_list for trust_list in shipped() if trust_list.name not in hidden)
    return Trust((*kept, *added, *_named()))


@cache
def shipped() -> tuple[TrustList, ...]:
    """Return the lists that come with artaudit."""
    told = json.loads((SHIPPED / "lists.json").read_text(encoding="utf-8"))
    return tuple(
        _checked(entry | {"pem": (SHIPPED / f"{entry['name']}.pem").read_text(encoding="utf-8")}, shipped=True)
        for entry in told["lists"]
    )


def place() -> Path:
    """Return the file that holds added lists: in the folder of keys."""
    chosen = os.environ.get("ARTAUDIT_KEYS")
    return (Path(chosen) if chosen else platformdirs.user_data_path("artaudit") / "keys") / _ADDED


def stored() -> tuple[tuple[TrustList, ...], tuple[str, ...]]:
    """Return the lists that were added, and the names of shipped ones that were set aside.

    Raises UsageError when the file that holds them cannot be read or was changed by anything else.
    """
    file = place()
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        added = tuple(_checked(entry) for entry in told["lists"])
        return added, tuple(str(name) for name in told["aside"])
    except FileNotFoundError:
        return (), ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"The trust lists in {file} cannot be read or were changed: move the file away.") from error


def store(added: Iterable[TrustList], aside: Iterable[str]) -> None:
    """Write the added lists, and which shipped ones are set aside."""
    from artaudit.image import write_atomically  # noqa: PLC0415 - heavy

    entries = [trust_list.as_dict() | {"pem": trust_list.pem} for trust_list in added]
    told = {"form": _FORM, "lists": entries, "aside": sorted(set(aside))}
    write_atomically(place(), json.dumps(told, indent=1).encode())


def read_list(path: Path, name: str, purpose: Purpose) -> TrustList:
    """Read a list of authorities from a PEM file; its date is today.

    Raises UsageError when the file holds no certificates, or one of somebody who may vouch for nobody.
    """
    from cryptography import x509  # noqa: PLC0415 - heavy

    pem = _read_pem(path, "name a file that holds some")
    for certificate in x509.load_pem_x509_certificates(pem.encode()):
        try:
            may_vouch = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        except (ValueError, x509.ExtensionNotFound):
            may_vouch = False
        if not may_vouch:
            subject = certificate.subject.rfc4514_string()
            raise UsageError(f"{path} names {subject!a}, who is no authority: take that certificate out of the list.")
    return TrustList(name, purpose, pem, datetime.now(UTC).date().isoformat(), str(path.absolute()))


def _named() -> tuple[TrustList, ...]:
    """Return the list that the environment names."""
    named = os.environ.get(TRUST, "")
    if not named:
        return ()
    return (TrustList(Path(named).name, "signers", _read_pem(Path(named), f"correct or unset {TRUST}"), source=named),)


def _read_pem(path: Path, instead: str) -> str:
    """Return the text of a file of certificates."""
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415 - heavy

    try:
        text = path.read_text(encoding="ascii")
        load_pem_x509_certificates(text.encode())
    except (OSError, ValueError) as error:
        raise UsageError(f"The trust list {path} cannot be read as PEM certificates: {instead}.") from error
    return text


def _checked(entry: dict[str, Any], *, shipped: bool = False) -> TrustList:
    """Return the list of an entry; raises ValueError when its certificates are not those of its digest."""
    texts = {name: str(entry[name]) for name in ("name", "pem", "date", "source", "licence")}
    if entry["purpose"] not in get_args(Purpose):
        raise ValueError("its purpose is unknown")
    found = TrustList(purpose=entry["purpose"], shipped=shipped, **texts)
    if found.sha256 != entry["sha256"]:
        raise ValueError("its digest is another")
    return found
