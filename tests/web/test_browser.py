"""The page in a real Chromium: an artist's way from a picture to verified evidence, and that all can use it.

`make test-web` brings browser and axe-core; ARTAUDIT_CHROMIUM and ARTAUDIT_AXE name others.
"""

import io
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image as Pillow

pytest.importorskip("starlette", reason="the page needs the extra web")
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed (make test-web)")

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LONG = 8 * 60_000
WORD = "correct horse"
PLACES = ("/", "/protect", "/portfolio", "/check", "/cases", "/models", "/research", "/queue")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        programs = (os.environ.get("ARTAUDIT_CHROMIUM"), started.chromium.executable_path, shutil.which("chromium"))
        program = next((path for path in programs if path and Path(path).exists()), None)
        if program is None:
            pytest.skip("there is no Chromium here (make test-web, or ARTAUDIT_CHROMIUM)")
        opened = started.chromium.launch(executable_path=program)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Serve the page from its command, as a process of its own; return the lines that it prints."""
    home = tmp_path_factory.mktemp("home")
    places = {"DB": "registry.db", "KEYS": "keys", "SETTINGS": "settings.toml", "MODELS": "models"}
    environment = {**os.environ, **{f"ARTAUDIT_{name}": str(home / path) for name, path in places.items()}}
    environment |= {"ARTAUDIT_BACKBONE": "none", "ARTAUDIT_BY": "The artist"}
    command = [sys.executable, "-m", "artaudit", "serve", "--port", "0", "--no-browser"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, bufsize=1)
    yield iter(server.stdout.readline, "")
    server.terminate()
    server.wait()
    server.stdout.close()


@pytest.fixture(scope="module")
def context(browser, served):
    """Return a browser that came in, and fails where anything is asked of another address or goes wrong in a page."""
    link = next(served).split(": ", 1)[1].strip()
    address, wrong = link.partition("/enter")[0], []
    made = browser.new_context(base_url=address)
    made.set_default_timeout(LONG)
    made.on("request", lambda asked: asked.url.startswith((address, "blob:")) or wrong.append(asked.url))
    made.on("weberror", lambda error: wrong.append(str(error.error)))
    made.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    made.new_page().goto(link)
    yield made
    assert wrong == []


@pytest.fixture
def tab(context):
    return context.pages[0]


@pytest.fixture(scope="module")
def axe():
    places = (os.environ.get("ARTAUDIT_AXE"), Path(__file__).parents[2] / ".cache" / "axe.min.js")
    found = next((Path(place) for place in places if place and Path(place).is_file()), None)
    if found is None:
        pytest.skip("axe-core is not here (make test-web, or ARTAUDIT_AXE)")
    return found.read_text()


def until(tab, expression):
    """Wait until an expression holds in the page; Playwright's own way needs eval, which the page forbids."""
    end = time.monotonic() + LONG / 1000
    while not tab.evaluate(expression):
        assert time.monotonic() < end, expression
        tab.wait_for_timeout(100)


def look_closely(tab, made):
    """Move the line by keyboard, enlarge, and compare with all that there is."""
    line = tab.locator("article.cloak .compare input[type=range]")
    line.focus()
    for _ in range(10):
        tab.keyboard.press("ArrowRight")
    assert made.query_selector(".stage").evaluate("stage => stage.style.getPropertyValue('--split')") == "60%"
    tab.click("article.cloak [data-zoom='2']")
    until(tab, "document.querySelector('article.cloak .stage').getBoundingClientRect().width === 600")
    tab.click("article.cloak [data-zoom='fit']")
    for view in ("noise", "difference", "after"):
        tab.click(f"article.cloak [data-view*='{view}']")
        until(tab, "[...document.querySelectorAll('article.cloak img')].every(one => one.naturalWidth > 0)")


def make_evidence(tab, case, package):
    """Make keys, sign the package of a case and verify it."""
    tab.goto("/cases#keys")
    for field, text in (("name", "The artist"), ("passphrase", WORD), ("again", WORD)):
        tab.fill(f"#keys [name={field}]", text)
    tab.click("text=Make keys")
    tab.wait_for_selector("text=Packages can be signed as")
    tab.goto(case)
    tab.fill("[name=passphrase]", WORD)
    with tab.expect_download() as download:
        tab.click("text=Download the package")
    download.value.save_as(package)
    tab.goto("/cases")
    tab.set_input_files("#package", package)
    tab.wait_for_selector("text=This package is intact")


def test_from_a_picture_to_verified_evidence(tab, tmp_path):
    picture = tmp_path / "Käthes Hafen 夏.png"
    Pillow.effect_mandelbrot((300, 220), (-2, -1.2, 1, 1.2), 60).convert("RGB").save(picture)

    tab.goto("/protect")
    tab.set_input_files("#protect-files", picture)
    tab.wait_for_selector("#strengths")
    tab.check("#strength-high")
    tab.click("text=More: method")
    tab.select_option("[name=time]", "60")
    tab.click("#begin button")
    made = tab.wait_for_selector("article.cloak .compare")
    assert "What this does and does not do" in tab.inner_text("article.cloak")

    look_closely(tab, made)
    with tab.expect_download() as download:
        tab.click("article.cloak >> text=Download")
    assert download.value.suggested_filename == picture.name
    cloaked = tmp_path / "cloaked.png"
    download.value.save_as(cloaked)
    with Pillow.open(cloaked) as opened:
        assert opened.size == (300, 220)

    tab.goto("/portfolio")
    tab.click("text=Käthes Hafen 夏")
    assert "Cloaked" in tab.inner_text("dl")
    shot = tab.locator("figure img").screenshot()
    with Pillow.open(io.BytesIO(shot)) as opened:
        opened.convert("RGB").save(tmp_path / "screenshot.jpg", quality=80)

    tab.goto("/check")
    tab.set_input_files("#check-files", tmp_path / "screenshot.jpg")
    tab.click("main button.main")
    tab.wait_for_selector(".verdict")
    assert "Käthes Hafen 夏" in tab.inner_text("h1")
    tab.click("text=Make a case")
    make_evidence(tab, tab.url, tmp_path / "case.zip")
    assert "Signed by" in tab.inner_text("main")


