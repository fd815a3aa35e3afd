"""Feeds whatever a fuzzer makes up to all that reads strangers' files; only artaudit's own errors may come of it.

    python benchmarks/fuzz.py [TARGET ...] [--minutes 10]

Each target starts from small sound files and from what failed before (benchmarks/fuzz_corpus/TARGET). With atheris
(https://github.com/google/atheris) installed, it is led by coverage, one process a target; else Hypothesis makes up
edits and shrinks what fails. Exit code 1 where a target failed; the file that failed is put into the corpus.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from types import MappingProxyType

import numpy as np
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase
from safetensors.numpy import save

from artaudit.auditor.evidence import verify_package
from artaudit.auditor.registry import Registry
from artaudit.auditor.registry.carving import carved
from artaudit.auditor.seal import broken_seal, seal_log
from artaudit.auditor.signing.seals import Seal
from artaudit.datasets import manifest, tars
from artaudit.errors import ArtauditError
from artaudit.generators.configs import ensure_openable
from artaudit.generators.diffusers_layout import offer
from artaudit.generators.state_dicts import read_tensors
from artaudit.image import decode
from artaudit.provenance import FileClaims, Signatures
from artaudit.provenance.fields.exif import exif_texts, tiff_xmp
from artaudit.provenance.fields.iptc import PHOTOSHOP, iptc_texts
from artaudit.provenance.fields.xmp import xmp_texts
from benchmarks import hostile_files, hostile_pictures

CORPUS = Path(__file__).with_name("fuzz_corpus")
ROUND = 2_000
"""Examples that Hypothesis makes up before the clock is looked at."""

Target = Callable[[bytes], None]


def picture(data: bytes) -> None:
    """Read a picture and what its file says."""
    image = decode(data, name="fuzz")
    FileClaims().examine(image)


def credential(data: bytes) -> None:
    """Read the signed statements of a picture."""
    Signatures("").examine(decode(data, name="fuzz"))


def metadata(data: bytes) -> None:
    """Read blocks of metadata; what is raised over broken ones is noted by their caller."""
    tiff_xmp(data)
    for read in (exif_texts, iptc_texts, xmp_texts):
        with suppress(ValueError, struct.error):
            read(data)


def texts(data: bytes) -> None:
    """Read texts of tools: the first line names the place, the rest is what stands there."""
    name, _, text = data.partition(b"\n")
    body = name[:79].replace(b"\0", b"") + b"\0" + text
    FileClaims().examine(decode(hostile_pictures.png(hostile_pictures.chunk(b"tEXt", body)), name="fuzz"))


def package(data: bytes) -> None:
    """Verify a package."""
    _as_file(data, "case.zip", verify_package)


def seal(data: bytes) -> None:
    """Compare an empty log with a seal."""

    def compare(path: Path) -> None:
        with Registry(path.with_name("empty.db")) as registry:
            broken_seal(path, registry)

    _as_file(data, "log.seal", compare)


def safetensors(data: bytes) -> None:
    """Read a model's weights."""
    _as_file(data, "model.safetensors", lambda path: ensure_openable([path]))
    _as_file(data, "model.safetensors", read_tensors)


def model_folder(data: bytes) -> None:
    """Look at a folder with a config."""

    def look(path: Path) -> None:
        ensure_openable([path.parent])
        offer(path.parent)

    _as_file(data, "model_index.json", look)


def table(data: bytes) -> None:
    """Read a manifest of a data set."""
    _as_file(data, "manifest.csv", lambda path: list(manifest.read(path)))


def tar(data: bytes) -> None:
    """List the members of a tar."""
    _as_file(data, "data.tar", lambda path: list(tars.members(path, 1 << 20)))


def registry(data: bytes) -> None:
    """Carve rows out of a registry's file."""
    _as_file(data, "registry.db", lambda path: list(carved(path)))


