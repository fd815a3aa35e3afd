"""Content credentials signed into the file: who made a picture, and that nobody may train on it.

C2PA 2.2, https://spec.c2pa.org; CAWG training and data mining 1.1, https://cawg.io/training-and-data-mining/1.1/.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from artaudit import __version__
from artaudit.auditor.signing.keys import Signer
from artaudit.errors import ImageError
from artaudit.image import Image
from artaudit.image.sources import SUFFIXES

KINDS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
    "GIF": "image/gif",
}
"""The media type of each format that can carry a credential."""
USES = ("data_mining", "ai_training", "ai_generative_training", "ai_inference")
"""The uses that the credential does not allow."""
MARKED = ("JPEG", "PNG", "WEBP", "TIFF")
"""Formats whose XMP also says that nobody may train on the picture."""
SIGNABLE = SUFFIXES - {".bmp"} | {".avif", ".gif"}
"""Suffixes of the files in a folder that can be signed."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How pictures are to be signed.

    `refuses` says in the file that nobody may train on it, `keeps` registers a picture that is not registered yet, so
    that its credential is kept, and `url` is a timestamp authority.
    """

    refuses: bool = True
    keeps: bool = True
    url: str | None = None


STANDARD = Wish()


def with_credential(image: Image, title: str, signer: Signer, wish: Wish = STANDARD) -> tuple[bytes, bytes]:
    """Return the file of a picture with a credential in it, and the credential (C2PA manifest store) alone."""
    import c2pa  # noqa: PLC0415 - heavy

    out, url = io.BytesIO(), wish.url and wish.url.encode()
    rules = {"builder": {"thumbnail": {"enabled": False}}, "verify": {"remote_manifest_fetch": False}}
    try:
        info = c2pa.C2paSignerInfo(_algorithm(signer), signer.identity.pem(), _plain_key(signer), url)
        with c2pa.Context.from_dict(rules) as context, c2pa.Signer.from_info(info) as pen:
            builder = c2pa.Builder.from_json(json.dumps(_statement(title, signer, refuses=wish.refuses)), context)
            with builder:
                builder.set_intent(c2pa.C2paBuilderIntent.EDIT)  # what the file held before becomes its parent
                manifest = builder.sign(pen, KINDS[image.format], io.BytesIO(image.data), out)
    except c2pa.C2paError as error:
        raise ImageError(f"{image.name} could not be signed ({error}): see whether it opens elsewhere.") from error
    return out.getvalue(), manifest


def _statement(title: str, signer: Signer, *, refuses: bool) -> dict[str, Any]:
    """Return the manifest definition of the credential."""
    refused = {"use": "notAllowed"}
    refusals = {
        f"{prefix}.training-mining": {"entries": {f"{prefix}.{use}": refused for use in USES}}
        for prefix in ("cawg", "c2pa")
    }
    name = signer.identity.leaf.subject.rfc4514_string()
    return {
        "claim_generator_info": [{"name": "artaudit", "version": __version__}],
        "title": title,
        "assertions": [
            *({"label": label, "data": data} for label, data in refusals.items() if refuses),
            {
                "label": "c2pa.metadata",
                "data": {"@context": {"dc": "http://purl.org/dc/elements/1.1/"}, "dc:creator": [name]},
            },
        ],
    }


def _algorithm(signer: Signer) -> str:
    if isinstance(signer.key, ec.EllipticCurvePrivateKey):
        return {256: "es256", 384: "es384", 521: "es512"}.get(signer.key.key_size, "es256")
    return "ps256"


def _plain_key(signer: Signer) -> bytes:
    return signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
