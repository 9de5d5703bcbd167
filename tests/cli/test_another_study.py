"""Studies of one name, one after the other, in one folder of results: none takes up what another has left."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.conftest import Fxai, call_fxai
from fxai import HPOResultsManager, HPOVisualizer, load_results
from fxai.errors import InputError
from fxai.protocol import TrialPaths
from fxai.search.studies import load_study

CODE = """\
import json, os, time
from pathlib import Path


def steps(kept, x, report):
    \"\"\"Four steps, each kept with the x of whoever began; hangs after the second while there is a file `hang`.\"\"\"
    done, began = json.loads(kept.read_text()) if kept.exists() else (0, x)
    print(f"{x} from {done}", flush=True)
    for step in range(done + 1, 5):
        kept.write_text(json.dumps([step, began]))
        report(step, began * step)
        if step == 2 and Path("hang").exists():
            Path("hangs").touch()
            time.sleep(1000)
    return began


def train(trial):
    return steps(trial.checkpoint_dir / "kept", trial.params["x"], trial.report)


class Engine:
    def train(self, model_config, data_config, training_config, trial):
        return {"score": steps(trial.checkpoint_dir / "kept", model_config["x"], trial.report)}


def main():
    reports = open(os.environ["FXAI_REPORTS"], "w", buffering=1)
    tell = lambda step, value: print(json.dumps({"step": step, "value": value}), file=reports)
    value = steps(Path(os.environ["FXAI_CHECKPOINT_DIR"]) / "kept", float(os.environ["FXAI_PARAM_X"]), tell)
    print(json.dumps({"value": value}), file=reports)


if __name__ == "__main__":
    main()
"""
ENGINE = """\
import sys
from code_of_mine import Engine
from fxai import HPOptimizer

low, url = float(sys.argv[1]), sys.argv[2]
HPOptimizer(Engine(), plots=False, storage=url).optimize(
    {"x": low}, param_space={"x": {"type": "uniform", "low": low, "high": 2 * low}}, num_trials=2, metric="score",
    mode="max", study_name="mine", n_jobs=1, search_algorithm="random", scheduler="fifo",
)
"""
SPEC = """\
name: mine
save_study_plots: false
studies:
  - study_name: mine
    objective: OBJECTIVE
    metric_name: score
    n_trials: 2
    n_jobs: 1
    sampler: random
    pruner: none
    parameters: {x: {type: float, low: LOW, high: HIGH}}
    training_config: {x: LOW}
