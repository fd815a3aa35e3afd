"""What a picture was made from, as its manifest names it: a chain of manifests, each with its own signer.

Form: C2PA 2.2, section 10.3 (ingredients), https://spec.c2pa.org/specifications/specifications/2.2/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from artaudit.provenance.fields.limits import plain
from artaudit.provenance.signed.causes import VOID, cause
from artaudit.provenance.signed.manifests import (
    KEPT,
    about,
    codes,
    generator,
    listed,
    mapping,
    signer,
    source_types,
    statuses,
    trusted_signer,
    unique,
)
from artaudit.provenance.source_types import making

State = Literal["trusted", "untrusted", "broken", "unsigned"]
RELATIONS = {"parentOf": "made from", "componentOf": "holds", "inputTo": "was asked for with"}
"""How a picture stands to one that its manifest names."""
_DEEPEST = 20
_TRUSTED, _UNTRUSTED = "signingCredential.trusted", "signingCredential.untrusted"


@dataclass(frozen=True, slots=True)
class Link:
    """One picture that another was made from.

    `depth` counts from 1, for what the file itself was made from; `path` holds the positions, in the chain, of the
    pictures on the way to this one. `state` tells whether its own credential is signed by somebody on a trust list
    ("trusted") or not ("untrusted"), did not fit ("broken") or is missing ("unsigned").
    """

    depth: int
    relation: str
    title: str | None
    state: State
    signer: str | None
    generator: str | None
    source_types: tuple[str, ...]
    path: tuple[int, ...] = ()

    def line(self) -> str:
        """Return the line of a tree: indented by depth, what it is, how it was made and who says so."""
        title = f' "{self.title[:80]}"' if self.title else " a picture"
        head = f"{'   ' * (self.depth - 1)}└ {RELATIONS.get(self.relation, 'names')}{title}"
        if self.state == "unsigned":
            return f"{head}: without a credential"
        if self.state == "broken":
            return f"{head}: with a credential that does not fit it"
        told = "; ".join(making(name) for name in self.source_types) or "says nothing about how it was made"
        by = f"signed by {self.signer or 'a signer without a name'}"
        return f"{head}: {told} ({by}, {'on a trust list' if self.state == 'trusted' else 'on no trust list'})"


def links(label: str, manifests: Mapping[str, dict[str, Any]], deltas: Sequence[dict[str, Any]]) -> Iterator[Link]:
    """Yield what the manifest called `label` was made from, each followed by what that was made from.

    `deltas` are what validating the parts found beside what their users recorded. A manifest is followed once.
    """
    waiting: list[tuple[dict[str, Any], tuple[int, ...]]]
    waiting = [(part, ()) for part in reversed(_parts(manifests.get(label, {})))]
    seen, number = {label}, 0
    while waiting and number < KEPT:
        part, path = waiting.pop()
        below = part.get("active_manifest")
        below = below if isinstance(below, str) else ""
        manifest = manifests.get(below, {})
        yield Link(
            depth=len(path) + 1,
            relation=plain(part.get("relationship")) or "",
            title=plain(part.get("title")),
            state=_state(below, manifest, part, deltas),
            signer=signer(manifest),
            generator=generator(manifest),
            source_types=unique(source_types(manifest)),
            path=path,
        )
        if below not in seen and len(path) < _DEEPEST:
            seen.add(below)
            waiting.extend((inner, (*path, number)) for inner in reversed(_parts(manifest)))
        number += 1


def _parts(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [mapping(part) for part in listed(manifest.get("ingredients"))[:KEPT]]


def _state(label: str, manifest: dict[str, Any], part: dict[str, Any], deltas: Sequence[dict[str, Any]]) -> State:
    """Return the state of a part: what was recorded when it was used, corrected by what is found now.

    What is found now lacks what was recorded already. A record that calls its signer trusted and untrusted at once
    counts as untrusted.
    """
    if not label:
        return "unsigned"
    recorded = mapping(mapping(part.get("validation_results")).get("activeManifest"))
    old = [plain(mapping(entry).get("code")) or "" for entry in listed(part.get("validation_status"))]
    now = [
        plain(entry.get("code")) or ""
        for delta in deltas
        for entry in statuses(delta, "failure")
        if about(entry, label)
    ]
    before = [*codes(recorded, "failure"), *old]
    if not manifest or any(cause(code) in VOID for code in [*before, *now]):
        return "broken"
    if _UNTRUSTED in now or any(cause(code) for code in now):
        return "untrusted"
    vouched = _TRUSTED in codes(recorded, "success") and _UNTRUSTED not in before
    return "trusted" if vouched or any(trusted_signer(delta, label) for delta in deltas) else "untrusted"
