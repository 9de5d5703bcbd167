"""Runs one trial of a study with the smallest budget, to check that the study can run: for `fxai check --try`.

The trial runs in a worker as in a search. Its files are in a temporary folder, which is deleted. The study's database
and results folder are neither read nor written.
"""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import ValidationError

from fxai.errors import FxaiError, InputError
from fxai.pool import LocalPool, WorkerLost, WorkerPool, machine_slots
from fxai.protocol import (
    Cause,
    Decision,
    LanePlan,
    Report,
    TrialError,
    TrialPaths,
    TrialRequest,
    TrialResult,
    TrialState,
)
from fxai.search.seeds import trial_seed
from fxai.spec.fields.objective import argument_style_of, command_of, folder_of, name_of
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.configure import default_params, trial_settings
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.embargo import with_embargo
from fxai.spec.search.parameters import Choice
from fxai.spec.search.study import StudySpec
from fxai.study.memory_need import check_training
from fxai.study.stop_signal import StopSignal
from fxai.study.trial_limits import worker_limits

_NUMBER = 0
_EVENT_SECONDS = 0.5  # wait for the next event, before the loop reads its stop signal again
_LAST_LINES = 20
_LAST_BYTES = 20_000
_ENDED = re.compile(rf"Trial {_NUMBER} failed: ")  # a line that names the log


@dataclass(frozen=True, slots=True)
class TriedTrial:
    """Result and last output of the trial."""

    params: Mapping[str, Choice]
    result: TrialResult
    reports: int = 0
    output: tuple[str, ...] = ()  # the last lines of its log


def try_trial(study: StudySpec, stop: StopSignal) -> TriedTrial | None:
    """Run trial 0 of a study with one seed. Returns None if `stop` asked to end before the trial ended.

    A built-in training takes as few updates as possible. An objective of the user runs in full, within the study's
    limits.
    """
    study = with_embargo(study)
    params = default_params(study)
    with TemporaryDirectory(prefix="fxai-try-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        trial = _Trial()
        try:
            request = _request(study, params, folder)
            with _workers(study, request, folder) as workers:
                trial.run(workers, request, stop)
        except InputError as error:  # code that cannot be imported, or an invalid configuration of trial 0
            trial.fail(Cause.EXCEPTION, str(error))
        except FxaiError as error:  # the worker has ended several times before it was ready
            last = next(reversed(_end_of_log(folder)), str(error))
            trial.fail(Cause.WORKER_LOST, f"its worker does not start: {last}")
        if trial.result is None:
            return None
        result = _without_log(trial.result, folder)
        return TriedTrial(params, result, trial.reports, _end_of_log(folder) or _end_of_traceback(result))


class _Trial:
    """The trial's number of reports and its result."""

    def __init__(self) -> None:
        self.reports = 0
        self.result: TrialResult | None = None
        self._began = time.monotonic()

    def run(self, workers: WorkerPool, request: TrialRequest, stop: StopSignal) -> None:
        """Run the trial to its end or to a request to stop. The trial fails at once if its worker is lost."""
        workers.submit(request)
        while self.result is None and not stop.urgency:
            for event in workers.events(_EVENT_SECONDS):
                match event:
                    case Report():
                        self.reports += 1
                        workers.answer(event.number, Decision.CONTINUE)
                    case TrialResult():
                        self.result = event
                    case WorkerLost(cause=cause, message=message):
                        self.fail(cause, message)

    def fail(self, cause: Cause, message: str) -> None:
        seconds = time.monotonic() - self._began
        self.result = TrialResult(_NUMBER, TrialState.FAIL, seconds, error=TrialError(cause, message))


def _request(study: StudySpec, params: Mapping[str, Choice], folder: Path) -> TrialRequest:
    return TrialRequest(
        study=study.study_name,
        number=_NUMBER,
        attempt=0,
        objective=name_of(study.objective),
        params=params,
        config=_with_least_budget(study, trial_settings(study, params)),
        base_config=study.training_config.model_dump(mode="json"),
        seeds=(trial_seed(study.seed, _NUMBER),),
        metric=study.metric_name,
        directory=TrialPaths.of(folder, _NUMBER).directory,
        score=study.score or "",
        objectives=tuple(goal.metric for goal in study.goals),
        command=command_of(study.objective),
        argument_style=argument_style_of(study.objective),
        folder=folder_of(study.objective),
    )


def _with_least_budget(study: StudySpec, config: dict[str, Any]) -> dict[str, Any]:
    """The configuration with as few updates as possible and one evaluation."""
    if isinstance(study.training_config, CustomConfig):
        return config
    updates, most = 1, config["training"]["total_updates"]
    while updates < most:
        least = {"total_updates": updates, "eval_frequency": updates}
        try:
            made = TrainingConfig.model_validate({**config, "training": {**config["training"], **least}})
        except ValidationError:  # DQN needs more steps before it begins to learn
            updates *= 2
        else:
            return made.model_dump(mode="json")
    return config


def _workers(study: StudySpec, request: TrialRequest, folder: Path) -> LocalPool:
    share = machine_slots(1, study.resources.cpu, study.gpu_per_trial)
    if isinstance(study.training_config, TrainingConfig):
        check_training(TrainingConfig.model_validate(request.config), 1, share.slots[0])
    plan = LanePlan(request.objective, request.config, lanes=1, trials=1, folder=request.folder)
    return LocalPool(share.slots, folder, plan, limits=worker_limits(study))


def _without_log(result: TrialResult, folder: Path) -> TrialResult:
    """The result without the path of a log that will be deleted."""
    if result.error is None:
        return result
    message = result.error.message
    for log in _logs(folder):
        message = message.replace(f" (log: {log})", "")
    return replace(result, error=replace(result.error, message=message))


def _logs(folder: Path) -> Sequence[Path]:
    """The logs of the trial and of its worker."""
    return (TrialPaths.of(folder, _NUMBER).log, *sorted(folder.glob("worker-*.log")))


def _end_of_log(folder: Path) -> tuple[str, ...]:
    for log in _logs(folder):
        text = log.read_bytes()[-_LAST_BYTES:].decode(errors="replace") if log.is_file() else ""
        if lines := [line for line in text.splitlines() if str(folder) not in line or not _ENDED.match(line)]:
            return tuple(lines[-_LAST_LINES:])
    return ()


def _end_of_traceback(result: TrialResult) -> tuple[str, ...]:
    return () if result.error is None else tuple(result.error.traceback.splitlines()[-_LAST_LINES:])
