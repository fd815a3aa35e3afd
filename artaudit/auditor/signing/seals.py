"""A seal on a file: the signature of a signer, and timestamps from authorities."""

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
"""Names of the files of a seal: the sealed file's name with a suffix."""


@dataclass(frozen=True, slots=True)
class Seal:
    """How to seal a file: a signature if there is a `signer`, and a timestamp from each of `authorities` (URLs)."""

    signer: Signer | None = None
    authorities: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return a record's entry for the seal that the record will get."""
        return {
            "signer": None if self.signer is None else self.signer.identity.as_dict(),
            "timestamps": list(self.authorities),
        }

    def files(self, name: str, data: bytes) -> dict[str, bytes]:
        """Return the files of the seal on file `name`; raises PackageError when an authority does not answer."""
        seal = {} if self.signer is None else {SIGNATURE.format(name): sign(data, self.signer)}
        for number, url in enumerate(self.authorities, start=1):
            seal[TOKEN.format(name, number)] = stamp(url, data)
        return seal


@dataclass(frozen=True, slots=True)
class Trust:
    """Root certificates that the verifying person trusts: for signers, and for timestamp authorities."""

    signers: tuple[x509.Certificate, ...] = ()
    authorities: tuple[x509.Certificate, ...] = ()


@dataclass(slots=True)
class SealCheck:
    """The result of checking a seal: `problems` as sentences, the signer, and the valid timestamps."""

    problems: list[str] = field(default_factory=list)
    signer: SigningIdentity | None = None
    timestamps: list[Timestamp] = field(default_factory=list)

    def as_dict(self, trust: Trust) -> dict[str, Any]:
        """Return plain JSON values; `trusted` says whether the chain leads to a root of `trust`, None without roots."""
        return {
            "signer": self.signer and {**self.signer.as_dict(), "trusted": self._trusted(trust)},
            "timestamps": [
                {**timestamp.as_dict(), "trusted": bool(trust.authorities) or None} for timestamp in self.timestamps
            ],
        }

    def at(self) -> datetime:
        """Return a time by which the signature certainly existed: that of the earliest timestamp, else now."""
        return min((timestamp.at for timestamp in self.timestamps), default=datetime.now(UTC))

    def _trusted(self, trust: Trust) -> bool | None:
        if self.signer is None or not trust.signers:
            return None
        return leads_to(self.signer, trust.signers, self.at())


def check_seal(
    recorded: Mapping[str, Any],
    name: str,
    files: Mapping[str, bytes],
    vouchers: Sequence[x509.Certificate],
    trust: Trust,
) -> SealCheck:
    """Compare the seal on the file `name` as its record describes it (`recorded`) with the one among `files`.

    `vouchers` are certificates that came with the files; they may complete a chain, but they are not trusted.
    """
    check = SealCheck()
    count = len(recorded["timestamps"])
    wanted = {SIGNATURE.format(name)} if recorded["signer"] else set()
    wanted |= {TOKEN.format(name, number) for number in range(1, count + 1)}
    present = set(seal_names(files, name))
    check.problems += [
        f"{file} is missing, though the record says that it was made" for file in sorted(wanted - present)
    ]
    check.problems += [f"{file} is not named by the record" for file in sorted(present - wanted)]
    for token in sorted(wanted & present - {SIGNATURE.format(name)}):
        try:
            check.timestamps.append(read_stamp(files[token], files.get(name, b""), trust.authorities))
        except PackageError as error:
            check.problems.append(f"{token} is no good timestamp: {error}")
    if trust.authorities and not count:
        check.problems.append(f"{name} is not timestamped")
    if recorded["signer"] and SIGNATURE.format(name) in files:
        _check_signature(check, recorded["signer"], name, files, vouchers)
    check.problems += _distrust(check, trust, name)
    return check


def seal_names(files: Iterable[str], name: str) -> Iterator[str]:
    """Yield the names of those files that seal the file `name`."""
    for file in files:
        if file.startswith(f"{name}.") and file.endswith((".p7s", ".tsr")):
            yield file


def _check_signature(
    check: SealCheck,
    recorded: Mapping[str, Any],
    name: str,
    files: Mapping[str, bytes],
    vouchers: Sequence[x509.Certificate],
) -> None:
    try:
        signer = signed_by(files[SIGNATURE.format(name)], files.get(name, b""), vouchers)
    except PackageError as error:
        check.problems.append(f"{SIGNATURE.format(name)} is no good signature: {error}")
        return
    if fingerprint(signer.leaf) != recorded["sha256"]:
        check.problems.append(f"{name} was signed by somebody else than the record says")
    if not leads_to(signer, signer.chain[-1:], check.at()):
        check.problems.append(
            f"the certificate behind {SIGNATURE.format(name)} was not valid, or nobody vouches for it"
        )
    check.signer = signer


def _distrust(check: SealCheck, trust: Trust, name: str) -> Iterator[str]:
    if not trust.signers:
        return
    if check.signer is None:
        yield f"{name} is not signed"
    elif not leads_to(check.signer, trust.signers, check.at()):
        yield f"{name} is signed by {check.signer.leaf.subject.rfc4514_string()}, for whom no given root vouches"
