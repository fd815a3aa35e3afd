"""Which pictures are meant by files, folders and patterns."""

import pytest

from artaudit.errors import UsageError
from artaudit.image.sources import gather


@pytest.fixture
def folder(tmp_path):
    for name in (
        "b.png",
        "a.JPG",
        "sub/c.webp",
        "notes.txt",
        ".hidden.png",
        ".git/d.png",
        "a-cloaked.JPG",
        "a-preview.png",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return tmp_path


def inside(named):
    return [str(source.inside) for source in gather(named)]


def test_a_folder_stands_for_its_pictures_and_those_below_without_hidden_files_and_earlier_results(folder):
    assert inside([folder]) == ["a.JPG", "b.png", "sub/c.webp"]


def test_a_pattern_is_searched_through(folder):
    assert inside([folder / "*.png"]) == ["b.png"]
    assert inside([folder / "**" / "*.webp"]) == ["c.webp"]


def test_a_file_is_taken_as_it_is_whatever_it_is_called(folder):
    assert inside([folder / "notes.txt", folder / "a-cloaked.JPG", folder / "absent.png"]) == [
        "notes.txt",
        "a-cloaked.JPG",
        "absent.png",
    ]


def test_nothing_is_taken_twice_and_the_order_named_is_kept(folder):
    assert inside([folder / "b.png", folder, folder / "*.png"]) == ["b.png", "a.JPG", "sub/c.webp"]


@pytest.mark.parametrize("name", ["empty", "*.tiff"])
def test_what_holds_no_picture_is_refused(folder, name):
    (folder / "empty").mkdir()
    with pytest.raises(UsageError, match="holds no pictures"):
        gather([folder / name])
