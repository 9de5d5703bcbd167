"""The command line in this process, in a working folder of its own, and a study that it ran."""

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from fxai.cli.app import main
from fxai.protocol import STANDARD_ERROR, Cause, Report, TrialError, TrialResult, TrialState
from fxai.search.open_search import open_search
from fxai.spec.search.configure import default_params
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.parameters import FloatParameter
from fxai.spec.search.study import StudySpec

SMALL_SPEC = """\
name: small
save_study_plots: false
studies:
  - study_name: small
    n_trials: 2
    confirm: off
    verdict: off
    parameters:
      - {name: training.learning_rate, type: float_log, low: 1e-4, high: 1e-2}
    training_config:
      env: {max_episode_steps: 16}
      model: {d_model: 8, n_layers: 1}
      training: {total_updates: 2, eval_frequency: 1, n_envs: 2, rollout_steps: 8, batch_size: 8, n_epochs: 1}
"""


class Finished(NamedTuple):
    """Exit code and output of a command line."""

    code: int
    out: str
    err: str


Fxai = Callable[..., Finished]


def call_fxai(folder: Path, *arguments: str) -> Finished:
    """Run a command line in a folder."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["fxai", *arguments])
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main()
    code = ended.value.code
    return Finished(code if isinstance(code, int) else 0, out.getvalue(), err.getvalue())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def fxai(folder: Path) -> Fxai:
    """Runs a command line in the working folder, as `fxai(*arguments)`."""
    return lambda *arguments: call_fxai(folder, *arguments)


@pytest.fixture
def stored_study(folder: Path) -> str:
    """The study `mine` in the working folder: trial 0 complete, 1 failed, 2 pruned, 3 the best, 4 running."""
    study = StudySpec(
        study_name="mine", parameters=(FloatParameter(name="training.gamma", low=0.9, high=0.99),), n_trials=5
    )
    error = TrialError(Cause.OUT_OF_MEMORY, "CUDA out of memory", "Traceback (most recent call last):\n  boom")
    with open_search(
        study, study.storage, fingerprint=fingerprint(study), default_params=default_params(study)
    ) as search:
        for number in range(5):
            search.ask()
            search.report(Report(number, 10, number / 4))
        search.tell(TrialResult(0, TrialState.COMPLETE, 2.0, value=0.25, metrics={"sharpe": 1.5}))
        search.tell(TrialResult(1, TrialState.FAIL, 3.0, error=error))
        search.tell(TrialResult(2, TrialState.PRUNED, 1.0))
        search.tell(TrialResult(3, TrialState.COMPLETE, 4.0, value=0.75))
    return study.study_name


@pytest.fixture
def study_of_seeds(folder: Path) -> str:
    """The study `seeds` in the working folder: trials 0 and 1 complete over several seeds, 2 pruned."""
    study = StudySpec(
        study_name="seeds",
        parameters=(FloatParameter(name="training.gamma", low=0.9, high=0.99),),
        n_trials=3,
        seeds_per_trial=4,
    )
    with open_search(
        study, study.storage, fingerprint=fingerprint(study), default_params=default_params(study)
    ) as search:
        for _ in range(3):
            search.ask()
        search.tell(TrialResult(0, TrialState.COMPLETE, 2.0, value=0.001, metrics={STANDARD_ERROR: 0.0005}))
        search.tell(TrialResult(1, TrialState.COMPLETE, 2.0, value=0.0034217, metrics={STANDARD_ERROR: 0.00021345}))
        search.tell(TrialResult(2, TrialState.PRUNED, 1.0, metrics={STANDARD_ERROR: 0.1}))
    return study.study_name


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Finished]:
    """A folder in which `SMALL_SPEC` was run, and how that ended."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "small.yaml").write_text(SMALL_SPEC)
    return folder, call_fxai(folder, "--spec", "small.yaml", "--n-jobs", "1")
