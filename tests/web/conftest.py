"""The page about a registry in a temporary folder, with a browser of Starlette's that has come in."""

import re

import pytest

from artaudit.auditor.registry import Registry
from artaudit.datasets.photographs import photograph

PORT = 8765
ADDRESS = f"http://127.0.0.1:{PORT}"


class Page:
    """One browser of the page, and what lies behind it."""

    def __init__(self, folder, monkeypatch, limit):
        from starlette.testclient import TestClient

        from artaudit.web.app import make_app
        from artaudit.web.depot import Depot
        from artaudit.web.doors import Doors

        monkeypatch.setenv("ARTAUDIT_KEYS", str(folder / "keys"))
        monkeypatch.setenv("ARTAUDIT_BACKBONE", "none")
        self.path, self.doors, self.language = folder / "registry.db", Doors(), "en"
        with Registry(self.path):
            pass
        self.app = make_app(self.path, self.doors, PORT, by="The artist", language=lambda: self.language, limit=limit)
        self.client = TestClient(self.app, base_url=ADDRESS, headers={"origin": ADDRESS}, follow_redirects=True)
        self.depot = Depot(self.path)

    def enter(self):
        return self.client.get(f"/enter?token={self.doors.token}")

    @property
    def csrf(self):
        return re.search(r'name="csrf" value="([^"]+)"', self.client.get("/check").text)[1]

    def post(self, path, files=None, **fields):
        sent = [("files", (name, data)) for name, data in (files or {}).items()]
        return self.client.post(path, data={"csrf": self.csrf, **fields}, files=sent or None)

    def work_off(self, *lanes):
        """Do here what waits in some lanes, by default in all but those of cloaks and trials, as workers would."""
        from artaudit.web.tasks import CHECKS, FOLDERS, PREVIEWS
        from artaudit.web.worker import work

        for lane in lanes or (CHECKS, FOLDERS, PREVIEWS):
            work(lane, self.path, lambda lane=lane: lane not in self.depot.queue.lanes(), "The artist")

    def registry(self):
        return Registry(self.path, by="The artist")


@pytest.fixture
def outside(tmp_path, monkeypatch):
    """Return the page as somebody finds it who has no link."""
    return Page(tmp_path, monkeypatch, 40 * 1024**2)


@pytest.fixture
def page(outside):
    """Return the page as a browser sees it that came in."""
    assert outside.enter().status_code == 200
    return outside


@pytest.fixture(scope="session")
def china():
    return photograph("china.jpg")
