"""Serves the result files of the studies with the dashboard.

`/fxai/` is the index page of the studies, `/fxai/STUDY/` lists a study's files, `/fxai/STUDY/FILE` is one file.
`/fxai/plotly.min.js` is plotly's script, which pages of plots load by the relative link `../plotly.min.js`.

Only result files of studies in the database are served. A request's path is compared with their names and is never
opened itself. Pages are served with a sandbox policy, so that their scripts cannot reach the dashboard.
"""

import mimetypes
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from fxai.search.studies import study_names

FilesOf = Callable[[str], Mapping[str, Path]]  # files of a study, by the names in requests

IndexPage = Callable[[Sequence[str]], str]  # HTML of the index page for the studies of these names

ROOT = "/fxai/"
_INDEX = "index.html"
_PLOTLY = "plotly.min.js"
_SANDBOX = "sandbox allow-scripts allow-downloads allow-popups allow-modals"
_OWN_PAGE = "default-src 'none'; style-src 'unsafe-inline'"
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".yaml": "text/plain; charset=utf-8",
    ".jsonl": "text/plain; charset=utf-8",
}
_STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;"
    "padding:0 1rem;background:light-dark(#f5f7f9,#10161c);color:light-dark(#1b2733,#dfe7ef)}"
    "section{background:light-dark(#fff,#18212a);border:1px solid light-dark(#e3e8ee,#2a3642);"
    "border-radius:.6rem;padding:1rem 1.25rem;margin:1rem 0}"
    "h1{font-size:1.5rem}h2{font-size:1.1rem;margin:0 0 .5rem}p{margin:.5rem 0 0}ul{margin:0;padding:0;list-style:none}"
    "a{color:light-dark(#1f6fb5,#7cb8ea);text-decoration:none}a:hover{text-decoration:underline}li{margin:.2rem 0}"
)
_LINK = (
    f'<a href="{ROOT}" style="position:fixed;right:1rem;bottom:1rem;z-index:2000;padding:.4rem .8rem;'
    'border-radius:.4rem;background:#12304a;color:#fff;font:14px system-ui,sans-serif;text-decoration:none">'
    "Reports and files</a></body>"
)
_READ_ONLY = (  # hides the dashboard's edit buttons, whose requests the guard refuses
    '<style>button[aria-label="rename study"], button[aria-label="delete study"], '
    'button:has(svg[data-testid="AddBoxIcon"]), button:has(svg[data-testid="EditIcon"]) '
    "{ display: none !important; }</style>"
)


@dataclass(frozen=True, slots=True)
class StudyFileServer:
    """WSGI app in front of the dashboard. It serves result files, and adds a link to them to the dashboard's page."""

    dashboard: WSGIApplication
    storage_url: str
    files_of: FilesOf
    index_page: IndexPage
    read_only: bool = True

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = _path(environ)
        if path == ROOT.rstrip("/"):
            start_response("301 Moved Permanently", [("Location", ROOT), ("Content-Length", "0")])
            return []
        if path.startswith(ROOT):
            answer = self._answer(path.removeprefix(ROOT.rstrip("/")).strip("/"), start_response)
            return answer if environ["REQUEST_METHOD"] == "GET" else []
        if path == "/dashboard" or path.startswith("/dashboard/"):
            added = (_READ_ONLY if self.read_only else "") + _LINK
            return _with_link(self.dashboard, environ, start_response, added)
        return self.dashboard(environ, start_response)

    def _answer(self, asked: str, start_response: StartResponse) -> Iterable[bytes]:
        if asked in ("", _INDEX):
            page = self.index_page(study_names(self.storage_url)).encode()
            return _page(start_response, page, "text/html; charset=utf-8")
        if asked == _PLOTLY:
            script = files("plotly").joinpath("package_data", _PLOTLY).read_bytes()
            return _page(start_response, script, "text/javascript; charset=utf-8")
        study, _, name = asked.partition("/")
        found = self._files(study)
        if not name and found:
            return _html(start_response, "200 OK", study, f"<section>{_links(study, found)}</section>")
        if name not in found:
            return _html(start_response, "404 Not Found", "Not found", "<p>There is no such file.</p>")
        return _file(start_response, found[name])

    def _files(self, study: str) -> Mapping[str, Path]:
        return self.files_of(study) if study in study_names(self.storage_url) else {}


def _path(environ: WSGIEnvironment) -> str:
    """The request's path. WSGI decodes its bytes as Latin-1."""
    return str(environ.get("PATH_INFO", "")).encode("latin-1").decode("utf-8", errors="replace")


def _links(study: str, shown: Mapping[str, Path]) -> str:
    items = (f'<li><a href="{ROOT}{quote(study)}/{quote(name)}">{escape(name)}</a></li>' for name in shown)
    return f"<ul>{''.join(items)}</ul>"


def _html(start_response: StartResponse, status: str, title: str, body: str) -> Iterable[bytes]:
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)} - FxAI</title><style>{_STYLE}</style>"
        f'<p><a href="/dashboard">Dashboard</a> · <a href="{ROOT}">Reports and files</a></p>'
        f"<h1>{escape(title)}</h1>{body}</html>"
    ).encode()
    start_response(status, [*_headers(page, "text/html; charset=utf-8"), ("Content-Security-Policy", _OWN_PAGE)])
    return [page]


def _file(start_response: StartResponse, path: Path) -> Iterable[bytes]:
    try:
        content = path.read_bytes()
    except OSError:  # a run has replaced or removed the file
        return _html(start_response, "404 Not Found", "Not found", "<p>There is no such file.</p>")
    kind = _KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _page(start_response, content, kind)


def _page(start_response: StartResponse, content: bytes, kind: str) -> Iterable[bytes]:
    """Answer with content under the sandbox policy."""
    start_response("200 OK", [*_headers(content, kind), ("Content-Security-Policy", _SANDBOX)])
    return [content]


def _headers(content: bytes, kind: str) -> list[tuple[str, str]]:
    return [("Content-Type", kind), ("Content-Length", str(len(content))), ("Cache-Control", "no-cache")]


def _with_link(
    app: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse, added: str
) -> Iterable[bytes]:
    """The dashboard's page with HTML added before the end of its body."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], object]:
        started.append((status, headers))
        return lambda _: None

    for condition in (
        "HTTP_IF_MODIFIED_SINCE",
        "HTTP_IF_NONE_MATCH",
    ):  # the page is changed, so its cache headers do not apply
        environ.pop(condition, None)
    given = app(environ, start)
    page = b"".join(given).replace(b"</body>", added.encode())
    if close := getattr(given, "close", None):
        close()
    ((status, headers),) = started
    kept = [(name, value) for name, value in headers if name.lower() not in {"content-length", "last-modified", "etag"}]
    start_response(status, [*kept, ("Content-Length", str(len(page)))])
    return [page]