def _as_file(data: bytes, name: str, act: Callable[[Path], object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        act(path)


def _package() -> list[bytes]:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("manifest-sha256.txt", f"{hashlib.sha256(b'{}').hexdigest()}  data/report.json\n")
        packed.writestr("data/report.json", "{}")
    return [buffer.getvalue()]


def _tar() -> list[bytes]:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as packed:
        entry = tarfile.TarInfo("a.png")
        entry.size = 3
        packed.addfile(entry, BytesIO(b"abc"))
    return [buffer.getvalue()]


def _registry() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        return [hostile_files.portfolio(Path(folder), works=1).read_bytes()]


def _seal() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder, Registry(Path(folder) / "r.db") as opened:
        seal_log(Path(folder) / "log.seal", opened, Seal())
        return [(Path(folder) / "log.seal").read_bytes()]


def _pictures() -> list[bytes]:
    return list(hostile_pictures.seeds().values())


def _texts() -> list[bytes]:
    graph = {"1": {"class_type": "KSampler", "inputs": {"seed": 1, "model": ["1", 0]}}}
    return [
        b"parameters\na castle\nNegative prompt: people\nSteps: 20, Seed: 42",
        b"prompt\n" + json.dumps(graph).encode(),
        b"Software\nMidjourney",
        b'sd-metadata\n{"image": {"prompt": "a [b]", "seed": 1}}',
        b'Dream\n"a castle" -s 50 -S 42',
        b'Comment\n{"prompt": "a", "steps": 1, "seed": 2}',
    ]


def _metadata() -> list[bytes]:
    exif = b"II*\0\x08\0\0\0\2\0\x31\1\2\0\3\0\0\0abc\0\x69\x87\4\0\1\0\0\0\x08\0\0\0\0\0\0\0"
    rdf = b'<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description r:about=""/></r:RDF>'
    return [exif, rdf, PHOTOSHOP + b"8BIM\4\4\0\0\0\0\0\x09\x1c\2\x78\0\4abcd"]


TARGETS: Mapping[str, tuple[Target, Callable[[], list[bytes]]]] = MappingProxyType(
    {
        "picture": (picture, _pictures),
        "credential": (credential, _pictures),
        "metadata": (metadata, _metadata),
        "texts": (texts, _texts),
        "package": (package, _package),
        "seal": (seal, _seal),
        "safetensors": (safetensors, lambda: [save({"a": np.zeros((2, 2), np.float32)})]),
        "model_folder": (
            model_folder,
            lambda: [b'{"_class_name": "StableDiffusionPipeline", "vae": ["diffusers", "A"]}'],
        ),
        "table": (table, lambda: [b"path,label,split\na.png,real,train\n"]),
        "tar": (tar, _tar),
        "registry": (registry, _registry),
    }
)


def harmless(target: str, data: bytes) -> None:
    """Do what a target does; only artaudit's own errors are taken for an answer."""
    with suppress(ArtauditError):
        TARGETS[target][0](data)


def known(target: str) -> list[bytes]:
    """Return the files that a target starts from: sound ones, and those that failed before."""
    return [*TARGETS[target][1](), *(path.read_bytes() for path in sorted((CORPUS / target).glob("*")))]


EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=40)), max_size=8)
"""Where, in shares of a file, how many bytes are taken out, and what is put in."""


def edited(data: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    """Return a file with edits made."""
    for place, out, into in edits:
        at = int(place * len(data))
        data = data[:at] + into + data[at + out :]
    return data


def made_up(target: str, number: int) -> bytes | None:
    """Let Hypothesis make up a round of files for a target; return what failed, None where nothing did."""
    start, failed = known(target), list[bytes]()

    @seed(number)
    @settings(
        max_examples=ROUND,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=DirectoryBasedExampleDatabase(Path(".cache/fuzz") / target),
    )
    @given(st.sampled_from(start), EDITS)
    def run(data: bytes, edits: list[tuple[float, int, bytes]]) -> None:
        whole = edited(data, edits)
        try:
            harmless(target, whole)
        except Exception:
            failed.append(whole)
            raise

    try:
        run()
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        print(f"{target}: {type(error).__name__}: {str(error)[:300]}")
    return failed[-1] if failed else None


def fuzz(target: str, minutes: float) -> bool:
    """Look for files that do harm, for some minutes; tell whether there was none."""
    until, number = time.monotonic() + 60 * minutes, 0
    while time.monotonic() < until:
        failed = made_up(target, number)
        if failed is not None:
            (CORPUS / target).mkdir(parents=True, exist_ok=True)
            (CORPUS / target / hashlib.sha256(failed).hexdigest()[:16]).write_bytes(failed)
            return False
        number += 1
    print(f"{target}: {number * ROUND:,} files, no failure")
    return True


def led_by_coverage(target: str, minutes: float) -> bool:
    """Look for files that do harm with atheris, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(known(target)):
            (Path(folder) / str(number)).write_bytes(data)
        code = (
            "import sys, atheris\n"
            "with atheris.instrument_imports(include=['artaudit']):\n    from benchmarks import fuzz\n"
            f"atheris.Setup(sys.argv, lambda data: fuzz.harmless({target!r}, data))\natheris.Fuzz()"
        )
        place = CORPUS / target
        place.mkdir(parents=True, exist_ok=True)
        options = [f"-max_total_time={int(60 * minutes)}", f"-artifact_prefix={place}/", folder]
        return subprocess.run([sys.executable, "-c", code, *options], check=False).returncode == 0  # noqa: S603


def main() -> None:
    """Fuzz the targets that are named, all without any."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", help=f"of {', '.join(TARGETS)}")
    parser.add_argument("--minutes", type=float, default=10.0, help="for each target")
    chosen = parser.parse_args()
    look = led_by_coverage if importlib.util.find_spec("atheris") else fuzz
    held = [look(target, chosen.minutes) for target in chosen.targets or TARGETS]
    raise SystemExit(int(not all(held)))


if __name__ == "__main__":
    main()
