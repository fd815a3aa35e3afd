"""The report as PDF/A for printing: typeset by Typst, signed as PAdES if there are keys.

ISO 19005-3, https://www.iso.org/standard/57229.html; ETSI EN 319 142-1, https://www.etsi.org.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from artaudit.auditor.evidence.reporting import blocks
from artaudit.auditor.evidence.reporting.content import content, title
from artaudit.auditor.evidence.reporting.words import person
from artaudit.auditor.signing.keys import Signer
from artaudit.errors import MissingExtraError, PackageError

STANDARD = "a-3b"


def render_pdf(record: Mapping[str, Any], files: Mapping[str, bytes], signer: Signer | None = None) -> bytes:
    """Return the report of a record, whose pictures `files` holds by name, as PDF/A-3b.

    Without a signature, the same record gives the same bytes. Raises MissingExtraError without the extra `pdf`,
    PackageError when a text holds characters that no installed font has.
    """
    unsigned = _typeset(record, files)
    return unsigned if signer is None else _signed(unsigned, signer)


def _typeset(record: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    try:
        import typst  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtraError("pdf", "A report as PDF") from error
    shown = content(record)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for picture in blocks.files(shown):
            (folder / picture).parent.mkdir(parents=True, exist_ok=True)
            (folder / picture).write_bytes(files[picture])
        laid_out = {"title": title(record), "author": person(record["exported"]["by"]), "blocks": shown}
        (folder / "report.json").write_text(json.dumps(laid_out), "utf-8")
        written = datetime.fromisoformat(record["exported"]["at"]).replace(microsecond=0)
        source = (resources.files(__package__) / "templates" / "report.typ").read_bytes()
        (folder / "report.typ").write_bytes(source)
        options: dict[str, Any] = {"root": folder, "format": "pdf", "pdf_standards": STANDARD, "timestamp": written}
        try:
            return typst.compile(folder / "report.typ", **options)
        except typst.TypstError as error:
            raise PackageError(
                f"The report cannot be set as PDF ({error.message}): install fonts that have it, or leave --pdf out."
            ) from error


def _signed(pdf: bytes, signer: Signer) -> bytes:
    """Return a PDF with a PAdES signature added."""
    try:
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415 - an extra
        from pyhanko.sign import fields, signers  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtraError("pdf", "A signed report as PDF") from error
    meta = signers.PdfSignatureMetadata(
        field_name="artaudit", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
    )
    out = io.BytesIO()
    signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), meta, _as_pyhanko(signer), output=out)
    return out.getvalue()


def _as_pyhanko(signer: Signer) -> Any:  # noqa: ANN401 - a class of an extra
    from asn1crypto import keys, x509  # noqa: PLC0415 - beside the extra
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - beside the extra
        Encoding,
        NoEncryption,
        PrivateFormat,
    )
    from pyhanko.sign import signers  # noqa: PLC0415 - an extra
    from pyhanko_certvalidator.registry import SimpleCertificateStore  # noqa: PLC0415 - an extra

    leaf, *issuers = (
        x509.Certificate.load(certificate.public_bytes(Encoding.DER)) for certificate in signer.identity.chain
    )
    key = signer.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    store: Any = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple(issuers)
    return signers.SimpleSigner(signing_cert=leaf, signing_key=keys.PrivateKeyInfo.load(key), cert_registry=store)
