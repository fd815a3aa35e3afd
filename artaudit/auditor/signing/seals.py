"""A seal: who signs some bytes, and which authorities say when they saw them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography import x509

from artaudit.auditor.signing.cms import leads_to, sign, signed_by
from artaudit.auditor.signing.keys import Signer, SigningIdentity, fingerprint
from artaudit.auditor.signing.timestamps import Timestamp, read_stamp, stamp
from artaudit.errors import PackageError

SIGNATURE, TOKEN = "{}.p7s", "{}.{}.tsr"
"""What the files of a seal are called, after the file that they seal."""


@dataclass(frozen=True, slots=True)
class Seal:
    """What is put on a file: a signature where there is a `signer`, a timestamp of each of `authorities` (URLs)."""

    signer: Signer | None = None
    authorities: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return what a record says of the seal that is to be put on it."""
        return {
            "signer": None if self.signer is None else self.signer.identity.as_dict(),
            "timestamps": list(self.authorities),
        }

    def files(self, name: str, data: bytes) -> dict[str, bytes]:
        """Seal the file `name`; raises PackageError when an authority does not answer."""
        found = {} if self.signer is None else {SIGNATURE.format(name): sign(data, self.signer)}
        for number, url in enumerate(self.authorities, start=1):
            found[TOKEN.format(name, number)] = stamp(url, data)
        return found


@dataclass(frozen=True, slots=True)
class Trust:
    """Roots that the person who verifies knows by another way: of signers, and of timestamp authorities."""

    signers: tuple[x509.Certificate, ...] = ()
    authorities: tuple[x509.Certificate, ...] = ()


@dataclass(slots=True)
class SealCheck:
    """What a seal turned out to be: `problems` in sentences, the signer and the timestamps that hold."""

    problems: list[str] = field(default_factory=list)
    signer: SigningIdentity | None = None
    timestamps: list[Timestamp] = field(default_factory=list)

    def as_dict(self, trust: Trust) -> dict[str, Any]:
        """Return plain JSON values; `trusted` says whether a root of `trust` vouches, None that none was given."""
        return {
            "signer": self.signer and {**self.signer.as_dict(), "trusted": self._trusted(trust)},
            "timestamps": [{**one.as_dict(), "trusted": bool(trust.authorities) or None} for one in self.timestamps],
        }

    def at(self) -> datetime:
        """Return by when the signature is known to have been there: the first timestamp, else now."""
        return min((one.at for one in self.timestamps), default=datetime.now(UTC))

    def _trusted(self, trust: Trust) -> bool | None:
        if self.signer is None or not trust.signers:
            return None
        return leads_to(self.signer, trust.signers, self.at())


def check_seal(
    said: Mapping[str, Any], name: str, files: Mapping[str, bytes], vouchers: Sequence[x509.Certificate], trust: Trust
) -> SealCheck:
    """Compare the seal that a record says was put on the file `name` with what lies there.

    `vouchers` are certificates that came along; they complete a chain, they are not trusted.
    """
    found = SealCheck()
    count = len(said["timestamps"])
    wanted = {SIGNATURE.format(name)} if said["signer"] else set()
    wanted |= {TOKEN.format(name, number) for number in range(1, count + 1)}
    present = set(seal_names(files, name))
    found.problems += [f"{one} is missing, though the record says that it was made" for one in sorted(wanted - present)]
    found.problems += [f"{one} is not named by the record" for one in sorted(present - wanted)]
    for one in sorted(wanted & present - {SIGNATURE.format(name)}):
        try:
            found.timestamps.append(read_stamp(files[one], files.get(name, b""), trust.authorities))
        except PackageError as error:
            found.problems.append(f"{one} is no good timestamp: {error}")
    if trust.authorities and not count:
        found.problems.append(f"{name} is not timestamped")
    if said["signer"] and SIGNATURE.format(name) in files:
        _check_signature(found, said["signer"], name, files, vouchers)
    found.problems += _distrust(found, trust, name)
    return found


def seal_names(files: Iterable[str], name: str) -> Iterator[str]:
    """Yield the names of those files that seal the file `name`."""
    for one in files:
        if one.startswith(f"{name}.") and one.endswith((".p7s", ".tsr")):
            yield one


def _check_signature(
    found: SealCheck,
    said: Mapping[str, Any],
    name: str,
    files: Mapping[str, bytes],
    vouchers: Sequence[x509.Certificate],
) -> None:
    try:
        signer = signed_by(files[SIGNATURE.format(name)], files.get(name, b""), vouchers)
    except PackageError as error:
        found.problems.append(f"{SIGNATURE.format(name)} is no good signature: {error}")
        return
    if fingerprint(signer.leaf) != said["sha256"]:
        found.problems.append(f"{name} was signed by somebody else than the record says")
    if not leads_to(signer, signer.chain[-1:], found.at()):
        found.problems.append(
            f"the certificate behind {SIGNATURE.format(name)} was not valid, or nobody vouches for it"
        )
    found.signer = signer


def _distrust(found: SealCheck, trust: Trust, name: str) -> Iterator[str]:
    if not trust.signers:
        return
    if found.signer is None:
        yield f"{name} is not signed"
    elif not leads_to(found.signer, trust.signers, found.at()):
        yield f"{name} is signed by {found.signer.leaf.subject.rfc4514_string()}, for whom no given root vouches"
