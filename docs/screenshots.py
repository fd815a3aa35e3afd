"""Shows every page at three widths, light and dark, as pictures. Usage: screenshots.py FOLDER [HOME].

HOME is where the registry lies that is shown; where it is missing or empty, one is made with the photographs of the
demo, which takes a quarter of an hour. The browser is Playwright's Chromium, or the program that ARTAUDIT_CHROMIUM
names.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image as Pillow
from playwright.sync_api import Browser, Page, sync_playwright

from artaudit.datasets.photographs import PHOTOGRAPHS, photograph

WIDTHS = {"desk": 1280, "tablet": 768, "phone": 390}
TALLEST = 2600
"""Most pixels of a page that are shown."""
MINUTES = 20 * 60_000
WORD = "a passphrase for the pictures"


def main() -> None:
    """Make what is to be shown, and show it."""
    target = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        home = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(made)  # noqa: PLR2004
        browser = playwright.chromium.launch(executable_path=os.environ.get("ARTAUDIT_CHROMIUM"))
        with served(home / "first.db", home) as (address, link):
            page = entered(browser, link)
            shoot(page, target, {"first": f"{address}/"})
        with served(home / "registry.db", home) as (address, link):
            page = entered(browser, link)
            page.goto(f"{address}/protect")
            if not page.query_selector(".works a"):
                cloak(page, address, home)
                prove(page, address, home)
            shoot(page, target, places(page, address))
        browser.close()


@contextmanager
def served(registry: Path, home: Path) -> Iterator[tuple[str, str]]:
    """Serve the page about a registry; give its address and the link that opens it."""
    places = {"ARTAUDIT_DB": registry, "ARTAUDIT_KEYS": home / "keys", "ARTAUDIT_SETTINGS": home / "settings.toml"}
    environment = {**os.environ, **{name: str(path) for name, path in places.items()}, "ARTAUDIT_BY": "The artist"}
    command = [sys.executable, "-m", "artaudit", "serve", "--port", "0", "--no-browser"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    try:
        line = next(line for line in server.stdout or () if "http" in line)
        link = line.split(": ", 1)[1].strip()
        yield link.partition("/enter")[0], link
    finally:
        server.terminate()
        server.wait()


def entered(browser: Browser, link: str) -> Page:
    """Return a tab of a browser that came in."""
    page = browser.new_context().new_page()
    page.set_default_timeout(MINUTES)
    page.goto(link)
    return page


def cloak(page: Page, address: str, home: Path) -> None:
    """Cloak two photographs, and wait until the cloaks were tried."""
    for name, title in PHOTOGRAPHS.items():
        (home / f"{title}.jpg").write_bytes(photograph(name))
    page.goto(f"{address}/protect")
    page.set_input_files("#protect-files", [str(home / f"{title}.jpg") for title in PHOTOGRAPHS.values()])
    page.wait_for_selector("#strengths[data-fresh$=done]")
    page.click("text=More: method")
    page.select_option("[name=time]", "300")
    page.click("#begin button")
    while page.locator("article.cloak a[href^='/card/']").count() < len(PHOTOGRAPHS):
        page.wait_for_timeout(1000)


def prove(page: Page, address: str, home: Path) -> None:
    """Check a part of a photograph, and make a case, a package and keys of it."""
    with Pillow.open(home / "The Summer Palace.jpg") as opened:
        opened.crop((90, 70, 620, 400)).resize((700, 436)).save(home / "print-shop.jpg", quality=70)
    page.goto(f"{address}/check")
    page.set_input_files("#check-files", str(home / "print-shop.jpg"))
    page.click("main button.main")
    page.click("text=Make a case")
    page.fill("textarea", "Found on a print shop's page.")
    page.click("text=Keep the note")
    case = page.url
    page.goto(f"{address}/cases")
    for field, text in (("name", "The artist"), ("passphrase", WORD), ("again", WORD)):
        page.fill(f"#keys [name={field}]", text)
    page.click("text=Make keys")
    page.goto(case)
    page.fill("[name=passphrase]", WORD)
    with page.expect_download() as download:
        page.click("text=Download the package")
    download.value.save_as(home / "case-1.zip")
    page.goto(f"{address}/cases")
    page.set_input_files("#package", str(home / "case-1.zip"))
    page.wait_for_selector(".verdict")


def places(page: Page, address: str) -> dict[str, str]:
    """Return the address of each page, by name."""

    def first(place: str, selector: str) -> str:
        page.goto(f"{address}{place}")
        return f"{address}{page.get_attribute(selector, 'href')}"

    plain = ("protect", "portfolio", "check", "cases", "models", "research", "queue")
    return {
        "home": f"{address}/",
        **{name: f"{address}/{name}" for name in plain},
        "cloaked": first("/protect", ".works a").partition("#")[0],
        "work": first("/portfolio", ".works a"),
        "checked": first("/check", ".checks a"),
        "case": first("/cases", ".lines a[href^='/cases/']"),
        "verified": first("/cases", ".lines a[href^='/verified/']"),
    }


def shoot(page: Page, target: Path, addresses: dict[str, str]) -> None:
    """Write each page at each width, light and dark, as NAME-WIDTH-LOOK.webp."""
    target.mkdir(parents=True, exist_ok=True)
    for name, address in addresses.items():
        page.goto(address)
        page.evaluate("document.querySelectorAll('img[loading=lazy]').forEach(one => one.loading = 'eager')")
        while not page.evaluate("[...document.images].every(one => one.complete)"):
            page.wait_for_timeout(100)
        for width_name, width in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": 900})
            tall = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
            page.set_viewport_size({"width": width, "height": tall})  # what is fixed stays at the foot
            for look in ("light", "dark"):
                page.emulate_media(color_scheme=look, reduced_motion="reduce")  # type: ignore[arg-type]
                with Pillow.open(io.BytesIO(page.screenshot())) as shot:
                    shot.convert("RGB").save(target / f"{name}-{width_name}-{look}.webp", quality=60)


if __name__ == "__main__":
    main()
