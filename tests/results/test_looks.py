"""Looks at bars that no search used, counted over the studies of a results folder."""

from pathlib import Path

import pytest
from pydantic import JsonValue

from fxai.errors import FxaiError
from fxai.results.looks import note_look


def folder(results_dir: Path, study: str) -> Path:
    (results_dir / study).mkdir(exist_ok=True)
    return results_dir / study


def test_looks_at_the_same_data_are_counted_over_studies(tmp_path: Path) -> None:
    looks = [
        note_look(folder(tmp_path, study), {"study": study, "data_hash": data})
        for study, data in [("a", "x"), ("b", "x"), ("b", "y"), ("c", "x")]
    ]
    assert looks == [1, 2, 1, 3]


def test_the_same_look_counts_once(tmp_path: Path) -> None:
    look: dict[str, JsonValue] = {"trial": 3, "data_hash": "x", "created": "2026-01-01"}
    assert note_look(folder(tmp_path, "a"), look) == 1
    assert note_look(folder(tmp_path, "a"), {**look, "created": "2026-01-02"}) == 1
    assert note_look(folder(tmp_path, "a"), {**look, "trial": 4}) == 2


def test_a_line_that_was_cut_is_no_look(tmp_path: Path) -> None:
    (folder(tmp_path, "a") / "test_looks.jsonl").write_text('{"data_hash": "x"}\n{"data_ha\n')
    assert note_look(folder(tmp_path, "b"), {"trial": 1, "data_hash": "x"}) == 2


def test_a_look_that_cannot_be_recorded_is_an_error(tmp_path: Path) -> None:
    (folder(tmp_path, "a") / "test_looks.jsonl").mkdir()
    with pytest.raises(FxaiError, match="test_looks"):
        note_look(folder(tmp_path, "a"), {"data_hash": "x"})
