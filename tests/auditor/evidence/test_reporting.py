"""What a report says first, of whom, with which error rates, and that page and paper say the same."""

import io
import json
import re
from dataclasses import asdict, replace
from html.parser import HTMLParser

import pytest

from artaudit.auditor.assessment.sentences import summary
from artaudit.auditor.assessment.weighing import assess
from artaudit.auditor.evidence import Seal, Statement
from artaudit.auditor.evidence.log_stamps import StampFile
from artaudit.auditor.evidence.package import bag
from artaudit.auditor.evidence.reporting.content import content
from artaudit.auditor.evidence.reporting.words import person, rate, subject
from artaudit.environment import LIBRARIES, environment
from artaudit.errors import UsageError
from artaudit.findings import MODEL, FalseAlarms, Finding, Misses
from artaudit.language import LANGUAGES

RATE = FalseAlarms(0, 392_000, "pairs of pictures", pictures=460)
MATCH = Finding(
    "portfolio",
    "it shows 58% of work 1, 'Étude'",
    holds=True,
    method="points",
    score=99.0,
    threshold=15.0,
    false_alarms=RATE,
    work=1,
)
REAL = Finding(
    "detector", "traces", holds=False, method="scores", score=-5.2, threshold=3.4, log10_likelihood_ratio=-1.3
)
MADE = Finding(
    "detector", "it has traces", holds=True, method="scores", score=7.1, threshold=3.4, log10_likelihood_ratio=1.9
)
NO_WORDS = Finding("signals", "generator parameters in the file", holds=False, method="texts")


def about(case, *findings: Finding, **evidence: object):
    """Return the case with a check that found this, weighed and worded as checks are."""
    [check] = case.checks
    weighed = assess(findings, 1)
    found = {
        "findings": [asdict(finding) for finding in findings],
        "assessment": asdict(weighed),
        "summary": summary(findings, weighed, 1),
    }
    plain = json.loads(json.dumps({**check.evidence, **found, **evidence}))
    works = tuple(work for work in case.works if any(finding.work for finding in findings))
    return replace(case, checks=(replace(check, evidence=plain),), pictures=(), works=works)


def record_of(case, seal: Seal | None = None) -> dict:
    return json.loads(bag(case, seal or Seal())["data/report.json"])


def words(blocks) -> str:
    return json.dumps(list(blocks), ensure_ascii=False)


def first(case, seal: Seal | None = None) -> str:
    """Return all words of the first page."""
    blocks = content(record_of(case, seal))
    return words(blocks[: [block["kind"] for block in blocks].index("break")])


def drawn_by(own: int, **more: object) -> Finding:
    candidate = {"model": "mine", "words": "mine", "belongs": True, "score": 1.5, "bar": 1.0, "auc": {"real": 0.99}}
    candidate |= {"found_of_its_own": [own - 2, own], "calibrated_on": "a dozen pictures", **more}
    return Finding(
        "attribution", "it was drawn by mine", holds=True, method="octaves", score=1.5, threshold=1.0, question=MODEL,
        details={"candidates": [candidate]}, log10_likelihood_ratio=1.5, group="noise",
    )  # fmt: skip


def test_beside_a_work_that_was_found_stands_nothing_that_nobody_asked(case):
    said = first(about(case, MATCH, REAL, NO_WORDS))
    assert "It shows 58% of exhibit W1, “Étude”." in said
    assert "likelier" not in said
    assert "says nothing about its making" not in said
    assert "likelier" in first(about(case, REAL, NO_WORDS))
    assert "moderate support that a generative model drew" in first(about(case, MATCH, MADE))


def test_the_propositions_stand_before_any_likelihood_ratio(case):
    said = first(about(case, MADE))
    assert said.index("two propositions are compared") < said.index("times likelier if one did")
    assert "Never rest an accusation on such a finding alone." in said
    whole = words(content(record_of(about(case, MADE))))
    assert whole.index("This is assumed:") < whole.index("decimal logarithm of the likelihood ratio")


def test_a_maker_is_named_with_its_calibration_or_not_at_all(case):
    named = first(about(case, drawn_by(300, found_of_others=[4, 2100])))
    assert "It was drawn by mine. In its calibration it named 298 of 300 of its own, and wrongly 4 of 2,100" in named
    few = about(case, drawn_by(36))
    said = first(few)
    assert "drawn by mine" not in said
    assert "calibrated on 36 pictures of its own, fewer than the 100" in said
    assert "A person must look" in said
    assert "34 of 36" in words(content(record_of(few)))


def test_every_answer_carries_its_exhibit_and_the_name_of_its_file(case):
    [check] = case.checks
    other = replace(check, id=9, evidence={**check.evidence, "path": "other.png"})
    blocks = content(record_of(replace(case, checks=(check, other))))
    [answers] = [block for block in blocks if block["kind"] == "answers"]
    assert [item["title"] for item in answers["items"]] == ["Exhibit 1, <b>crop<b>.jpg", "Exhibit 2, other.png"]
    heads = [block["head"][:2] for block in blocks if block["kind"] == "table"]
    assert ["Exhibit 2", "what was looked for in other.png"] in heads


