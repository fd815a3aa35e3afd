"""The mark that says "do not train on this", in a picture's XMP packet.

PLUS Coalition, "Data Mining" property, https://ns.useplus.org/LDF/ldf-XMPSpecification, as IPTC recommends it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from artaudit.errors import ImageError
from artaudit.image.picture import Image

PROHIBITED = "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-AIMLTRAINING"

_NAMESPACE = "http://ns.useplus.org/ldf/xmp/1.0/"
_STATEMENT = f'<rdf:Description rdf:about="" xmlns:plus="{_NAMESPACE}" plus:DataMining="{PROHIBITED}"/>'
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">{_STATEMENT}</rdf:RDF></x:xmpmeta>'
    '<?xpacket end="w"?>'
)
_KINDS = ("PNG", "JPEG", "WEBP", "TIFF")
_ANSWER = re.compile(rb"""(plus:DataMining\s*=\s*["'])[^"']*(["'])|(<plus:DataMining>)[^<]*(</plus:DataMining>)""")


def forbid_training(image: Image) -> Image:
    """Return `image` with the mark in the XMP that its next file will carry; everything else in it stays.

    Raises ImageError for a kind of file without XMP, and where a packet is there that cannot be extended.
    """
    if image.format not in _KINDS:
        raise ImageError(f"{image.name} is a {image.format}, which holds no marks: convert it to PNG first.")
    return replace(image, xmp=_marked(image.xmp, image.name))


def forbids_training(image: Image) -> bool:
    """Tell whether the picture's XMP carries the mark."""
    return image.xmp is not None and PROHIBITED.encode() in image.xmp


def _marked(xmp: bytes | None, name: str) -> bytes:
    if not xmp:
        return _PACKET.encode()
    answer = rb"\g<1>\g<3>" + PROHIBITED.encode() + rb"\g<2>\g<4>"
    if _ANSWER.search(xmp):
        return _ANSWER.sub(answer, xmp)
    end = xmp.rfind(b"</rdf:RDF>")
    if end < 0:
        raise ImageError(f"{name} carries an XMP packet that cannot be extended: remove it, or leave out the mark.")
    return xmp[:end] + _STATEMENT.encode() + xmp[end:]
