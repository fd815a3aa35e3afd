"""A case with one match, one claim and one open question, and the package made from it."""

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from PIL import Image as Pillow

from artaudit.auditor.assessment.weighing import assess
from artaudit.auditor.evidence import (
    CaseFile,
    CheckFile,
    LogExtract,
    PictureFile,
    Seal,
    WorkFile,
    verify_package,
    write_package,
)
from artaudit.auditor.evidence.package import bag, manifest, pack
from artaudit.auditor.registry.hash_chain import GENESIS, link
from artaudit.auditor.registry.merkle import levels, proof
from artaudit.auditor.signing import keys
from artaudit.findings import Evidence, FalseAlarms, Finding

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
        path="/home/ada/secret/<b>crop<b>.jpg",
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
        summary=(claim, "A second sentence."),
        assessment=assess(findings, 1),
        source={"url": "https://shop.example/1?<b>", "saved_at": "2025-12-31"},
    )
    digest = hashlib.sha256(ORIGINAL).hexdigest()
    return CaseFile(
        id=7,
        title="Étude, found in a shop",
        opened_at=NOW,
        exported_at=NOW,
        exported_by="Ada",
        checks=(CheckFile(3, NOW, json.loads(json.dumps(evidence.as_dict())), suspect, "jpeg", jpeg(200)),),
        works=(WorkFile(1, "Étude", r"C:\secret\b.png", digest, "2" * 64, NOW, "png", jpeg(10), ORIGINAL),),
        pictures=(PictureFile(3, 0, "overlay", "The outlined regions", jpeg(120)),),
        notes=({"text": "bought <i>there</i>", "at": NOW, "by": "Ada"},),
        log=make_log(),
    )


def make_log() -> LogExtract:
    """Return a log of four events, two of them about the case."""
    events, prev = [], GENESIS
    for seq, (kind, table) in enumerate((("register", "works"), ("check", "cases"), ("note", "notes"), ("x", "works"))):
        payload = {"table": table, "id": {"cases": 3}.get(table, 1 + seq), "by": "Ada"}
        events.append(link(seq + 1, NOW, kind, payload, prev))
        prev = events[-1].hash
    tree = levels([event.hash.encode() for event in events])
    kept = [{**asdict(event), "proof": [step.hex() for step in proof(tree, at)]} for at, event in enumerate(events)]
    return LogExtract(4, tree[-1][0].hex(), tuple(kept[:2]))


@pytest.fixture(scope="session")
def case() -> CaseFile:
    return make_case()


@pytest.fixture(scope="session")
def files(case) -> dict[str, bytes]:
    return bag(case, Seal())


@pytest.fixture(scope="session")
def signer(tmp_path_factory) -> keys.Signer:
    folder = tmp_path_factory.mktemp("keys")
    keys.create(folder, "Ada Lovelace", "correct horse")
    return keys.unlock(folder, "correct horse")


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
    """Pack files as they are and return the problems that verification finds."""
    target = tmp_path_factory.mktemp("changed") / "case.zip"

    def verify(changed: dict[str, bytes]) -> tuple[str, ...]:
        target.write_bytes(pack(changed))
        return verify_package(target).problems

    return verify


@pytest.fixture(scope="session")
def redone() -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    """Recompute manifests and size, as somebody would who wants to hide a change."""

    def redo(changed: dict[str, bytes]) -> dict[str, bytes]:
        payload = {name: data for name, data in changed.items() if name.startswith("data/")}
        rewritten = ("manifest-sha256.txt", "tagmanifest-sha256.txt")
        tags = {name: data for name, data in changed.items() if name not in payload and not name.startswith(rewritten)}
        oxum = f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}\n".encode()
        tags["bag-info.txt"] = tags["bag-info.txt"].rpartition(b"Payload-Oxum")[0] + oxum
        tags["manifest-sha256.txt"] = manifest(payload)
        return {**payload, **tags, "tagmanifest-sha256.txt": manifest(tags)}

    return redo
