"""Manifests come back as they were written, and wrong ones say which row is wrong."""

import sys
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artaudit.datasets.manifest import Row, read, write
from artaudit.errors import MissingExtraError, UsageError

WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
ROWS = st.builds(
    Row,
    path=WORDS.filter(bool),
    label=st.sampled_from(["real", "generated"]),
    generator=WORDS,
    group=WORDS,
    prompt=st.text(st.sampled_from("a,\"\n;é'=+-@\t"), max_size=12),
    quality=st.none() | st.integers(1, 100),
    progressive=st.booleans(),
    width=st.integers(0, 10_000),
    bytes=st.integers(0, 2**40),
)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROWS, max_size=5))
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_rows_come_back_as_they_were(tmp_path_factory, rows, suffix):
    path = tmp_path_factory.mktemp("manifest") / f"m.{suffix}"
    assert write(path, rows) == len(rows)
    assert list(read(path)) == rows


def test_a_spreadsheet_takes_no_prompt_for_a_formula(tmp_path):
    write(tmp_path / "m.csv", [Row("a.png", "real", prompt='=HYPERLINK("https://example.org")')])
    assert ",\"'=HYPERLINK(" in (tmp_path / "m.csv").read_text()


def test_rows_are_written_and_read_as_a_stream(tmp_path):
    path = tmp_path / "m.csv"
    write(path, (Row(f"{number}.png", "real") for number in range(20_000)))
    rows = read(path)
    assert next(rows).path == "0.png"
    assert sum(1 for _ in rows) == 19_999


def test_an_interrupted_writer_leaves_the_manifest_as_it_was(tmp_path):
    path = tmp_path / "m.csv"
    write(path, [Row("a.png", "real")])

    def broken():
        yield Row("b.png", "real")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(path, broken())
    assert [row.path for row in read(path)] == ["a.png"]
    assert [path.name for path in tmp_path.iterdir()] == ["m.csv"]


def test_columns_may_be_missing_or_unknown(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("label,path,mood\nreal,a.png,glad\n")
    assert list(read(path)) == [Row("a.png", "real")]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("path,label\na.png,real\nb.png,maybe\n", "Row 2"),
        ("path,label\n,real\n", "Row 1"),
        ("path,label,width\na.png,real,wide\n", "whole number"),
        ('path,label\n"a.png,real\n', "no CSV manifest"),
        ("picture,kind\na.png,real\n", "Row 1"),
    ],
)
def test_a_wrong_manifest_says_what_is_wrong(tmp_path, text, part):
    path = tmp_path / "m.csv"
    path.write_text(text)
    with pytest.raises(UsageError, match=part):
        list(read(path))


def test_what_is_no_parquet_file_is_refused(tmp_path):
    path = tmp_path / "m.parquet"
    path.write_bytes(b"PAR1 not really PAR1")
    with pytest.raises(UsageError, match="Parquet"):
        list(read(path))


def test_without_pyarrow_parquet_answers_with_its_install_line(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"artaudit\[parquet\]"):
        write(tmp_path / "m.parquet", [Row("a.png", "real")])
    assert not list(tmp_path.iterdir())


def test_every_field_is_a_column(tmp_path):
    path = tmp_path / "m.csv"
    write(path, [])
    assert path.read_text().strip().split(",") == list(asdict(Row("", "")))
