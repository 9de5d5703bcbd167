"""What stands before the dashboard: only this machine's browser, only reading.

optuna-dashboard asks nobody for a password, and a loopback port is within reach of every web page: the
page's host name need only resolve to 127.0.0.1 (DNS rebinding), or it sends a form there (CSRF). The
first shows in the Host header; the second can do nothing where nothing but reading is allowed.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Guard:
    """A WSGI app in front of another: it answers 403 to whatever that one shall not see."""

    app: WSGIApplication
    allowed_hosts: frozenset[str]  # values of the Host header, e.g. "localhost:8052"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "").lower()
        if host not in self.allowed_hosts:
            names = " or ".join(f"http://{name}" for name in sorted(self.allowed_hosts))
            return _refuse(start_response, f"This dashboard answers only under {names}.")
        if environ["REQUEST_METHOD"] not in _READING:
            return _refuse(
                start_response,
                "This dashboard only shows studies, it does not change them. For notes, artifacts or deleting "
                "start `optuna-dashboard` itself on the database while no study runs.",
            )
        return self.app(environ, start_response)


def _refuse(start_response: StartResponse, reason: str) -> Iterable[bytes]:
    """403 in the form of the dashboard's own API errors, which its page shows to the user."""
    body = json.dumps({"reason": reason}).encode()
    status = f"{HTTPStatus.FORBIDDEN.value} {HTTPStatus.FORBIDDEN.phrase}"
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
