"""Studies of code of the user's own, from the command line to their files."""

import json
from pathlib import Path

import pytest
import yaml

from cli.conftest import Fxai, call_fxai
from fxai.search.studies import load_study

CODE = """\
import os
from pathlib import Path

def train(trial):
    x = trial.params["x"]
    if trial.number == 3:
        raise ValueError("the data are gone")
    if trial.number == 4:
        trial.report(1, 0.5)
        os.abort()
    for step in range(1, 6):
        (trial.checkpoint_dir / "model").write_text(f"{trial.number} after {step}")
        if not trial.report(step, x * step, doubled=2 * x):
            return None
    return {"score": x, "size": trial.config["size"]}
"""
SPEC = """\
name: mine
save_study_plots: false
studies:
  - study_name: mine
    objective: code:train
    metric_name: score
    n_trials: 12
    n_jobs: 2
    keep_best_n: 2
    pruner: {type: MedianPruner, n_startup_trials: 3, n_warmup_steps: 2}
    parameters: {x: {type: float, low: 0, high: 1}}
    training_config: {size: 7}
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where `mine` was run, its code and spec in a folder below."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "search").mkdir()
    (folder / "search" / "code.py").write_text(CODE)
    (folder / "search" / "mine.yaml").write_text(SPEC)
    finished = call_fxai(folder, "run", "--spec", "search/mine.yaml", "--quiet")
    assert finished.code == 0, finished
    assert "Its files" not in finished.err
    return folder


def test_trials_complete_are_pruned_and_fail_with_their_causes(ran: Path) -> None:
    stored = load_study(f"sqlite:///{ran / 'optuna_studies.db'}", "mine")
    states = [trial.state.name for trial in stored.trials]
    assert states[3] == states[4] == "FAIL"
    assert {"COMPLETE", "PRUNED"} < set(states)
    assert stored.trials[3].user_attrs["fxai:message"].startswith("ValueError: the data are gone (log: ")
    assert stored.trials[4].user_attrs["fxai:message"].startswith("the trial's process was killed by SIGABRT")
    best = stored.best_trial
    assert best.value == best.params["x"]
    assert best.user_attrs["size"] == 7


def test_the_best_keep_what_they_saved(ran: Path) -> None:
    stored = load_study(f"sqlite:///{ran / 'optuna_studies.db'}", "mine")
    complete = [trial for trial in stored.trials if trial.state.name == "COMPLETE"]
    best = sorted(complete, key=lambda trial: trial.value or 0.0, reverse=True)[:2]
    kept = {path.parts[-3]: path.read_text() for path in ran.glob("optuna_results/mine/trials/*/checkpoint/model")}
    assert kept == {f"{trial.number:05d}": f"{trial.number} after 5" for trial in best}
    assert not list(ran.glob("optuna_results/mine/trials/*/reports*"))


def test_its_files_contain_the_objective(ran: Path) -> None:
    folder = ran / "optuna_results" / "mine"
    config = yaml.safe_load((folder / "mine_best_config.yaml").read_text())
    assert config["objective"] == {"function": "code:train", "folder": "search"}
    assert config["training_config"] == {"size": 7, "x": config["params"]["x"]}
    assert config["provenance"]["data_hash"] is None
    assert json.loads((folder / "best_params.json").read_text())["params"] == config["params"]


def test_the_best_trial_runs_again(ran: Path) -> None:
    config = ran / "optuna_results" / "mine" / "mine_best_config.yaml"
    value = yaml.safe_load(config.read_text())["value"]
    finished = call_fxai(ran, "train", str(config), "--output", "again")
    assert finished.code == 0, finished
    assert f"score: {value:.4g}" in finished.out
    assert (ran / "again" / "checkpoint" / "model").exists()
    again = call_fxai(ran, "train", str(config), "--output", "again")
    assert again.code == 0
    assert "already holds this training" in again.out
    assert f"score: {value:.4g}" in again.out
    (ran / "again" / "training.json").unlink()
    unknown = call_fxai(ran, "train", str(config), "--output", "again")
    assert unknown.code == 2
    assert "delete it, or name another folder with --save-path" in unknown.err


def test_a_plan_shows_the_command(ran: Path) -> None:
    out = call_fxai(ran, "run", "--spec", "search/mine.yaml", "--dry-run").out
    assert "code:train, in search; maximize score" in out
    assert "x" in out


def test_a_resumed_study_notices_another_configuration(ran: Path) -> None:
    finished = call_fxai(ran, "run", "--spec", "search/mine.yaml", "--set", "size=8", "--quiet")
    assert finished.code == 2
    assert "training_config.size: 7 -> 8" in finished.err


def test_missing_code_is_an_error_before_the_first_trial(fxai: Fxai, folder: Path) -> None:
    (folder / "mine.yaml").write_text(SPEC.replace("code:train", "coda:train"))
    finished = fxai("run", "--spec", "mine.yaml", "--quiet")
    assert finished.code == 2
    assert "No module named 'coda'" in finished.err


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("import no_such_library\n", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("raise ValueError(1500 * 'y' + ' the end')\n", "the end"),
        ("import sys\nsys.exit('no data')\n", "SystemExit: no data"),
        ("def trains(trial):\n    return 1.0\n", "The module code has no function or lanes named 'train'"),
    ],
)
def test_an_own_module_that_fails_is_one_line_with_the_log(fxai: Fxai, folder: Path, code: str, cause: str) -> None:
    (folder / "code.py").write_text(code)
    (folder / "mine.yaml").write_text(SPEC.replace("n_jobs: 2", "n_jobs: 1"))
    finished = fxai("run", "--spec", "mine.yaml", "--quiet")
    log = folder / "optuna_results" / "mine" / "logs" / "worker-0.log"
    assert finished.code == 2
    assert len(finished.err.splitlines()) == 1
    assert finished.err.startswith("Error: the objective code:train cannot be imported: ")
    assert finished.err.endswith(f" (log: {log})\n")
    assert cause in finished.err
    assert len(finished.err) < 400 + len(str(log))
    assert log.read_text().count("Traceback") == 1, "the worker was started once"
    assert len(log.read_text()) > len(finished.err)


def test_a_long_message_of_a_trial_is_complete_only_in_show(fxai: Fxai, folder: Path) -> None:
    (folder / "code.py").write_text("def train(trial):\n    raise ValueError('a' + 1800 * 'y' + 'z')\n")
    (folder / "mine.yaml").write_text(SPEC.replace("n_jobs: 2", "n_jobs: 1"))
    finished = fxai("run", "--spec", "mine.yaml")
    assert finished.code == 1
    told = [line for line in finished.out.splitlines() if "ValueError: ay" in line]
    assert len(told) >= 12, "ten trials or more, why the run ended, and the first trial once more"
    assert all(len(line) < 600 and "z (log: " in line for line in told)
    assert "  fxai show mine 0" in finished.out
    assert f"a{1800 * 'y'}z" in fxai("show", "mine", "0").out
    assert f"a{1800 * 'y'}z" in (folder / "optuna_results/mine/trials/00009/trial.log").read_text()


def test_the_best_trial_of_several_objectives_runs_again(fxai: Fxai, folder: Path) -> None:
    (folder / "code.py").write_text("def train(trial):\n    return trial.params['x'], 2.0\n")
    spec = SPEC.replace("metric_name: score", "objectives: [{metric: gain}, {metric: cost, direction: minimize}]")
    (folder / "mine.yaml").write_text(spec.replace("n_trials: 12", "n_trials: 2").replace("n_jobs: 2", "n_jobs: 1"))
    assert fxai("run", "--spec", "mine.yaml", "--quiet").code == 0
    finished = fxai("train", "optuna_results/mine/mine_best_config.yaml", "--output", "again")
    assert finished.code == 0, finished
    assert "gain: " in finished.out


def test_a_study_runs_again_from_the_spec_as_it_ran(fxai: Fxai, folder: Path) -> None:
    (folder / "search").mkdir()
    (folder / "search" / "train.sh").write_text('echo "{\\"value\\": $1}" > "$FXAI_REPORTS"\n')
    (folder / "search" / "mine.yaml").write_text(
        "name: mine\nsave_study_plots: false\nstudies:\n  - study_name: mine\n"
        '    objective: {command: "sh train.sh {x}", argument_style: name=value}\n'
        "    n_trials: 1\n    n_jobs: 1\n    parameters: {x: {type: int, low: 1, high: 9}}\n"
    )
    assert fxai("run", "--spec", "search/mine.yaml", "--quiet").code == 0
    finished = fxai("run", "--spec", "optuna_results/mine/spec.yaml", "--n-trials", "2")
    assert finished.code == 0, finished
    assert "Resumed: 1 of 2 trials are finished" in finished.out
    assert "│ Completed trials │ 2 " in finished.out


TEXTS_CODE = """\
def train(trial):
    return {"score": 1.0, "a_list": float(isinstance(trial.config["net"], list))}
