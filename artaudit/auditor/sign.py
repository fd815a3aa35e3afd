"""Sign: writes a picture with a content credential in it and keeps the credential with its work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from artaudit.auditor.register import register
from artaudit.auditor.registry import Registry, Work
from artaudit.auditor.signing.credentials import KINDS, MARKED, STANDARD, Wish, with_credential
from artaudit.auditor.signing.keys import Signer
from artaudit.errors import ImageError
from artaudit.image import decode, forbid_training, read, with_packet, write_atomically
from artaudit.image.writing import ensure_new


@dataclass(frozen=True, slots=True)
class Signed:
    """The work that keeps the credential, whether it is new, and whether the file's XMP refuses training too.

    `work` is None when the picture is not registered and was not to be.
    """

    work: Work | None
    new: bool
    xmp: bool


def sign_picture(source: Path, target: Path, signer: Signer, registry: Registry, wish: Wish = STANDARD) -> Signed:
    """Write the picture at `source` with a credential to `target`, which must not exist.

    The credential is kept with the work that has the picture's bytes or pixels, so that matching leads from a stripped
    copy back to it. If it refuses training, the file's XMP does so too, for formats with XMP. Raises ImageError for
    formats that cannot carry a credential.
    """
    ensure_new(target)
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
        work, new = register(image, registry, title)
    write_atomically(target, signed)
    if work is not None:
        registry.add_manifest(work.id, manifest)
    return Signed(work, new, marked)
