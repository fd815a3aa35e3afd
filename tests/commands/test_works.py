"""A portfolio in daily use: listed, named, moved, corrected, carried to another computer and back, all in the log."""

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artaudit.auditor.registry import Registry
from artaudit.commands.thumbnails import drawn
from artaudit.datasets.drawings import draw
from artaudit.datasets.photographs import photograph

NAMES = ("harbour.png", "sun flowers.png", "桜.jpg")


@pytest.fixture
def pictures(home) -> Path:
    folder = home / "pictures"
    folder.mkdir()
    Image.open(io.BytesIO(photograph("china.jpg"))).resize((256, 192)).save(folder / NAMES[0])
    for number, name in enumerate(NAMES[1:]):
        draw(np.random.default_rng(number)).resize((128, 96)).save(folder / name)
    return folder


@pytest.fixture
def audit(run_audit, pictures):
    assert run_audit("register", pictures).returncode == 0
    return run_audit


def titles(audit, *words: object) -> list[str]:
    return [work["title"] for work in audit.json("works", "list", *words)]


def test_an_empty_portfolio_says_so(run_audit, home):
    with Registry(home / "registry.db"):
        pass
    done = run_audit("works", "list")
    assert (done.returncode, done.stdout) == (
        0,
        "The portfolio is empty: `audit register PICTURE` adds a work.\n",
    )
    assert run_audit.json("works", "list") == []


def test_a_line_says_number_title_day_and_where_the_original_lies(audit, pictures):
    first = audit("works", "list").stdout.splitlines()[0]
    assert re.fullmatch(r"   1  harbour +20\d\d-\d\d-\d\d  pictures/harbour.png", first)
    (pictures / "harbour.png").unlink()
    assert audit("works", "list").stdout.splitlines()[0].endswith("pictures/harbour.png (gone)")
    assert [work["there"] for work in audit.json("works", "list")] == [False, True, True]


def test_columns_stand_below_each_other_whatever_the_letters(audit):
    audit("works", "edit", 2, "--title", "a very long title that no column of a terminal holds")
    audit("works", "edit", 3, "--title", "桜の花の下で眠る猫と犬の絵")
    before = [re.split(r"  20\d\d-", line)[0] for line in audit("works", "list").stdout.splitlines()]
    widths = [sum(1 + (letter > "\u2fff") for letter in text) for text in before]
    assert widths == [30, 30, 30]


def test_works_are_sorted_and_looked_for_by_title(audit):
    assert titles(audit) == ["harbour", "sun flowers", "桜"]
    assert titles(audit, "--sort", "title", "--reverse") == ["桜", "sun flowers", "harbour"]
    assert titles(audit, "FLOW") == ["sun flowers"]
    assert audit("works", "list", "nothing").stdout == "No title holds 'nothing'.\n"


def test_the_table_for_spreadsheets_holds_every_work(audit):
    audit("works", "edit", 1, "--tags", "sea, boats,,sea", "--year", "1890")
    rows = list(csv.DictReader(io.StringIO(audit("works", "list", "--csv").stdout)))
    assert [row["title"] for row in rows] == ["harbour", "sun flowers", "桜"]
    assert (rows[0]["tags"], rows[0]["year"], rows[0]["there"]) == ("sea, boats", "1890", "True")
    assert audit("works", "list", "--csv", "--json").returncode == 2


def test_a_work_is_named_by_number_or_title_in_any_case(audit):
    assert audit.json("works", "show", 1)["sha256"] == audit.json("works", "show", "HARBOUR")["sha256"]
    assert audit.json("works", "show", "桜")["id"] == 3


def test_a_title_that_is_wrong_or_not_the_only_one_is_answered_with_what_is_meant(audit):
    assert "did you mean 2 (sun flowers)?" in audit("works", "show", "flowers").stderr
    assert audit("works", "edit", 3, "--title", "Harbour").returncode == 0
    done = audit("works", "withdraw", "harbour")
    assert done.returncode == 3
    assert "2 works are called 'harbour': name one by its number, 1 (harbour), 3 (Harbour)." in done.stderr


