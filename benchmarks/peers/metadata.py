"""What readers of generator parameters read right, beside `audit check`; `make bench-peers`.

    python benchmarks/peers/metadata.py --data ../shared/data [--more FOLDER] [--ordinary 60] [--write]

The files were written by tools themselves, and tests/provenance/claimed says what stands in them; which model it was is
not written down there. The made-up files of the tests are no measure of others: each holds the few fields that a tool
is told by, and readers that expect all that the tool writes refuse them. Ordinary files are real pictures of the
validation split.

FOLDER holds further files and `files.csv`, a line for each: file, tool, model, prompt, seed. further.csv is that of the
files that docs/benchmarks.md reports, with the repository, commit and path that each comes from. A prompt may be its
beginning; of the seeds of several samplers, "1|2", one is enough; what a file does not hold is empty and not asked.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from artaudit.errors import ArtauditError
from artaudit.image import decode
from artaudit.provenance import FileClaims, Signatures
from benchmarks.page import write
from benchmarks.peers.asking import PAGE, ahead, ask, machine, rows, versions

FIELDS = ("tool", "model", "prompt", "seed")
UNNAMED = "(not named)"

WORDS = {
    "AUTOMATIC1111's web UI": ("automatic1111", "a1111"),
    "ComfyUI": ("comfy",),
    "InvokeAI": ("invoke",),
    "Hugging Face": ("hugging face", "diffusers"),
    "OpenAI": ("openai", "gpt", "dall"),
    "Stability Matrix": ("stability matrix", "stabilitymatrix"),
    "Tensor.Art": ("tensor.art", "tensorart"),
    "Ruined Fooocus": ("ruined fooocus", "ruinedfooocus"),
}
"""Words of which a reader's name for the tool has to hold one; for tools not listed, it is the tool's own name."""

Read = Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Expected:
    """A file and what stands in it; a field that is not known is "" and not asked."""

    path: Path
    tool: str
    model: str
    prompt: str
    seed: str

    def right(self, read: Read) -> dict[str, bool]:
        """Return by known field whether it was read right; `any` says whether a generator was told at all."""
        told = read or dict.fromkeys(FIELDS, "")
        tool = self.tool.partition(", or")[0].partition(" (")[0]
        checks = {
            "any": read is not None,
            "tool": any(word in told["tool"].lower() for word in WORDS.get(tool, (tool.lower(),))),
            "model": self.model in told["model"],
            "prompt": told["prompt"].startswith(self.prompt),
            "seed": not {*self.seed.split("|")}.isdisjoint(told["seed"].replace(",", ";").split("; ")),
        }
        return {name: found for name, found in checks.items() if name == "any" or getattr(self, name)}


def by_tools_themselves(data: Path) -> list[Expected]:
    """Return the files that tools wrote, as far as they hold parameters."""
    known = import_module("tests.provenance.claimed.test_claims").REAL
    return [
        Expected(data / "metadata" / name, about[0], "", about[2], about[1])
        for name, about in known.items()
        if about and about[0]
    ]


def given(folder: Path) -> list[Expected]:
    """Return the files that a folder's `files.csv` names."""
    with (folder / "files.csv").open(newline="", encoding="utf-8") as file:
        return [Expected(folder / row["file"], *(row[name] for name in FIELDS)) for row in csv.DictReader(file)]


def ordinary(data: Path, count: int) -> list[Path]:
    """Return real pictures of the validation split, spread over it."""
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as file:
        paths = [data / row["path"] for row in csv.DictReader(file) if (row["label"], row["split"]) == ("real", "val")]
    return paths[:: max(1, len(paths) // count)][:count]


def ours(path: Path) -> Read:
    """Read by `audit check`'s examiners; of several claims, the one with most fields, without any, a manifest."""
    try:
        image = decode(path.read_bytes(), name=path.name)
    except ArtauditError:
        return None
    claims = [finding.details for finding in FileClaims().examine(image) if finding.holds]
    if not claims:
        signed = [finding.details for finding in Signatures().examine(image) if finding.holds]
        return signed_by(signed[0].get("generator", ""), signed[0].get("signer", "")) if signed else None
    fullest: Mapping[str, Any] = max(claims, key=lambda details: sum(name in details for name in FIELDS))
    return {name: str(fullest.get(name, "")) for name in FIELDS}


def signed_by(generator: str, signer: str) -> Read:
    """Return what content credentials tell: the program and the signer."""
    return dict.fromkeys(FIELDS, "") | {"tool": f"{generator}, signed by {signer}"}


def counted(files: Iterable[Expected], read: Mapping[str, Read]) -> list[tuple[int, int]]:
    """Return for `any` and every field in how many files it was read right, and how many hold it."""
    checked = [file.right(read[str(file.path.absolute())]) for file in files]
    known = [[found[name] for found in checked if name in found] for name in ("any", *FIELDS)]
    return [(sum(found), len(found)) for found in known]


def by_tool(files: Sequence[Expected], readers: Mapping[str, Mapping[str, Read]]) -> str:
    """Return a table of the fields that each reader reads right, of those that the files of each tool hold."""
    tools: dict[str, list[Expected]] = {}
    for file in files:
        tools.setdefault(file.tool.partition(", or")[0] or UNNAMED, []).append(file)
    lines = []
    for tool, own in sorted(tools.items(), key=lambda each: each[0].lower()):
        sums = [[sum(column) for column in zip(*counted(own, read)[1:], strict=True)] for read in readers.values()]
        lines.append((tool, len(own), sums[0][1], *(right for right, _ in sums)))
    return rows((f"files of {len(tools.keys() - {UNNAMED})} tools", "files", "fields", *readers), lines)


def text(files: Sequence[Expected], plain: Sequence[Path], readers: Mapping[str, Mapping[str, Read]]) -> str:
    """Return a table of all files, one by tools, and the false hits."""
    head = ("a generator told", "tool named", "model", "prompt", "seed")
    right = {name: counted(files, read) for name, read in readers.items()}
    cells = [(name, *(f"{count} of {of}" if of else "not asked" for count, of in each)) for name, each in right.items()]
    counts = {name: [count for count, _ in each] for name, each in right.items()}
    wrong = {name: sum(read[str(path.absolute())] is not None for path in plain) for name, read in readers.items()}
    shown = [
        rows((f"files of the tools ({len(files)})", *head), cells),
        ahead(head, counts.pop("`audit check`"), counts),
        by_tool(files, readers),
        rows((f"ordinary pictures ({len(plain)})", "called a generator's"), list(wrong.items())),
    ]
    return "\n\n".join(shown)


def main() -> None:
    """Ask all readers, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--more", type=Path, help="a folder of further files with files.csv")
    parser.add_argument("--ordinary", type=int, default=60)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    asked = parser.parse_args()
    files = by_tools_themselves(asked.data) + (given(asked.more) if asked.more else [])
    plain = ordinary(asked.data, asked.ordinary)
    paths = [*(file.path for file in files), *plain]
    told, signed = (ask(kind, kind, paths) for kind in ("parameters", "credentials"))
    readers = {"`audit check`": {str(path.absolute()): ours(path) for path in paths}, **told["read"]}
    readers["c2pa-python"] = {
        path: None if read is None else signed_by(read["tool"], read["by"]) for path, read in signed["read"].items()
    }
    facts = f"{versions(told['versions'] | signed['versions'])}. {machine()}"
    shown = f"{text(files, plain, readers)}\n\n{facts}"
    print(shown)
    if asked.write:
        write(PAGE, "peers-metadata", shown)


if __name__ == "__main__":
    main()
