"""What may be edited, and what waits while a run has the study."""

from pathlib import Path
from wsgiref.types import WSGIEnvironment

import pytest

from fxai.dashboard.edits import Edits
from fxai.search.lock import hold_study


def _environ(method: str, path: str) -> WSGIEnvironment:
    return {"REQUEST_METHOD": method, "PATH_INFO": path}


HARMLESS = [
    ("PUT", "/api/studies/1/note"),
    ("PUT", "/api/studies/1/2/note"),
    ("POST", "/api/trials/2/user-attrs"),
    ("POST", "/api/studies"),
]
WAITING = [
    ("DELETE", "/api/studies/1"),
    ("DELETE", "/api/studies/1/"),
    ("POST", "/api/studies/1/rename"),
    ("POST", "/api/studies/1/2/skip"),
    ("POST", "/api/trials/2/tell"),
    ("DELETE", "/api/studies/1/note"),
]


@pytest.mark.parametrize(("method", "path"), HARMLESS)
def test_notes_and_attributes_may_be_edited_at_any_time(storage_url: str, tmp_path: Path, method: str, path: str):
    edits = Edits(storage_url, tmp_path)
    assert edits.refusal(_environ(method, path)) is None
    with hold_study(storage_url, "fx_ai_quick", tmp_path):
        assert edits.refusal(_environ(method, path)) is None


@pytest.mark.parametrize(("method", "path"), WAITING)
def test_attributes_of_fxai_can_be_edited_after_the_run(storage_url: str, tmp_path: Path, method: str, path: str):
    edits = Edits(storage_url, tmp_path)
    with hold_study(storage_url, "fx_ai_quick", tmp_path):
        assert "A run holds the study 'fx_ai_quick'" in str(edits.refusal(_environ(method, path)))
    assert edits.refusal(_environ(method, path)) is None
    with hold_study(storage_url, "another", tmp_path):
        assert edits.refusal(_environ(method, path)) is None


@pytest.mark.parametrize("path", ["/api/studies/99", "/api/trials/99/tell", "/incompatible-rdb-schema", "/", ""])
def test_nothing_else_is_an_edit(storage_url: str, tmp_path: Path, path: str):
    assert Edits(storage_url, tmp_path).refusal(_environ("POST", path)) == "This dashboard does not have this edit."
