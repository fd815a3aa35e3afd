"""Who may come in: links that open the page once, and the sessions that they became."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

COOKIE = "artaudit"


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that came in; `csrf` stands in each of its forms."""

    key: str
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))


class Doors:
    """Keeps the one link that opens the page next, and the sessions of the browsers that came in before."""

    def __init__(self, renewed: Callable[[str], None] | None = None) -> None:
        """Make the first link; `renewed` is called with the token of the next one when a link was used."""
        self.token = secrets.token_urlsafe(32)
        self._sessions: dict[str, Session] = {}
        self._renewed = renewed
        self._lock = Lock()

    def enter(self, token: str) -> Session | None:
        """Use a link up and return the session that it opens; None for a link that was used or never given."""
        with self._lock:
            if not secrets.compare_digest(token.encode(), self.token.encode()):
                return None
            self.token = secrets.token_urlsafe(32)
            session = Session(secrets.token_urlsafe(32))
            self._sessions[session.key] = session
        if self._renewed is not None:
            self._renewed(self.token)
        return session

    def session(self, key: str) -> Session | None:
        """Return the session of a cookie, None for one that was never given."""
        return self._sessions.get(key)
