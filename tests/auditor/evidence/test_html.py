"""The page says everything a person needs, fetches nothing, and shows what others wrote as text."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from artaudit.auditor.evidence import Seal
from artaudit.auditor.evidence.package import bag
from artaudit.auditor.evidence.reporting.words import plain

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{ 7*7 }}</style>"


def page_of(case) -> str:
    return bag(case, Seal())["data/report.html"].decode()


def with_findings(check, findings):
    return replace(check, evidence={**check.evidence, "findings": findings})


class Elements(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs


def test_it_fetches_nothing_and_runs_nothing(build):
    seen = Elements(page_of(build(claim=HOSTILE)))
    assert not seen.tags & {"script", "link", "iframe", "object", "embed", "form", "base", "video", "audio"}
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    sources = [value for name, value in seen.attributes if name in ("src", "srcset", "background")]
    assert sources
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    links = {value for name, value in seen.attributes if name == "href"}
    assert links == {"HOW-TO-READ.md", "HOW-TO-ATTACK.md"}
    assert any(name == "content" and "default-src 'none'" in value for name, value in seen.attributes)


def test_its_style_fetches_nothing(case):
    style = re.search(r"<style>(.*?)</style>", page_of(case), re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style


def test_what_others_wrote_is_text(build):
    page = page_of(build(claim=HOSTILE))
    assert "&lt;script&gt;alert(1)" in page
    assert "&lt;b&gt;crop" in page
    assert "{{ 7*7 }}" in page
    assert page.count("</style>") == 1


def test_it_says_what_was_found_how_sure_it_is_and_what_it_does_not_show(case):
    page = page_of(case)
    for text in (
        "A registered work was found",
        "A second sentence.",
        "How it is weighed",
        "it is not the probability",
        "The outlined regions",
        "it shows 40% of exhibit W1, “Étude”",
        "99 p; the bar is 15",
        "0 of 990, at most 0.37",
        "false alarms: unrelated pictures",
        "never measured",
        "cannot tell",
        "the first of 3 frames",
        "It does not show that any model was trained on the work",
        "sizes: 1, 2",
        case.works[0].sha256,
        case.checks[0].evidence["sha256"],
        case.log.events[0]["hash"],
        case.log.root,
        "not signed",
        "not timestamped",
        "bought &lt;i&gt;there&lt;/i&gt;",
        "sha256sum -c manifest-sha256.txt",
    ):
        assert text in page.replace("&#39;", "'"), text


def test_it_names_the_digest_of_every_file(files):
    page = files["data/report.html"].decode()
    for line in files["manifest-sha256.txt"].decode().splitlines():
        digest, name = line.split("  ")
        assert name == "data/report.html" or digest in page, name


@pytest.mark.parametrize(
    ("held", "headline"),
    [
        ((True, False, None), "A registered work was found"),
        ((False, True, False), "Something was found"),
        ((None, False, False), "A person must look"),
        ((False, False, False), "Nothing was found"),
        ((), "Nothing was found"),
    ],
)
def test_the_headline_is_what_the_findings_come_to(case, held, headline):
    [check] = case.checks
    findings = [{**finding, "holds": holds} for finding, holds in zip(check.evidence["findings"], held, strict=False)]
    plain = replace(case, pictures=(), checks=(with_findings(check, findings),))
    assert f"<h1>{headline}</h1>" in page_of(plain)


def test_a_case_without_works_has_a_page_too(case):
    [check] = case.checks
    findings = [finding for finding in check.evidence["findings"] if finding["work"] is None]
    checks = (with_findings(check, findings),)
    plain = replace(case, works=(), pictures=(), notes=(), log=replace(case.log, events=()), checks=checks)
    assert "The registered works" not in page_of(plain)
    assert "From the log" not in page_of(plain)
    assert "<h2>Notes" not in page_of(plain)


def test_several_checks_stand_one_after_the_other(case):
    [check] = case.checks
    page = page_of(replace(case, checks=(check, replace(check, id=4))))
    assert "<h2>Exhibit 1: " in page
    assert "<h2>Exhibit 2: " in page
    assert "(check 4)" in page


def test_a_case_without_a_check_has_a_page_too(case):
    empty = replace(case, checks=(), pictures=())
    assert "The case holds no check yet" in page_of(empty)


def test_of_paths_only_the_names_of_files_are_shown(case):
    assert "secret" not in page_of(case)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"),
        ([213, 300], "213, 300"),
        ({}, "none"),
        (
            [{"found_of_its_own": [1, 2], "belongs": False}, {"auc": {"real pictures": 0.9}}],
            "found of its own 1, 2; belongs no\nauc (real pictures 0.9)",
        ),
    ],
)
def test_values_are_shown_without_the_marks_of_json(value, text):
    assert plain(value) == text


def test_characters_that_do_not_show_are_named(build, case):
    page = page_of(build(claim="gpj.\u202eexe\x1b[2J\u200b"))
    assert "gpj.[U+202E]exe[U+001B][2J[U+200B]" in page
    assert "[U+" not in page_of(case)
