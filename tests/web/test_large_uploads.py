"""What is too large is refused while it comes in, by the command itself, and leaves nothing behind."""

import os
import re
import select
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the page needs the extra web")

from artaudit.web.guard import REQUEST_BYTES

PART = b"\0" * 1024**2
WHOLE = 2 * 1024**3
AHEAD = 64 * 1024**2
"""Bytes that may lie between the two ends when the answer is given."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system does not list what processes hold"),
]


@pytest.fixture
def served(tmp_path):
    """Serve the page as a process of its own; return that, its port, and the cookie of a browser that came in."""
    (tmp_path / "temporary").mkdir()
    places = {"ARTAUDIT_DB": str(tmp_path / "registry.db"), "TMPDIR": str(tmp_path / "temporary")}
    command = [sys.executable, "-m", "artaudit", "serve", "--port", "0", "--no-browser"]
    server = subprocess.Popen(command, env={**os.environ, **places}, stdout=subprocess.PIPE, text=True)
    try:
        port, token = re.search(r":(\d+)/enter\?token=(\S+)", server.stdout.readline()).groups()
        entered = asked(int(port), f"GET /enter?token={token} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")
        cookie = re.search(r"set-cookie: ([^;]+)", entered)[1]
        yield server, int(port), cookie
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


def asked(port, request):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(request.encode())
        return line.recv(1 << 16).decode()


def head(port, cookie, length):
    return (
        f"POST /check HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\nCookie: {cookie}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\n{length}\r\n\r\n"
    )


def sent_until_refused(line, parts):
    """Send parts until an answer comes or the line is closed; return how many bytes went out, and the answer."""
    sent = 0
    with suppress(BrokenPipeError, ConnectionResetError):
        for part in parts:
            if select.select([line], [], [], 0)[0]:
                break
            line.sendall(part)
            sent += len(part)
        return sent, line.recv(1 << 16).decode()
    return sent, ""


def parts():
    """Yield the chunks of a form with one file of 2 GB."""
    opening = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    yield b"%x\r\n%s\r\n" % (len(opening), opening)
    chunk = b"%x\r\n%s\r\n" % (len(PART), PART)
    for _ in range(WHOLE // len(PART)):
        yield chunk


def most_memory(server):
    return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{server.pid}/status").read_text())[1]) * 1024


def held(server, folder):
    """Return the files in a folder that the server has open."""
    links = [link.readlink() for link in Path(f"/proc/{server.pid}/fd").iterdir() if link.is_symlink()]
    return [link for link in links if str(link).startswith(str(folder))]


def test_two_gigabytes_are_refused_while_they_come_in_and_are_kept_nowhere(served, tmp_path):
    server, port, cookie = served
    before = most_memory(server)
    with socket.create_connection(("127.0.0.1", port), timeout=300) as line:
        line.sendall(head(port, cookie, "Transfer-Encoding: chunked").encode())
        sent, answer = sent_until_refused(line, parts())
    assert REQUEST_BYTES <= sent <= REQUEST_BYTES + AHEAD
    assert answer.startswith("HTTP/1.1 413") or not answer  # the line may be cut before the answer is read
    assert most_memory(server) - before < 128 * 1024**2
    end = time.monotonic() + 30
    while held(server, tmp_path / "temporary"):
        assert time.monotonic() < end, "what came in is still held"
        time.sleep(0.1)
    assert not list((tmp_path / "temporary").iterdir())
    assert not list((tmp_path / "registry-page").glob("files/*"))
    assert "200 OK" in asked(port, f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n")


def test_what_says_that_it_is_two_gigabytes_is_refused_before_it_comes(served):
    _, port, cookie = served
    answer = asked(port, head(port, cookie, f"Content-Length: {WHOLE}"))
    assert answer.startswith("HTTP/1.1 413")