"""
OBJECTIVES = {"function": "code_of_mine:train", "command": "{command: ['{python}', code_of_mine.py]}", "engine": ""}
DATABASE, OTHER = "sqlite:///optuna_studies.db", "sqlite:///other.db"
PATIENCE = 120.0
KINDS = pytest.mark.parametrize("kind", OBJECTIVES)


class Place:
    """A folder in which a study of own code is run, in ranges from some number to its double."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self._kind = folder, kind
        (folder / "code_of_mine.py").write_text(CODE)
        (folder / "search.py").write_text(ENGINE)

    def arguments(self, low: float, url: str) -> tuple[str, ...]:
        spec = SPEC.replace("OBJECTIVE", OBJECTIVES[self._kind])
        (self.folder / "mine.yaml").write_text(spec.replace("LOW", str(low)).replace("HIGH", str(2 * low)))
        return "run", "--spec", "mine.yaml", "--storage", url

    def begin(self, low: float, url: str = DATABASE) -> subprocess.Popen[bytes]:
        program = ["-c", "from fxai.cli.app import main; main()", *self.arguments(low, url)]
        command = ["search.py", str(low), url] if self._kind == "engine" else program
        with (self.folder / "output").open("wb") as output:
            return subprocess.Popen([sys.executable, *command], cwd=self.folder, stdout=output, stderr=output)

    def run(self, low: float, url: str = DATABASE) -> str:
        """Bring the study to its end; what was printed."""
        if self._kind == "engine":
            assert self.begin(low, url).wait(timeout=PATIENCE) == 0, (self.folder / "output").read_text()
            return (self.folder / "output").read_text()
        finished = call_fxai(self.folder, *self.arguments(low, url))
        assert finished.code == 0, finished
        return finished.out

    def killed(self, low: float, url: str = DATABASE) -> None:
        """Kill the run within its first trial, once its reports are stored."""
        hang, hangs = self.folder / "hang", self.folder / "hangs"
        hang.touch()
        process = self.begin(low, url)
        try:
            until = time.monotonic() + PATIENCE
            while not (hangs.exists() and len(self.stored(url)) == 2):
                if process.poll() is not None or time.monotonic() > until:
                    raise AssertionError((self.folder / "output").read_text())
                time.sleep(0.1)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        for path in (hang, hangs):
            path.unlink()

    def stored(self, url: str = DATABASE) -> dict[int, float]:
        """The reports of trial 0."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            return load_study(url, "mine").trials[0].intermediate_values

    def trial(self, study: str = "mine") -> TrialPaths:
        return TrialPaths.of(self.folder / "optuna_results" / study / "trials", 0)

    def log(self, study: str = "mine") -> list[str]:
        return self.trial(study).log.read_text().splitlines()


@KINDS
def test_files_of_a_deleted_study_are_not_used_by_the_next(tmp_path: Path, kind: str) -> None:
    place = Place(tmp_path, kind)
    place.killed(1.0)
    (tmp_path / "optuna_studies.db").unlink()
    told = place.run(10.0)
    assert place.log() == ["10.0 from 0"]
    assert place.stored() == {1: 10.0, 2: 20.0, 3: 30.0, 4: 40.0}
    assert (place.trial("mine~1").checkpoint_dir / "kept").read_text() == "[2, 1.0]"
    if kind != "engine":
        assert "held the files of another study; they are in optuna_results/mine~1 now" in told


@pytest.mark.parametrize("kind", ["function", "command"])
def test_the_same_study_takes_its_checkpoint_up(tmp_path: Path, kind: str) -> None:
    place = Place(tmp_path, kind)
    place.killed(1.0)
    place.run(1.0)
    assert place.log() == ["1.0 from 0", "1.0 from 2"]
    assert place.stored() == {1: 1.0, 2: 2.0, 3: 3.0, 4: 4.0}
    assert not list((tmp_path / "optuna_results").glob("mine~*"))


def test_a_study_that_an_earlier_release_has_begun_is_taken_up_by_its_reports(tmp_path: Path) -> None:
    place = Place(tmp_path, "function")
    place.killed(1.0)
    place.trial().identity.unlink()
    (tmp_path / "optuna_results" / "mine" / ".identity.json").unlink()
    place.run(1.0)
    assert place.log() == ["1.0 from 0", "1.0 from 2"]


def test_two_databases_take_turns_in_one_folder(tmp_path: Path) -> None:
    place = Place(tmp_path, "function")
    place.killed(1.0)
    place.run(10.0, OTHER)
    assert place.log() == ["10.0 from 0"]
    assert place.stored(OTHER)[4] == 40.0
    told = place.run(1.0)
    assert "optuna_results/mine~1 held the files of this study; they are in optuna_results/mine again" in told
    assert place.log() == ["1.0 from 0", "1.0 from 2"], "it has its checkpoint again"
    assert place.log("mine~2") == ["10.0 from 0"]


def test_results_of_another_study_are_not_those_of_one_without_a_trial(fxai: Fxai, folder: Path) -> None:
    place = Place(folder, "function")
    place.run(1.0)
    (folder / "optuna_studies.db").unlink()
    (folder / "code_of_mine.py").write_text("def train(trial):\n    raise ValueError('no data')\n")
    assert fxai("run", "--spec", "mine.yaml").code == 1
    left = {path.name for path in (folder / "optuna_results" / "mine").iterdir()}
    assert {"best_params.json", "mine_best_config.yaml"}.isdisjoint(left)
    assert (folder / "optuna_results" / "mine~1" / "best_params.json").exists()
    assert (folder / "optuna_results" / "mine~1" / "decisions.jsonl").exists()


def test_a_quiet_run_warns_that_it_has_renamed_a_folder(fxai: Fxai, folder: Path) -> None:
    place = Place(folder, "function")
    place.run(1.0)
    quiet = fxai(*place.arguments(1.0, OTHER), "--quiet")
    assert quiet.code == 0
    assert quiet.err.startswith("Warning: optuna_results/mine held the files of another study; they are in ")
    back = fxai(*place.arguments(1.0, DATABASE), "--quiet")
    assert "optuna_results/mine~1 held the files of this study" in back.err


def test_a_folder_of_the_users_own_is_not_renamed(fxai: Fxai, folder: Path) -> None:
    """As if the code is in a folder with the study's name."""
    (folder / "mine").mkdir()
    place = Place(folder / "mine", "function")
    spec = SPEC.replace("OBJECTIVE", OBJECTIVES["function"]).replace("LOW", "1.0").replace("HIGH", "2.0")
    (folder / "mine" / "spec_of_mine.yaml").write_text(spec)
    finished = fxai("run", "--spec", "mine/spec_of_mine.yaml", "--results-dir", ".")
    assert finished.code == 0, finished
    assert (place.folder / "code_of_mine.py").exists()