def test_both_error_rates_stand_beside_each_other_with_what_is_behind_them(case):
    misses = Misses(10, 1800, "edited copies", pictures=60)
    said = words(content(record_of(about(case, replace(MATCH, misses=misses)))))
    assert "0 of 392,000, at most 0.80\u00a0%" in said
    assert "10 of 1,800, at most 8.94\u00a0%" in said
    assert "behind them stand 460 different pictures" in said
    assert "never measured" in words(content(record_of(about(case, MATCH))))


def test_a_bound_counts_different_pictures_where_trials_share_them():
    assert rate({"count": 0, "trials": 100, "pictures": None}) == "0 of 100, at most 3.62\u00a0%"
    assert rate({"count": 0, "trials": 100, "pictures": 10}) == "0 of 100, at most 30.85\u00a0%"
    assert rate(None) == "never measured"


def test_nobody_is_called_root_and_names_have_no_marks_of_escaping(case):
    events = [{**event, "payload": {**event["payload"], "by": "root"}} for event in case.log.events]
    anonymous = replace(case, exported_by="root", notes=(), log=replace(case.log, events=tuple(events)))
    blocks = content(record_of(anonymous))
    assert "root" not in words(blocks[: [block.get("name") for block in blocks].index("annex")])
    cells = [
        cell["text"] for block in blocks for row in block.get("rows", ()) for cell in row if isinstance(cell, dict)
    ]
    assert "somebody who is not named" in cells
    assert "root" not in cells
    assert person("root") == person("") == "somebody who is not named"
    assert person("Ada") == "Ada"
    assert subject('O=Lovelace\\, Byron \\+ Co.,CN=Ada \\"A\\" Lovelace\\, Ltd') == 'Ada "A" Lovelace, Ltd'
    title = 'the "artist\'s" cup'
    works = (replace(case.works[0], title=title),)
    claim = replace(MATCH, claim=f"it shows 58% of work 1, {title!r}")
    assert f"exhibit W1, “{title}”" in first_of(about(replace(case, works=works), claim))


def first_of(case) -> str:
    blocks = content(record_of(case))
    [answers] = [block for block in blocks if block["kind"] == "answers"]
    return " ".join(answers["items"][0]["sentences"])


def test_what_the_writer_states_stands_on_the_first_page(case):
    stated = Statement("Ada Lovelace", "Studio Étude", "Zürich", "laptop 12", "for the court", "Ada, who painted it")
    told = replace(stated, unsigned=True).upon(about(case, MATCH))
    said = first(told)
    for text in ("UTC by Ada Lovelace", "Studio Étude", "Zürich", "laptop 12", "for the court"):
        assert text in said
    assert "Ada, who painted it, as told by Ada Lovelace for Studio Étude" in said
    assert "not signed, as was asked for" in said
    files = bag(told, Seal())
    assert "It is not signed, as was asked for." in files["data/CERTIFICATION-902.md"].decode()
    assert "made for, place, purpose, device" in first(about(case, MATCH))
    with pytest.raises(UsageError, match="place is no line"):
        Statement(place="here\nand there")


def test_custody_names_every_step_and_leaves_room_for_those_to_come(case):
    blocks = content(record_of(case))
    steps = next(block for block in blocks if block["kind"] == "table" and block["head"][0] == "when")
    assert [row[1]["text"] for row in steps["rows"]] == [
        "said to be saved from https://shop.example/1?<b>",
        "registered",
        "checked, its bytes kept",
        "case opened",
        "check put into the case",
        "note kept",
        "this package written",
    ]
    assert steps["rows"][2][3]["text"] == "Exhibit 1, <b>crop<b>.jpg"
    assert steps["rows"][2][4] == {"text": case.checks[0].evidence["sha256"], "mono": True}
    [form] = [block for block in blocks if block.get("form")]
    assert form["head"][1:3] == ["handed over by (name, signature)", "received by (name, signature)"]


def test_it_says_what_is_enclosed_and_when_the_log_was_timestamped(case):
    stamp = StampFile(2, "ab" * 32, "CN=stamps.example", "2025-12-30T00:00:00+00:00", b"token", {1: []})
    late = replace(case.log, stamps=(stamp,), faults=("event 2 is before event 1",))
    checks = tuple(replace(check, enclosed=False) for check in case.checks)
    record = record_of(replace(case, log=late, checks=checks))
    said = words(content(record))
    assert record["enclosed"]["does_not_enclose"]
    for text in (*record["enclosed"]["encloses"], *record["enclosed"]["does_not_enclose"]):
        assert text in said
    assert "The times of the log are not to be relied on: event 2 is before event 1." in said
    assert '["original", {"text": "not in this package"' in said
    assert "stamps.example timestamped a log that held it" in said
    assert stamp.name in said
    stamps = [block for block in content(record) if block["kind"] == "table" and block["head"][1] == "authority"]
    assert [[cell["text"] for cell in row][1:] for row in stamps[0]["rows"]] == [
        ["stamps.example", "1", "2", "ab" * 32]
    ]


