"""The signature on a report as PDF: PAdES, with a timestamp in it where one is wanted.

ETSI EN 319 142-1, https://www.etsi.org.
"""

from __future__ import annotations

import io
from typing import Any

from artaudit.auditor.signing.keys import Signer
from artaudit.auditor.signing.seals import Seal
from artaudit.auditor.signing.timestamps import ask, in_order
from artaudit.errors import MissingExtraError

ARCHIVAL = (1, 7)
"""The version of PDF that PDF/A-3 is a profile of; a signature must not raise it."""
RESERVED = 1 << 15
"""Hexadecimal digits kept for a signature and its timestamp, certificates included."""


def sign_pdf(pdf: bytes, seal: Seal) -> bytes:
    """Return a PDF with the signature of the seal's signer added, timestamped by the seal's first authority.

    Raises MissingExtraError without the extra `pdf`, PackageError when the authority gives no timestamp.
    """
    try:
        from pyhanko.sign import fields, signers  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtraError("pdf", "A signed report as PDF") from error
    if seal.signer is None:
        return pdf
    meta = signers.PdfSignatureMetadata(
        field_name="artaudit", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
    )
    out = io.BytesIO()
    stamper = _stamper(seal.authorities[0]) if seal.authorities else None
    signer = _as_pyhanko(seal.signer)
    signers.sign_pdf(_writer(pdf), meta, signer, timestamper=stamper, bytes_reserved=RESERVED, output=out)
    return out.getvalue()


def _writer(pdf: bytes) -> Any:  # noqa: ANN401 - a class of an extra
    """Return what appends to a PDF without leaving the version that PDF/A-3 asks for."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415 - an extra

    class Archival(IncrementalPdfFileWriter):  # type: ignore[misc]
        def ensure_output_version(self, version: tuple[int, int]) -> None:
            super().ensure_output_version(min(version, ARCHIVAL))

        def register_extension(self, ext: Any) -> None:  # noqa: ANN401 - a class of an extra
            """Leave out extensions of PDF 2.0: they name a curve that readers know without being told."""
            if ext.base_version != "/2.0":
                super().register_extension(ext)

    return Archival(io.BytesIO(pdf))


def _stamper(url: str) -> Any:  # noqa: ANN401 - a class of an extra
    """Return what asks an authority for pyHanko, in the way packages are timestamped."""
    from asn1crypto import tsp  # noqa: PLC0415 - beside the extra
    from pyhanko.sign.timestamps import TimeStamper  # noqa: PLC0415 - an extra

    class Stamper(TimeStamper):  # type: ignore[misc]
        async def async_request_tsa_response(self, req: Any) -> Any:  # noqa: ANN401 - a class of an extra
            return tsp.TimeStampResp.load(in_order(ask(url, req.dump())))

    return Stamper()


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
