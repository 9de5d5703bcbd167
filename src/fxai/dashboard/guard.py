"""Access control of the dashboard: only this machine's browser, only the dashboard's own pages, read-only by default.

optuna-dashboard has no password, and any web page can reach a loopback port: its host name may resolve to 127.0.0.1
(DNS rebinding), it may send a form (CSRF), or it may show the dashboard in a frame (clickjacking). The first attack is
refused by the Host header, the second by Origin or Sec-Fetch-Site; a response header forbids frames.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_READING = frozenset({"GET", "HEAD"})
_NO_FRAMES = (("X-Frame-Options", "DENY"), ("X-Content-Type-Options", "nosniff"))

Refusal = Callable[[WSGIEnvironment], str | None]


@dataclass(frozen=True, slots=True)
class Guard:
    """WSGI app in front of the dashboard. It answers 403 to requests that are not allowed."""

    app: WSGIApplication
    allowed_hosts: frozenset[str]  # values of the Host header, e.g. "localhost:8052"
    refuses_edit: Refusal | None = None  # returns why an edit is not allowed now; None: no edits at all
    edit_command: str = "fxai dashboard --allow-edits"  # command that starts this dashboard with edits

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        reason = self._foreign(environ)
        if reason is None and environ["REQUEST_METHOD"] not in _READING:
            reason = self._no_edit(environ)
        if reason is not None:
            return _refuse(start_response, reason)

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Callable[[bytes], object]:
            return start_response(status, [*headers, *_NO_FRAMES], *exc_info)

        return self.app(environ, start)

    def _foreign(self, environ: WSGIEnvironment) -> str | None:
        if environ.get("HTTP_HOST", "").lower() in self.allowed_hosts:
            return None
        names = " or ".join(f"http://{name}" for name in sorted(self.allowed_hosts))
        return f"This dashboard answers only at {names}."

    def _no_edit(self, environ: WSGIEnvironment) -> str | None:
        if self.refuses_edit is None:
            return (
                "This dashboard is read-only. To edit notes and attributes or to delete studies, stop it and start "
                f"`{self.edit_command}`."
            )
        if not _is_own_page(environ):
            return "Edits are accepted only from the dashboard's own pages. This request is from another page."
        return self.refuses_edit(environ)


def _is_own_page(environ: WSGIEnvironment) -> bool:
    """Whether a page of this host sends the request. Browsers send the origin with all requests except reading."""
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None:
        return bool(origin.lower() == f"http://{environ['HTTP_HOST'].lower()}")
    return bool(environ.get("HTTP_SEC_FETCH_SITE") == "same-origin")


def _refuse(start_response: StartResponse, reason: str) -> Iterable[bytes]:
    """Answer 403 in the form of the dashboard's API errors, which its page shows."""
    body = json.dumps({"reason": reason}).encode()
    status = f"{HTTPStatus.FORBIDDEN.value} {HTTPStatus.FORBIDDEN.phrase}"
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
