"""The examiner of signed statements: Content Credentials and NovelAI's signature, checked offline."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from artaudit.errors import UsageError
from artaudit.findings import FILE, Finding
from artaudit.findings import SIGNED as SIGNED_GROUP
from artaudit.image import Image
from artaudit.provenance.fields.containers import all_fields
from artaudit.provenance.fields.limits import cut
from artaudit.provenance.signed.credentials import Credential, read_credential
from artaudit.provenance.signed.novelai_signature import NOVELAI_KEY, check_novelai
from artaudit.provenance.source_types import making, says
from artaudit.provenance.tiers import SIGNED

TRUST = "ARTAUDIT_TRUST"
"""The environment variable that names a PEM file of certificates to trust; without it no signer is trusted."""

WEIGHTS = {
    "Trusted": "The file is as it was signed, by a signer whom your trust list names; whether the words are true "
    "is the signer's word.",
    "Valid": "The file is as it was signed, but anyone can make such a signature in any name: the signer is on no "
    "trust list that you configured.",
    "Invalid": "The file was changed after it was signed, or the manifest was never right: what it says counts for "
    "nothing, and that it does not fit says nothing about how the picture was made.",
}
NOVELAI_FITS = "Only NovelAI can make this signature, and it covers every sample: the picture is theirs, unchanged."
NOVELAI_BROKEN = "The samples or the text were changed after signing, or the signature was copied from elsewhere."
ABSENCE = "Most pictures carry no signature, and most ways of sharing remove it, so its absence says nothing."


class Signatures:
    """Checks the signed statements in a file; `anchors` are the certificates to trust, as PEM."""

    name = "signatures"
    group = SIGNED_GROUP
    question = FILE

    def __init__(self, anchors: str | None = None, novelai_key: str = NOVELAI_KEY) -> None:
        """Take `anchors` [default: the file that ARTAUDIT_TRUST names]; raises UsageError when that file is no PEM."""
        self._anchors = configured_anchors() if anchors is None else anchors
        self._key = novelai_key

    def examine(self, image: Image) -> list[Finding]:
        """Return a finding for each signed statement, else one finding that there is none; never raises."""
        findings = [*self._credential(image), *self._novelai(image)]
        return findings or [self._finding("signed statement about its making", {"weight": ABSENCE}, holds=False)]

    def _credential(self, image: Image) -> list[Finding]:
        try:
            credential = read_credential(image.data, image.format, self._anchors)
        except ValueError as error:
            claim = "whether the file carries Content Credentials"
            return [self._finding(claim, {"unread": cut(str(error)), "weight": ABSENCE}, holds=None)]
        if credential is None:
            return []
        return [self._finding(_words(credential), self._details(credential), holds=True)]

    def _novelai(self, image: Image) -> list[Finding]:
        places = check_novelai(all_fields(image), image.stored, self._key)
        if not places:
            return []
        fits = any(places.values())
        claim = (
            "NovelAI's own signature fits the picture: it was made with NovelAI"
            if fits
            else "the file carries NovelAI's signature, which does not fit the picture"
        )
        details = {"places": places, "key": self._key, "weight": NOVELAI_FITS if fits else NOVELAI_BROKEN}
        says_made = {"says": "machine-made"} if fits else {}
        state = {"state": "Valid" if fits else "Invalid", "trusted": fits}
        return [self._finding(claim, details | says_made | state, holds=True)]

    def _details(self, credential: Credential) -> dict[str, Any]:
        known = {name: value for name, value in asdict(credential).items() if value or name == "state"}
        digest = hashlib.sha256(self._anchors.encode()).hexdigest() if self._anchors else "none configured"
        word = says(credential.source_types) if credential.state != "Invalid" else ""
        known |= {"says": word} if word else {}
        trusted = credential.state == "Trusted"
        return known | {"trusted": trusted, "trust_list": digest, "weight": WEIGHTS[credential.state]}

    def _finding(self, claim: str, details: dict[str, Any], *, holds: bool | None) -> Finding:
        library = f"c2pa-python {version('c2pa-python')}"
        method = f"C2PA manifest validated by {library}, nothing fetched; NovelAI's Ed25519 signature"
        return Finding(self.name, claim, holds, method, details={"tier": SIGNED} | details)


def configured_anchors() -> str:
    """Return the PEM text of the file that ARTAUDIT_TRUST names, "" when it is not set."""
    name = os.environ.get(TRUST, "")
    if not name:
        return ""
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415 - only where a trust list is set

    try:
        text = Path(name).read_text(encoding="ascii")
        load_pem_x509_certificates(text.encode())
    except (OSError, ValueError) as error:
        raise UsageError(
            f"The trust list {name} cannot be read as PEM certificates: correct or unset {TRUST}."
        ) from error
    return text


def _words(credential: Credential) -> str:
    """Return a manifest's claim in words, with its state."""
    if credential.state == "Invalid":
        return "the file carries a C2PA manifest that does not fit it (Invalid), so what the manifest says is void"
    signer = credential.signer or "a signer without a name"
    makings = ", and that it ".join(making(name) for name in credential.source_types)
    statement = f"that the picture {makings}" if makings else "nothing about how the picture was made"
    trust = "who is on your trust list" if credential.state == "Trusted" else "who is on no trust list of yours"
    return (
        f"a C2PA manifest that fits the file ({credential.state}) says {statement}; it is signed by {signer}, {trust}"
    )