@pytest.fixture(scope="module")
def two_studies(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Two studies of one name, each in its database; the second one's results lie in `elsewhere`."""
    place = Place(tmp_path_factory.mktemp("two"), "function")
    place.run(1.0)
    assert call_fxai(place.folder, *place.arguments(10.0, OTHER), "--results-dir", "elsewhere").code == 0
    return place


@pytest.mark.parametrize("command", [("export", "mine", "--output", "out"), ("report", "mine"), ("plot", "mine")])
def test_a_command_that_writes_refuses_the_folder_of_another_study(
    two_studies: Place, command: tuple[str, ...]
) -> None:
    folder = two_studies.folder
    before = contents(folder)
    refused = call_fxai(folder, *command, "--storage", OTHER)
    assert refused.code == 2
    assert "Error: optuna_results/mine holds the files of another study named 'mine'" in refused.err
    assert "--results-dir" in refused.err
    assert contents(folder) == before
    assert call_fxai(folder, *command, "--storage", OTHER, "--results-dir", "elsewhere").code == 0


def test_show_leaves_out_the_log_of_another_study(two_studies: Place) -> None:
    shown = call_fxai(two_studies.folder, "show", "mine", "0", "--storage", OTHER)
    assert shown.code == 0
    assert "1.0 from 0" not in shown.out
    assert shown.err.startswith("Warning: the trial's log is not shown: optuna_results/mine holds the files of another")
    own = call_fxai(two_studies.folder, "show", "mine", "0", "--storage", OTHER, "--results-dir", "elsewhere")
    assert "10.0 from 0" in own.out
    assert not own.err


def test_results_and_all_reports_leave_out_the_folder_of_another_study(two_studies: Place) -> None:
    folder = two_studies.folder
    found = call_fxai(folder, "results", "mine", "--storage", OTHER)
    assert "Files: none; optuna_results/mine holds the files of another study" in found.out
    assert "best_params.json" not in found.out
    assert json.loads(call_fxai(folder, "results", "--storage", OTHER, "--json").out)[0]["files"] == []
    every = call_fxai(folder, "report", "--all", "--storage", OTHER)
    assert every.code == 0
    assert every.err.startswith("Warning: skipped: optuna_results/mine holds the files of another study")
    assert "report.html" not in every.out


def test_python_does_not_save_the_files_of_another_study(two_studies: Place) -> None:
    folder = two_studies.folder
    results = load_results("mine", storage=f"sqlite:///{folder / 'other.db'}", results_dir=folder / "optuna_results")
    assert results.best_value >= 10.0
    with pytest.raises(InputError, match="files of another study"):
        HPOResultsManager(folder / "kept").save(results)
    with pytest.raises(InputError, match="files of another study"):
        HPOVisualizer().create_summary_report(results)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and ".db" not in path.name}


def test_a_fresh_start_keeps_database_and_folder_under_one_name(fxai: Fxai, folder: Path) -> None:
    place = Place(folder, "function")
    place.run(1.0)
    (folder / "optuna_results" / "mine~1").mkdir()
    assert fxai("run", "--spec", "mine.yaml", "--fresh", "--quiet").code == 0
    assert load_study(DATABASE, "mine~2").trials[0].state.name == "COMPLETE"
    assert place.log("mine~2") == place.log() == ["1.0 from 0"]
