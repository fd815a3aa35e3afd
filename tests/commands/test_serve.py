"""The command `audit serve`: where it listens, and what it says when it cannot."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from artaudit.cli import audit
from artaudit.commands.settings import change
from artaudit.errors import MissingExtraError, UsageError


def run(*words, db):
    return CliRunner().invoke(audit, ["--db", str(db), "serve", *words], standalone_mode=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])  # noqa: S104 - it is refused
def test_it_listens_nowhere_else_even_when_asked_and_says_how_to_tunnel(tmp_path, host):
    done = run("--host", host, db=tmp_path / "registry.db")
    assert isinstance(done.exception, UsageError)
    assert "ssh -L 8765:127.0.0.1:8765" in str(done.exception)
    assert not (tmp_path / "registry.db").exists()


def test_without_the_extra_it_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "artaudit.web.serving", raising=False)
    done = run(db=tmp_path / "registry.db")
    assert isinstance(done.exception, MissingExtraError)
    assert "pip install 'artaudit[web]'" in str(done.exception)


def test_a_port_that_is_taken_is_a_sentence(tmp_path):
    pytest.importorskip("uvicorn", reason="the page needs the extra web")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("--port", str(taken.getsockname()[1]), "--no-browser", db=tmp_path / "registry.db")
    assert isinstance(done.exception, UsageError)
    assert "choose another --port" in str(done.exception)


def test_it_is_reached_on_this_machine_s_own_address_alone(tmp_path):
    pytest.importorskip("uvicorn", reason="the page needs the extra web")
    command = [sys.executable, "-m", "artaudit", "--db", str(tmp_path / "registry.db"), "serve", "--port", "0"]
    server = subprocess.Popen([*command, "--no-browser"], stdout=subprocess.PIPE, text=True)
    try:
        link = server.stdout.readline()
        port = int(link.split("127.0.0.1:")[1].split("/")[0])
        table = Path("/proc/net/tcp")
        if not table.exists():
            pytest.skip("this system does not list who listens in /proc/net/tcp")
        rows = [line.split() for line in table.read_text().splitlines()[1:]]
        listening = {row[1] for row in rows if row[3] == "0A" and int(row[1].split(":")[1], 16) == port}
        assert listening == {f"0100007F:{port:04X}"}
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


def test_the_page_knows_the_language_that_is_set_for_reports(tmp_path, monkeypatch):
    serving = pytest.importorskip("artaudit.web.serving", reason="the page needs the extra web")
    monkeypatch.setenv("ARTAUDIT_SETTINGS", str(tmp_path / "settings.toml"))
    given = {}
    monkeypatch.setattr(serving, "serve", lambda *_, **named: given.update(named))
    assert run("--no-browser", db=tmp_path / "registry.db").exception is None
    assert given["language"]() == "en"
    change("language", "de")
    assert given["language"]() == "de"
