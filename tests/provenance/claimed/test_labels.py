"""Labels and services are told by their texts wherever tools put them, and each is called a claim."""

import io
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import PngImagePlugin

from artaudit.findings import Finding
from artaudit.image import decode
from artaudit.provenance import FileClaims
from artaudit.provenance.fields.iptc import PHOTOSHOP, iptc_texts
from artaudit.provenance.source_types import GENERATORS, OTHERS

TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
PICTURE = np.full((64, 64, 3), 90, np.uint8)
SPACES = {
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "TC260": "http://www.tc260.org.cn/ns/AIGC/1.0/",
}


def saved(kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(PICTURE).save(buffer, kind, **options)
    return buffer.getvalue()


def png(**texts: str) -> bytes:
    info = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        info.add_text(name.replace("_", "-"), text)
    return saved(pnginfo=info)


def xmp(inside: str, kind: str = "JPEG") -> bytes:
    spaces = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in SPACES.items())
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    packet = f'<r:RDF xmlns:r="{rdf}" {spaces}><r:Description>{inside}</r:Description></r:RDF>'
    written = {"tiffinfo": {700: packet.encode()}} if kind == "TIFF" else {"xmp": packet.encode()}
    return saved(kind, **written)


def exif(tags: dict[int, str], comment: str = "") -> bytes:
    block = Pillow.Exif()
    block.update(tags)
    if comment:
        block.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + comment.encode()
    return saved("JPEG", exif=block)


def segment(marker: int, body: bytes) -> bytes:
    plain = saved("JPEG")
    return plain[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + plain[2:]


def iim(*records: tuple[int, bytes], name: bytes = b"") -> bytes:
    """Write IPTC records as Photoshop does, behind a block of another kind."""
    body = b"".join(b"\x1c\x02" + struct.pack(">BH", kind, len(text)) + text for kind, text in records)
    title = bytes([len(name)]) + name + b"\0" * ((len(name) + 1) % 2)
    blocks = [(0x03ED, b"abc\0"[:3]), (0x0404, body)]
    written = (
        b"8BIM" + struct.pack(">H", kind) + title + struct.pack(">I", len(data)) + data + b"\0" * (len(data) % 2)
        for kind, data in blocks
    )
    return PHOTOSHOP + b"".join(written)


def finding_in(data: bytes) -> Finding:
    [finding] = FileClaims().examine(decode(data, name="a"))
    return finding


def typed(name: str) -> str:
    return f"<Iptc4xmpExt:DigitalSourceType>{TYPES}{name}</Iptc4xmpExt:DigitalSourceType>"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("name", GENERATORS)
def test_a_source_type_that_names_a_generator_is_a_claim(name, kind):
    finding = finding_in(png_xmp(typed(name)) if kind == "PNG" else xmp(typed(name), kind))
    assert finding.holds
    assert finding.details["tier"] == "claimed"
    assert finding.claim == f"the file says it was made with {GENERATORS[name]} (IPTC digital source type {name})"
    assert "claim, not proof" in finding.details["weight"]


def png_xmp(inside: str) -> bytes:
    """Take the packet that Pillow wrote into a JPEG and write it as PNG's text."""
    packet = Pillow.open(io.BytesIO(xmp(inside))).info["xmp"]
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet.decode())
    return saved(pnginfo=info)


@pytest.mark.parametrize("name", [*OTHERS, "somethingNew", ""])
def test_a_source_type_of_a_camera_or_a_person_claims_no_generator(name):
    finding = finding_in(xmp(typed(name)))
    assert finding.holds is False
    assert finding.details["tier"] == "claimed"


def test_a_word_outside_the_vocabularys_address_is_no_source_type():
    inside = "<Iptc4xmpExt:DigitalSourceType>http://a.example/trainedAlgorithmicMedia</Iptc4xmpExt:DigitalSourceType>"
    assert finding_in(xmp(inside)).holds is False


def test_iptcs_fields_about_the_ai_system_are_read():
    inside = "".join(
        f"<Iptc4xmpExt:{name}>{text}</Iptc4xmpExt:{name}>"
        for name, text in (
            ("AISystemUsed", "Own Brush AI"),
            ("AISystemVersionUsed", "3.1"),
            ("AIPromptInformation", "a castle"),
        )
    )
    details = finding_in(xmp(inside)).details
    assert {"tool": "Own Brush AI", "model": "3.1", "prompt": "a castle"}.items() <= details.items()


LABEL = json.dumps({"Label": "1", "ContentProducer": "001191110108MA01KP2T5U00000", "ProduceID": "7"})


