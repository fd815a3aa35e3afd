"""A case with everything in it, on which packages are attacked, and another one whose parts are put into it."""

from __future__ import annotations

import copy
import importlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image as Pillow

from artaudit.auditor import register
from artaudit.auditor.check import evidence_about
from artaudit.auditor.evidence import Seal, Statement
from artaudit.auditor.evidence.casefile import sha256
from artaudit.auditor.evidence.package import (
    MANIFEST,
    REPORT,
    SUMS,
    TAG_MANIFEST,
    bag,
    bag_info,
    finished,
    manifest,
    pack,
    sealed,
)
from artaudit.auditor.examiners import examiners
from artaudit.auditor.registry import Registry
from artaudit.auditor.registry.cases import PACKAGE
from artaudit.auditor.report import gather
from artaudit.auditor.sign import sign_picture
from artaudit.auditor.signing import keys
from artaudit.auditor.stamping import stamp_log
from artaudit.datasets.photographs import photograph
from artaudit.image import read

STATED = Statement("Ada Lovelace", "Studio Ada", "London", "her own computer", "for the court", "Ada Lovelace")

SOURCE = {"url": "https://shop.example/1", "saved_at": "2026-01-01"}


@dataclass
class Parts:
    """What a package is made of: the record without its documents, the files that it names, and who seals it."""

    record: dict[str, Any]
    named: dict[str, bytes]
    seal: Seal

    def copied(self) -> Parts:
        """Return a copy that can be altered."""
        return Parts(copy.deepcopy(self.record), dict(self.named), self.seal)

    def files(self, *, pdf: bool) -> dict[str, bytes]:
        """Return the files of the package, written and sealed as artaudit does."""
        return finished(copy.deepcopy(self.record), self.named, self.seal, pdf=pdf)

    def put(self, name: str, data: bytes) -> None:
        """Put a file in the place of another, and its digest into the record."""
        digest = sha256(data)
        self.named[name] = data
        for part in self.parts():
            for entry in part["files"]:
                if entry["file"] == name:
                    entry["sha256"] = digest

    def parts(self) -> list[dict[str, Any]]:
        """Return the parts of the record that name files."""
        record = self.record
        suspects = [one["suspect"] for one in record["checks"]]
        return [*suspects, *record["works"], *record["pictures"], *record["log"].get("stamps", ())]


@dataclass
class World:
    """The true registry and package, what they were made with, and parts of another case."""

    folder: Path
    signer: keys.Signer
    authority: Any
    issued: Path
    before: Path
    parts: Parts
    lean: Parts
    other: dict[str, bytes] = field(repr=False)
    stranger: keys.Signer = field(repr=False)

    @property
    def registry(self) -> Path:
        """The registry as its keeper left it."""
        return self.folder / "registry.db"

    def seal(self, signer: keys.Signer | None = None) -> Seal:
        """Return the rightful seal, or that of another signer."""
        return Seal(signer or self.signer, (self.authority.url,))


def make_world(folder: Path) -> World:
    """Register two works, check two pictures, gather them in a case with notes, and issue its package."""
    authority = importlib.import_module("tests.authority").Authority(_openssl(), _made(folder / "authority"))
    signer, stranger = (_signer(folder / name) for name in ("keys", "stranger"))
    for name, box in (("china.jpg", (40, 30, 500, 400)), ("flower.jpg", (60, 40, 560, 380))):
        (folder / name).write_bytes(photograph(name))
        Pillow.open(folder / name).crop(box).save(folder / f"crop-{name[:-4]}.png")
    seal = Seal(signer, (authority.url,))
    with Registry(folder / "registry.db", by="Ada Lovelace") as registry:
        for name in ("china.jpg", "flower.jpg"):
            register.register(folder / name, registry)
        stamp_log(registry, [authority.url])
        sign_picture(folder / "china.jpg", folder / "signed.jpg", signer, registry)
        look = examiners(registry)
        store, numbers = registry.case_store, []
        for name in ("crop-china.png", "crop-flower.png"):
            image = read(folder / name)
            numbers.append(registry.add_case(evidence_about(image, registry, look, SOURCE).as_dict(), image.data))
        case = store.open("A shop")
        for number in numbers:
            store.add(case, number)
        store.note(case, "Bought in the shop on Sunday.")
        store.note(case, "The seller did not answer.")
        registry.backup(folder / "before.db")
        other = bag(gather(store.folder(numbers[1]), list(registry.events()), registry, "originals"), seal, pdf=True)
        rich, lean = (_gathered(registry, case, seal, enclose) for enclose in ("originals", "suspect"))
        issued = rich.files(pdf=True)
        (folder / "issued.zip").write_bytes(pack(issued))
        store.exported(PACKAGE, case, sha256(pack(issued)), list(registry.events()))
    return World(folder, signer, authority, folder / "issued.zip", folder / "before.db", rich, lean, other, stranger)


def _gathered(registry: Registry, case: int, seal: Seal, enclose: str) -> Parts:
    gathered = STATED.upon(gather(registry.case_store.folder(case), list(registry.events()), registry, enclose))
    record = json.loads(bag(gathered, seal)[REPORT])
    del record["documents"]
    return Parts(record, gathered.files(), seal)


def sealed_again(files: dict[str, bytes], seal: Seal, *, info: bool = True) -> dict[str, bytes]:
    """Return altered files with manifests and seal made anew; `info` describes the bag anew, too."""
    payload = {name: data for name, data in files.items() if name.startswith("data/")}
    tags = {name: data for name, data in files.items() if name not in payload and not name.startswith(TAG_MANIFEST)}
    tags.pop(SUMS, None)
    if info:
        tags["bag-info.txt"] = bag_info(json.loads(files[REPORT]), payload)
    tags[MANIFEST] = manifest(payload)
    return sealed(payload, tags, seal)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _signer(folder: Path) -> keys.Signer:
    keys.create(folder, "Ada Lovelace", "correct horse")
    return keys.unlock(folder, "correct horse")


def _openssl() -> str:
    program = shutil.which("openssl")
    if program is None:
        raise SystemExit("The timestamp authority of this computer needs openssl: install it.")
    return program
