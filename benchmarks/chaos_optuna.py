"""Plain Optuna for `chaos.py`, with its own features for runs that are killed.

One process with two threads (`n_jobs=2`) on a SQLite file with heartbeats. `RetryHeartbeatStaleTrialCallback` retries
trials whose heartbeat has stopped, under a new number. `MaxTrialsCallback` ends the search at the planned number of
finished trials, or a few more, because the other thread finishes its trial. A trial reports and sleeps, about as long
as a trial of FxAI trains: the benchmark compares the fate of the trials, not the training.
"""

import math
import os
import sys
import time
import warnings
from pathlib import Path

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.trial import TrialState

from chaos_run import Entry, append

STUDY = "chaos"
REPORTS = 12  # as many as FxAI's trials make
SECONDS_A_REPORT = 0.1
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)


def command(database: Path, trials: int, retries: int) -> list[str]:
    return [sys.executable, "-c", "from chaos_optuna import main; main()", str(database), str(trials), str(retries)]


def main() -> None:
    """What the command does: search until that many trials have finished."""
    database, trials, retries = sys.argv[1:]
    warnings.simplefilter("ignore", ExperimentalWarning)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = optuna.storages.RDBStorage(
        f"sqlite:///{database}",
        heartbeat_interval=1,
        grace_period=5,
        heartbeat_stale_trial_callback=optuna.storages.RetryHeartbeatStaleTrialCallback(max_retry=int(retries)),
    )
    study = optuna.create_study(
        study_name=STUDY,
        storage=storage,
        direction="maximize",
        sampler=optuna.samplers.TPESampler(n_startup_trials=6),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=4),
        load_if_exists=True,
    )
    if len(study.get_trials(deepcopy=False, states=FINISHED)) < int(trials):
        study.optimize(_objective, n_jobs=2, callbacks=[optuna.study.MaxTrialsCallback(int(trials), states=FINISHED)])


def _objective(trial: optuna.Trial) -> float:
    """A learning curve that rises to a value which the parameters say."""
    rate = trial.suggest_float("rate", 1e-4, 1e-2, log=True)
    gamma = trial.suggest_float("gamma", 0.9, 0.999)
    coefficient = trial.suggest_float("coefficient", 50, 300)
    height = -((math.log10(rate) + 3) ** 2) - (10 * (gamma - 0.95)) ** 2 - (coefficient / 100 - 2) ** 2
    value = 0.0
    for step in range(1, REPORTS + 1):
        time.sleep(SECONDS_A_REPORT)
        value = height - math.exp(-step / 4)
        trial.report(value, step)
        _note(trial, step, value)
        if trial.should_prune():
            _note(trial, "pruned", None)
            raise optuna.TrialPruned
    _note(trial, "complete", value)
    return value


def _note(trial: optuna.Trial, step: int | str, value: float | None) -> None:
    append(Path(os.environ["FXAI_LEDGER"]), Entry(trial.number, 0, os.getpid(), step, value))
