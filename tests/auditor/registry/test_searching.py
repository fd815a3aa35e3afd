"""Works are found by what is said of them now."""

import pytest

from artaudit.auditor.registry import Registry
from artaudit.auditor.registry.records import KnownFile


@pytest.fixture
def registry(tmp_path):
    with Registry(tmp_path / "registry.db", by="The artist") as opened:
        for number, title in enumerate(("Harbour at dusk", "Hafen, Käthe", "Harbour in winter", "Old harbour")):
            file = KnownFile(f"{number:064x}", f"{number:064x}", "/gone.png", 9, 9, "PNG")
            opened.add_work(file, title=title, fingerprints={}, preview=b"")
        yield opened


def found(registry, text, count=10, before=None, **options):
    return [work.id for work in registry.search(text, count, before, **options)]


def test_all_words_have_to_be_there_whatever_their_case_the_latest_first(registry):
    assert found(registry, "HARBOUR") == [4, 3, 1]
    assert found(registry, "dusk harb") == [1]
    assert found(registry, "KÄTHE") == [2]
    assert found(registry, "%") == []


def test_what_was_said_before_counts_no_more(registry):
    registry.edit(1, title="Ships", tags="oil, sold")
    registry.edit(1, note="for the Harbour office")
    assert found(registry, "dusk") == []
    assert found(registry, "ships oil office") == [1]
    assert [work.title for work in registry.search("sold", 1)] == ["Ships"]


def test_pages_of_it_follow_one_another_and_withdrawn_works_are_found_on_request(registry):
    assert found(registry, "harbour", 2) == [4, 3]
    assert found(registry, "harbour", 2, before=3) == [1]
    registry.withdraw(3, "sold")
    assert found(registry, "harbour") == [4, 1]
    assert found(registry, "harbour", withdrawn=True) == [4, 3, 1]
    registry.restore(3, "")
    assert found(registry, "harbour") == [4, 3, 1]
