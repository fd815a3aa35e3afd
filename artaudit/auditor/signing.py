"""Content credentials: who made a picture and that nobody may train on it, signed into the file.

C2PA 2.2, https://spec.c2pa.org; CAWG training and data mining 1.1, https://cawg.io/training-and-data-mining/1.1/.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from artaudit import __version__
from artaudit.auditor.enrolment import enrol
from artaudit.auditor.keys import Signer
from artaudit.auditor.registry import Registry, Work
from artaudit.auditor.sources import SUFFIXES
from artaudit.errors import ImageError, UsageError
from artaudit.image import Image, decode, forbid_training, read, with_packet, write_atomically

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
MARKED = ("JPEG", "PNG", "WEBP", "TIFF")
"""Formats whose XMP says it too."""
SIGNABLE = SUFFIXES - {".bmp"} | {".avif", ".gif"}
"""What pictures that are signed may end in, where folders are searched."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How pictures are to be signed.

    `refuses` says in the file that nobody may train on it, `keeps` registers the picture where it is not yet, so that
    its credential is kept, and `url` is a timestamp authority.
    """

    refuses: bool = True
    keeps: bool = True
    url: str | None = None


STANDARD = Wish()


@dataclass(frozen=True, slots=True)
class Signed:
    """What came of it: the work that the credential is kept with, whether that is new, and whether XMP says so too.

    `work` is None where the picture is no registered work and was not to become one.
    """

    work: Work | None
    new: bool
    xmp: bool


def sign_picture(source: Path, target: Path, signer: Signer, registry: Registry, wish: Wish = STANDARD) -> Signed:
    """Write the picture at `source` with a credential to `target`, which must not exist.

    The credential is kept with the work that has the picture's bytes or pixels, so that a copy that lost it is led back
    to it by matching. Where it refuses training, the file's XMP says so too, if its kind holds any. Raises ImageError
    for files that carry no credential.
    """
    if target.exists():
        raise UsageError(f"{target} exists and nothing is overwritten: choose another name.")
    image = read(source)
    if image.format not in KINDS:
        raise ImageError(f"{source} is a {image.format}, which carries no credential: convert it to PNG first.")
    marked = wish.refuses and image.format in MARKED
    ready = decode(with_packet(forbid_training(image)), name=image.name) if marked else image
    known = registry.find(sha256=image.sha256) or registry.find(pixels_sha256=image.pixels_sha256)
    title = known[0][0].title if known else source.stem
    signed, manifest = with_credential(ready, title, signer, wish)
    work, new = (known[0][0], False) if known else (None, False)
    if work is None and wish.keeps:
        work, new = enrol(registry, image, title=title)
    write_atomically(target, signed)
    if work is not None:
        registry.add_manifest(work.id, manifest)
    return Signed(work, new, marked)


def with_credential(image: Image, title: str, signer: Signer, wish: Wish = STANDARD) -> tuple[bytes, bytes]:
    """Return the file of a picture with a credential in it, and the credential alone."""
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
    """Return what the credential says."""
    refused = {"use": "notAllowed"}
    words = {
        f"{prefix}.training-mining": {"entries": {f"{prefix}.{use}": refused for use in USES}}
        for prefix in ("cawg", "c2pa")
    }
    name = signer.identity.leaf.subject.rfc4514_string()
    return {
        "claim_generator_info": [{"name": "artaudit", "version": __version__}],
        "title": title,
        "assertions": [
            *({"label": label, "data": data} for label, data in words.items() if refuses),
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
