"""Asks sahu65 whether machines made pictures: python sahu.py ASKED TOLD."""

from __future__ import annotations

import json
import sys
import time
from importlib import metadata
from pathlib import Path

import sahu65


def main() -> None:
    """Ask about every file; write probability, verdict, CPU seconds for a picture, and the version."""
    paths = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    sahu65.detect(paths[0])
    begun = time.process_time()
    read = {}
    for path in paths:
        answer = sahu65.detect(path)
        read[path] = {"score": float(answer.ai_probability), "found": bool(answer.is_ai)}
    seconds = (time.process_time() - begun) / len(paths)
    told = {"read": read, "seconds": seconds, "versions": {"sahu65": metadata.version("sahu65")}}
    Path(sys.argv[2]).write_text(json.dumps(told), "utf-8")


if __name__ == "__main__":
    main()
