"""Content Credentials (C2PA): who signed what about a picture, and whether the signature is valid; offline.

Source: https://spec.c2pa.org/specifications/specifications/2.2/specs/C2PA_Specification.html
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from artaudit.errors import ImageError
from artaudit.image import Image, Limits, isolation
from artaudit.provenance.fields.limits import parse_object, plain
from artaudit.provenance.signed.causes import VOID, causes
from artaudit.provenance.signed.chain import Link, links
from artaudit.provenance.signed.manifests import (
    KEPT,
    assertions,
    codes,
    generator,
    listed,
    mapping,
    signer,
    source_types,
    trusted_signer,
    unique,
)
from artaudit.provenance.signed.trust import Trust

State = Literal["Trusted", "Valid", "Invalid"]

KINDS = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    "GIF": "image/gif",
    "AVIF": "image/avif",
    "HEIF": "image/heif",
    "JXL": "image/jxl",
}
"""The media type of each format that can carry a manifest, by Pillow's name for it."""

USAGES = (
    "1.3.6.1.5.5.7.3.4",  # emailProtection
    "1.3.6.1.5.5.7.3.36",  # documentSigning
    "1.3.6.1.4.1.62558.2.1",  # c2pa-kp-claimSigning
    "1.3.6.1.4.1.311.76.59.1.9",  # Microsoft's for C2PA
    "1.2.840.113583.1.1.5",  # Adobe's for authentic documents
)
"""Extended key usages of which a signer's certificate must carry one.

Sources: C2PA 2.2, section 14.5.1; the certificate profiles and lists of the conformance program; CAI's store.cfg.
"""

_HARD_BINDINGS = ("assertion.dataHash.match", "assertion.boxesHash.match", "assertion.bmffHash.match")
_MINING = "training-mining"
_IDENTITY = "cawg.identity"


@dataclass(frozen=True, slots=True)
class Credential:
    """The content of a file's active manifest; texts are cleaned, None if absent.

    `state` is Trusted (intact, and the signer is on a trust list), Valid (intact, but the signer is on none) or Invalid
    (for the `causes`; `problems` holds the specification's codes). `intact` says that file and manifest are as they
    were signed, which an invalid certificate does not change. `signer` is the name in the certificate, `signed_at` the
    time of the timestamp, `timestamp` whether its authority is "trusted" or "untrusted". `source_types` are the digital
    source types of its actions, `parts_source_types` those of what it was made from, which `chain` names. `training` is
    what it says of each use for training and mining. `unchecked` are sentences about what was not checked.
    """

    state: State
    signer: str | None
    signed_at: str | None
    generator: str | None
    source_types: tuple[str, ...]
    parts: int
    parts_source_types: tuple[str, ...]
    training: Mapping[str, str]
    problems: tuple[str, ...]
    causes: tuple[str, ...] = ()
    intact: bool = True
    timestamp: str | None = None
    chain: tuple[Link, ...] = ()
    unchecked: tuple[str, ...] = ()


def read_credential(data: bytes, kind: str, trust: Trust) -> Credential | None:
    """Read the manifest in a file's bytes; None without one. Nothing is fetched.

    `kind` is the format as Pillow names it. Raises ValueError, with the reason, for a manifest that cannot be read or
    is stored elsewhere.
    """
    if kind not in KINDS:
        return None
    told: dict[str, Any] = {"media_type": KINDS[kind], "rules": _rules(trust)}
    task = f"{__name__}:manifest_store"
    try:
        call = partial(isolation.call, task) if isolation.wanted() else manifest_store
        parts = call(data, "it", Limits(), **told)[1]
    except ImageError as error:
        raise ValueError(_reason(str(error).removeprefix("it "))) from error
    return _credential(parse_object(parts[0].decode())) if parts else None


