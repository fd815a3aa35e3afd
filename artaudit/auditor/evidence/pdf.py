"""The report as PDF/A for printing: typeset by Typst, signed as PAdES if there are keys.

ISO 19005-3, https://www.iso.org/standard/57229.html; ETSI EN 319 142-1, https://www.etsi.org.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from artaudit.auditor.evidence.pdf_signature import sign_pdf
from artaudit.auditor.evidence.reporting import blocks
from artaudit.auditor.evidence.reporting.content import content, language, title
from artaudit.auditor.evidence.reporting.words import person
from artaudit.auditor.signing.seals import Seal
from artaudit.errors import MissingExtraError, PackageError
from artaudit.language import speaking

STANDARD = "a-3b"


def render_pdf(record: Mapping[str, Any], files: Mapping[str, bytes], seal: Seal | None = None) -> bytes:
    """Return the report of a record, whose pictures `files` holds by name, as PDF/A-3b.

    Without a signature, the same record gives the same bytes. Raises MissingExtraError without the extra `pdf`,
    PackageError when a text holds characters that no installed font has.
    """
    unsigned = _typeset(record, files)
    return sign_pdf(unsigned, seal) if seal and seal.signer else unsigned


def typesetter() -> str:
    """Return the version of Typst that sets reports, "" without the extra."""
    try:
        return version("typst")
    except PackageNotFoundError:
        return ""


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
        tongue = language(record)
        with speaking(tongue):
            laid_out = {"title": title(record), "author": person(record["exported"]["by"]), "blocks": shown}
        laid_out |= {"language": tongue}
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
