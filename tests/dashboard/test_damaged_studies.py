"""A damaged study in the dashboard has a reason, and the other study is shown."""

import json
import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.util import setup_testing_defaults

import optuna
import pytest

from fxai.dashboard.damaged_studies import DamagedStudies
from fxai.dashboard.serve import Shown, dashboard_app

HOST = "localhost:8052"
DAMAGES = {
    "bad JSON of a trial": "UPDATE trial_user_attributes SET value_json = '{' WHERE trial_id = 1",
    "no state": "UPDATE trials SET state = 'DONE' WHERE trial_id = 1",
    "a broken distribution": "UPDATE trial_params SET distribution_json = '{' WHERE trial_id = 1",
    "text for a value": "UPDATE trial_values SET value = 'x' WHERE trial_id = 1",
    "no time": "UPDATE trials SET datetime_start = 'yesterday' WHERE trial_id = 1",
    "bad JSON of the study": "UPDATE study_user_attributes SET value_json = '{' WHERE study_id = 1",
}


@pytest.fixture(params=list(DAMAGES.values()), ids=list(DAMAGES))
def damaged_url(request: pytest.FixtureRequest, database: Path, storage_url: str) -> str:
    """The study `fx_ai_quick`, id 1, damaged; the study `sound`, id 2, beside it."""
    address = storage_url.replace("{", "{{").replace("}", "}}")  # Optuna fills in its own braces
    optuna.load_study(study_name="fx_ai_quick", storage=address).set_user_attr("note", "x")
    optuna.create_study(study_name="sound", storage=address)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO trial_user_attributes (trial_id, key, value_json) VALUES (1, 'note', '1')")
        assert connection.execute(request.param).rowcount
    return storage_url


def asked(url: str, path: str) -> tuple[str, dict[str, Any]]:
    """The status and the answer."""
    app = dashboard_app(Shown(url, lambda _: {}, lambda _: ""), frozenset({HOST}))
    environ: dict[str, Any] = {"PATH_INFO": path, "HTTP_HOST": HOST}
    setup_testing_defaults(environ)
    statuses: list[str] = []
    body = b"".join(app(environ, lambda status, *_: statuses.append(status)))  # type: ignore[arg-type]
    return statuses[0], json.loads(body)


def test_a_damaged_study_is_refused_with_its_reason(damaged_url: str, caplog: pytest.LogCaptureFixture) -> None:
    status, answer = asked(damaged_url, "/api/studies/1")
    assert status.startswith(("404", "500"))
    if status.startswith("500"):
        assert answer["reason"].startswith("cannot read the study 'fx_ai_quick' in ")
        assert "restore it from a backup" in answer["reason"]
    assert not caplog.records


def test_other_studies_are_shown(damaged_url: str) -> None:
    status, answer = asked(damaged_url, "/api/studies/2")
    assert (status, answer["name"]) == ("200 OK", "sound")
    status, answer = asked(damaged_url, "/api/studies")
    assert status == "200 OK"
    assert "sound" in [study["study_name"] for study in answer["study_summaries"]]


def _failing(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    logging.getLogger("optuna_dashboard._bottle_util").error("Exception: of the dashboard's own")
    start_response("500 Internal Server Error", [])
    return [b"{}"]


def test_another_failure_is_logged(storage_url: str, caplog: pytest.LogCaptureFixture) -> None:
    environ: dict[str, Any] = {"PATH_INFO": "/api/studies/1"}
    setup_testing_defaults(environ)
    statuses: list[str] = []
    app = DamagedStudies(_failing, storage_url)
    body = list(app(environ, lambda status, *_: statuses.append(status)))  # type: ignore[arg-type]
    assert (statuses, body) == (["500 Internal Server Error"], [b"{}"])
    assert "of the dashboard's own" in caplog.text
