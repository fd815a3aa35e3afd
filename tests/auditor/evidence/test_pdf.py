"""The report on paper is PDF/A, the same for the same record, and signed where there are keys."""

import io
import sys

import pytest

from artaudit.auditor.evidence import Seal, package
from artaudit.auditor.evidence.package import bag
from artaudit.auditor.evidence.pdf import render_pdf
from artaudit.auditor.evidence.pdf_signature import sign_pdf
from artaudit.errors import MissingExtraError, PackageError

PDF = "data/report.pdf"


def test_it_is_an_archival_pdf_and_the_same_for_the_same_case(case):
    pytest.importorskip("typst")
    first, second = (bag(case, Seal(), pdf=True)[PDF] for _ in range(2))
    assert first == second
    assert first.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>3</pdfaid:part>" in first
    assert b"secret" not in first


def test_the_record_names_it_so_that_another_is_found(case, problems_of, redone):
    pytest.importorskip("typst")
    files = bag(case, Seal(), pdf=True)
    assert problems_of(files) == ()
    changed = redone({**files, PDF: files[PDF] + b"\n"})
    assert f"{PDF} is not the file that data/report.json names" in problems_of(changed)


def test_its_signature_is_whole_and_covers_it(case, signer):
    pytest.importorskip("typst")
    pytest.importorskip("pyhanko")
    from asn1crypto import x509
    from cryptography.hazmat.primitives.serialization import Encoding
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    data = bag(case, Seal(signer), pdf=True)[PDF]
    root = x509.Certificate.load(signer.identity.chain[-1].public_bytes(Encoding.DER))
    [signature] = PdfFileReader(io.BytesIO(data)).embedded_signatures
    status = validate_pdf_signature(signature, ValidationContext(trust_roots=[root]))
    assert status.bottom_line and status.trusted and status.intact
    broken = bytearray(data)
    broken[len(data) // 4] ^= 1
    [signature] = PdfFileReader(io.BytesIO(bytes(broken))).embedded_signatures
    assert not validate_pdf_signature(signature, ValidationContext(trust_roots=[root])).intact


def test_characters_without_a_glyph_are_a_clear_error(build):
    pytest.importorskip("typst")
    with pytest.raises(PackageError, match="install fonts"):
        bag(build(claim="\U0001240d"), Seal(), pdf=True)


def test_without_the_extra_its_install_line_is_said(case, monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(MissingExtraError, match=r"artaudit\[pdf\]"):
        bag(case, Seal(), pdf=True)


def test_a_signature_leaves_it_an_archival_pdf(case, signer):
    pytest.importorskip("typst")
    pytest.importorskip("pyhanko")
    plain, signed = (bag(case, seal, pdf=True)[PDF] for seal in (Seal(), Seal(signer)))
    added = signed[signed.rindex(b"%%EOF", 0, -16) :]
    assert len(signed) > len(plain)
    assert signed.startswith(b"%PDF-1.7")
    assert b"/Version" not in added
    assert b"/ISO_" not in added
    assert b"<pdfaid:part>3</pdfaid:part>" in signed


def test_a_pdf_of_another_case_and_one_with_more_than_a_signature_are_found(
    case, build, signer, problems_of, monkeypatch
):
    pytest.importorskip("typst")
    pytest.importorskip("pyhanko")
    assert problems_of(bag(case, Seal(signer), pdf=True)) == ()
    other = bag(build(claim="it shows 100% of work 1"), Seal(signer), pdf=True)[PDF]
    monkeypatch.setattr(package, "render_pdf", lambda *_: other)
    assert f"{PDF} was not made from data/report.json: do not rely on what it says" in problems_of(
        bag(case, Seal(signer), pdf=True)
    )
    monkeypatch.undo()
    monkeypatch.setattr(package, "render_pdf", lambda *given: sign_pdf(renamed(render_pdf(*given[:2])), given[2]))
    problems = problems_of(bag(case, Seal(signer), pdf=True))
    assert any(f"{PDF} holds more than data/report.json says" in problem for problem in problems), problems


def renamed(pdf: bytes) -> bytes:
    """Append another content of the first page to a PDF."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    page = writer.find_page_for_modification(0)[0].get_object()
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_its_signature_carries_the_timestamp(case, signer, authority):
    pytest.importorskip("typst")
    pytest.importorskip("pyhanko")
    from pyhanko.pdf_utils.reader import PdfFileReader

    data = bag(case, Seal(signer, (authority.url,)), pdf=True)[PDF]
    [signature] = PdfFileReader(io.BytesIO(data)).embedded_signatures
    kinds = [attribute["type"].native for attribute in signature.signer_info["unsigned_attrs"]]
    assert kinds == ["signature_time_stamp_token"]
