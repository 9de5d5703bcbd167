"""Broken specs, data and command lines: one clear message, exit 2, nothing written."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from cli.conftest import Fxai

pytestmark = pytest.mark.timeout(30)  # a run that starts in spite of all would take minutes

GOOD = """\
name: mine
studies:
  - study_name: mine
    parameters:
      - {name: training.learning_rate, type: float_log, low: 1e-5, high: 1e-3}
    n_trials: 3
"""

SPECS = {
    "empty file": ("", "bad.yaml: is empty"),
    "a list": ("- a\n", "bad.yaml:1: must be a mapping"),
    "broken YAML": ("name: [a\nstudies: b\n", "bad.yaml:2"),
    "a tab": ("name: a\n\tstudies: b\n", "bad.yaml:2"),
    "a key given twice": (GOOD + "name: other\n", "bad.yaml:7: name: "),
    "an unknown key": (GOOD + "    n_trails: 5\n", "bad.yaml:7: studies[0].n_trails: "),
    "the nearest key named": (GOOD + "    n_trails: 5\n", "n_trials"),
    "no studies": ("name: a\n", "studies: is required"),
    "no study at all": ("name: a\nstudies: []\n", "bad.yaml:2: studies: "),
    "no parameters": (
        "name: a\nstudies:\n  - study_name: b\n",
        "bad.yaml:3: studies[0].parameters: is required",
    ),
    "a study name that leads elsewhere": (
        GOOD.replace("study_name: mine", "study_name: ../mine"),
        "bad.yaml:3: studies[0].study_name: ",
    ),
    "an unknown sampler": (GOOD + "    sampler: {type: TPESampeler}\n", "bad.yaml:7: studies[0].sampler"),
    "an argument of another sampler": (
        GOOD + "    sampler: {type: RandomSampler, n_ei_candidates: 3}\n",
        "bad.yaml:7: studies[0].sampler.n_ei_candidates: ",
    ),
    "an unknown pruner": (GOOD + "    pruner: {type: Medium}\n", "bad.yaml:7: studies[0].pruner"),
    "an unknown parameter": (
        GOOD.replace("training.learning_rate", "training.learning_rat"),
        "bad.yaml:5: studies[0].parameters[0].name: ",
    ),
    "an unknown type": (GOOD.replace("float_log", "flaot"), "bad.yaml:5: studies[0].parameters[0].type: "),
    "low above high": (GOOD.replace("low: 1e-5", "low: 1e-2"), "bad.yaml:5: studies[0].parameters[0]"),
    "a logarithm of zero": (GOOD.replace("low: 1e-5", "low: 0"), "bad.yaml:5: studies[0].parameters[0]"),
    "no high": (GOOD.replace(", high: 1e-3", ""), "bad.yaml:5: studies[0].parameters[0].high: is required"),
    "a range that the field refuses": (
        GOOD.replace("training.learning_rate", "training.gamma").replace("high: 1e-3", "high: 3"),
        "bad.yaml:5: studies[0].parameters[0].high: ",
    ),
    "a word for a number": (GOOD.replace("n_trials: 3", "n_trials: many"), "bad.yaml:6: studies[0].n_trials: "),
    "no trials": (GOOD.replace("n_trials: 3", "n_trials: 0"), "bad.yaml:6: studies[0].n_trials: "),
    "a configuration that contradicts itself": (
        GOOD + "    training_config: {training: {batch_size: 100000}}\n",
        "bad.yaml:7: studies[0].training_config",
    ),
    "an unknown algorithm": (
        GOOD + "    training_config: {training: {algorithm: dqnn}}\n",
        "bad.yaml:7: studies[0].training_config.training.algorithm: unknown algorithm 'dqnn'; did you mean 'dqn'?",
    ),
    "a name of an algorithm and a switch that contradict each other": (
        GOOD + "    training_config: {training: {algorithm: D3QN, double: false}}\n",
        "bad.yaml:7: studies[0].training_config.training: algorithm 'D3QN' has double: true; write algorithm: dqn",
    ),
    "a key of another algorithm": (
        GOOD + "    training_config:\n      training:\n        algorithm: dqn\n        clip_epsilon: 0.2\n",
        "bad.yaml:10: studies[0].training_config.training.clip_epsilon: dqn has no 'clip_epsilon'",
    ),
    "a search in another algorithm": (
        GOOD.replace("training.learning_rate", "training.target_tau"),
        "bad.yaml:5: studies[0].parameters[0].name: ppo has no 'training.target_tau', a key of dqn",
    ),
    "a search of the algorithm itself": (
        GOOD.replace("training.learning_rate", "training.algorithm"),
        "bad.yaml:5: studies[0].parameters[0].type: training.algorithm is not a number; use categorical",
    ),
    "a batch larger than the buffer": (
        GOOD + "    training_config: {training: {algorithm: dqn, batch_size: 20000}}\n",
        "bad.yaml:7: studies[0].training_config.training: batch_size 20000 is more than buffer_size 10000",
    ),
    "fewer lanes than seeds": (
        GOOD + "    seeds_per_trial: 4\n    resources: {lanes_per_worker: 2}\n",
        "bad.yaml:8: studies[0].resources.lanes_per_worker: 2 is less than seeds_per_trial 4",
    ),
    "no seeds": (GOOD + "    seeds_per_trial: 0\n", "bad.yaml:7: studies[0].seeds_per_trial: "),
    "an unknown model": (
        GOOD + "    training_config: {model: {type: lstm}}\n",
        "bad.yaml:7: studies[0].training_config.model.type: must be 'mlp', 'gru' or 'transformer'",
    ),
    "an unknown metric": (GOOD + "    metric_name: men_reward\n", "bad.yaml:7: studies[0].metric_name: "),
    "a grid without end": (GOOD + "    sampler: GridSampler\n", "bad.yaml:5: studies[0].parameters[0]"),
    "too large a file": (GOOD + "# " + 1_100_000 * "x", "bad.yaml"),
    "an alias bomb": (
        "a: &a [x, x]\n" + "".join(f"{key}: &{key} [{9 * f'*{before}, '}]\n" for before, key in pairwise("abcdefghi")),
        "bad.yaml",
    ),
}  # fmt: skip

DATA = {
    "no such file": (None, "there.csv"),
    "an empty file": (b"", "there.csv"),
    "a file of something else": (b"\x89PNG\r\n\x1a\n\x00\x00", "there.csv"),
    "no prices": (b"time,weather\n2020-01-01,rain\n2020-01-02,sun\n", "there.csv"),
    "a word for a price": (
        b"time,open,high,low,close\n2020-01-01,1,2,1,1\n2020-01-02,1,x,1,1\n",
        "there.csv",
    ),
    "too few bars": (b"time,open,high,low,close\n2020-01-01,1,2,1,1\n2020-01-02,1,2,1,1\n", "there.csv"),
}

COMMAND_LINES = {
    "an unknown command": (("rnu",), "there is no command 'rnu'"),
    "an unknown option": (("run", "--speck", "quick_search"), "--speck"),
    "an unknown option without a command": (("--speck", "quick_search"), "--speck"),
    "a spec that is not there": (("run", "--spec", "quick_serch"), "quick_search"),
    "a spec that is a folder": (("run", "--spec", "."), "is a folder"),
    "a study that the spec has not": (("run", "--spec", "quick_search", "--study", "nope"), "fx_ai_quick"),
    "a study that no shipped spec has": (("run", "--study", "fx_ai_quik"), "fx_ai_quick"),
    "no trials": (("run", "--n-trials", "0"), "--n-trials"),
    "a word for a number": (("run", "--n-jobs", "many"), "--n-jobs"),
    "no workers": (("run", "--n-jobs", "0"), "--n-jobs"),
    "an unknown metric": (("run", "--metric", "men_reward"), "mean_reward"),
    "a setting without a value": (("run", "--set", "training.total_updates"), "key=value"),
    "an unknown setting": (("run", "--set", "training.total_update=5"), "training.total_updates"),
    "a setting that the field refuses": (("run", "--set", "training.gamma=7"), "training.gamma"),
    "a setting of another algorithm": (("run", "--set", "training.target_tau=0.1"), "a key of dqn"),
    "another algorithm under what is searched": (("run", "--set", "training.algorithm=dqn"), "training.n_epochs"),
    "fewer lanes than seeds": (
        ("run", "--set", "seeds_per_trial=4", "--set", "resources.lanes_per_worker=2"),
        "2 is less than seeds_per_trial 4",
    ),
    "a storage that is no URL": (("run", "--storage", "studies.db"), "studies.db"),
    "a storage in a folder that is not there": (("run", "--storage", "sqlite:///no/studies.db"), "no"),
    "a storage that is no database": (("run", "--storage", "sqlite:///note.txt"), "note.txt"),
    "results in a file": (("run", "--results-dir", "note.txt"), "note.txt"),
    "a look without a database": (("status",), "optuna_studies.db"),
    "the best of a study without a database": (("best", "fx_ai_quick"), "optuna_studies.db"),
    "results from a file that is no database": (("results", "--storage", "sqlite:///note.txt"), "note.txt"),
    "the best of nothing": (("best",), "STUDY"),
    "a trial below zero": (("show", "fx_ai_quick", "--", "-1"), "N"),
    "a dashboard without a database": (("dashboard", "--port", "0"), "optuna_studies.db"),
    "a port that is none": (("dashboard", "--port", "70000"), "--port"),
    "data that are not there": (("data", "describe", "eurusd_1"), "eurusd_1h"),
    "an unknown time zone": (("data", "describe", "bars.csv", "--timezone", "Mars"), "Mars"),
    "a column that is not there": (("data", "describe", "bars.csv", "--spread-column", "sprd"), "sprd"),
    "a meaning that no column has": (("data", "describe", "bars.csv", "--column", "mid=2"), "MEANING=COLUMN"),
    "a decimal sign that is none": (("data", "describe", "bars.csv", "--decimal", ";"), "--decimal"),
    "a length of bars that is none": (("data", "describe", "bars.csv", "--resample", "5"), "--resample"),
    "a check of nothing": (("check",), "SPEC"),
}


def files_of(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


def assert_refused(fxai: Fxai, folder: Path, arguments: tuple[str, ...], part: str) -> None:
    before = files_of(folder)
    finished = fxai(*arguments)
    assert finished.code == 2
    assert part in finished.err
    assert "Error:" in finished.err
    assert "Traceback" not in finished.err
    assert "\x1b" not in finished.err
    assert finished.out == ""
    assert files_of(folder) == before


@pytest.mark.parametrize(("spec", "part"), SPECS.values(), ids=SPECS)
@pytest.mark.parametrize("command", [("check",), ("run", "--spec")], ids=" ".join)
def test_broken_spec(fxai: Fxai, folder: Path, command: tuple[str, ...], spec: str, part: str) -> None:
    (folder / "bad.yaml").write_text(spec)
    assert_refused(fxai, folder, (*command, "bad.yaml"), part)


def test_a_spec_that_is_no_text(fxai: Fxai, folder: Path) -> None:
    (folder / "bad.yaml").write_bytes(b"name: \xff\xfe\n")
    assert_refused(fxai, folder, ("check", "bad.yaml"), "bad.yaml")


def test_all_faults_of_a_spec_at_once(fxai: Fxai, folder: Path) -> None:
    (folder / "bad.yaml").write_text(GOOD.replace("float_log", "flaot") + "    n_trails: 5\n    seed: -1\n")
    err = fxai("check", "bad.yaml").err
    assert [line.split(":")[1] for line in err.splitlines() if "bad.yaml:" in line] == ["5", "7", "8"]


@pytest.mark.parametrize(("content", "part"), DATA.values(), ids=DATA)
def test_broken_data(fxai: Fxai, folder: Path, content: bytes | None, part: str) -> None:
    if content is not None:
        (folder / "there.csv").write_bytes(content)
    (folder / "mine.yaml").write_text(GOOD + "    training_config: {data: {source: there.csv}}\n")
    assert_refused(fxai, folder, ("run", "--spec", "mine.yaml"), part)


@pytest.mark.parametrize(("arguments", "part"), COMMAND_LINES.values(), ids=COMMAND_LINES)
def test_broken_command_line(fxai: Fxai, folder: Path, arguments: tuple[str, ...], part: str) -> None:
    (folder / "note.txt").write_text("not a database\n" * 100)
    rows = "".join(f"2020-01-01 00:{minute:02},1,2,1,1\n" for minute in range(60))
    (folder / "bars.csv").write_text("time,open,high,low,close\n" + rows)
    assert_refused(fxai, folder, arguments, part)


def test_the_good_spec_is_good(fxai: Fxai, folder: Path) -> None:
    (folder / "mine.yaml").write_text(GOOD)
    assert fxai("check", "mine.yaml").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--dry-run", "--storage", "{}"),
        ("run", "--set", "storage={}"),
        ("status", "--storage", "{}"),
        ("best", "mine", "--storage", "{}"),
        ("compare", "{}#mine", "{}#"),
        ("transfer", "mine", "--to", "quick_search", "--storage", "{}"),
        ("dashboard", "--storage", "{}"),
        ("check", "mine.yaml"),
        ("run", "--spec", "mine.yaml"),
    ],
)
@pytest.mark.parametrize("password", ["Secret", "Secret%40Secret", "p@Secret", "p@Secret/Secret#Secret:%Secret"])
def test_password_is_shown_nowhere(arguments: tuple[str, ...], password: str, fxai: Fxai, folder: Path) -> None:
    url = f"nosuch://me:{password}@127.0.0.1:5/db"
    (folder / "mine.yaml").write_text(f"storage: {json.dumps(url)}\n{GOOD}")
    finished = fxai(*(each.format(url) for each in arguments))
    assert "Secret" not in finished.out + finished.err
    assert "Traceback" not in finished.err
    assert not any(b"Secret" in content for path, content in files_of(folder).items() if path.name != "mine.yaml")
