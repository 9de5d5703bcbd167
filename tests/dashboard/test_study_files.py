"""The files of the studies beside the dashboard, and nothing else of the machine."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.util import setup_testing_defaults

import pytest
from plotly.offline import get_plotlyjs

from fxai.dashboard.study_files import StudyFileServer
from fxai.results.paths import StudyPaths
from fxai.results.report.index import index_page, write_row
from fxai.results.shown_files import shown_files
from fxai.search.studies import load_study

Ask = Callable[..., tuple[str, dict[str, str], str]]


def _dashboard(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", "13"), ("ETag", "1")])
    return [b"<body>", b"</body>"]


@pytest.fixture
def ask(storage_url: str, tmp_path: Path) -> Ask:
    """Requests a path; the results folder is beside private files."""
    folder = tmp_path / "results" / "fx_ai_quick"
    (folder / "by_sharpe").mkdir(parents=True)
    (folder / "trials" / "00000").mkdir(parents=True)
    (folder / "report.html").write_text("<p>the report</p>")
    (folder / "best config.yaml").write_text("lr: 1")
    (folder / "by_sharpe" / "slice_plot.html").write_text("slices")
    (folder / "trials" / "00000" / "trial.log").write_text("log")
    (folder / ".hidden").write_text("hidden")
    (tmp_path / "results" / "other").mkdir()
    (tmp_path / "results" / "other" / "report.html").write_text("of no study")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    results = tmp_path / "results"
    write_row(load_study(storage_url, "fx_ai_quick"), StudyPaths(results, "fx_ai_quick"))
    app = StudyFileServer(_dashboard, storage_url, partial(shown_files, results), partial(index_page, results))

    def ask(path: str, method: str = "GET") -> tuple[str, dict[str, str], str]:
        environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path}
        setup_testing_defaults(environ)
        started: list[tuple[str, dict[str, str]]] = []

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            started.append((status, dict(headers)))

        body = b"".join(app(environ, start))
        return *started[0], body.decode()

    return ask


def test_studies_and_their_files_are_listed(ask: Ask):
    for path in ("/fxai/", "/fxai/index.html"):
        status, headers, page = ask(path)
        assert status == "200 OK"
        assert headers["Content-Security-Policy"].startswith("sandbox ")
        assert 'href="fx_ai_quick/report.html"' in page
        assert 'href="fx_ai_quick/"' in page
        assert "other/" not in page
    assert ask("/fxai")[:2] == ("301 Moved Permanently", {"Location": "/fxai/", "Content-Length": "0"})
    _, _, page = ask("/fxai/fx_ai_quick/")
    assert page.index("report.html") < page.index("by_sharpe/slice_plot.html") < page.index("best%20config.yaml")
    assert not any(name in page for name in ("hidden", "link.txt", "trial.log", "secret"))


def test_a_page_is_shown_where_it_cannot_reach_the_dashboard(ask: Ask):
    status, headers, body = ask("/fxai/fx_ai_quick/report.html")
    assert (status, body) == ("200 OK", "<p>the report</p>")
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Content-Security-Policy"].startswith("sandbox ")
    assert "allow-same-origin" not in headers["Content-Security-Policy"]
    assert ask("/fxai/fx_ai_quick/best config.yaml")[1]["Content-Type"].startswith("text/plain")
    status, headers, body = ask("/fxai/fx_ai_quick/report.html", "HEAD")
    assert (status, headers["Content-Length"], body) == ("200 OK", "17", "")


def test_pages_of_plots_get_plotlys_script(ask: Ask):
    status, headers, script = ask("/fxai/plotly.min.js")
    assert (status, headers["Content-Type"]) == ("200 OK", "text/javascript; charset=utf-8")
    assert script == get_plotlyjs()


@pytest.mark.parametrize(
    "path",
    [
        "fx_ai_quick/../../secret.txt",
        "fx_ai_quick/..%2f..%2fsecret.txt",
        "../secret.txt",
        "..",
        "fx_ai_quick/../other/report.html",
        "other/report.html",
        "fx_ai_quick/link.txt",
        "fx_ai_quick/.hidden",
        "fx_ai_quick/trials/00000/trial.log",
        "fx_ai_quick//etc/passwd",
        "fx_ai_quick/\x00",
        "/etc/passwd",
        "nothing/",
        "\xff\xfe",
    ],
)
def test_nothing_else_can_be_had(ask: Ask, path: str):
    status, _, body = ask(f"/fxai/{path}")
    assert status == "404 Not Found"
    assert "secret" not in body.replace("secret.txt", "")
    assert "of no study" not in body


def test_the_dashboards_page_has_a_link_to_the_files(ask: Ask):
    status, headers, body = ask("/dashboard/studies/1")
    assert status == "200 OK"
    assert '<a href="/fxai/"' in body
    assert headers["Content-Length"] == str(len(body))
    assert "ETag" not in headers
    assert ask("/api/studies")[2] == "<body></body>"