def test_what_is_said_of_a_work_is_changed_and_changed_back(audit):
    done = audit("works", "edit", "harbour", "--title", "Port", "--note", "sold", "--year", "1890", "--tags", "sea")
    assert "work 1: title 'Port', before 'harbour'" in done.stdout
    shown = audit.json("works", "show", "port")
    assert (shown["note"], shown["year"], shown["tags"]) == ("sold", "1890", ["sea"])
    assert audit("works", "edit", 1, "--title", "harbour", "--note", "", "--year", "", "--tags", "").returncode == 0
    shown = audit.json("works", "show", 1)
    assert (shown["title"], shown["note"], shown["year"], shown["tags"]) == ("harbour", "", "", [])
    assert audit("db", "verify").stdout == "intact\n"


@pytest.mark.parametrize("words", [[], ["--title", ""], ["--title", "  "]])
def test_an_edit_of_nothing_and_an_empty_title_are_refused(audit, words):
    assert audit("works", "edit", 1, *words).returncode == 2
    assert titles(audit)[0] == "harbour"


def test_the_history_shows_every_change_with_what_was_before(audit, pictures):
    audit.env["ARTAUDIT_BY"] = "Ada"
    audit("works", "edit", 1, "--title", "Port")
    audit("works", "withdraw", "Port", "--reason", "sold")
    audit("works", "restore", "Port")
    (pictures / "harbour.png").rename(pictures / "port.png")
    audit("works", "move", "Port", pictures / "port.png")
    lines = audit.json("works", "history", "Port")
    assert [line["kind"] for line in lines] == ["register", "edit", "withdraw", "restore", "move"]
    assert [line["what"] for line in lines][1:] == [
        "title: 'harbour' became 'Port'",
        "left out of checks: sold",
        "back",
        f"lies at {pictures / 'port.png'}, before at {pictures / 'harbour.png'}",
    ]
    assert {line["by"] for line in lines[1:]} == {"Ada"}
    assert "Ada: title: 'harbour' became 'Port'" in audit("works", "history", "Port").stdout


def test_a_moved_file_is_followed_and_another_is_refused(audit, home, pictures):
    (home / "other").mkdir()
    (pictures / "harbour.png").rename(home / "other" / "harbour.png")
    other = audit("works", "move", "harbour", pictures / "sun flowers.png")
    assert (other.returncode, "is not the file of work 1" in other.stderr) == (2, True)
    assert audit("works", "move", "harbour", home / "nowhere.png").returncode == 2
    assert audit("works", "move", "harbour", home / "other").returncode == 0
    assert audit.json("works", "show", 1)["state"] == "unchanged"


def test_a_folder_is_searched_for_all_that_is_gone(audit, home, pictures):
    small = home / "small.jpg"
    Image.open(pictures / "harbour.png").resize((128, 96)).save(small)
    assert "resized version of work 1" in audit("register", small).stdout
    elsewhere = home / "disk" / "deep"
    elsewhere.mkdir(parents=True)
    (pictures / "harbour.png").rename(elsewhere / "1.png")
    small.rename(elsewhere / "2.jpg")
    (pictures / "桜.jpg").unlink()
    done = audit.json("works", "relocate", home / "disk")
    assert [(file["work"], file["kind"], file["path"]) for file in done["found"]] == [
        (1, "original", str(elsewhere / "1.png")),
        (1, "resized", str(elsewhere / "2.jpg")),
    ]
    assert [(file["title"], file["kind"]) for file in done["gone"]] == [("桜", "original")]
    shown = audit.json("works", "show", 1)
    assert (shown["there"], shown["versions"][0]["there"]) == (True, True)
    assert audit("works", "relocate", home / "nowhere").returncode == 2


def test_showing_a_work_tells_a_file_that_is_another_now(audit, pictures):
    draw(np.random.default_rng(8)).save(pictures / "harbour.png")
    assert audit.json("works", "show", 1)["state"] == "changed"
    assert "(changed)" in audit("works", "show", 1).stdout


