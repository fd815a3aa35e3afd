"""Opens packages, which are not trusted: ZIP files as artaudit or other tools pack them, and unpacked folders."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from artaudit.auditor.broken import BROKEN
from artaudit.auditor.evidence.package import MOST_BYTES, MOST_FILES, NAME, TAG_MANIFEST, pack
from artaudit.errors import PackageError

VERIFIED = "verified.txt"
"""What `openssl cms -verify` leaves in the folder when it is called as VERIFY.txt says."""
LEFT_BEHIND = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
"""What file managers leave in folders and ZIP files."""
GROWTH, SPARE = 32, 64 << 20
"""A packed package unpacks to this many times its size and so many bytes, at most: pictures hardly shrink."""
KINDS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_ENCRYPTED = 1

PACKED_AGAIN = (
    "the ZIP file is not as artaudit writes it: it was packed again, or something was put around its files, which is "
    "no part of the package; the files themselves were compared"
)


@dataclass(slots=True)
class Opened:
    """The files of a package by name, what is wrong with others, and what differs from how artaudit packs."""

    files: dict[str, bytes] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def open_container(path: Path) -> Opened:
    """Return the files of a package, of which nothing leads out of it; raises PackageError when it is none."""
    try:
        if path.is_dir():
            return _folder(path)
        if not stat.S_ISREG(path.stat().st_mode):
            raise PackageError(f"{path} is no file: name the package itself, or the folder that it was unpacked into.")
        if path.stat().st_size > MOST_BYTES:
            raise PackageError(f"{path} is larger than any package: check the name.")
        return _zip(path.read_bytes(), path)
    except OSError as error:
        raise PackageError(f"{path} cannot be opened ({error.strerror}): check the name.") from error


def _zip(data: bytes, path: Path) -> Opened:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = package.infolist()
            most = min(MOST_BYTES, GROWTH * len(data) + SPARE)
            if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > most:
                raise PackageError(f"{path} unpacks to more than any package: it is not one.")
            opened = _entries(package, entries)
    except BROKEN as error:
        raise PackageError(f"{path} is no whole ZIP file ({error}): ask for the package again.") from error
    if not opened.problems and pack(opened.files) != data:
        opened.remarks.append(PACKED_AGAIN)
    return opened


def _entries(package: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Opened:
    """Read the entries of a ZIP file that are safe to read."""
    opened, taken = Opened(), set[str]()
    wanted = [entry for entry in entries if not entry.filename.endswith("/") or ".." in entry.filename]
    top = _top([entry.filename for entry in wanted], opened)
    for entry in wanted:
        name = entry.filename.removeprefix(top)
        if _left_behind(name):
            opened.remarks.append(f"{name} was left behind by another program; it is no part of the package")
        elif objection := _objection(entry) or _misnamed(name, taken):
            opened.problems.append(objection)
        else:
            try:
                opened.files[name] = package.read(entry)
            except BROKEN as error:
                opened.problems.append(f"{name} cannot be read ({error})")
    _drop_verified(opened)
    return opened


def _folder(path: Path) -> Opened:
    """Read the files of a folder; links are not followed."""
    opened, taken, found, total = Opened(), set[str](), dict[str, Path](), 0
    for number, file in enumerate(_walk(path)):
        if number >= MOST_FILES:
            raise PackageError(f"{path} holds more files than any package: name the folder of the package alone.")
        found[file.relative_to(path).as_posix()] = file
    top = _top(found, opened)
    for name, file in sorted((name.removeprefix(top), file) for name, file in found.items()):
        about = file.lstat()
        if _left_behind(name):
            opened.remarks.append(f"{name} was left behind by another program; it is no part of the package")
        elif not stat.S_ISREG(about.st_mode):
            opened.problems.append(f"{name} is a link or something else that is no file")
        elif objection := _misnamed(name, taken):
            opened.problems.append(objection)
        elif (total := total + about.st_size) > MOST_BYTES:
            raise PackageError(f"{path} holds more than any package: name the folder of the package alone.")
        else:
            opened.files[name] = file.read_bytes()
    _drop_verified(opened)
    return opened


def _walk(folder: Path) -> Iterator[Path]:
    """Yield what lies in a folder and the folders below that are no links."""
    for item in sorted(folder.iterdir()):
        if item.is_dir() and not item.is_symlink():
            yield from _walk(item)
        else:
            yield item


def _top(names: Collection[str], opened: Opened) -> str:
    """Return the folder, with a slash, in which all files of a package lie; "" when they lie at the top."""
    parts = {name.partition("/")[0] for name in names if not _left_behind(name)}
    top = f"{min(parts)}/" if len(parts) == 1 else ""
    if not top or f"{top}{TAG_MANIFEST}" not in names:
        return ""
    opened.remarks.append(f"the files of the package lie in a folder, {top}")
    return top


def _left_behind(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part in LEFT_BEHIND or part.startswith("._") for part in parts)


def _drop_verified(opened: Opened) -> None:
    """Leave out what openssl wrote when somebody verified the package as VERIFY.txt says."""
    if opened.files.get(VERIFIED, b"") == opened.files.get(TAG_MANIFEST):
        del opened.files[VERIFIED]
        opened.remarks.append(f"{VERIFIED} was left behind by openssl; it is no part of the package")


def _misnamed(name: str, taken: set[str]) -> str:
    """Return why a name is refused, "" if it is not; names that differ in case only are one file on many computers."""
    if name.casefold() in taken:
        return f"{name} stands in the package twice"
    taken.add(name.casefold())
    if not NAME.fullmatch(name):
        return f"{name!r} is no name that a package holds"
    return ""


def _objection(entry: zipfile.ZipInfo) -> str:
    """Return why an entry of a ZIP file is not read, "" if it is."""
    if entry.filename != entry.orig_filename:
        return f"{entry.filename!r} is no name that a package holds"
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        return f"{entry.filename} is a link or something else that is no file"
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in KINDS:
        return f"{entry.filename} is encrypted, or packed in a way that cannot be read here"
    return ""
