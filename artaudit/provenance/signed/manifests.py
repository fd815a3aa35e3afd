"""What a manifest and its validation hold, read from the reader's JSON without trusting its shape.

Form: https://opensource.contentauthenticity.org/docs/manifest/json-ref/reader
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from artaudit.provenance.fields.limits import cut, plain
from artaudit.provenance.source_types import source_type

KEPT = 50
"""The most entries that are kept of any list."""

_TRUSTED = "signingCredential.trusted"
_OF_SIGNERS = "system_anchors"
"""How the reader calls the list of signers' authorities, from which it tells the timestamps' ones."""


def generator(manifest: dict[str, Any]) -> str | None:
    """Return the names and versions of the programs that made a claim, None without one."""
    entries = map(mapping, listed(manifest.get("claim_generator_info")))
    named = (" ".join(filter(None, (plain(entry.get("name")), plain(entry.get("version"))))) for entry in entries)
    return cut(", ".join(filter(None, named))) or plain(manifest.get("claim_generator"))


def signer(manifest: dict[str, Any]) -> str | None:
    """Return the name in the certificate that signed a manifest, None without one."""
    signature = mapping(manifest.get("signature_info"))
    names = (plain(signature.get(name)) for name in ("common_name", "issuer"))
    return " of ".join(dict.fromkeys(filter(None, names))) or None


def assertions(manifest: dict[str, Any], word: str) -> Iterator[dict[str, Any]]:
    """Yield the content of each assertion that has `word` in its label."""
    for assertion in map(mapping, listed(manifest.get("assertions"))):
        if word in str(assertion.get("label")):
            yield mapping(assertion.get("data"))


def source_types(manifest: dict[str, Any]) -> Iterator[str]:
    """Yield the names of the digital source types that the actions of a manifest give."""
    for data in assertions(manifest, "c2pa.actions"):
        for action in map(mapping, listed(data.get("actions"))):
            name = source_type(str(action.get("digitalSourceType") or ""))
            if plain(name):
                yield str(plain(name))


def statuses(verdict: dict[str, Any], outcome: str) -> Iterator[dict[str, Any]]:
    """Yield the entries of a validation with one outcome: "success", "informational" or "failure"."""
    yield from map(mapping, listed(verdict.get(outcome)))


def codes(verdict: dict[str, Any], outcome: str) -> list[str]:
    """Return the codes of a validation with one outcome, without empty ones."""
    return [code for entry in statuses(verdict, outcome) if (code := plain(entry.get("code")))]


def trusted_signer(verdict: dict[str, Any], label: str = "") -> bool:
    """Tell whether a validation found the signer, of the manifest called `label`, on a list for signers."""
    return any(
        entry.get("code") == _TRUSTED and _OF_SIGNERS in str(entry.get("explanation")) and about(entry, label)
        for entry in statuses(verdict, "success")
    )


def about(entry: dict[str, Any], label: str) -> bool:
    """Tell whether an entry of a validation is about the manifest called `label`; "" means any."""
    return not label or f"/{label}/" in str(entry.get("url"))


def unique(words: Iterable[str]) -> tuple[str, ...]:
    """Return words without repetitions, `KEPT` at most."""
    return tuple(dict.fromkeys(words))[:KEPT]


def mapping(value: object) -> dict[str, Any]:
    """Return a JSON object, empty for anything else."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """Return a JSON list, empty for anything else."""
    return value if isinstance(value, list) else []
