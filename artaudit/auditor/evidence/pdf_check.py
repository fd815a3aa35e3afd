"""Sets the report as PDF again and compares: only a signature may stand in it beyond what the record says."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

from artaudit.auditor.evidence.package import PDF, REPORT
from artaudit.auditor.evidence.pages import ALIKE
from artaudit.auditor.evidence.pdf import render_pdf, typesetter
from artaudit.errors import ArtauditError, PackageError

_FONT = re.compile(rb"/BaseFont\s*/(?:[A-Z]{6}\+)?([\w.-]+)")

ADDED = ("/AcroForm", "/Extensions", "/Annots", "/Version")
"""Entries of the catalog and of a page that a signature adds."""


def check_pdf(record: Mapping[str, Any], files: Mapping[str, bytes]) -> tuple[list[str], list[str]]:
    """Return what the PDF of a package holds beyond the record, and why it could not be compared, as sentences."""
    if PDF not in files:
        return [], []
    unlike = _not_here(record)
    try:
        if unlike and not (typesetter() and record["page"] in ALIKE):
            raise PackageError(unlike)
        again = render_pdf({name: value for name, value in record.items() if name != "documents"}, files)
    except ArtauditError as error:
        return [], [f"{PDF} was not compared with {REPORT}, do not rely on it: {error}"]
    pdf = files[PDF]
    if pdf.startswith(again):
        added = _beyond_signature(pdf, again, record) if pdf != again else ""
        return ([f"{PDF} holds more than {REPORT} says: {added}"] if added else []), []
    if unlike or set(_FONT.findall(pdf)) != set(_FONT.findall(again)):
        why = unlike or "it is set in fonts that are not installed here"
        return [], [f"{PDF} was not compared with {REPORT}, do not rely on it: {why}"]
    return [f"{PDF} was not made from {REPORT}: do not rely on what it says"], []


def _not_here(record: Mapping[str, Any]) -> str:
    """Return why the PDF cannot be set again here, "" if it can."""
    if record["page"] not in ALIKE or "typst" not in record:
        return "another edition of artaudit made it"
    here = typesetter()
    if not here:
        return "the extra pdf is not installed here"
    return "" if here == record["typst"] else f"typst {record['typst']} set it, and {here} is installed here"


def _beyond_signature(pdf: bytes, again: bytes, record: Mapping[str, Any]) -> str:
    """Return what was appended to a PDF beyond the signature of the record's signer, "" if nothing was."""
    try:
        from pyhanko.pdf_utils.misc import PdfError  # noqa: PLC0415 - an extra
        from pyhanko.pdf_utils.reader import PdfFileReader  # noqa: PLC0415 - an extra
    except ImportError:
        return "it is signed, and what a signature may change cannot be told without the extra pdf"
    try:
        signed, plain = (PdfFileReader(io.BytesIO(data)) for data in (pdf, again))
        [signature] = signed.embedded_signatures
        signature.compute_integrity_info()
        alien = signature.signer_cert.sha256.hex() != (record["seal"]["signer"] or {}).get("sha256")
        if alien or signature.coverage.name != "ENTIRE_FILE":
            return "it is not signed as a whole by the signer whom the record names"
        same = signed.xrefs.total_revisions == plain.xrefs.total_revisions + 1 and _only_signed(signed, plain)
    except (PdfError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return f"what was appended is no signature ({error})"
    return "" if same else "something else than a signature was appended"


def _only_signed(signed: Any, plain: Any) -> bool:  # noqa: ANN401 - classes of an extra
    """Whether a reader's last revision adds one annotation that shows nothing, and changes nothing else."""
    known = plain.xrefs.explicit_refs_in_revision(plain.xrefs.total_revisions - 1)
    told = {plain.trailer.raw_get(name).reference for name in ("/Info",) if name in plain.trailer}
    told |= {plain.root.raw_get(name).reference for name in ("/Metadata",) if name in plain.root}
    added = 0
    for reference in signed.xrefs.explicit_refs_in_revision(signed.xrefs.total_revisions - 1) & known:
        if reference not in told and _lines(signed, reference) != _lines(plain, reference):
            return False
        if _annotations(signed, reference)[: len(_annotations(plain, reference))] != _annotations(plain, reference):
            return False
        added += len(_annotations(signed, reference)) - len(_annotations(plain, reference))
    fields = signed.root["/AcroForm"]["/Fields"]
    shown = [field.get_object() for field in fields if "/AP" in field.get_object()]
    return len(fields) == added == 1 and not shown


def _annotations(reader: Any, reference: Any) -> list[str]:  # noqa: ANN401 - classes of an extra
    value = reader.get_object(reference)
    return [repr(item) for item in list.__iter__(value["/Annots"])] if "/Annots" in value else []


def _lines(reader: Any, reference: Any) -> bytes:  # noqa: ANN401 - classes of an extra
    """Return an object as bytes, without what a signature adds to the catalog and to a page."""
    value = reader.get_object(reference)
    kept = {key: item for key, item in value.items() if key not in ADDED} if hasattr(value, "items") else {"": value}
    out = io.BytesIO()
    for key in sorted(kept):
        out.write(key.encode())
        raw = value.raw_get(key) if key else value
        raw.write_to_stream(out, None)
    return out.getvalue() + getattr(value, "encoded_data", b"")
