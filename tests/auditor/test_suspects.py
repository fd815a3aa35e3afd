"""What is to be checked is found in files, folders, standard input and lists of saved files, and nothing is fetched."""

import io
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from artaudit.auditor.suspects import STANDARD_INPUT, read_list, suspects
from artaudit.errors import ArtauditError, UsageError


@pytest.fixture
def folder(tmp_path) -> Path:
    for name in ("b-cloaked.png", "a.GIF", "deep/c.jpg", ".hidden.png", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Pillow.new("RGB", (8, 8)).save(tmp_path / name, "PNG")
    return tmp_path


def test_folders_are_searched_and_no_suspect_is_left_out_for_its_name(folder):
    names = [suspect.name for suspect in suspects([folder])]
    assert names == [str(folder / name) for name in ("a.GIF", "b-cloaked.png", "deep/c.jpg")]


def test_standard_input_is_a_picture_too(folder, monkeypatch):
    data = (folder / "a.GIF").read_bytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    [suspect] = suspects([STANDARD_INPUT])
    assert (suspect.name, suspect.open().sha256) == ("standard input", sha256(data).hexdigest())


@pytest.mark.parametrize(
    "text",
    [
        "url,file,saved_at\nhttps://shop.example/a?x=1&y=2,a.GIF,2025-11-01T10:00:00Z\n",
        "\ufeffFile, URL, saved_at ,who\r\na.GIF,https://shop.example/a?x=1&y=2,2025-11-01T10:00:00Z,Ada\r\n",
    ],
)
def test_a_table_names_addresses_files_and_times(folder, text):
    (folder / "list.csv").write_text(text, encoding="utf-8")
    [suspect] = read_list(folder / "list.csv")
    assert suspect.source == {
        "url": "https://shop.example/a?x=1&y=2",
        "saved_at": "2025-11-01T10:00:00Z",
        "list": "list.csv",
        "list_sha256": sha256((folder / "list.csv").read_bytes()).hexdigest(),
    }
    assert suspect.open().data == (folder / "a.GIF").read_bytes()


def test_plain_lines_name_an_address_and_a_file(folder):
    text = "# found on Sunday\nhttps://shop.example/a,1 deep/c.jpg\n\nhttp://other.example/\tb-cloaked.png\n"
    (folder / "list.txt").write_text(text)
    found = suspects([], [folder / "list.txt"])
    assert [suspect.source["url"] for suspect in found] == ["https://shop.example/a,1", "http://other.example/"]
    assert [Path(suspect.name).name for suspect in found] == ["c.jpg", "b-cloaked.png"]
    assert "saved_at" not in found[0].source


@pytest.mark.parametrize(
    "text",
    ["https://shop.example/a\n", "a.png https://shop.example/a\n", "ftp://x.example/a a.png\n", "https:// a.png\n",
     "url,file\nhttps://x.example/a,\n", "url,file\nhttps://[x,a.png\n", "url,file\nhttps://x.example/\x1b[2J,a.png\n"],
)  # fmt: skip
def test_a_line_in_another_form_is_refused_with_the_form(folder, text):
    (folder / "list.txt").write_text(text)
    with pytest.raises(UsageError, match="columns url, file"):
        read_list(folder / "list.txt")


@given(st.binary(max_size=60))
def test_no_list_is_more_than_a_clear_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(data)
    with suppress(ArtauditError):
        assert all(suspect.source["url"] for suspect in read_list(path))


def test_nothing_to_check_is_wrong_usage(tmp_path):
    for named, lists in (([], []), ([tmp_path], []), ([], [tmp_path / "missing.csv"])):
        with pytest.raises(UsageError):
            suspects(named, lists)


@pytest.mark.parametrize("at", ["2999-01-01", "2999-01-01T10:00:00Z", "31.12.2999", "tomorrow"])
def test_a_time_that_is_still_to_come_or_none_is_refused(folder, at):
    (folder / "list.csv").write_text(f"url,file,saved_at\nhttps://shop.example/a,a.GIF,{at}\n")
    with pytest.raises(UsageError, match="write a time that has passed"):
        read_list(folder / "list.csv")


@pytest.mark.parametrize("at", ["2025-11-01", "2025-11-01T10:00:00+01:00", "2025-11-01 10:00"])
def test_times_that_have_passed_are_kept_as_they_were_written(folder, at):
    (folder / "list.csv").write_text(f"url,file,saved_at\nhttps://shop.example/a,a.GIF,{at}\n")
    assert read_list(folder / "list.csv")[0].source["saved_at"] == at
