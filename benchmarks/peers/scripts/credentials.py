"""Reads content credentials by c2pa-python: python credentials.py ASKED TOLD; null for a file without any."""

from __future__ import annotations

import json
import sys
from importlib import metadata
from pathlib import Path

import c2pa


def read(path: str) -> dict[str, str] | None:
    """Return who claims to have made a file, and what the library thinks of the signature."""
    try:
        manifest = json.loads(c2pa.Reader(path).json())
    except (c2pa.C2paError, OSError) as error:
        print(f"{path}: {error!r}"[:200], file=sys.stderr)
        return None
    active = manifest["manifests"][manifest["active_manifest"]]
    made = [info.get("name", "") for info in active.get("claim_generator_info", [])]
    return {
        "tool": active.get("claim_generator") or "; ".join(made),
        "state": manifest.get("validation_state", ""),
        "time": str(active.get("signature_info", {}).get("time") or ""),
        "by": str(active.get("signature_info", {}).get("issuer") or ""),
    }


def main() -> None:
    """Ask about every file."""
    paths = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    told = {"read": {path: read(path) for path in paths}, "versions": {"c2pa-python": metadata.version("c2pa-python")}}
    Path(sys.argv[2]).write_text(json.dumps(told), "utf-8")


if __name__ == "__main__":
    main()