def test_a_version_stands_below_its_work_and_not_beside_it_in_a_verdict(audit, home, pictures):
    Image.open(pictures / "harbour.png").resize((512, 384)).save(home / "large.png")
    assert audit("register", "large.png").returncode == 0
    assert "      resized: large.png" in audit("works", "list").stdout.splitlines()
    [document] = audit.json("check", "large.png")
    assert {finding["work"] for finding in document["findings"] if finding["work"]} == {1}
    assert document["compared_with"] == 3


def test_registering_again_answers_to_title_and_place(audit, home, pictures):
    assert "its title was 'harbour'" in audit("register", pictures / "harbour.png", "--title", "Port").stdout
    assert audit("register", pictures / "harbour.png", "--title", " ").returncode == 2
    (home / "port.png").write_bytes((pictures / "harbour.png").read_bytes())
    (pictures / "harbour.png").unlink()
    assert "it lies here now, no longer at" in audit("register", "port.png").stdout
    assert audit.json("works", "show", "Port")["path"] == str(home / "port.png")


def told(registry: Path) -> list[tuple]:
    """Return all that a registry holds of works, but for places and what the log dates."""
    with Registry(registry) as opened:
        assert opened.verify() == []
        return [
            (
                *(work.sha256, work.pixels_sha256, work.title, work.note, work.year, work.tags, work.withdrawn),
                *(work.width, work.height, work.format, opened.preview(work.id)),
                *(opened.fingerprint_store.fingerprint(work.id, kind) for kind in ("pdq", "keypoints")),
                [(version.sha256, version.pixels_sha256, version.receipt) for version in opened.versions(work.id)],
                [(manifest.sha256, manifest.data) for manifest in opened.manifests(work.id)],
            )
            for work in opened.works(withdrawn=True)
        ]


@pytest.fixture
def full(audit, home, pictures):
    """Return a portfolio with all that a work can have."""
    Image.open(pictures / "harbour.png").resize((128, 96)).save(home / "small.jpg")
    audit("register", "small.jpg")
    audit("works", "edit", 1, "--title", "Port / 港", "--note", "a, b", "--tags", "sea, boats", "--year", "1890")
    audit("works", "withdraw", 2)
    with Registry(home / "registry.db") as registry:
        registry.add_manifest(1, b"a credential")
    return audit


@pytest.mark.parametrize("form", [[], ["--thumbnails"]])
def test_a_portfolio_is_carried_to_another_computer_and_back_digest_by_digest(full, home, pictures, form):
    assert full("works", "export", "out", *form).returncode == 0
    taken = full.json("works", "import", "out", "--db", "other.db")
    assert [work["new"] for work in taken] == [True, True, True]
    assert told(home / "other.db") == told(home / "registry.db")
    shown = full.json("works", "show", "Port / 港", "--db", "other.db")
    assert shown["there"] is not bool(form)
    assert shown["state"] == ("gone" if form else "unchanged")
    assert Path(shown["path"]).is_relative_to(home / "out")
    events = full.json("works", "history", 1, "--db", "other.db")
    assert [event["kind"] for event in events[:1]] == ["import"]
    assert full("works", "edit", 1, "--title", "Back", "--db", "other.db").returncode == 0
    assert full("works", "export", "back", "--db", "other.db").returncode == 0
    returned = full.json("works", "import", "back")
    assert [work["new"] for work in returned] == [False, False, False]
    assert told(home / "other.db") == told(home / "registry.db")
    assert full.json("works", "show", "Back")["path"] == str(pictures / "harbour.png")


def test_no_cell_for_people_is_a_formula_and_an_import_has_the_very_words(audit, home):
    title, note = '=HYPERLINK("https://example.org","pay")', "\t-1 @"
    assert audit("works", "edit", 1, "--title", title, "--note", note.strip(), "--tags", "+1, @me").returncode == 0
    listed = audit("works", "list", "--csv").stdout
    audit("works", "export", "out")
    carried = (home / "out" / "portfolio.csv").read_text("utf-8-sig")
    for text in (listed, carried):
        row = next(csv.DictReader(io.StringIO(text)))
        assert (row["title"], row["note"], row["tags"]) == (f"'{title}", "'-1 @", "'+1, @me")
    [first, *_] = audit.json("works", "import", "out", "--db", "other.db")
    assert (first["title"], first["note"], first["tags"]) == (title, "-1 @", ["+1", "@me"])