"""
TEXTS_SPEC = """\
name: texts
save_study_plots: false
studies:
  - study_name: texts
    objective: texts_code:train
    metric_name: score
    n_trials: N
    n_jobs: 1
    sampler: {type: RandomSampler}
    parameters: {net: {type: choice, values: [NET]}, x: {type: float, low: 0, high: 1}}
"""


def test_a_study_begun_with_texts_as_lists_keeps_them(fxai: Fxai, folder: Path) -> None:
    (folder / "texts_code.py").write_text(TEXTS_CODE)
    spec, text = folder / "texts.yaml", '"[64, 64]"'
    spec.write_text(TEXTS_SPEC.replace("NET", "[64, 64]").replace("N", "1"))  # stored as the text once was
    assert fxai("run", "texts.yaml").code == 0
    spec.write_text(TEXTS_SPEC.replace("NET", text).replace("N", "2"))
    resumed = fxai("run", "texts.yaml")
    assert resumed.code == 0, resumed
    assert "net: [64, 64] is given to your code as a list, as in the earlier trials of this study" in " ".join(
        resumed.out.split()
    )
    stored = load_study("sqlite:///optuna_studies.db", "texts")
    assert [trial.user_attrs["a_list"] for trial in stored.trials] == [1.0, 1.0]
    anew = fxai("run", "texts.yaml", "--fresh", "--n-trials", "1")
    assert anew.code == 0, anew
    assert "as when this study began" not in anew.out
    stored = load_study("sqlite:///optuna_studies.db", "texts")
    assert [trial.user_attrs["a_list"] for trial in stored.trials] == [0.0]
