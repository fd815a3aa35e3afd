"""Timestamps: an independent authority states when it saw the digest of some bytes.

RFC 3161, https://www.rfc-editor.org/rfc/rfc3161.
"""

from __future__ import annotations

import hashlib
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc3161_client
from asn1crypto import tsp
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from artaudit.auditor.signing.cms import MALFORMED, signer_of
from artaudit.auditor.signing.keys import SigningIdentity
from artaudit.errors import PackageError, UsageError

SECONDS = 30
MOST_BYTES = 1 << 20
_PURPOSE = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])


@dataclass(frozen=True, slots=True)
class Timestamp:
    """An authority's statement that some bytes existed at the time `at` (UTC)."""

    at: datetime
    authority: SigningIdentity
    serial: int

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"at": self.at.isoformat(), "serial": self.serial, **self.authority.as_dict()}


def stamp(url: str, data: bytes) -> bytes:
    """Ask the authority at `url` for a timestamp of `data`; only the digest is sent.

    Raises UsageError when `url` is not http or https, PackageError when no valid timestamp comes back.
    """
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{url} is no address of a timestamp authority: it must begin with http:// or https://.")
    builder = rfc3161_client.TimestampRequestBuilder().data(data)
    query = builder.hash_algorithm(rfc3161_client.HashAlgorithm.SHA256).build()
    token = ask(url, query.as_bytes())
    read_stamp(token, data)
    if _info(token)["nonce"].native != query.nonce:
        raise PackageError(f"{url} answered another question: try again, or another authority.")
    return token


def ask(url: str, query: bytes) -> bytes:
    """Send a query (RFC 3161) to an authority and return its whole answer, not verified.

    Raises PackageError when no answer comes that grants a timestamp.
    """
    headers = {"Content-Type": "application/timestamp-query"}
    request = urllib.request.Request(url, query, headers)  # noqa: S310 - checked by `stamp`
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as response:  # noqa: S310 - checked by `stamp`
            token: bytes = response.read(MOST_BYTES)
        _info(token)
    except (OSError, *MALFORMED) as error:
        raise PackageError(f"{url} gave no timestamp ({error}): try again, or another authority.") from error
    return token


def _info(token: bytes) -> tsp.TSTInfo:
    """Return what an answer states; raises one of MALFORMED when it grants no timestamp."""
    signed = tsp.TimeStampResp.load(token, strict=True)["time_stamp_token"]["content"]
    return signed["encap_content_info"]["content"].parsed


def read_stamp(token: bytes, data: bytes, roots: Sequence[x509.Certificate] = ()) -> Timestamp:
    """Verify and return a timestamp of `data`; if `roots` are given, its authority's chain must lead to one of them.

    Raises PackageError when it is no timestamp, covers other bytes, or its authority leads to none of `roots`.
    """
    try:
        content = tsp.TimeStampResp.load(token, strict=True)["time_stamp_token"]["content"]
        info = content["encap_content_info"]["content"].parsed
        imprint = info["message_imprint"]
        authority = signer_of(content, content["encap_content_info"]["content"].contents)
        expected = hashlib.new(imprint["hash_algorithm"]["algorithm"].native, data).digest()
        purpose = authority.leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        timestamp = Timestamp(info["gen_time"].native, authority, info["serial_number"].native)
    except MALFORMED as error:
        raise PackageError("it is no whole timestamp: it was changed.") from error
    if imprint["hashed_message"].native != expected or purpose.value != _PURPOSE or not purpose.critical:
        raise PackageError("it is no timestamp of these bytes: they, or it, were changed.")
    if roots:
        _vouch(token, data, roots)
    return timestamp


def _vouch(token: bytes, data: bytes, roots: Sequence[x509.Certificate]) -> None:
    builder = rfc3161_client.VerifierBuilder()
    for root in roots:
        builder = builder.add_root_certificate(root)
    try:
        builder.build().verify_message(rfc3161_client.decode_timestamp_response(in_order(token)), data)
    except (rfc3161_client.VerificationError, ValueError) as error:
        raise PackageError("it is of an authority that none of the given roots vouches for.") from error


def in_order(token: bytes) -> bytes:
    """Return an answer with its certificates in the order that DER asks for (X.690, 11.6), in which not all are sent.

    They are no part of what is signed.
    """
    certificates = tsp.TimeStampResp.load(token)["time_stamp_token"]["content"]["certificates"]
    ordered = b"".join(sorted(choice.chosen.dump() for choice in certificates))
    return token.replace(b"".join(choice.chosen.dump() for choice in certificates), ordered, 1)