def manifest_store(
    data: bytes, _name: str, _limits: Limits, *, media_type: str, rules: dict[str, Any]
) -> tuple[dict[str, Any], list[Any]]:
    """Return, as the one part, the manifests in a file and their validation as the reader's JSON; none without one.

    Raises ImageError with the reader's own words for what it cannot read.
    """
    import c2pa  # noqa: PLC0415 - heavy

    try:
        context = c2pa.Context(c2pa.Settings.from_dict(rules))
        with context, c2pa.Reader(media_type, io.BytesIO(data), context=context) as reader:
            return {}, [reader.json().encode()]
    except c2pa.C2paError.ManifestNotFound:
        return {}, []
    except c2pa.C2paError as error:
        raise ImageError(str(error)) from error


def readable_credential(image: Image) -> Credential | None:
    """Return the credential in a picture's file, whoever signed it; None without one that can be read."""
    try:
        return read_credential(image.data, image.format, Trust())
    except ValueError:
        return None


def _rules(trust: Trust) -> dict[str, Any]:
    """Return the reader's settings.

    Identities (CAWG) are not decoded: whether they hold is asked of servers that the file itself names. Authorities of
    timestamps are the reader's "user anchors", so that it says which of the two lists a certificate comes from.
    """
    lists = {"trust_anchors": trust.pem("signers"), "user_anchors": trust.pem("timestamps")}
    return {
        "core": {"decode_identity_assertions": False, "allowed_network_hosts": []},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True},
        "trust": {"trust_config": "\n".join(USAGES)} | {name: pem for name, pem in lists.items() if pem},
    }


def _reason(message: str) -> str:
    reason = plain(message) or "no reason given"
    if reason.startswith("Remote"):
        return f"its manifest lies elsewhere and is not fetched ({reason.rpartition(' ')[2][:500]})"
    return f"it cannot be read ({reason[:500]})"


def _credential(store: dict[str, Any]) -> Credential:
    active = store.get("active_manifest")
    manifests = {name: mapping(manifest) for name, manifest in mapping(store.get("manifests")).items()}
    label = active if isinstance(active, str) else ""
    own, results = manifests.get(label, {}), mapping(store.get("validation_results"))
    verdict = mapping(results.get("activeManifest"))
    deltas = [mapping(mapping(delta).get("validationDeltas")) for delta in listed(results.get("ingredientDeltas"))]
    failed = codes(verdict, "failure")
    found = causes(failed, (code for delta in deltas for code in codes(delta, "failure")))
    passed = codes(verdict, "success")
    fits = "claimSignature.validated" in passed and any(binding in passed for binding in _HARD_BINDINGS)
    intact = fits and VOID.isdisjoint(found)
    return Credential(
        state=_state(verdict, valid=intact and not found),
        signer=signer(own),
        signed_at=plain(mapping(own.get("signature_info")).get("time")),
        generator=generator(own),
        source_types=unique(source_types(own)),
        parts=len(listed(own.get("ingredients"))),
        parts_source_types=unique(
            name for other, part in manifests.items() if other != label for name in source_types(part)
        ),
        training=dict(_training(own)),
        problems=unique(code for place in (verdict, *deltas) for code in codes(place, "failure") if causes([code], ())),
        causes=found,
        intact=intact,
        timestamp=_timestamp(verdict),
        chain=tuple(links(label, manifests, deltas)),
        unchecked=tuple(_unchecked(own, verdict)),
    )


def _state(verdict: dict[str, Any], *, valid: bool) -> State:
    if not valid:
        return "Invalid"
    return "Trusted" if trusted_signer(verdict) else "Valid"


def _timestamp(verdict: dict[str, Any]) -> str | None:
    if "timeStamp.trusted" in codes(verdict, "success"):
        return "trusted"
    return "untrusted" if "timeStamp.untrusted" in codes(verdict, "informational") else None


def _unchecked(own: dict[str, Any], verdict: dict[str, Any]) -> Iterator[str]:
    if any(True for _ in assertions(own, _IDENTITY)):
        yield "the identity (CAWG) that it names, because that would need servers which the file itself chooses"
    if "signingCredential.ocsp.notRevoked" not in codes(verdict, "success"):
        yield "whether the certificate was revoked, because its authority is not asked"


def _training(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for data in assertions(manifest, _MINING):
        for name, entry in list(mapping(data.get("entries")).items())[:KEPT]:
            use = plain(mapping(entry).get("use"))
            if use:
                yield str(plain(name)), use
