"""What stands before the dashboard: only this machine's browser, only its own pages, and only reading by default.

optuna-dashboard asks nobody for a password, and a loopback port is within reach of every web page: the
page's host name need only resolve to 127.0.0.1 (DNS rebinding), it sends a form there (CSRF), or it shows the
dashboard in a frame and has the user click there. The first shows in the Host header, the second in Origin or
Sec-Fetch-Site, and a header forbids the third.
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
    """A WSGI app in front of another: it answers 403 to whatever that one shall not see."""

    app: WSGIApplication
    allowed_hosts: frozenset[str]  # values of the Host header, e.g. "localhost:8052"
    refuses_edit: Refusal | None = None  # why an edit cannot be made now; None: there are no edits at all
    edit_command: str = "fxai dashboard --allow-edits"  # what starts this dashboard with edits

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
        return f"This dashboard answers only under {names}."

    def _no_edit(self, environ: WSGIEnvironment) -> str | None:
        if self.refuses_edit is None:
            return (
                "This dashboard only shows studies, it does not change them. For notes, attributes or deleting end it "
                f"and start `{self.edit_command}`."
            )
        if not _is_own_page(environ):
            return "Edits are taken from this dashboard's own pages alone, and this request does not say that it is."
        return self.refuses_edit(environ)


def _is_own_page(environ: WSGIEnvironment) -> bool:
    """Whether the browser says that a page of this very host asks. Browsers say it with everything but reading."""
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None:
        return bool(origin.lower() == f"http://{environ['HTTP_HOST'].lower()}")
    return bool(environ.get("HTTP_SEC_FETCH_SITE") == "same-origin")


def _refuse(start_response: StartResponse, reason: str) -> Iterable[bytes]:
    """403 in the form of the dashboard's own API errors, which its page shows to the user."""
    body = json.dumps({"reason": reason}).encode()
    status = f"{HTTPStatus.FORBIDDEN.value} {HTTPStatus.FORBIDDEN.phrase}"
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
