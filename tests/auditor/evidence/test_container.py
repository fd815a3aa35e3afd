"""What people do to packages is a remark; what is in them is judged, and an altered file is named in either form."""

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from artaudit.auditor.evidence import container, read_files, verify_package
from artaudit.errors import PackageError

SUSPECT = "data/suspects/3/original.jpeg"


def by_python(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for file in sorted(folder.rglob("*")):
            package.write(file, file.relative_to(folder))


def below_a_folder(folder: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for file in sorted(folder.rglob("*")):
            package.write(file, Path("evidence case 7") / file.relative_to(folder))
        package.writestr("__MACOSX/evidence case 7/._VERIFY.txt", b"\0\5\26\7")
        package.writestr("evidence case 7/.DS_Store", b"Bud1")


def by_shutil(folder: Path, target: Path) -> None:
    shutil.make_archive(str(target.with_suffix("")), "zip", folder)


def by_zip(folder: Path, target: Path) -> None:
    if shutil.which("zip") is None:
        pytest.skip("zip is not installed")
    subprocess.run(["zip", "-r", "-q", target, "."], cwd=folder, check=True)


def streamed(folder: Path, target: Path) -> None:
    """Write sizes after the data, as gateways do that pack what they cannot rewind."""
    parts: list[bytes] = []
    with zipfile.ZipFile(_Unseekable(parts), "w", zipfile.ZIP_DEFLATED) as package:
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            package.write(file, file.relative_to(folder))
    target.write_bytes(b"".join(parts))


class _Unseekable:
    def __init__(self, parts):
        self.parts = parts

    def write(self, data):
        self.parts.append(bytes(data))
        return len(data)

    def flush(self):
        pass


PACKERS = (by_python, below_a_folder, by_shutil, by_zip, streamed)


@pytest.fixture
def folder(path, tmp_path) -> Path:
    with zipfile.ZipFile(path) as package:
        package.extractall(tmp_path / "unpacked")
    return tmp_path / "unpacked"


@pytest.mark.parametrize("packer", PACKERS)
def test_a_package_that_others_packed_again_is_judged_by_its_files(folder, tmp_path, packer):
    target = tmp_path / "again.zip"
    packer(folder, target)
    result = verify_package(target)
    assert result.ok, result.problems
    assert any("was packed again" in remark for remark in result.remarks)
    assert result.summary["case"] == 7
    (folder / SUSPECT).write_bytes(b"something else")
    target.unlink()
    packer(folder, target)
    problems = verify_package(target).problems
    assert f"{SUSPECT} was changed: its digest is not the one in manifest-sha256.txt" in problems
    assert not any("missing" in problem or "VERIFY" in problem for problem in problems)


def test_an_unpacked_folder_is_judged_as_the_package_is(folder, path):
    result = verify_package(folder)
    assert result.ok, result.problems
    assert (result.remarks, result.checked) == ((), verify_package(path).checked)
    assert verify_package(folder.parent / "unpacked").summary == verify_package(path).summary
    (folder / SUSPECT).write_bytes(b"something else")
    (folder / "more.txt").write_bytes(b"more")
    problems = verify_package(folder).problems
    assert f"{SUSPECT} was changed: its digest is not the one in manifest-sha256.txt" in problems
    assert "more.txt is in no manifest" in problems


def test_a_folder_around_the_package_and_what_other_programs_left_are_remarks(folder, tmp_path):
    outer = tmp_path / "outer"
    outer.mkdir()
    folder.rename(outer / "case 7")
    (outer / ".DS_Store").write_bytes(b"Bud1")
    (outer / "case 7" / "Thumbs.db").write_bytes(b"")
    tags = (outer / "case 7" / "tagmanifest-sha256.txt").read_bytes()
    (outer / "case 7" / "verified.txt").write_bytes(tags)
    result = verify_package(outer)
    assert result.ok, result.problems
    assert {"case 7/", "Thumbs.db", "verified.txt"} <= {
        word for remark in result.remarks for word in ("case 7/", "Thumbs.db", "verified.txt") if word in remark
    }
    (outer / "case 7" / "verified.txt").write_bytes(b"trust me")
    assert "verified.txt is in no manifest" in verify_package(outer).problems


def test_links_and_pipes_in_a_folder_are_refused_unread(folder):
    (folder / "data" / "link").symlink_to("/etc/passwd")
    (folder / "data" / "loop").symlink_to(folder)
    os.mkfifo(folder / "data" / "pipe")
    problems = verify_package(folder).problems
    for name in ("data/link", "data/loop", "data/pipe"):
        assert f"{name} is a link or something else that is no file" in problems


@pytest.mark.parametrize("limit", ["MOST_FILES", "MOST_BYTES"])
def test_a_folder_of_anything_is_an_error_before_it_is_read(folder, monkeypatch, limit):
    monkeypatch.setattr(container, limit, 5)
    with pytest.raises(PackageError, match="than any package"):
        verify_package(folder)


def test_a_folder_that_holds_no_package_says_what_is_missing(tmp_path):
    problems = verify_package(tmp_path).problems
    assert "manifest-sha256.txt is missing" in problems


def test_bytes_around_the_files_are_a_remark_and_no_part_of_the_package(path):
    path.write_bytes(b"#!/bin/sh\n" + path.read_bytes())
    result = verify_package(path)
    assert result.ok
    assert any("no part of the package" in remark for remark in result.remarks)


def test_packages_are_read_in_either_form(folder, path):
    assert read_files(folder) == read_files(path)


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_no_flipped_byte_of_a_package_packed_again_is_more_than_a_problem(folder, tmp_path, kind):
    with zipfile.ZipFile(tmp_path / "again.zip", "w", kind) as package:
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            package.write(file, file.relative_to(folder))
    whole = (tmp_path / "again.zip").read_bytes()
    for place in range(0, len(whole), len(whole) // 40):
        (tmp_path / "again.zip").write_bytes(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :])
        try:
            result = verify_package(tmp_path / "again.zip")
        except PackageError:
            continue
        assert result.problems or result.remarks, place
