"""What a manifest says, in sentences: its claim, what the state of its signature means, what it was made from."""

from __future__ import annotations

from collections.abc import Iterator

from artaudit.provenance.signed.causes import CHANGED, IN_WORDS
from artaudit.provenance.signed.chain import Link
from artaudit.provenance.signed.credentials import Credential
from artaudit.provenance.signed.trust import Trust
from artaudit.provenance.source_types import making, says

_COUNTS_FOR_NOTHING = "and that it is so says nothing about how the picture was made."
WEIGHTS = {
    "Trusted": "The file is as it was signed, by a signer on a trust list in use here; whether the words are true "
    "is the signer's word.",
    "Valid": "The file is as it was signed, but anyone can make such a signature in any name: the signer is on no "
    "trust list in use here.",
    "Invalid": "The file is as it was signed, but the certificate does not count as a signer's, so that the words are "
    "anybody's: nothing here says that the file was changed.",
}
"""What the state of a manifest means whose file is as it was signed."""
CHANGED_WEIGHT = (
    "The file was changed after it was signed, or the manifest was never its own: what it says counts for nothing, "
    "and that it does not fit says nothing about how the picture was made."
)
MALFORMED_WEIGHT = (
    f"The manifest breaks the rules of its specification: what it says counts for nothing, {_COUNTS_FOR_NOTHING}"
)
_PARTLY = ("parentOf", "componentOf")
"""Relations by which a picture shows what a part shows."""


def weight(credential: Credential) -> str:
    """Return what the state of a manifest means."""
    if credential.intact:
        return WEIGHTS[credential.state]
    return CHANGED_WEIGHT if CHANGED in credential.causes else MALFORMED_WEIGHT


def claim(credential: Credential, trust: Trust) -> str:
    """Return a manifest's claim in words, with its state."""
    if not credential.intact:
        if CHANGED in credential.causes:
            return "the file carries a C2PA manifest that does not fit it (Invalid), so what the manifest says is void"
        broken = ", ".join(credential.problems) or "its binding to the picture is missing"
        return (
            f"the file carries a C2PA manifest that breaks the specification's rules (Invalid: {broken}), which is void"
        )
    statements = [making(name) for name in credential.source_types]
    statements += [_of_part(link) for link in drawn_parts(credential)]
    stated = " and that it ".join(statements)
    statement = f"that the picture {stated}" if stated else "nothing about how the picture was made"
    name = credential.signer or "a signer without a name"
    fits = f"a C2PA manifest that fits the file ({credential.state})"
    return f"{fits} says {statement}; it is signed by {name}, {_standing(credential, trust)}"


def drawn_parts(credential: Credential) -> Iterator[Link]:
    """Yield what the picture was made from, or holds, that was made by a model, as its own manifest says."""
    for link in credential.chain:
        way = [*(credential.chain[place] for place in link.path), link]
        shown = all(step.relation in _PARTLY and step.state in ("trusted", "untrusted") for step in way)
        if shown and says(link.source_types) == "machine-made":
            yield link


def origin(credential: Credential) -> tuple[str, bool]:
    """Return what an intact manifest and its chain say of the making, and whether all who say it are trusted.

    The first is "machine-made", "not machine-made" or "".
    """
    trusted, own = credential.state == "Trusted", says(credential.source_types)
    if not credential.intact:
        return "", False
    if own == "machine-made":
        return own, trusted
    drawn = list(drawn_parts(credential))
    if drawn:
        ways = ([*(credential.chain[place] for place in link.path), link] for link in drawn)
        return "machine-made", trusted and any(all(step.state == "trusted" for step in way) for way in ways)
    return own, trusted


def _of_part(link: Link) -> str:
    """Return the words that complete "the picture …" for a part that a model made."""
    makings = " and ".join(making(name) for name in link.source_types)
    title = f' "{link.title[:80]}"' if link.title else ""
    verb = "holds" if link.relation == "componentOf" else "was made from"
    return f"{verb} another{title} that {makings} (says {link.signer or 'a signer without a name'})"


def _standing(credential: Credential, trust: Trust) -> str:
    """Return what is known of the signer; dates of lists stand in the details, as a claim is compared word for word."""
    if credential.state == "Trusted":
        names = " or ".join(found.name for found in trust.of("signers"))
        return f"who is on {names}" if names.startswith("your ") else f"who is on the trust list {names}"
    standing = [IN_WORDS[cause] for cause in credential.causes if cause in IN_WORDS]
    return " and ".join(standing) or "who is on no trust list of yours"
