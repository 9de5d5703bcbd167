"""MLflow tracker: a run for the study, and a nested run for each trial. Imported only by the tracker process."""

import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag

from fxai.protocol import ParamValue, Report
from fxai.protocol.tracker_messages import (
    NO_STUDY_YET,
    StudyBeganMessage,
    StudyEndedMessage,
    TrialBeganMessage,
    TrialEndedMessage,
)
from fxai.spec.fields.environment import expanded_url
from fxai.spec.fields.tracking import MlflowTracking
from fxai.tracking.contract import Parent

_DEFAULT_URI = "sqlite:///mlflow.db"
_PARENT = "mlflow.parentRunId"
_STATUS = {"fail": "FAILED", "requeued": "KILLED"}  # pruned trials are FINISHED, with their state as a tag
_MOST_METRICS, _MOST_PARAMS = 1000, 100  # of one request
_LONGEST_TEXT = 500
_NOT_IN_A_NAME = re.compile(r"[^\w\-. /]")

T = TypeVar("T")


class MlflowRuns:
    """The MLflow runs of a study. Reports are sent in batches."""

    def __init__(self, settings: MlflowTracking, parent: Parent) -> None:
        self._parent = parent
        self._experiment_name = settings.experiment
        uri = None if settings.tracking_uri is None else expanded_url(settings.tracking_uri)
        self._client = MlflowClient(uri or os.environ.get("MLFLOW_TRACKING_URI") or _DEFAULT_URI)
        self._runs: dict[int, str] = {}
        self._metrics: dict[int, list[Metric]] = {}  # of each open run, not sent yet
        self._last_step: dict[int, int] = {}
        self._study = NO_STUDY_YET
        self._experiment = ""  # its id, and that of the study's run, once the study has begun
        self._study_run = ""

    def study_began(self, study: StudyBeganMessage) -> None:
        self._study = study
        self._experiment = self._experiment_id()
        self._study_run = (self._earlier_run() if study.resumed else None) or self._new_study_run()

    def _experiment_id(self) -> str:
        known = self._client.get_experiment_by_name(self._experiment_name)
        return str(known.experiment_id if known else self._client.create_experiment(self._experiment_name))

    def _new_study_run(self) -> str:
        study = self._study
        tags = {"fxai.study": study.study, "fxai.direction": study.direction, "fxai.metric": study.metric}
        return _id_of(self._client.create_run(self._experiment, tags=tags, run_name=study.study))

    def _earlier_run(self) -> str | None:
        """The study's run, reopened.

        Runs of trials that were running when the last run of the study ended are closed.
        """
        found = self._search(f"tags.`fxai.study` = {_quoted(self._study.study)}", 1)
        if not found:
            return None
        study_run = _id_of(found[0])
        for left in self._search(f"tags.`{_PARENT}` = '{study_run}' and attributes.status = 'RUNNING'", 1000):
            self._client.set_tag(_id_of(left), "fxai.state", "requeued")
            self._client.set_terminated(_id_of(left), _STATUS["requeued"])
        self._client.update_run(study_run, status="RUNNING")
        return study_run

    def _search(self, condition: str, most: int) -> Sequence[Run]:
        return self._client.search_runs([self._experiment], condition, max_results=most)  # the newest first

    def trial_began(self, trial: TrialBeganMessage) -> None:
        run = self._client.create_run(
            self._experiment,
            tags={_PARENT: self._study_run, "fxai.protocol": str(trial.number), "fxai.attempt": str(trial.attempt)},
            run_name=f"trial-{trial.number:04d}",
        )
        self._runs[trial.number] = _id_of(run)
        self._metrics[trial.number] = []
        params = [Param(_name(key), _text(value)) for key, value in {**trial.params, "seed": trial.seed}.items()]
        for batch in _batches(params, _MOST_PARAMS):
            self._client.log_batch(_id_of(run), params=batch)

    def reported(self, report: Report) -> None:
        values = {**report.metrics, self._study.metric: report.value}
        self._metrics[report.number] += _metrics(values, report.step)
        self._last_step[report.number] = report.step

    def flush(self) -> None:
        for number in self._runs:
            self._send(number)

    def _send(self, number: int) -> None:
        for batch in _batches(self._metrics[number], _MOST_METRICS):
            self._client.log_batch(self._runs[number], metrics=batch)
        self._metrics[number] = []

    def trial_ended(self, trial: TrialEndedMessage) -> None:
        value = {} if trial.value is None else {"value": trial.value}
        self._metrics[trial.number] += _metrics({**trial.metrics, **value}, self._last_step.pop(trial.number, 0))
        self._send(trial.number)
        told = {"fxai.state": trial.state, "fxai.cause": trial.cause, "fxai.message": trial.message}
        run = self._runs.pop(trial.number)
        del self._metrics[trial.number]
        self._client.log_batch(run, tags=[RunTag(key, _text(text)) for key, text in told.items() if text is not None])
        self._client.set_terminated(run, _STATUS.get(trial.state, "FINISHED"))
        self._parent.recorded()

    def study_ended(self, study: StudyEndedMessage) -> None:
        for number in list(self._runs):
            self.trial_ended(TrialEndedMessage(number, "requeued"))
        best = {} if study.best_value is None else {"best_value": study.best_value}
        # Tags, because parameters of a run cannot change, and a resumed study may find a better trial.
        told = {**{f"best.{key}": value for key, value in study.best_params.items()}, "fxai.ending": study.ending}
        if study.best_trial is not None:
            told["fxai.best_trial"] = study.best_trial
        tags = [RunTag(_name(key), _text(value)) for key, value in told.items()]
        for batch in _batches(tags, _MOST_PARAMS):
            self._client.log_batch(self._study_run, tags=batch)
        self._client.log_batch(self._study_run, metrics=_metrics(best, 0))
        self._client.set_terminated(self._study_run)


def _id_of(run: Run) -> str:
    return str(run.info.run_id)


def _metrics(values: Mapping[str, float], step: int) -> list[Metric]:
    now = int(time.time() * 1000)
    return [Metric(_name(key), value, now, step) for key, value in values.items()]


def _batches(items: Iterable[T], most: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, most)):
        yield batch


def _name(key: str) -> str:
    """The key, with characters that MLflow forbids in names replaced."""
    return _NOT_IN_A_NAME.sub("_", key)


def _text(value: ParamValue | Any) -> str:
    return str(value)[:_LONGEST_TEXT]


def _quoted(text: str) -> str:
    quote = '"' if "'" in text else "'"
    return f"{quote}{text}{quote}"
