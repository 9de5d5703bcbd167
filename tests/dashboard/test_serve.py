import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection
from pathlib import Path

import optuna
import pytest

from child_process import ChildProcess
from fxai.dashboard.serve import Shown, dashboard_server
from fxai.errors import InputError


@pytest.fixture
def port(storage_url: str) -> Iterator[int]:
    """Of a dashboard that answers."""
    with dashboard_server(Shown(storage_url, no_files, no_index), 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def _ask(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


def no_index(_studies: Sequence[str]) -> str:
    return ""


def no_files(_study: str) -> dict[str, Path]:
    return {}


def _as_optuna_wants(url: str) -> str:
    """Optuna fills {SCHEMA_VERSION} into URLs, so that other braces must be doubled."""
    return url.replace("{", "{{").replace("}", "}}")


def test_the_browser_gets_the_page_and_its_script(port: int):
    status, page = _ask(port, "/dashboard")
    assert status == 200
    assert b"<html" in page.lower()
    assert _ask(port, "/static/bundle.js")[0] == 200


def test_running_trials_are_shown(port: int):
    status, body = _ask(port, "/api/studies")
    (study,) = json.loads(body)["study_summaries"]
    assert (status, study["study_name"]) == (200, "fx_ai_quick")
    _, body = _ask(port, f"/api/studies/{study['study_id']}")
    assert [trial["state"] for trial in json.loads(body)["trials"]] == ["Complete", "Running"]


def test_new_trials_appear_while_the_study_runs(port: int, storage_url: str):
    study = optuna.load_study(study_name="fx_ai_quick", storage=_as_optuna_wants(storage_url))
    study.tell(1, 0.75)
    study.ask()
    _, body = _ask(port, "/api/studies/1")
    assert [trial["state"] for trial in json.loads(body)["trials"]] == ["Complete", "Complete", "Running"]


def test_a_rebound_name_is_turned_away(port: int):
    assert _ask(port, "/api/studies", Host=f"evil.example:{port}")[0] == 403


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/api/studies/1"), ("POST", "/api/studies"), ("PUT", "/api/studies/1/note")]
)
def test_studies_cannot_be_changed(port: int, storage_url: str, method: str, path: str):
    status, body = _ask(port, path, method)
    assert status == 403
    assert "reason" in json.loads(body)
    assert optuna.get_all_study_names(_as_optuna_wants(storage_url)) == ["fx_ai_quick"]


def test_a_port_in_use_is_named_with_the_flag(port: int, storage_url: str):
    with pytest.raises(InputError, match=rf"port {port} is in use.*--port"):
        dashboard_server(Shown(storage_url, no_files, no_index), port)


@pytest.mark.parametrize("number", [70_000, -1])
def test_an_invalid_port_is_refused(storage_url: str, number: int):
    with pytest.raises(InputError, match="is not a port"):
        dashboard_server(Shown(storage_url, no_files, no_index), number)


def test_without_a_database_the_port_is_free_again(tmp_path: Path, storage_url: str):
    with dashboard_server(Shown(storage_url, no_files, no_index), 0) as server:
        port = server.server_port
    with pytest.raises(InputError, match="no study database"):
        dashboard_server(Shown(f"sqlite:///{tmp_path}/none.db", no_files, no_index), port)
    dashboard_server(Shown(storage_url, no_files, no_index), port).server_close()


def test_ctrl_c_ends_it_without_a_traceback(storage_url: str):
    shown = "Shown(sys.argv[1], dict, str)"
    program = f"import sys; from fxai.dashboard.serve import Shown, serve; serve({shown}, 0, on_ready=print)"
    with ChildProcess(
        [sys.executable, "-u", "-c", program, storage_url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert _ask(int(address.rsplit(":", 1)[1]), "/api/studies")[0] == 200
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in errors