def test_numbers_of_the_machine_are_words_in_the_annex(case):
    measured = {"agreement": 0.5986950049455892, "chance": -0.01351961063632752, "scatter": 0.7410588364325458}
    watermark = Finding("watermarks", "code of a generator", holds=False, method="dwtDct", score=1.6, threshold=4.0,
                        details={**measured, "said_to_be": "", "searched_as_crop": False})  # fmt: skip
    likely = replace(REAL, details={"p_value": 0.24481964696853414, "log10_likelihood_ratio": -1.3, "support": "weak"})
    said = words(content(record_of(about(case, watermark, likely))))
    assert "agreement with the code: 0.599; random codes on this picture -0.0135 ± 0.741" in said
    assert "share of known real pictures that score as high: 24\u00a0%" in said
    assert not re.search(r"\d\.\d{5}", said)
    assert "said to be:" not in said
    assert said.index("Annex: what was measured") < said.index("agreement with the code")


def test_the_software_stands_in_the_annex_and_names_all_that_decides(case):
    used = environment()
    assert {"artaudit sha256", "system", "python"} <= used.keys()
    assert any("opencv" in name for name in used)
    assert used.keys() - {"artaudit", "artaudit sha256", "python", "system", "machine"} <= set(LIBRARIES)
    said = words(content(record_of(about(case, MATCH, environment=used))))
    assert said.index("Annex") < said.index(used["system"])
    assert used["artaudit sha256"] in said


class Shown(HTMLParser):
    """Collects the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.hidden = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):  # noqa: ARG002 - as the class above has it
        self.hidden = tag in ("style", "title")

    def handle_endtag(self, tag):  # noqa: ARG002 - as the class above has it
        self.hidden = False

    def handle_data(self, data):
        if not self.hidden:
            self.text.append(data)


def letters(text: str) -> str:
    return re.sub(r"[\s\u200b\u00ad\ufffe-]", "", text).casefold()


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_and_paper_say_the_same(case, language):
    pytest.importorskip("typst")
    pdfium = pytest.importorskip("pypdfium2")
    made = replace(MADE, details={"weight": "Never rest an accusation on this.", "chain": CHAIN})
    files = bag(Statement(language=language).upon(about(case, MATCH, made)), Seal(), pdf=True)
    pages = pdfium.PdfDocument(io.BytesIO(files["data/report.pdf"]))
    paper = letters(" ".join(page.get_textpage().get_text_range() for page in pages))
    only_on_the_page = {"data/report.json", *(f"data/{name}" for name in ("HOW-TO-READ.md", "HOW-TO-ATTACK.md"))}
    only_on_the_page |= {"data/CERTIFICATION-902.md", "data/report.pdf"}
    digests = {line.split()[0] for line in files["manifest-sha256.txt"].decode().splitlines()}
    said = [text.strip() for text in Shown(files["data/report.html"].decode()).text]
    missing = [
        text for text in said if letters(text) not in paper and text not in only_on_the_page and text not in digests
    ]
    assert missing == []
    ratio = {"en": "it is not the probability that a model drew", "de": "nicht die Wahrscheinlichkeit, dass ein Modell"}
    for sentence in (ratio[language], "Never rest an accusation on this."):
        assert letters(sentence) in paper


def test_a_case_of_four_pictures_fits_on_few_pages(case):
    pytest.importorskip("typst")
    pdfium = pytest.importorskip("pypdfium2")
    [check] = about(case, MATCH, REAL, NO_WORDS).checks
    several = tuple(replace(check, id=number) for number in (3, 4, 5, 6))
    shown = tuple(replace(picture, check=check.id) for check in several for picture in case.pictures)
    pdf = bag(replace(case, checks=several, pictures=shown), Seal(), pdf=True)["data/report.pdf"]
    assert len(pdfium.PdfDocument(io.BytesIO(pdf))) <= 8


CHAIN = """└ made from "cut": was made with a generative model (signed by Google, on a trust list)
   └ made from "drawn": with a credential that does not fit it
└ holds "scan": without a credential"""


def test_what_a_credential_says_it_was_made_from_is_a_tree_on_page_and_paper(case):
    pytest.importorskip("typst")
    pdfium = pytest.importorskip("pypdfium2")
    signed = Finding("signatures", "its credential says so", holds=True, method="C2PA", details={"chain": CHAIN})
    files = bag(about(case, signed), Seal(), pdf=True)
    page = files["data/report.html"].decode()
    assert [line.partition('rem">')[0] for line in page.split('<p style="margin-left: ')[1:]] == ["0.0", "1.6", "0.0"]
    said = [text.strip() for text in Shown(page).text]
    lefts = {}
    for sheet in pdfium.PdfDocument(io.BytesIO(files["data/report.pdf"])):
        text = sheet.get_textpage()
        for name in ("cut", "drawn", "scan"):
            if found := text.search(f"“{name}”").get_next() or text.search(f'"{name}"').get_next():
                lefts[name] = text.get_charbox(text.get_text_range().rindex("└", 0, found[0]))[0]
    assert lefts["cut"] == pytest.approx(lefts["scan"], abs=1)
    assert lefts["drawn"] > lefts["cut"] + 10
    for line in CHAIN.splitlines():
        assert line.strip() in said
