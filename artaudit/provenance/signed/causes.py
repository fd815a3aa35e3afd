"""Why a manifest is not valid: the specification's codes of failures, by what they mean for the file.

Codes: https://spec.c2pa.org/specifications/specifications/2.2/specs/C2PA_Specification.html#_validation_results
"""

from __future__ import annotations

from collections.abc import Iterable

CHANGED = "changed"
"""The file, the manifest or its signature is not what was signed."""

MALFORMED = "malformed"
"""The manifest breaks the rules of the specification."""

PROFILE = "certificate outside the profile"
EXPIRED = "certificate not valid when it signed"
REVOKED = "certificate revoked"

VOID = frozenset({CHANGED, MALFORMED})
"""Causes for which nothing that the manifest says counts; with any other the file is as it was signed."""

IN_WORDS = {
    PROFILE: "whose certificate is not of the kind that C2PA allows for signing",
    EXPIRED: "whose certificate was not valid at any time of signing that can be proved",
    REVOKED: "whose certificate was revoked",
}
"""What is to be said of a signer whose certificate is the cause."""

_UNTRUSTED = "signingCredential.untrusted"
_CERTIFICATE = {
    "signingCredential.invalid": PROFILE,
    "signingCredential.expired": EXPIRED,
    "claimSignature.outsideValidity": EXPIRED,
    "signingCredential.ocsp.revoked": REVOKED,
}
_REMARKS = ("signingCredential.ocsp.", "timeStamp.", "cawg.")
"""Codes that begin so say what could not be checked, or concern something beside the manifest."""
_NEVER_THERE = ("assertion.required.missing", "claim.required.missing", "claim.hardBindings.missing")
"""What the signer left out; what else is missing was taken away after signing."""


def cause(code: str) -> str:
    """Return the cause that a failure's code stands for, "" for one that makes nothing invalid."""
    if code in _CERTIFICATE:
        return _CERTIFICATE[code]
    if code == _UNTRUSTED or code.startswith(_REMARKS):
        return ""
    gone = code.endswith(("mismatch", ".missing")) and code not in _NEVER_THERE
    return CHANGED if gone or code.startswith("claimSignature.") else MALFORMED


def causes(own: Iterable[str], of_parts: Iterable[str]) -> tuple[str, ...]:
    """Return the causes of failures of a manifest itself and of those that it was made from.

    The certificate of another signer, who signed a part, is not counted here.
    """
    found = [cause(code) for code in own] + [cause(code) for code in of_parts if cause(code) in VOID]
    return tuple(dict.fromkeys(filter(None, found)))
