"""The pages become a site without a warning, which loads nothing from elsewhere and can be searched from the disk."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
LOADED = re.compile(r"<(?:script|img|iframe|link)[^>]*?(?:src|href)=[\"']?((?:https?:)?//[^\"'> ]+)")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("material", reason="mkdocs-material comes with the extra dev")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return folder


@pytest.mark.slow
def test_every_page_is_on_the_site_and_links_between_pages_stay_links(site):
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    pages |= {Path("index.html"), Path("contributing.html"), Path("changelog.html")}
    assert pages <= {path.relative_to(site) for path in site.rglob("*.html")}
    start = (site / "index.html").read_text()
    assert 'href="limits.html"' in start
    assert 'href="contributing.html"' in start
    assert 'href="examples/"' not in start
    for page in pages:
        for target in re.findall(r'href="([^"#:]+\.html)', (site / page).read_text()):
            assert (site / page).parent.joinpath(target).resolve().is_file(), (page, target)


@pytest.mark.slow
def test_nothing_is_loaded_from_elsewhere_and_search_works_from_the_disk(site):
    for page in site.rglob("*.html"):
        assert LOADED.findall(page.read_text()) == [], page
    index = (site / "search" / "search_index.js").read_text()
    assert index.startswith("var __index = ")
    assert "nightshade" in index
    assert 'src="assets/iframe-worker.js"' in (site / "index.html").read_text()
    assert not re.search(r"@import|url\(//|url\(https?:", "".join(p.read_text() for p in site.rglob("*.css")))


def test_every_page_has_its_place_in_the_navigation():
    text = (ROOT / "mkdocs.yml").read_text()
    named = set(re.findall(r": ([\w/-]+\.md)$", yaml.dump(yaml.safe_load(text)["nav"]), re.MULTILINE))
    there = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert named == there | {"index.md", "contributing.md", "changelog.md"}
