"""The main job, start to end, on real pictures: cloak, register, check, report, verify. Usage: run.py FOLDER."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import textwrap
import time
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import PngImagePlugin

from artaudit.datasets.drawings import draw
from artaudit.datasets.photographs import PHOTOGRAPHS, photograph

MARK = ".made-by-artaudit-demo"


def main() -> None:
    """Do everything inside the folder given, print what was found and why, and say where to look."""
    started = time.monotonic()
    folder = fresh(Path(sys.argv[1]))
    tell("Every command below can be typed as it stands, after this line, which gives the demo a portfolio of its own:")
    print(f"$ export {shlex.join(f'{name}={path}' for name, path in places(folder).items())}")
    originals = make_originals(folder / "originals")
    tell("Before anything is made, a window shows how much will be seen of the cloak, and what it is worth.")
    audit(folder, "protect", originals[0], "-o", folder / "previews", "--preview")
    tell(
        "Two photographs and a drawing are cloaked. The saved files promise a SSIMULACRA2 score of 80 or more, from "
        "which on people do not tell a picture from its original side by side; what models read in it lies elsewhere."
    )
    audit(folder, "protect", *originals, "-o", folder / "cloaked", "--seed", "7")
    tell("They are the portfolio now, and four pictures turn up somewhere: are they copies, and what do they say?")
    audit(folder, "register", *originals)
    for original in originals:
        strip(original, folder / "cloaked" / original.name, folder / "before-after" / f"{original.stem}.png")
    suspects = make_suspects(folder)
    audit(folder, "check", *suspects, allowed=(0, 1))
    checked = json.loads(audit(folder, "check", *suspects, "--json", allowed=(0, 1), quiet=True))
    print_table(checked)
    tell("Each answer becomes a package that anybody can verify.")
    for check in checked:
        package = folder / "evidence" / f"{Path(check['path']).stem}.zip"
        audit(folder, "report", str(check["case"]), "-o", package)
        audit(folder, "verify", package)
        with zipfile.ZipFile(package) as opened:
            (package.parent / f"{package.stem}.html").write_bytes(opened.read("data/report.html"))
    print(f"\nDone in {time.monotonic() - started:.0f} s. Look at:")
    print(f"  {folder / 'previews' / 'china-preview.png'}  a window, its cloak, and noise that shows as much")
    print(f"  {folder / 'before-after'}  each original, its cloaked version, and the difference times ten")
    print(f"  {folder / 'cloaked'}  what an artist would publish, each with a receipt")
    for check in checked:
        print(f"  {folder / 'evidence' / Path(check['path']).stem}.html  the report about it")


def tell(words: str) -> None:
    """Print what comes next, as a paragraph."""
    print(f"\n{textwrap.fill(words, 100)}", flush=True)


def fresh(folder: Path) -> Path:
    """Return an empty folder; only what an earlier run made is cleared."""
    if folder.exists() and not (folder / MARK).exists() and any(folder.iterdir()):
        sys.exit(f"{folder} holds other things: name another folder.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).touch()
    return folder


def audit(folder: Path, *words: object, allowed: tuple[int, ...] = (0,), quiet: bool = False) -> str:
    """Run the command as a person would, with a registry and models of the demo's own."""
    line, own = [str(word) for word in words], places(folder)
    if not quiet:
        print(f"\n$ {typed(line)}", flush=True)
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "artaudit", *line],
        env={**os.environ, **own},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if not quiet:
        print(done.stdout, end="", flush=True)
    if done.returncode not in allowed:
        sys.exit(f"audit {line[0]} ended with exit code {done.returncode}")
    return done.stdout


def places(folder: Path) -> dict[str, str]:
    """Return the environment in which registry and models are the demo's own."""
    return {"ARTAUDIT_DB": str(folder / "registry.db"), "ARTAUDIT_MODELS": str(folder / "models")}


def typed(words: list[str]) -> str:
    """Return a command as it can be typed: `audit` where that is on the PATH, else its path."""
    beside = os.path.relpath(Path(sys.executable).with_name("audit"))
    return shlex.join(["audit" if shutil.which("audit") else beside, *words])


def make_originals(folder: Path) -> list[Path]:
    """Put two photographs and a drawing there."""
    folder.mkdir()
    for name in PHOTOGRAPHS:
        (folder / name).write_bytes(photograph(name))
    draw(np.random.default_rng(11)).save(folder / "drawing.png")
    return [folder / "china.jpg", folder / "flower.jpg", folder / "drawing.png"]


def make_suspects(folder: Path) -> list[Path]:
    """Make what an artist might come across: a crop, a mirrored copy in a page, a strange and an unrelated picture."""
    home = folder / "suspects"
    home.mkdir()
    with Pillow.open(folder / "cloaked" / "china.jpg") as china:
        china.crop((120, 60, 520, 360)).save(home / "crop.jpg", quality=75)
    with Pillow.open(folder / "originals" / "flower.jpg") as flower:
        mirrored = flower.resize((480, 320)).transpose(Pillow.Transpose.FLIP_LEFT_RIGHT)
    page = Pillow.fromarray(np.full((800, 1200, 3), 244, np.uint8))
    page.paste((52, 73, 94), (0, 0, 1200, 90))
    for row in range(150, 760, 34):
        page.paste((190, 190, 190), (640, row, 640 + 300 + row * 7 % 200, row + 12))
    page.paste(mirrored, (90, 170))
    page.save(home / "page.png")
    claims = PngImagePlugin.PngInfo()
    claims.add_text(
        "parameters", "a garden at dawn\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 320x320"
    )
    draw(np.random.default_rng(23)).save(home / "claims.png", pnginfo=claims)
    draw(np.random.default_rng(29)).save(home / "unrelated.png")
    return [home / name for name in ("crop.jpg", "page.png", "claims.png", "unrelated.png")]


def strip(before: Path, after: Path, target: Path) -> None:
    """Save the original, the cloaked version and ten times their difference, side by side."""
    with Pillow.open(before) as original, Pillow.open(after) as cloaked:
        first, second = (np.asarray(picture.convert("RGB"), np.int16) for picture in (original, cloaked))
    difference = (128 + 10 * (second - first)).clip(0, 255)
    target.parent.mkdir(exist_ok=True)
    Pillow.fromarray(np.hstack([first, second, difference]).astype(np.uint8)).save(target)


def print_table(checked: list[dict[str, object]]) -> None:
    """Print what was found in each suspicious picture, and why."""
    print("\n{:<16}{:<9}{}".format("picture", "found", "why"))
    for check in checked:
        findings = [finding for finding in check["findings"] if finding["holds"]]  # type: ignore[attr-defined]
        reasons = [reason(finding) for finding in findings] or ["nothing held"]
        for number, words in enumerate(reasons):
            name, found = (Path(str(check["path"])).name, "yes" if findings else "no") if number == 0 else ("", "")
            print(f"{name:<16}{found:<9}{words}")


def reason(finding: dict[str, object]) -> str:
    """Say what a finding rests on."""
    if finding["score"] is None:
        return str(finding["claim"])
    return f"{finding['claim']}: {finding['score']:g} {finding['unit']} (bar {finding['threshold']:g})"


if __name__ == "__main__":
    main()
