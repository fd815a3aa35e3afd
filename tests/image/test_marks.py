"""The mark against training: readable by others, in place of no other metadata, refused where it cannot stand."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import PngImagePlugin

from artaudit.errors import ImageError
from artaudit.image import decode, encode, forbid_training, forbids_training
from artaudit.image.marks import PROHIBITED

OLD = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:creator="A Painter"{more}/>'
    "</rdf:RDF></x:xmpmeta>"
)
ALLOWED = (
    ' xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" plus:DataMining="http://ns.useplus.org/ldf/vocab/DMI-ALLOWED"'
)
COLOURS = np.random.default_rng(3).integers(0, 256, (40, 56, 3), dtype=np.uint8)


def picture(kind: str, xmp: str | None = None) -> bytes:
    buffer = io.BytesIO()
    options: dict[str, object] = {"lossless": True} if kind == "WEBP" else {}
    if xmp and kind == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", xmp, zip=True)
    elif xmp and kind == "TIFF":
        options["tiffinfo"] = {700: xmp.encode()}
    elif xmp:
        options["xmp"] = xmp.encode()
    Pillow.fromarray(COLOURS).save(buffer, kind, **options)
    return buffer.getvalue()


def descriptions(data: bytes) -> list[dict[str, str]]:
    found = Pillow.open(io.BytesIO(data)).getxmp()["xmpmeta"]["RDF"]["Description"]
    return found if isinstance(found, list) else [found]


def marked(data: bytes) -> bytes:
    image = decode(data, name="picture")
    return encode(forbid_training(image), COLOURS)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("xmp", [None, OLD.format(more=""), OLD.format(more=ALLOWED)])
def test_other_tools_read_the_mark_and_the_rest_is_still_there(kind, xmp):
    found = descriptions(marked(picture(kind, xmp)))
    assert [description["DataMining"] for description in found if "DataMining" in description] == [PROHIBITED]
    assert xmp is None or any(description.get("creator") == "A Painter" for description in found)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_a_marked_file_says_so_and_marking_twice_changes_nothing(kind):
    marked_once = marked(picture(kind))
    assert not forbids_training(decode(picture(kind), name="before"))
    assert forbids_training(decode(marked_once, name="after"))
    assert descriptions(marked(marked_once)) == descriptions(marked_once)


def test_a_kind_without_marks_is_refused():
    with pytest.raises(ImageError, match="holds no marks"):
        forbid_training(decode(picture("BMP"), name="picture.bmp"))


def test_a_packet_that_cannot_be_extended_is_refused_rather_than_lost():
    with pytest.raises(ImageError, match="cannot be extended"):
        forbid_training(decode(picture("JPEG", "no packet at all"), name="odd.jpg"))