@pytest.mark.parametrize(
    "data",
    [
        xmp(f"<TC260:AIGC>{LABEL}</TC260:AIGC>"),
        png(AIGC=LABEL),
        png(AIGC=json.dumps({"AIGC": json.loads(LABEL)})),
        exif({}, json.dumps({"AIGC": json.loads(LABEL)})),
        exif({0x010E: LABEL}),
        segment(0xEB, b"AIGC" + LABEL.encode()),
    ],
    ids=["xmp", "png", "png-nested", "comment", "description", "segment"],
)
def test_a_tc260_label_is_read_wherever_tools_put_it(data):
    finding = finding_in(data)
    assert finding.claim == "the file says it was made with a generative model (TC260 label 1)"
    assert finding.details["producer"] == "001191110108MA01KP2T5U00000"


@pytest.mark.parametrize(("label", "word"), [("2", ", possibly"), ("3", ", as was suspected"), (2, ", possibly")])
def test_a_tc260_label_that_is_less_than_sure_says_so(label, word):
    assert f"a generative model{word} (TC260" in finding_in(png(AIGC=json.dumps({"Label": label}))).claim


@pytest.mark.parametrize("text", ['{"Label": "9"}', '{"Label": [1]}', '{"AIGC": "1"}', '{"other": 1}', "1"])
def test_what_is_no_tc260_label_is_not_called_one(text):
    assert finding_in(png(AIGC=text)).holds is False


JOB = f"a castle, at dawn --ar 3:2 --v 6.1 Job ID: {UUID}"


@pytest.mark.parametrize(
    ("tool", "data"),
    [
        ("Midjourney", png(Description=JOB, Author="somebody")),
        ("Midjourney", xmp(f"<dc:description><r:Alt><r:li>{JOB}</r:li></r:Alt></dc:description>")),
        ("Midjourney", exif({0x010E: JOB})),
        ("Midjourney", segment(0xED, iim((5, b"title"), (120, JOB.encode())))),
        ("Ideogram", exif({0x010F: "Ideogram AI"})),
        ("Grok (xAI)", exif({0x010E: "Signature: " + "QUJD" * 16, 0x013B: UUID})),
        ("FLUX", exif({0x0131: "AI generated;txt2img;flux", 0x0110: "flux-dev", 0x010E: "a castle, at dawn"})),
        ("Google AI", xmp("<photoshop:Credit>Made with Google AI</photoshop:Credit>")),
        ("Google AI", segment(0xED, iim((110, b"Made with Google AI"), name=b"odd"))),
        ("a job on Hugging Face", png(hf_job_id="7f0c")),
        ("Adobe Firefly 3", xmp("<xmp:CreatorTool>Adobe Firefly 3</xmp:CreatorTool>")),
        ("Stable Diffusion 2.1", exif({0x0131: "Stable Diffusion 2.1"})),
        ("Made in InvokeAI", png(Software="Made in InvokeAI")),
    ],
)
def test_services_are_told_by_what_they_write(tool, data):
    finding = finding_in(data)
    assert finding.holds
    assert finding.details["tool"].startswith(tool)
    assert finding.details["tier"] == "claimed"


def test_what_a_service_says_about_the_picture_is_kept():
    assert finding_in(png(Description=JOB)).details["prompt"] == "a castle, at dawn --ar 3:2 --v 6.1"
    flux = finding_in(exif({0x0131: "AI generated;img2img;flux", 0x0110: "flux-dev", 0x010E: "a castle"})).details
    assert (flux["model"], flux["prompt"]) == ("flux-dev", "a castle")


@pytest.mark.parametrize(
    "data",
    [
        png(Description="a letter about Job ID: 12"),
        exif({0x010E: "Signature: " + "QUJD" * 16, 0x013B: "A Painter"}),
        exif({0x0131: "Adobe Photoshop 26.0", 0x010F: "Canon", 0x013B: "A Painter"}),
        exif({0x0131: "Midjourneyman's Darkroom"}),
        xmp("<photoshop:Credit>A Painter, not Made with Google AI</photoshop:Credit>"),
        png(Software="GIMP", hf_job_id=" "),
    ],
)
def test_people_and_their_programs_are_not_taken_for_services(data):
    assert finding_in(data).holds is False


def test_records_that_are_cut_off_are_read_as_far_as_they_go():
    whole = iim((110, b"Made with Google AI"), (120, b"a castle"))
    assert iptc_texts(whole) == [("Credit", "Made with Google AI"), ("Caption", "a castle")]
    assert iptc_texts(whole[:-14])[0] == ("Credit", "Made with Google AI")


@given(st.binary(max_size=200), st.integers(0, 40))
def test_no_block_of_photoshop_makes_the_reader_fail(noise, place):
    whole = iim((120, b"a castle"), name=b"odd")
    for body in (noise, PHOTOSHOP + noise, whole[:place] + noise + whole[place:]):
        assert all(isinstance(text, str) for _, text in iptc_texts(body))
