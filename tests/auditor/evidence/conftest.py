"""A case with one match, one claim and one open question, and the package made from it."""

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath
from typing import Any

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
from artaudit.auditor.registry.hash_chain import GENESIS, digest, link
from artaudit.auditor.registry.merkle import levels, proof
from artaudit.auditor.registry.thumbnail import thumbnail
from artaudit.auditor.signing import keys
from artaudit.findings import Evidence, FalseAlarms, Finding
from artaudit.image import decode
from artaudit.matching import encode_jpeg
from artaudit.matching.examiner import PortfolioExaminer

NOW = "2026-01-01T00:00:00+00:00"


def jpeg(shade: int) -> bytes:
    buffer = io.BytesIO()
    Pillow.new("RGB", (32, 24), (shade, shade, 90)).save(buffer, "JPEG")
    return buffer.getvalue()


ORIGINAL, SUSPECT = jpeg(11), jpeg(201)
CONFIRMATION = {
    "inliers": 99,
    "region": [[4.0, 4.0], [20.0, 4.0], [20.0, 20.0], [4.0, 20.0]],
    "work_region": [[0.0, 0.0], [16.0, 0.0], [16.0, 16.0], [0.0, 16.0]],
    "suspect_share": 0.3,
    "work_share": 0.4,
    "coverage": 0.5,
    "mirrored": False,
    "inverted": False,
    "homography": [[1.0, 0.0, 4.0], [0.0, 1.0, 4.0], [0.0, 0.0, 1.0]],
    "matches": [[[1.0, 1.0], [5.0, 5.0]], [[15.0, 15.0], [19.0, 19.0]]],
    "suspect_size": [32, 24],
    "work_size": [32, 24],
}


def make_case(claim: str = "it shows 40% of work 1, 'Étude'", suspect: bytes = SUSPECT) -> CaseFile:
    rate = FalseAlarms(0, 990, "unrelated pictures")
    findings = (
        Finding(
            "portfolio", claim, holds=True, method="m", score=99.0, threshold=15.0, unit="p", false_alarms=rate, work=1,
            details={"confirmation": CONFIRMATION},
        ),
        Finding("signals", "the file says so", holds=True, method="m", details={"prompt": claim, "weight": "w"}),
        Finding("signals", "parameters", holds=None, method="m", details={"sizes": [1, 2], "bare": True}),
    )  # fmt: skip
    evidence = Evidence(
        path="/home/ada/secret/<b>crop<b>.jpg",
        sha256=hashlib.sha256(suspect).hexdigest(),
        pixels_sha256="0" * 64,
        width=32,
        height=24,
        format="JPEG",
        checked_at=NOW,
        compared_with=1,
        verdict=f"{claim} A second sentence.",
        findings=findings,
        notes=("the first of 3 frames",),
        environment={"artaudit": "0"},
        summary=(claim, "A second sentence."),
        assessment=assess(findings, 1),
        source={"url": "https://shop.example/1?<b>", "saved_at": "2025-12-31"},
    )
    digest = hashlib.sha256(ORIGINAL).hexdigest()
    seen, registered = (decode(data, name="x") for data in (SUSPECT, ORIGINAL))
    drawn = PortfolioExaminer(works=lambda _: registered.rgb8).illustrate(seen, findings[0])
    preview = thumbnail(seen)
    case = CaseFile(
        id=7,
        title="Étude, found in a shop",
        opened_at=NOW,
        exported_at=NOW,
        exported_by="Ada",
        checks=(CheckFile(3, NOW, json.loads(json.dumps(evidence.as_dict())), suspect, "jpeg", preview),),
        works=(
            WorkFile(1, "Étude", r"C:\secret\b.png", digest, "2" * 64, NOW, "png", thumbnail(registered), ORIGINAL),
        ),
        pictures=tuple(PictureFile(3, 0, one.name, one.caption, encode_jpeg(one.rgb8)) for one in drawn),
        notes=({"text": "bought <i>there</i>", "at": NOW, "by": "Ada"},),
        log=LogExtract(0, ""),
    )
    return replace(case, log=make_log(case))


def make_log(case: CaseFile, *, disclose: bool = True) -> LogExtract:
    """Return a log of six events, five of them about the case; `disclose` makes them vouch for what packages show."""
    told = json.loads(json.dumps(case.report()))
    rows = (
        ("register", "works", _work_row(told["works"][0])),
        ("check", "cases", _check_row(told["checks"][0])),
        ("open", "openings", {"id": case.id, "title": case.title, "at": NOW, "by": "Ada"}),
        ("add", "additions", {"id": 1, "number": case.id, "addition": 3, "at": NOW, "by": "Ada"}),
        ("note", "notes", {"id": 1, "number": case.id, **case.notes[0]}),
        ("register", "works", {"id": 2}),
    )
    events, prev = [], GENESIS
    for seq, (kind, table, row) in enumerate(rows, start=1):
        payload = {"table": table, "id": row["id"], "by": "Ada", "content": digest(row)}
        payload |= {"disclosed": digest(row)} if disclose else {}
        events.append(link(seq, NOW, kind, payload, prev))
        prev = events[-1].hash
    tree = levels([event.hash.encode() for event in events])
    kept = [
        {
            **asdict(event),
            "proof": [step.hex() for step in proof(tree, at)],
            **({"row": rows[at][2]} if disclose else {}),
        }
        for at, event in enumerate(events)
    ]
    return LogExtract(len(events), tree[-1][0].hex(), tuple(kept[:-1]))


def _work_row(work: dict[str, Any]) -> dict[str, Any]:
    told = {name: work[name] for name in ("id", "sha256", "pixels_sha256", "path", "title", "registered_at")}
    return {
        **told,
        "width": 32,
        "height": 24,
        "format": "JPEG",
        "preview": work["files"][0]["sha256"],
        "fingerprints": [
            [PurePosixPath(entry["file"]).stem, entry["sha256"]]
            for entry in work["files"]
            if "/features/" in entry["file"]
        ],
    }


def _check_row(check: dict[str, Any]) -> dict[str, Any]:
    suspect = check["suspect"]["sha256"]
    evidence = digest(check["evidence"])
    return {"id": check["id"], "suspect": suspect, "evidence": evidence, "created_at": NOW, "data": suspect}


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
def logged() -> Callable[..., CaseFile]:
    """Return what gives a changed case the log that fits it."""

    def log(case: CaseFile, *, disclose: bool = True) -> CaseFile:
        return replace(case, log=make_log(case, disclose=disclose))

    return log


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
