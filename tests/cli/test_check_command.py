"""`fxai check` and `fxai schema`."""

import json
from pathlib import Path

import pytest

from cli.conftest import Fxai
from fxai.spec.find_spec import shipped_specs

UNWISE = """\
name: unwise
studies:
  - study_name: unwise
    parameters:
      - {name: training.learning_rate, type: float, low: 1e-5, high: 1e-3}
    n_trials: 10
"""


@pytest.mark.parametrize("path", shipped_specs(), ids=lambda path: path.stem)
def test_the_shipped_specs_are_sound(fxai: Fxai, path: Path) -> None:
    finished = fxai("check", path.stem)
    assert finished.code == 0
    assert finished.out.startswith(f"{path.stem}: sound\n")
    assert finished.err == ""


def test_a_warning_says_why_and_is_no_error(fxai: Fxai, folder: Path) -> None:
    (folder / "unwise.yaml").write_text(UNWISE)
    finished = fxai("check", "unwise.yaml")
    assert finished.code == 0
    assert "    warning: training.learning_rate: a learning rate on a linear scale" in finished.out


def test_every_file_is_checked_though_one_is_broken(fxai: Fxai, folder: Path) -> None:
    (folder / "broken.yaml").write_text("name: a\n")
    (folder / "unwise.yaml").write_text(UNWISE)
    finished = fxai("check", "broken.yaml", "unwise.yaml", "not there")
    assert finished.code == 2
    assert "unwise.yaml: sound" in finished.out
    assert "broken.yaml:1: studies: is required" in finished.err
    assert "'not there'" in finished.err


def test_check_as_json(fxai: Fxai, folder: Path) -> None:
    (folder / "broken.yaml").write_text("name: a\n")
    (folder / "unwise.yaml").write_text(UNWISE)
    finished = fxai("check", "--json", "broken.yaml", "unwise.yaml")
    assert finished.code == 2
    assert finished.err == ""
    broken, unwise = json.loads(finished.out)
    assert broken["problems"] == [{"line": 1, "key": "studies", "message": "is required"}]
    assert not broken["sound"]
    assert unwise["sound"]
    assert unwise["studies"][0]["study_name"] == "unwise"
    assert len(unwise["studies"][0]["warnings"]) == 1


@pytest.mark.parametrize("command", [("check",), ("run", "--spec")])
def test_bars_that_are_not_there_are_told_with_the_folders_tried(
    fxai: Fxai, folder: Path, command: tuple[str, ...]
) -> None:
    (folder / "search").mkdir()
    (folder / "search" / "bars.csv").touch()
    spec = UNWISE + "    training_config: {data: {source: data/bar.csv}}\n"
    (folder / "search" / "mine.yaml").write_text(spec)
    finished = fxai(*command, "search/mine.yaml")
    message = f"no data set and no file 'data/bar.csv', looked for in {folder / 'search'} and {folder}."
    assert message in (finished.out if command == ("check",) else finished.err)
    assert finished.code == (0 if command == ("check",) else 2)
    assert not (folder / "optuna_results").exists()


def test_schema_is_a_json_schema(fxai: Fxai) -> None:
    schema = json.loads(fxai("schema").out)
    assert schema["type"] == "object"
    assert {"name", "studies"} <= set(schema["properties"])
