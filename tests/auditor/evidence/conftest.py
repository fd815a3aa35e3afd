"""A case with one match, one claim and one open question, and the package made from it."""

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image as Pillow

from artaudit.auditor.chain import GENESIS, link
from artaudit.auditor.evidence import CaseFile, OverlayFile, WorkFile, verify_package, write_package
from artaudit.auditor.evidence.package import bag, manifest, pack
from artaudit.evidence import Evidence, FalseAlarms, Finding

ORIGINAL = b"original bytes"
NOW = "2026-01-01T00:00:00+00:00"


def jpeg(shade: int) -> bytes:
    buffer = io.BytesIO()
    Pillow.new("RGB", (32, 24), (shade, shade, 90)).save(buffer, "JPEG")
    return buffer.getvalue()


def make_case(claim: str = "it shows 40% of work 1, 'Étude'", suspect: bytes = b"the suspect's bytes") -> CaseFile:
    rate = FalseAlarms(0, 990, "unrelated pictures")
    findings = (
        Finding(
            "portfolio", claim, holds=True, method="m", score=99.0, threshold=15.0, unit="p", false_alarms=rate, work=1
        ),
        Finding("signals", "the file says so", holds=True, method="m", details={"prompt": claim, "weight": "w"}),
        Finding("signals", "parameters", holds=None, method="m", details={"sizes": [1, 2], "bare": True}),
    )
    evidence = Evidence(
        path="suspects/<b>crop</b>.jpg",
        sha256=hashlib.sha256(suspect).hexdigest(),
        pixels_sha256="0" * 64,
        width=32,
        height=24,
        format="JPEG",
        checked_at=NOW,
        compared_with=1,
        verdict=claim,
        findings=findings,
        notes=("the first of 3 frames",),
        environment={"artaudit": "0"},
    )
    digest = hashlib.sha256(ORIGINAL).hexdigest()
    event = link(1, NOW, "register", {"table": "works", "id": 1}, GENESIS)
    return CaseFile(
        id=7,
        created_at=NOW,
        evidence=json.loads(json.dumps(evidence.as_dict())),
        suspect=suspect,
        suspect_extension="jpeg",
        suspect_preview=jpeg(200),
        works=(WorkFile(1, "Étude", "/a/b.png", digest, "2" * 64, NOW, "png", jpeg(10), ORIGINAL),),
        overlays=(OverlayFile(0, jpeg(120)),),
        events=({name: getattr(event, name) for name in ("seq", "at", "kind", "payload", "prev", "hash")},),
    )


@pytest.fixture(scope="session")
def case() -> CaseFile:
    return make_case()


@pytest.fixture(scope="session")
def files(case) -> dict[str, bytes]:
    return bag(case)


@pytest.fixture(scope="session")
def data(case) -> bytes:
    return write_package(case)


@pytest.fixture
def path(tmp_path, data) -> Path:
    target = tmp_path / "case.zip"
    target.write_bytes(data)
    return target


@pytest.fixture
def build() -> Callable[..., CaseFile]:
    return make_case


@pytest.fixture(scope="session")
def problems_of(tmp_path_factory) -> Callable[[dict[str, bytes]], tuple[str, ...]]:
    """Pack files as they are and verify what came of it."""
    target = tmp_path_factory.mktemp("changed") / "case.zip"

    def verify(changed: dict[str, bytes]) -> tuple[str, ...]:
        target.write_bytes(pack(changed))
        return verify_package(target).problems

    return verify


@pytest.fixture(scope="session")
def redone() -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    """Write the manifests and the size anew, as someone does who wants to hide a change."""

    def redo(changed: dict[str, bytes]) -> dict[str, bytes]:
        payload = {name: data for name, data in changed.items() if name.startswith("data/")}
        tags = {name: changed[name] for name in ("bagit.txt", "bag-info.txt", "VERIFY.txt")}
        oxum = f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}\n".encode()
        tags["bag-info.txt"] = tags["bag-info.txt"].rpartition(b"Payload-Oxum")[0] + oxum
        tags["manifest-sha256.txt"] = manifest(payload)
        return {**payload, **tags, "tagmanifest-sha256.txt": manifest(tags)}

    return redo
