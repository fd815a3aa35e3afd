"""What a stranger's file costs to read grows no faster than the file, and what lies behind its end is not read."""

import json
import struct

import numpy as np
import pytest

from artaudit.image import Image
from artaudit.provenance.claimed.invokeai import read_invokeai
from artaudit.provenance.fields.containers import all_fields
from artaudit.provenance.fields.exif import exif_texts
from artaudit.provenance.fields.xmp import xmp_texts

SIGNATURE = b"\x89PNG\r\n\x1a\n"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
EXIF = "http://ns.adobe.com/exif/1.0/"
MANY = 50_000


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + b"\0\0\0\0"


def holding(kind: str, data: bytes) -> Image:
    return Image("a", data, kind, np.zeros((1, 1, 3), np.uint8))


def exif_block(entries: int, value: bytes) -> bytes:
    """Name the same description `entries` times."""
    place = 8 + 2 + 12 * entries
    entry = struct.pack("<HHII", 0x010E, 2, len(value), place)
    return b"II*\0" + struct.pack("<IH", 8, entries) + entry * entries + value


def packet(inside: str) -> bytes:
    return f'<r:RDF xmlns:r="{RDF}" xmlns:e="{EXIF}">{inside}</r:RDF>'.encode()


def dream(prompt: str) -> tuple[str | None, str | None]:
    text = json.dumps({"image": {"prompt": prompt}})
    [fields] = all_fields(holding("PNG", SIGNATURE + chunk(b"tEXt", b"sd-metadata\0" + text.encode())))
    claim = read_invokeai(fields)
    return claim.prompt, claim.negative_prompt


@pytest.mark.parametrize(
    ("prompt", "wanted", "unwanted"),
    [
        ("a castle [people] at dawn [cars]", "a castle  at dawn", "people cars"),
        ("a castle [people", "a castle [people", None),
        ("] a castle [", "] a castle [", None),
        ("a [b [c] d] e", "a  d] e", "b [c"),
        ("[" * MANY + "]", None, "["),
        ("[x]" * MANY + "a castle", "a castle", "x x x"),
    ],
)
def test_brackets_are_told_apart_however_many_they_are(prompt, wanted, unwanted):
    positive, negative = dream(prompt)
    assert positive == wanted
    assert negative is unwanted if unwanted is None else negative.startswith(unwanted)


def test_one_exif_value_named_again_and_again_is_not_copied_each_time():
    pairs = exif_texts(exif_block(1000, b"a" * 5000))
    assert {pair == ("ImageDescription", "a" * 5000) for pair in pairs} == {True}
    assert len(pairs) < 20


def test_xmp_as_deep_as_a_packet_allows_is_read():
    deep = "<r:Description>" * MANY + '<r:Description e:UserComment="a castle"/>' + "</r:Description>" * MANY
    assert xmp_texts(packet(deep)) == [("exif:UserComment", "a castle")]


@pytest.mark.parametrize("kind", ["Alt", "Seq", "Bag"])
def test_the_first_item_of_an_xmp_list_is_its_value(kind):
    items = f"<e:UserComment><r:{kind}><r:li>a castle</r:li><r:li>b</r:li></r:{kind}></e:UserComment>"
    assert xmp_texts(packet(f"<r:Description>{items}</r:Description>")) == [("exif:UserComment", "a castle")]


def test_blocks_of_exif_and_xmp_count_as_text_of_the_file():
    block = exif_block(1, b"a" * (3 << 20))
    images = [
        holding("PNG", SIGNATURE + chunk(b"eXIf", block) * 9),
        holding("WEBP", b"RIFF\0\0\0\0WEBP" + (struct.pack("<4sI", b"EXIF", len(block)) + block) * 9),
    ]
    for image in images:
        assert any("the rest was not read" in note for fields in all_fields(image) for note in fields.notes)


def test_a_png_ends_at_its_end_chunk():
    before, behind = chunk(b"tEXt", b"Comment\0inside"), chunk(b"tEXt", b"Title\0behind")
    [fields] = all_fields(holding("PNG", SIGNATURE + before + chunk(b"IEND", b"") + behind))
    assert fields.texts == {"Comment": "inside"}
