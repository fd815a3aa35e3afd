"""Content Credentials (C2PA): who signed what about a picture, and whether the signature is valid; offline.

Source: https://spec.c2pa.org/specifications/specifications/2.2/specs/C2PA_Specification.html
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from artaudit.provenance.fields.limits import cut, parse_object, plain
from artaudit.provenance.source_types import source_type

State = Literal["Trusted", "Valid", "Invalid"]

_KINDS = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    "GIF": "image/gif",
    "AVIF": "image/avif",
}
_UNTRUSTED = "signingCredential.untrusted"
_MINING = "training-mining"
_KEPT = 50


@dataclass(frozen=True, slots=True)
class Credential:
    """The content of a file's active manifest; texts are cleaned, None if absent.

    `state` is Trusted (intact, and the signer is on the trust list), Valid (intact, but the signer is not on it) or
    Invalid (changed since signing, or malformed: `problems` holds the specification's codes). `signer` is the name in
    the certificate, `signed_at` the time of the timestamp. `source_types` are the digital source types of its actions,
    `parts_source_types` those of its ingredients, and `training` what it says of each use for training and mining.
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


def read_credential(data: bytes, kind: str, anchors: str = "") -> Credential | None:
    """Read the manifest in a file's bytes; None without one.

    `kind` is the format as Pillow names it, `anchors` are certificates to trust, as PEM. Raises ValueError, with the
    reason, for a manifest that cannot be read or is stored elsewhere.
    """
    import c2pa  # noqa: PLC0415 - heavy

    if kind not in _KINDS:
        return None
    rules: dict[str, Any] = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True}}
    if anchors:
        rules["trust"] = {"user_anchors": anchors}
    try:
        context = c2pa.Context(c2pa.Settings.from_dict(rules))
        with context, c2pa.Reader(_KINDS[kind], io.BytesIO(data), context=context) as reader:
            return _credential(parse_object(reader.json()))
    except c2pa.C2paError.ManifestNotFound:
        return None
    except c2pa.C2paError as error:
        raise ValueError(_reason(str(error))) from error


def _reason(message: str) -> str:
    reason = plain(message) or "no reason given"
    if reason.startswith("Remote"):
        return f"its manifest lies elsewhere and is not fetched ({reason.rpartition(' ')[2][:500]})"
    return f"it cannot be read ({reason[:500]})"


def _credential(store: dict[str, Any]) -> Credential:
    active = store.get("active_manifest")
    manifests = {name: _object(manifest) for name, manifest in _object(store.get("manifests")).items()}
    own = manifests.pop(active, {}) if isinstance(active, str) else {}
    signature = _object(own.get("signature_info"))
    state = store.get("validation_state")
    names = (plain(signature.get(name)) for name in ("common_name", "issuer"))
    return Credential(
        state=state if state in ("Trusted", "Valid") else "Invalid",
        signer=" of ".join(dict.fromkeys(filter(None, names))) or None,
        signed_at=plain(signature.get("time")),
        generator=_generator(own),
        source_types=_unique(_source_types(own)),
        parts=len(_list(own.get("ingredients"))),
        parts_source_types=_unique(name for part in manifests.values() for name in _source_types(part)),
        training=dict(_training(own)),
        problems=_unique(_problems(_object(store.get("validation_results")))),
    )


def _generator(manifest: dict[str, Any]) -> str | None:
    entries = map(_object, _list(manifest.get("claim_generator_info")))
    named = (" ".join(filter(None, (plain(entry.get("name")), plain(entry.get("version"))))) for entry in entries)
    return cut(", ".join(filter(None, named))) or plain(manifest.get("claim_generator"))


def _assertions(manifest: dict[str, Any], word: str) -> Iterator[dict[str, Any]]:
    for assertion in map(_object, _list(manifest.get("assertions"))):
        if word in str(assertion.get("label")):
            yield _object(assertion.get("data"))


def _source_types(manifest: dict[str, Any]) -> Iterator[str]:
    for data in _assertions(manifest, "c2pa.actions"):
        for action in map(_object, _list(data.get("actions"))):
            name = source_type(str(action.get("digitalSourceType") or ""))
            if plain(name):
                yield str(plain(name))


def _training(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for data in _assertions(manifest, _MINING):
        for name, entry in list(_object(data.get("entries")).items())[:_KEPT]:
            use = plain(_object(entry).get("use"))
            if use:
                yield str(plain(name)), use


def _problems(results: dict[str, Any]) -> Iterator[str]:
    """Yield the codes of failures; a signer who is on no trust list is not counted as one."""
    deltas = (_object(_object(delta).get("validationDeltas")) for delta in _list(results.get("ingredientDeltas")))
    for place in (_object(results.get("activeManifest")), *deltas):
        codes = (plain(_object(failure).get("code")) for failure in _list(place.get("failure")))
        yield from (code for code in codes if code and code != _UNTRUSTED)


def _unique(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))[:_KEPT]


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
