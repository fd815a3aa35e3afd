"""A package tells what it is, is the same whenever its content is, and shows every change."""

import io
import json
import re
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from artaudit.auditor.chain import canonical
from artaudit.auditor.evidence import CaseFile, OverlayFile, WorkFile, verify_package, write_package
from artaudit.auditor.evidence.package import bag, manifest, pack
from artaudit.errors import PackageError
from artaudit.evidence import Evidence, Finding


def jpeg(shade: int) -> bytes:
    buffer = io.BytesIO()
    Pillow.new("RGB", (32, 24), (shade, shade, 90)).save(buffer, "JPEG")
    return buffer.getvalue()


def case(claim: str = "it shows 40% of work 1, 'Étude'", suspect: bytes = b"the suspect's bytes") -> CaseFile:
    import hashlib

    findings = (
        Finding("portfolio", claim, holds=True, method="m", score=99.0, threshold=15.0, unit="points", work=1),
        Finding("signals", "the file says so", holds=True, method="m", details={"tool": "T", "weight": "w"}),
        Finding("signals", "parameters", holds=None, method="m"),
    )
    evidence = Evidence(
        path="suspects/<b>crop</b>.jpg",
        sha256=hashlib.sha256(suspect).hexdigest(),
        pixels_sha256="0" * 64,
        width=32,
        height=24,
        format="JPEG",
        checked_at="2026-01-01T00:00:00+00:00",
        compared_with=1,
        verdict=claim,
        findings=findings,
        environment={"artaudit": "0"},
    )
    work = WorkFile(1, "Étude", "/a/b.png", "1" * 64, "2" * 64, "2026-01-01", "png", jpeg(10), b"original bytes")
    return CaseFile(
        id=7,
        created_at="2026-01-01T00:00:00+00:00",
        evidence=json.loads(json.dumps(evidence.as_dict())),
        suspect=suspect,
        suspect_extension="jpeg",
        suspect_preview=jpeg(200),
        works=(work,),
        overlays=(OverlayFile(0, jpeg(120)),),
        events=({"seq": 1, "kind": "register"},),
    )


PACKAGE = write_package(case())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / "case.zip"
    target.write_bytes(PACKAGE)
    return target


def test_an_untouched_package_is_intact_and_says_what_it_is_about(path):
    result = verify_package(path)
    assert result.ok, result.problems
    assert result.summary["case"] == 7
    assert result.checked == 11


def test_the_same_case_gives_the_same_bytes():
    assert write_package(case()) == PACKAGE
    assert write_package(case(suspect=b"other")) != PACKAGE


def test_standard_tools_verify_it(path, tmp_path):
    with zipfile.ZipFile(path) as package:
        package.extractall(tmp_path / "bag")
    for name in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "--strict", "-c", name], cwd=tmp_path / "bag", check=True, capture_output=True)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(PACKAGE) - 1), st.integers(1, 255))
def test_any_changed_byte_is_found(place, change):
    import tempfile

    broken = bytearray(PACKAGE)
    broken[place] ^= change
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "case.zip"
        target.write_bytes(broken)
        try:
            result = verify_package(target)
        except PackageError:
            return
        assert not result.ok


def changed(path: Path, files: dict[str, bytes], *, redo: bool = False) -> tuple[str, ...]:
    if redo:
        payload = {name: data for name, data in files.items() if name.startswith("data/")}
        tags = {name: data for name, data in files.items() if name in ("bagit.txt", "bag-info.txt", "VERIFY.txt")}
        tags["manifest-sha256.txt"] = manifest(payload)
        files = {**payload, **tags, "tagmanifest-sha256.txt": manifest(tags)}
    path.write_bytes(pack(files))
    return verify_package(path).problems


def test_what_broke_is_named(path):
    files = bag(case())
    altered = {**files, "data/suspect/original.jpeg": b"something else"}
    assert any("data/suspect/original.jpeg was changed" in one for one in changed(path, altered))
    added = {**files, "data/extra.txt": b"hello"}
    assert any("data/extra.txt is in no manifest" in one for one in changed(path, added))
    removed = {name: data for name, data in files.items() if "overlay" not in name}
    assert any("01-overlay.jpg is missing" in one for one in changed(path, removed))


def test_redoing_the_manifests_does_not_hide_a_change(path):
    files = bag(case())
    altered = {**files, "data/suspect/original.jpeg": b"something else"}
    assert any("not the file that data/report.json names" in one for one in changed(path, altered, redo=True))
    record = json.loads(files["data/report.json"])
    record["evidence"]["verdict"] = "nothing was found"
    forged = {**files, "data/report.json": canonical(record).encode()}
    assert any("made from another record" in one for one in changed(path, forged, redo=True))
    spaced = {**files, "data/report.json": json.dumps(json.loads(files["data/report.json"])).encode()}
    assert any("canonical form" in one for one in changed(path, spaced, redo=True))


@pytest.mark.parametrize("name", ["../out.txt", "/etc/x", "data/../../x", "data\\x", "data/.hidden"])
def test_names_that_lead_out_are_refused(path, name):
    with zipfile.ZipFile(path, "a") as package:
        package.writestr(name, b"x")
    result = verify_package(path)
    assert not result.ok
    assert any("is no name that a package holds" in one for one in result.problems)


def test_packed_and_repeated_entries_are_refused(path):
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("data/bomb.bin", b"0" * 10_000_000)
    assert any("packed or encrypted" in one for one in verify_package(path).problems)
    path.write_bytes(PACKAGE)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as package:
        package.writestr("bagit.txt", b"again")
    assert any("twice" in one for one in verify_package(path).problems)


@pytest.mark.parametrize("content", [b"", b"words", PACKAGE[:-30], PACKAGE[: len(PACKAGE) // 2]])
def test_what_is_no_package_is_an_error(tmp_path, content):
    target = tmp_path / "case.zip"
    target.write_bytes(content)
    with pytest.raises(PackageError):
        verify_package(target)
    with pytest.raises(PackageError):
        verify_package(tmp_path / "missing.zip")


def test_the_page_is_self_contained_and_escapes_what_others_wrote():
    hostile = "<script>alert(1)</script>"
    page = bag(case(claim=hostile))["data/report.html"].decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "&lt;b&gt;crop" in page
    sources = re.findall(r"(?:src|href)\s*=\s*[\"']([^\"']*)", page)
    assert sources
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert "http" not in re.sub(r"data:image/jpeg;base64,[A-Za-z0-9+/=]+", "", page).replace("http-equiv", "")


def test_a_case_without_works_has_a_report_too():
    plain = replace(case(), works=(), overlays=())
    plain.evidence["findings"] = [one for one in plain.evidence["findings"] if one["work"] is None]
    assert b"cannot tell" in bag(plain)["data/report.html"]