def test_what_was_said_later_here_stays_when_an_older_portfolio_is_imported(full):
    full("works", "export", "out")
    full("works", "edit", 1, "--title", "Later")
    full("works", "import", "out")
    assert full.json("works", "show", 1)["title"] == "Later"


def test_an_export_is_one_folder_with_tables_originals_versions_and_receipts(full, home):
    full("works", "export", "out")
    rows = list(csv.DictReader(io.StringIO((home / "out" / "portfolio.csv").read_text("utf-8-sig"))))
    assert [row["title"] for row in rows] == ["Port / 港", "sun flowers", "桜"]
    assert (home / "out" / rows[0]["original"]).read_bytes() == (home / "pictures" / "harbour.png").read_bytes()
    names = {path.name for path in (home / "out" / "works" / "0001-Port-港").rglob("*")}
    assert {"thumbnail.jpg", "version-1.receipt.json", "1-small.jpg", "credential-1.c2pa"} <= names
    assert full("works", "export", "out").returncode == 2
    assert not [path for path in home.iterdir() if path.name.startswith(".out")]


def spoil_a_file(folder: Path) -> None:
    next(folder.rglob("thumbnail.jpg")).write_bytes(b"another")


def name_one_outside(folder: Path) -> None:
    record = json.loads((folder / "portfolio.json").read_text())
    record["works"][0]["files"]["pdq"]["file"] = "../registry.db"
    (folder / "portfolio.json").write_text(json.dumps(record))


def write_to_the_terminal(folder: Path) -> None:
    record = json.loads((folder / "portfolio.json").read_text())
    record["works"][-1]["said"]["title"]["value"] = "\x1b[2Jgone"
    (folder / "portfolio.json").write_text(json.dumps(record))


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_a_file,
        name_one_outside,
        write_to_the_terminal,
        lambda folder: (folder / "portfolio.json").write_text("[" * 100_000),
        lambda folder: (folder / "portfolio.json").write_text('{"schema": "artaudit-portfolio/1", "works": [{}]}'),
        lambda folder: (folder / "portfolio.json").write_text('{"schema": "artaudit-portfolio/9", "works": []}'),
        lambda folder: (folder / "portfolio.json").unlink(),
    ],
)
def test_a_folder_that_was_changed_is_refused_whole(full, home, spoil):
    full("works", "export", "out")
    spoil(home / "out")
    done = full("works", "import", "out", "--db", "other.db")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert full.json("works", "list", "--withdrawn", "--db", "other.db") == []


@pytest.mark.parametrize(
    ("environment", "begins"),
    [
        ({"TERM": "xterm-kitty"}, "\x1b_G"),
        ({"KITTY_WINDOW_ID": "1", "TERM": "xterm-256color"}, "\x1b_G"),
        ({"TERM_PROGRAM": "iTerm.app"}, "\x1b]1337;File=inline=1"),
        ({"TERM": "xterm-sixel"}, "\x1bPq#0;2;"),
        ({"TERM": "xterm-256color"}, ""),
        ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1"}, ""),
        ({}, ""),
    ],
)
def test_small_pictures_are_drawn_only_where_the_terminal_announces_how(environment, begins):
    buffer = io.BytesIO()
    draw(np.random.default_rng(1)).convert("RGB").resize((96, 64)).save(buffer, "JPEG")
    text = drawn(buffer.getvalue(), environment)
    assert text.startswith(begins) and bool(text) is bool(begins)


def test_a_sixel_picture_holds_every_dot_of_every_band():
    buffer = io.BytesIO()
    Image.new("RGB", (13, 8), (200, 30, 30)).save(buffer, "JPEG")
    body = drawn(buffer.getvalue(), {"TERM": "mlterm"}).split("\x1b")[1]
    bands = re.sub(r"#\d+;2;\d+;\d+;\d+", "", body.removeprefix("Pq")).split("-")
    rows = [re.sub(r"#\d+", "", band) for band in bands]
    assert rows == ["~" * 13, chr(63 + 0b11) * 13]
