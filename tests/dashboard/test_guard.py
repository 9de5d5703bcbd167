import json
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.util import setup_testing_defaults

import pytest

from fxai.dashboard.guard import Guard, Refusal
from fxai.dashboard.serve import loopback_hosts

HOSTS = loopback_hosts(8052)


def _studies(_environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"studies"]


def _ask(
    host: str | None, method: str = "GET", refuses_edit: Refusal | None = None, **headers: str
) -> tuple[str, bytes]:
    environ: dict[str, Any] = {"REQUEST_METHOD": method, **headers}
    setup_testing_defaults(environ)
    environ.pop("HTTP_HOST")
    if host is not None:
        environ["HTTP_HOST"] = host
    statuses: list[str] = []

    def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        _start(statuses, status, headers)

    body = b"".join(Guard(_studies, HOSTS, refuses_edit)(environ, start))
    return statuses[0], body


def _start(statuses: list[str], status: str, headers: list[tuple[str, str]]) -> None:
    statuses.append(status)
    if status == "200 OK":
        assert ("X-Frame-Options", "DENY") in headers


@pytest.mark.parametrize("host", ["127.0.0.1:8052", "localhost:8052", "[::1]:8052", "LOCALHOST:8052"])
def test_this_machine_may_read(host: str):
    assert _ask(host) == ("200 OK", b"studies")


@pytest.mark.parametrize(
    "host",
    [None, "", "localhost", "localhost:80", "127.0.0.1:8053", "evil.example:8052", "localhost:8052.evil.example",
     "localhost.evil.example:8052", "user@localhost:8052", "127.0.0.1:8052:8052", "0.0.0.0:8052"],
)  # fmt: skip
def test_any_other_host_is_turned_away(host: str | None):
    status, body = _ask(host)
    assert status == "403 Forbidden"
    assert "http://localhost:8052" in json.loads(body)["reason"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get", "BREW"])
def test_nothing_but_reading_passes(method: str):
    status, body = _ask("localhost:8052", method)
    assert status == "403 Forbidden"
    assert "read-only" in json.loads(body)["reason"]


def test_on_port_80_the_host_comes_without_a_port():
    assert {"localhost", "127.0.0.1", "localhost:80"} <= loopback_hosts(80)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [{"HTTP_ORIGIN": "http://localhost:8052"}, {"HTTP_SEC_FETCH_SITE": "same-origin"}],
    ids=["origin", "site"],
)
def test_where_edits_are_allowed_the_dashboards_own_page_may_make_them(method: str, headers: dict[str, str]):
    assert _ask("localhost:8052", method, lambda _: None, **headers) == ("200 OK", b"studies")
    status, body = _ask("localhost:8052", method, lambda _: "not now", **headers)
    assert (status, json.loads(body)["reason"]) == ("403 Forbidden", "not now")
    assert _ask("localhost:8052", method, None, **headers)[0] == "403 Forbidden"
    assert _ask("evil.example:8052", method, lambda _: None, **headers)[0] == "403 Forbidden"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HTTP_ORIGIN": "null"},
        {"HTTP_ORIGIN": "http://evil.example"},
        {"HTTP_ORIGIN": "http://localhost:8053"},
        {"HTTP_ORIGIN": "http://127.0.0.1:8052"},  # another origin than the host that is asked
        {"HTTP_ORIGIN": "https://localhost:8052"},
        {"HTTP_ORIGIN": "", "HTTP_SEC_FETCH_SITE": "same-origin"},
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_SEC_FETCH_SITE": "same-site"},
        {"HTTP_SEC_FETCH_SITE": "none"},
    ],
)
def test_another_page_may_not(headers: dict[str, str]):
    status, body = _ask("localhost:8052", "POST", lambda _: None, **headers)
    assert status == "403 Forbidden"
    assert "own pages" in json.loads(body)["reason"]
