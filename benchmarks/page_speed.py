"""Measures the page with a large portfolio: its first page, paging and the search, as a browser asks for them.

    python benchmarks/page_speed.py [--works 10000] [--repeats 20] [--write]

Works are synthetic: titles, notes, years and tags of drawn words, small pictures of one colour. Milliseconds are CPU
time of page and browser together, medians and the longest of all repeats, so that a busy machine measures the same.
"""

from __future__ import annotations

import argparse
import io
import re
import tempfile
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image as Pillow
from starlette.testclient import TestClient

from artaudit.auditor.registry import Registry
from artaudit.auditor.registry.records import KnownFile
from artaudit.web.app import make_app
from artaudit.web.doors import Doors
from benchmarks.page import write

PAGE = Path("docs/page.md")
WORDS = ("harbour", "dusk", "winter", "portrait", "river", "orchard", "night", "market", "bridge", "garden", "storm")
RARE = "lighthouse"
PORT = 8765


def fill(path: Path, count: int) -> None:
    """Register synthetic works; one of them alone has the word `RARE` in its title."""
    draw = np.random.default_rng(0)
    with Registry(path) as registry, registry.together():
        for number in range(count):
            title = " ".join(draw.choice(WORDS, 3))
            file = KnownFile(f"{number:064x}", f"{number:064x}", f"/pictures/{number}.png", 900, 700, "PNG")
            picture = io.BytesIO()
            Pillow.new("RGB", (512, 398), tuple(map(int, draw.integers(0, 256, 3)))).save(picture, "JPEG")
            named = f"{title} {number}" if number != count // 7 else f"{title} {RARE}"
            work, _ = registry.add_work(file, title=named, fingerprints={}, preview=picture.getvalue())
            if number % 10 == 0:
                year, note = str(1900 + number % 120), f"sold at the {draw.choice(WORDS)}"
                registry.edit(work.id, note=note, year=year, tags="oil")


def entered(path: Path) -> TestClient:
    """Return a browser that came into the page about a registry."""
    doors = Doors()
    browser = TestClient(make_app(path, doors, PORT), base_url=f"http://127.0.0.1:{PORT}")
    browser.get(f"/enter?token={doors.token}")
    return browser


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder) / "registry.db", asked.works)
        rows = measured(entered(Path(folder) / "registry.db"), asked.repeats)
    lines = [
        f"CPU time with {asked.works:,} synthetic works (`python benchmarks/page_speed.py --works {asked.works}`):",
        "",
    ]
    text = "\n".join([*lines, "| | median | longest | bytes |", "|---|---|---|---|", *rows])
    print(text, flush=True)
    if asked.write:
        write(PAGE, "speed", text)


def measured(browser: TestClient, repeats: int) -> list[str]:
    """Return a row for each thing that a browser asks for."""

    def got(place: str) -> bytes:
        answer = browser.get(place)
        answer.raise_for_status()
        return answer.content

    def whole() -> bytes:
        page = got("/")
        loaded = dict.fromkeys(re.findall(rb'(?:src|href)="(/(?:static|portfolio/\d+/small)[^"#]+)', page))
        return page + b"".join(got(place.decode()) for place in loaded)

    following = unescape(re.search(rb'hx-get="([^"]+before=[^"]+)"', got("/portfolio"))[1].decode())  # type: ignore[index]
    asked: dict[str, Callable[[], bytes]] = {
        "first page, with all that it loads": whole,
        "portfolio, the first 60 works": lambda: got("/portfolio"),
        "the next 60": lambda: got(following),
        "the last 60": lambda: got("/portfolio/more?before=61"),
        "search: one work has the word": lambda: got(f"/portfolio/more?q={RARE}"),
        "search: a quarter of them have it": lambda: got("/portfolio/more?q=harbour"),
        "search: two words, upper case": lambda: got("/portfolio/more?q=WINTER+Storm"),
        "search: none has it": lambda: got("/portfolio/more?q=zeppelin"),
    }
    return [row(name, act, repeats) for name, act in asked.items()]


def row(name: str, act: Callable[[], bytes], repeats: int) -> str:
    """Return a row of the table: how long something takes, and how large it is."""
    act()  # small pictures are made the first time
    seconds, data = [], b""
    for _ in range(repeats):
        begin = time.process_time()
        data = act()
        seconds.append(time.process_time() - begin)
    return f"| {name} | {1000 * median(seconds):.0f} ms | {1000 * max(seconds):.0f} ms | {len(data):,} |"


if __name__ == "__main__":
    main()
