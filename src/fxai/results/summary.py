"""Summary of a study: the table at the end of a run and in `fxai best` and `fxai results`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from fxai.protocol import ParamValue
from fxai.results.record import EndedBy, StudyRecord
from fxai.results.strict_json import json_value
from fxai.results.study_overview import StudyOverview
from fxai.results.value_errors import UNKNOWN, ValueErrors
from fxai.search.confirmed import Confirmed
from fxai.search.stored_trial import StoredState


@dataclass(frozen=True, slots=True)
class StudySummary:
    """Counts of trials, and the best trial. Waiting trials are not counted."""

    study: str
    direction: str
    metric: str
    completed: int
    pruned: int
    failed: int
    running: int
    infeasible: int = 0  # proposals that violate a constraint; they are not trained
    best_trial: int | None = None
    best_value: float | None = None
    errors: ValueErrors = UNKNOWN  # of the best value
    best_params: Mapping[str, ParamValue] | None = None
    best_values: Mapping[str, float] = field(default_factory=dict)  # at the knee of the front, with several objectives
    front: int | None = None  # number of trials on the Pareto front; None with one objective
    ended_by: EndedBy | None = None  # stop rule that ended the study
    trading: bool = False  # whether FxAI measured its metrics
    confirmed: Confirmed | None = None  # the confirmation on fresh seeds, which chose the best trial

    @classmethod
    def of(cls, record: StudyRecord | StudyOverview) -> "StudySummary":
        best = record.best
        return cls(
            study=record.name,
            direction=record.direction,
            metric=record.metric,
            completed=record.count(StoredState.COMPLETE),
            pruned=record.count(StoredState.PRUNED),
            failed=record.count(StoredState.FAIL),
            running=record.count(StoredState.RUNNING),
            infeasible=record.infeasible,
            best_trial=None if best is None else best.number,
            best_value=None if best is None else best.value,
            errors=UNKNOWN if best is None else best.errors,
            best_params=None if best is None else best.params,
            best_values={} if best is None else best.values,
            front=len(record.front) if len(record.goals) > 1 else None,
            ended_by=record.ended_by,
            trading=record.trading,
            confirmed=record.confirmed,
        )

    @property
    def standard_error(self) -> float | None:
        """Standard error of the best value; None if it is not known."""
        return self.errors.total

    @property
    def finished(self) -> int:
        return self.completed + self.pruned + self.failed

    @property
    def total(self) -> int:
        return self.finished + self.running

    @property
    def completion_rate(self) -> float | None:
        """The share of completed trials among the finished trials; None if no trial has finished."""
        return self.completed / self.finished if self.finished else None

    @property
    def pruned_share(self) -> float | None:
        return self.pruned / self.finished if self.finished else None

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "study": self.study,
            "metric": self.metric,
            "direction": self.direction,
            "best_value": json_value(self.best_value),
            **self.errors.as_json(),
            "best_trial": self.best_trial,
            "best_params": json_value(self.best_params),
            **({} if self.front is None else {"best_values": json_value(self.best_values), "front": self.front}),
            "trials": {
                "total": self.total,
                "completed": self.completed,
                "pruned": self.pruned,
                "failed": self.failed,
                "running": self.running,
                "infeasible": self.infeasible,
            },
            "completion_rate": self.completion_rate,
            "pruned_share": self.pruned_share,
            "ended_by": None if self.ended_by is None else self.ended_by.as_json(),
            **({} if self.confirmed is None else {"confirmed": self.confirmed.as_json()}),
        }
