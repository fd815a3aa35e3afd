"""Cases gather checks and notes; who did what, and when, stands in the log."""

from pathlib import Path

import pytest

from artaudit.auditor.registry import Registry
from artaudit.auditor.registry.cases import PACKAGE
from artaudit.errors import RegistryError


@pytest.fixture
def path(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("ARTAUDIT_BY", "Ada")
    return tmp_path / "registry.db"


def check(registry: Registry, word: str = "v") -> int:
    return registry.add_case({"path": "a", "verdict": word}, word.encode())


def test_checks_and_opened_cases_draw_from_one_series(path):
    with Registry(path) as registry:
        numbers = [
            check(registry),
            registry.case_store.open("a shop"),
            check(registry),
            registry.case_store.open("more"),
        ]
        assert numbers == [1, 2, 3, 4]
        assert [folder.checks for folder in registry.case_store.folders()] == [(1,), (), (3,), ()]
        assert registry.verify() == []


def test_an_opened_case_gathers_checks_once_each(path):
    with Registry(path) as registry:
        first, second, book = check(registry), check(registry, "w"), registry.case_store
        case = book.open("a shop")
        assert [book.add(case, check_id) for check_id in (second, first, second)] == [True, True, False]
        assert book.folder(case).checks == (second, first)
        assert book.add(first, second)
        assert book.folder(first).checks == (first, second)
        with pytest.raises(RegistryError, match="no check of its own"):
            book.add(first, case)


def test_notes_say_who_wrote_them(path):
    with Registry(path) as registry:
        number = check(registry)
        registry.case_store.note(number, "bought there")
        [note] = registry.case_store.folder(number).notes
        assert (note.text, note.by) == ("bought there", "Ada")


def test_the_history_of_a_case_is_what_the_log_says_of_it(path):
    with Registry(path) as registry:
        checked, book = check(registry), registry.case_store
        check(registry, "other")
        case = book.open("a shop")
        book.add(case, checked)
        book.note(case, "text")
        book.exported(PACKAGE, case, "0" * 64, list(registry.events()))
        assert [event.kind for event in book.history(case)] == ["check", "open", "add", "note", "export"]
        assert {event.payload["by"] for event in book.history(case)} == {"Ada"}


def test_unknown_cases_are_errors(path):
    with Registry(path) as registry:
        for act in (
            lambda: registry.case_store.folder(9),
            lambda: registry.case_store.note(9, "text"),
            lambda: registry.case_store.add(9, check(registry)),
            lambda: registry.case_store.history(9),
        ):
            with pytest.raises(RegistryError, match="There is no case 9"):
                act()


def test_a_case_is_renamed_closed_and_opened_again_in_the_log(path):
    with Registry(path) as registry:
        number, book = check(registry), registry.case_store
        assert [book.rename(number, "Shop"), book.rename(number, "Shop"), book.close(number), book.close(number)] == [
            *(True, False),
            *(True, False),
        ]
        assert (book.folder(number).title, book.folder(number).closed) == ("Shop", True)
        assert [book.reopen(number), book.reopen(number)] == [True, False]
        assert not book.folder(number).closed
        assert [event.kind for event in book.history(number)] == ["check", "edit", "close", "reopen"]
        assert registry.verify() == []