def test_progress_comes_twice_a_second_and_a_job_is_cancelled_in_another_tab(context, tab, tmp_path):
    for number in range(2):
        Pillow.effect_noise((900, 700), 60 + number).convert("RGB").save(tmp_path / f"{number}.png")
    tab.goto("/protect")
    tab.set_input_files("#protect-files", [tmp_path / "0.png", tmp_path / "1.png"])
    tab.wait_for_selector("#begin")
    tab.click("#begin button")
    until(tab, "document.querySelector('article.cloak .progress')?.dataset.state === 'running'")
    told = []
    tab.on("response", lambda answer: "/queue/state" in answer.url and told.append(answer))
    begun = time.monotonic()
    tab.wait_for_timeout(8000)
    answers, seconds = list(told), time.monotonic() - begun
    said = {job["seconds"] for answer in answers for job in answer.json()["jobs"] if job["state"] == "running"}
    assert len(said) >= 2 * seconds  # each tells something new
    other = context.new_page()
    other.goto("/queue")
    while other.locator("button[value=cancel]").count():
        with suppress(playwright.Error):  # the job may end before it is cancelled
            other.locator("button[value=cancel]").first.click(timeout=5000)
        other.wait_for_timeout(1500)
        other.goto("/queue")
    assert "Nothing is running" in other.inner_text("main")
    until(tab, "document.querySelectorAll('article.cloak button[value=resume]').length === 2")
    other.close()


def test_a_model_is_added_from_a_folder_and_made_known_to_attribution(tab, tmp_path):
    import diffusers

    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2}
    blocks |= {"block_out_channels": (16, 32), "norm_num_groups": 8, "latent_channels": 5}
    tiny = diffusers.AutoencoderKL(**blocks)
    tiny.save_pretrained(tmp_path / "tiny")
    (tmp_path / "pictures").mkdir()
    for number in range(12):
        box = (-2 + number / 9, -1.2, 1, 1.2 - number / 20)
        Pillow.effect_mandelbrot((300, 280), box, 60).convert("RGB").save(tmp_path / "pictures" / f"{number}.png")

    tab.goto("/models")
    tab.fill("form[action='/models'] [name=name]", "tiny")
    tab.fill("form[action='/models'] [name=place]", str(tmp_path / "tiny"))
    tab.click("form[action='/models'] >> text=Add")
    tab.wait_for_selector("main .error >> text=Which latent space")
    tab.fill("form[action='/models'] [name=name]", "tiny")
    tab.fill("form[action='/models'] [name=place]", str(tmp_path / "tiny"))
    tab.fill("form[action='/models'] [name=family]", "tiny space")
    tab.fill("form[action='/models'] [name=licence]", "CC0")
    tab.click("form[action='/models'] >> text=Add")
    added = tab.locator(".models li", has=tab.get_by_role("heading", name="tiny", exact=True))
    added.wait_for()
    assert "tiny space · installed · CC0" in added.inner_text()

    added.locator("summary").click()
    added.locator("[name=place]").fill(str(tmp_path / "pictures"))
    added.get_by_role("button", name="Calibrate").click()
    tab.wait_for_selector("text=tiny was calibrated: ")


@pytest.mark.parametrize("width", [1280, 768, 390])
def test_no_page_is_wider_than_its_window(tab, width):
    tab.set_viewport_size({"width": width, "height": 800})
    for place in PLACES:
        tab.goto(place)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width, place
    tab.set_viewport_size({"width": 1280, "height": 800})


@pytest.mark.parametrize("look", ["light", "dark"])
def test_axe_finds_nothing_serious(tab, axe, look):
    tab.emulate_media(color_scheme=look)
    links = "[...document.querySelectorAll('main .works a, main .checks a, main .lines a')].map(one => one.pathname)"
    more = []
    for place in ("/protect", "/portfolio", "/check", "/cases"):
        tab.goto(place)
        more += tab.evaluate(links)[:2]
    found = []
    for place in (*PLACES, *more):
        tab.goto(place)
        tab.evaluate(axe)
        rules = [rule for rule in tab.evaluate("axe.run()")["violations"] if rule["impact"] in ("serious", "critical")]
        found += [(place, rule["id"], [node["target"] for node in rule["nodes"]][:3]) for rule in rules]
    assert found == []


def test_the_page_is_walked_by_keyboard(tab):
    tab.goto("/check")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    seen = set()
    for _ in range(30):
        tab.keyboard.press("Tab")
        seen.add(tab.evaluate("document.activeElement.name || document.activeElement.textContent.trim()"))
    assert {"Protect", "Portfolio", "files", "kind", "Check"} <= seen
