"""The report on paper, signed or not, keeps what PDF/A-3b asks for in its structure (ISO 19005-3), read by pyHanko."""

import io
import re

import pytest
from defusedxml import ElementTree

from artaudit.auditor.evidence import Seal
from artaudit.auditor.evidence.package import bag

pytest.importorskip("typst")
reading = pytest.importorskip("pyhanko.pdf_utils.reader")

PDFAID = "{http://www.aiim.org/pdfa/ns/id/}"
FORBIDDEN_ACTIONS = {"/JavaScript", "/Launch", "/Sound", "/Movie", "/ImportData", "/ResetForm", "/Hide"}
ALLOWED_FILTERS = {"/FlateDecode", "/DCTDecode", "/ASCIIHexDecode", "/ASCII85Decode", "/RunLengthDecode"}


@pytest.fixture(scope="module", params=["plain", "signed", "timestamped"])
def data(request, case, signer, authority) -> bytes:
    seals = {"plain": Seal(), "signed": Seal(signer), "timestamped": Seal(signer, (authority.url,))}
    return bag(case, seals[request.param], pdf=True)["data/report.pdf"]


@pytest.fixture(scope="module")
def pdf(data):
    return reading.PdfFileReader(io.BytesIO(data))


@pytest.fixture(scope="module")
def objects(pdf):
    """Return every object that a document reaches from its trailer."""
    found, seen, waiting = [], set(), [pdf.trailer.raw_get(name) for name in pdf.trailer]
    while waiting:
        raw = waiting.pop()
        reference = getattr(raw, "reference", None)
        value = raw.get_object() if hasattr(raw, "get_object") else raw
        if reference is not None:
            if reference in seen:
                continue
            seen.add(reference)
        found.append(value)
        if hasattr(value, "items"):
            waiting += [value.raw_get(key) for key in value]
        elif isinstance(value, list):
            waiting += list(list.__iter__(value))
    return found


def opened(value):
    return value.get_object() if hasattr(value, "get_object") else value


def dictionaries(objects, kind: str) -> list:
    return [value for value in objects if hasattr(value, "items") and value.get("/Type") == kind]


def test_its_header_and_trailer_are_those_of_an_archive(data, pdf):
    assert re.match(rb"%PDF-1\.[0-7]\r?\n%[\x80-\xff]{4}", data), "a line of bytes above 127 follows the header"
    assert "/ID" in pdf.trailer and "/Encrypt" not in pdf.trailer
    assert "/Version" not in pdf.root or str(pdf.root["/Version"]) <= "/1.7"
    assert data.rstrip().endswith(b"%%EOF")


def test_its_metadata_names_the_standard_and_agree_with_the_information(pdf):
    stream = pdf.root["/Metadata"]
    assert "/Filter" not in stream, "metadata are not compressed"
    packet = ElementTree.fromstring(re.search(rb"<x:xmpmeta.*</x:xmpmeta>", stream.data, re.DOTALL)[0])
    told = {node.tag: node.text for node in packet.iter()}
    told |= {name: value for node in packet.iter() for name, value in node.attrib.items()}
    assert (told[f"{PDFAID}part"], told[f"{PDFAID}conformance"]) == ("3", "B")
    title = "".join(packet.find(".//{http://purl.org/dc/elements/1.1/}title").itertext()).strip()
    information = pdf.trailer["/Info"] if "/Info" in pdf.trailer else {"/Title": title}  # noqa: SIM401 - has no get
    assert str(information["/Title"]) == title == "Evidence report, case 7"


def test_its_colours_have_an_output_intent(pdf, objects):
    intents = [intent for intent in map(opened, pdf.root["/OutputIntents"]) if intent["/S"] == "/GTS_PDFA1"]
    [profile] = [intent["/DestOutputProfile"] for intent in intents]
    assert profile.data[36:40] == b"acsp" and profile["/N"] in (1, 3, 4)
    spaces = {value for value in objects if isinstance(value, str) and value.startswith("/Device")}
    assert "/DeviceCMYK" not in spaces or profile["/N"] == 4


def test_every_font_is_embedded_and_says_which_letters_it_has(objects):
    descriptors = dictionaries(objects, "/FontDescriptor")
    assert descriptors
    assert all({"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor) for descriptor in descriptors)
    composed = [font for font in dictionaries(objects, "/Font") if font["/Subtype"] == "/Type0"]
    assert composed
    assert all("/ToUnicode" in font for font in composed)
    described = [font for font in dictionaries(objects, "/Font") if font["/Subtype"] not in ("/Type0", "/Type3")]
    assert all("/FontDescriptor" in font for font in described)


def test_nothing_in_it_is_forbidden(objects):
    for value in objects:
        if not hasattr(value, "items"):
            continue
        assert value.get("/S") not in FORBIDDEN_ACTIONS or "/Type" in value
        filters = value.get("/Filter", [])
        named = filters if isinstance(filters, list) else [filters]
        assert {str(name) for name in named} <= ALLOWED_FILTERS | {"/Adobe.PPKLite"}
        assert not value.get("/Interpolate", False)
        assert "/AA" not in value
    assert all("/AFRelationship" in entry for entry in dictionaries(objects, "/Filespec"))


def test_annotations_are_printed_and_the_form_asks_no_viewer_to_draw(pdf, objects):
    for note in dictionaries(objects, "/Annot"):
        flags = int(note["/F"])
        assert flags & 4 and not flags & (1 | 2 | 32), "print, and neither invisible, hidden nor no view"
    form = pdf.root["/AcroForm"] if "/AcroForm" in pdf.root else {}  # noqa: SIM401 - has no get
    assert ("/NeedAppearances" not in form or not form["/NeedAppearances"]) and "/XFA" not in form
