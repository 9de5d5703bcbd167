"""The dashboard's answers about a study whose rows cannot be read."""

import json
import logging
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from fxai.dashboard.edits import study_at
from fxai.errors import StorageError
from fxai.search.studies import load_study

_FAILED = "500"
_LOG = logging.getLogger("optuna_dashboard._bottle_util")  # of failed requests
_held_back: ContextVar[list[logging.LogRecord] | None] = ContextVar("held_back", default=None)


def _hold_back(record: logging.LogRecord) -> bool:
    """Log filter that holds back the records of a request until its answer is known."""
    records = _held_back.get()
    if records is None:
        return True
    records.append(record)
    return False


_LOG.addFilter(_hold_back)


@dataclass(frozen=True, slots=True)
class DamagedStudies:
    """WSGI app in front of the dashboard. If a request fails because of a damaged study, it answers with the reason.

    The traceback that the dashboard logs is written to the terminal only for other failures.
    """

    dashboard: WSGIApplication
    storage_url: str

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith("/api/"):
            return self.dashboard(environ, start_response)
        records: list[logging.LogRecord] = []
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[[bytes], object]:
            started.append((status, headers))
            return lambda _: None

        before = _held_back.set(records)
        try:
            given = self.dashboard(environ, start)
            body = b"".join(given)
            if close := getattr(given, "close", None):
                close()
        finally:
            _held_back.reset(before)
        status, headers = started[-1]
        reason = self._fault(environ) if status.startswith(_FAILED) else None
        if reason is not None:
            body = json.dumps({"reason": reason}).encode()
            headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        else:
            for record in records:
                _LOG.handle(record)
        start_response(status, headers)
        return [body]

    def _fault(self, environ: WSGIEnvironment) -> str | None:
        """Why the study of a request cannot be read; None if it can."""
        try:
            name = study_at(self.storage_url, environ["PATH_INFO"].rstrip("/"))
            if name is not None:
                load_study(self.storage_url, name)
        except StorageError as error:
            return str(error)
        return None
