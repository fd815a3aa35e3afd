"""Content credentials: who made a picture and that nobody may train on it, signed into the file.

C2PA 2.2, https://spec.c2pa.org; CAWG training and data mining 1.1, https://cawg.io/training-and-data-mining/1.1/.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from artaudit import __version__
from artaudit.auditor.enrolment import enrol
from artaudit.auditor.keys import Signer
from artaudit.auditor.registry import Registry, Work
from artaudit.errors import ImageError, UsageError
from artaudit.image import Image, read, write_atomically

KINDS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
    "GIF": "image/gif",
}
"""By format, the type of file that can carry a credential."""
USES = ("data_mining", "ai_training", "ai_generative_training", "ai_inference")
"""What the credential says is not allowed."""


def sign_picture(source: Path, target: Path, signer: Signer, registry: Registry, url: str | None = None) -> Work:
    """Write the picture at `source` with a credential to `target`, which must not exist; return its work.

    The picture is registered where it is not yet, and the manifest is kept with the work: a copy that lost it is
    led back to it by matching. `url` is a timestamp authority. Raises ImageError for files that carry no credential.
    """
    if target.exists():
        raise UsageError(f"{target} exists and nothing is overwritten: choose another name.")
    image = read(source)
    if image.format not in KINDS:
        raise ImageError(f"{source} is a {image.format}, which carries no credential: convert it to PNG first.")
    known = registry.find(sha256=image.sha256)
    work = known[0][0] if known else enrol(registry, image, title=source.stem)[0]
    signed, manifest = with_credential(image, work.title, signer, url)
    write_atomically(target, signed)
    registry.add_manifest(work.id, manifest)
    return work


def with_credential(image: Image, title: str, signer: Signer, url: str | None = None) -> tuple[bytes, bytes]:
    """Return the file of a picture with a credential in it, and the credential alone."""
    import c2pa  # noqa: PLC0415 - heavy

    out = io.BytesIO()
    rules = {"builder": {"thumbnail": {"enabled": False}}, "verify": {"remote_manifest_fetch": False}}
    try:
        info = c2pa.C2paSignerInfo(_algorithm(signer), signer.identity.pem(), _plain_key(signer), url and url.encode())
        with c2pa.Context.from_dict(rules) as context, c2pa.Signer.from_info(info) as pen:
            builder = c2pa.Builder.from_json(json.dumps(_statement(title, signer)), context)
            with builder:
                builder.set_intent(c2pa.C2paBuilderIntent.EDIT)  # what the file held before becomes its parent
                manifest = builder.sign(pen, KINDS[image.format], io.BytesIO(image.data), out)
    except c2pa.C2paError as error:
        raise ImageError(f"{image.name} could not be signed ({error}): see whether it opens elsewhere.") from error
    return out.getvalue(), manifest


def _statement(title: str, signer: Signer) -> dict[str, Any]:
    """Return what the credential says."""
    refused = {"use": "notAllowed"}
    name = signer.identity.leaf.subject.rfc4514_string()
    return {
        "claim_generator_info": [{"name": "artaudit", "version": __version__}],
        "title": title,
        "assertions": [
            {
                "label": "cawg.training-mining",
                "data": {"entries": {f"cawg.{use}": refused for use in USES}},
            },
            {
                "label": "c2pa.training-mining",
                "data": {"entries": {f"c2pa.{use}": refused for use in USES}},
            },
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
