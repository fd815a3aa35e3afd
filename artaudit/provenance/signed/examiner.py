"""The examiner of signed statements: Content Credentials and NovelAI's signature, checked offline."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from artaudit.findings import FILE, Finding
from artaudit.findings import SIGNED as SIGNED_GROUP
from artaudit.image import Image
from artaudit.provenance.fields.containers import all_fields
from artaudit.provenance.fields.limits import cut
from artaudit.provenance.signed.credentials import Credential, read_credential
from artaudit.provenance.signed.novelai_signature import NOVELAI_KEY, check_novelai
from artaudit.provenance.signed.trust import configured, only
from artaudit.provenance.signed.wording import claim, origin, weight
from artaudit.provenance.tiers import SIGNED

NOVELAI_FITS = "Only NovelAI can make this signature, and it covers every sample: the picture is theirs, unchanged."
NOVELAI_BROKEN = "The samples or the text were changed after signing, or the signature was copied from elsewhere."
ABSENCE = "Most pictures carry no signature, and most ways of sharing remove it, so its absence says nothing."


class Signatures:
    """Checks the signed statements in a file; `anchors` are the certificates to trust, as PEM, and no others."""

    name = "signatures"
    group = SIGNED_GROUP
    question = FILE

    def __init__(self, anchors: str | None = None, novelai_key: str = NOVELAI_KEY) -> None:
        """Take `anchors` [default: the trust lists in use]; raises UsageError when one of those cannot be read."""
        self._trust = configured() if anchors is None else only(anchors)
        self._key = novelai_key

    def examine(self, image: Image) -> list[Finding]:
        """Return a finding for each signed statement, else one finding that there is none; never raises."""
        findings = [*self._credential(image), *self._novelai(image)]
        return findings or [self._finding("signed statement about its making", {"weight": ABSENCE}, holds=False)]

    def _credential(self, image: Image) -> list[Finding]:
        try:
            credential = read_credential(image.data, image.format, self._trust)
        except ValueError as error:
            question = "whether the file carries Content Credentials"
            return [self._finding(question, {"unread": cut(str(error)), "weight": ABSENCE}, holds=None)]
        if credential is None:
            return []
        return [self._finding(claim(credential, self._trust), self._details(credential), holds=True)]

    def _novelai(self, image: Image) -> list[Finding]:
        places = check_novelai(all_fields(image), image.stored, self._key)
        if not places:
            return []
        fits = any(places.values())
        statement = (
            "NovelAI's own signature fits the picture: it was made with NovelAI"
            if fits
            else "the file carries NovelAI's signature, which does not fit the picture"
        )
        details = {"places": places, "key": self._key, "weight": NOVELAI_FITS if fits else NOVELAI_BROKEN}
        says_made = {"says": "machine-made"} if fits else {}
        state = {"state": "Valid" if fits else "Invalid", "trusted": fits}
        return [self._finding(statement, details | says_made | state, holds=True)]

    def _details(self, credential: Credential) -> dict[str, Any]:
        """Return what is kept of a manifest: all of it that is not empty, and by which lists it was judged."""
        known = {name: value for name, value in asdict(credential).items() if value or name in ("state", "intact")}
        word, trusted = origin(credential)
        known |= {"says": word} if word else {}
        known |= {"chain": "\n".join(link.line() for link in credential.chain)} if credential.chain else {}
        lists = [f"{found.label} (sha256 {found.sha256})" for found in self._trust.lists] or "none configured"
        return known | {"trusted": trusted, "trust_list": lists, "weight": weight(credential)}

    def _finding(self, claim: str, details: dict[str, Any], *, holds: bool | None) -> Finding:
        library = f"c2pa-python {version('c2pa-python')}"
        method = f"C2PA manifest validated by {library}, nothing fetched; NovelAI's Ed25519 signature"
        return Finding(self.name, claim, holds, method, details={"tier": SIGNED} | details)
