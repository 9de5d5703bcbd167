"""`fxai check` and `fxai schema`."""

import json
from pathlib import Path

import pytest

from cli.conftest import Fxai
from fxai.spec.reading.find_spec import shipped_specs

UNWISE = """\
name: unwise
studies:
  - study_name: unwise
    parameters:
      - {name: training.learning_rate, type: float, low: 1e-5, high: 1e-3}
    n_trials: 10
"""


@pytest.mark.parametrize("path", shipped_specs(), ids=lambda path: path.stem)
def test_the_shipped_specs_are_valid(fxai: Fxai, path: Path) -> None:
    finished = fxai("check", path.stem)
    assert finished.code == 0
    assert finished.out.startswith(f"{path.stem}: valid\n")
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
    assert "unwise.yaml: valid" in finished.out
    assert "broken.yaml:1: studies: is required" in finished.err
    assert "'not there'" in finished.err


def test_too_few_bars_are_found_with_how_many_are_needed(fxai: Fxai, folder: Path) -> None:
    rows = [f"2020-01-{day:02d} {hour:02d}:00,1,2,1,1.5" for day in range(1, 29) for hour in range(24)]
    (folder / "bars.csv").write_text("\n".join(["time,open,high,low,close", *rows]))
    searched = "      - {name: env.observation_window, type: int, low: 4, high: 20}\n"
    data = "    training_config: {data: {source: bars.csv}}\n"
    spec = UNWISE.replace("    n_trials", f"{searched}{data}    n_trials")
    (folder / "short.yaml").write_text(spec)
    finished = fxai("check", "short.yaml")
    assert finished.code == 2
    assert "study unwise: the validation split has 0 bars; at least 32 are needed, so about 856 bars" in finished.err
    assert "the embargo takes the first 139" in finished.err
    (folder / "short.yaml").write_text(spec.replace("source: bars.csv", "source: bars.csv, split: {embargo_bars: 9}"))
    assert fxai("check", "short.yaml").code == 0


def test_too_few_test_bars_for_a_verdict_are_found(fxai: Fxai, folder: Path) -> None:
    rows = [f"2020-01-{day:02d} {hour:02d}:00,1,2,1,1.5" for day in range(1, 29) for hour in range(24)]
    (folder / "bars.csv").write_text("\n".join(["time,open,high,low,close", *rows]))
    data = "    training_config: {data: {source: bars.csv, split: {embargo_bars: 90}}}\n    verdict: {}\n"
    (folder / "short.yaml").write_text(UNWISE.replace("    n_trials", f"{data}    n_trials"))
    finished = fxai("check", "short.yaml")
    assert finished.code == 2
    assert "the bounds of a verdict need a test split of 51 bars, so about 706 bars in all; it has 45" in finished.err
    (folder / "short.yaml").write_text((folder / "short.yaml").read_text().replace("verdict: {}", "verdict: off"))
    assert fxai("check", "short.yaml").code == 0


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
    scale, nights = unwise["studies"][0]["warnings"]
    assert "a learning rate on a linear scale" in scale
    assert "the bars span 361 nights" in nights


@pytest.mark.parametrize("command", [("check",), ("run", "--spec")])
def test_missing_bars_are_reported_with_the_searched_folders(
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


TRIED = """\
name: tried
studies:
  - study_name: good
    objective: {command: [sh, -c, 'echo "{\\"step\\": 1, \\"value\\": {x}, \\"loss\\": 2}" >> $FXAI_REPORTS']}
    parameters: {x: {type: int, low: 1, high: 9}}
    n_trials: 9
"""
FAILING = """\
  - study_name: bad
    objective: {command: [sh, -c, 'echo no bars >&2; exit 3', "{params}"]}
    parameters: {x: {type: int, low: 1, high: 9}}
    n_trials: 9
"""


def test_a_trial_is_tried_and_nothing_written(fxai: Fxai, folder: Path) -> None:
    (folder / "tried.yaml").write_text(TRIED)
    finished = fxai("check", "--try", "tried.yaml")
    assert finished.code == 0
    assert "trial 0 completed after" in finished.out
    assert "value 5, 1 report\n      metrics: loss=2\n" in finished.out
    assert [path.name for path in folder.iterdir()] == ["tried.yaml"]


def test_a_failed_trial_names_the_files_to_read(fxai: Fxai, folder: Path) -> None:
    (folder / "tried.yaml").write_text(TRIED + FAILING)
    finished = fxai("check", "--try", "tried.yaml")
    assert finished.code == 1
    assert "failed after" in finished.out
    assert "the command exited with status 3: no bars" in finished.out
    assert "command: sh -c 'echo no bars >&2; exit 3' --x=5\n      folder: .\n" in finished.out
    assert "last lines of its output:\n        no bars\n" in finished.out
    (good, bad) = json.loads(fxai("check", "--try", "--json", "tried.yaml").out)[0]["studies"]
    assert (good["tried"]["state"], good["tried"]["value"], good["tried"]["metrics"]) == (
        "complete",
        5.0,
        {"loss": 2.0},
    )
    assert (bad["tried"]["state"], bad["tried"]["output"]) == ("fail", ["no bars"])
    assert "tried" not in json.loads(fxai("check", "--json", "tried.yaml").out)[0]["studies"][0]


def test_a_broken_spec_counts_more_than_a_trial_that_fails(fxai: Fxai, folder: Path) -> None:
    (folder / "tried.yaml").write_text(TRIED.split("    n_trials", maxsplit=1)[0] + FAILING)
    (folder / "broken.yaml").write_text("name: a\n")
    assert fxai("check", "--try", "tried.yaml", "broken.yaml").code == 2


def test_schema_is_a_json_schema(fxai: Fxai) -> None:
    schema = json.loads(fxai("schema").out)
    assert schema["type"] == "object"
    assert {"name", "studies"} <= set(schema["properties"])
