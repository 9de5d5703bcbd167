"""Summary of a study: the table at the end of a run and in `fxai best` and `fxai results`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from fxai.metric_text import number_text
from fxai.protocol import ParamValue
from fxai.results.best_verdict import BestVerdict
from fxai.results.record import EndedBy, StudyRecord
from fxai.results.strict_json import json_value
from fxai.results.study_overview import StudyOverview
from fxai.results.value_errors import UNKNOWN, ValueErrors
from fxai.search.confirmed import Confirmed
from fxai.search.stored_trial import StoredState
from fxai.search.study_traits import UNKNOWN_STUDY, StudyTraits
from fxai.spec.search.metric_goals import Goal


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
    traits: StudyTraits = UNKNOWN_STUDY
    confirmed: Confirmed | None = None  # the confirmation on fresh seeds, which chose the best trial
    verdict: BestVerdict | None = None  # None if it was not looked up

    @classmethod
    def of(cls, record: StudyRecord | StudyOverview, verdict: BestVerdict | None = None) -> "StudySummary":
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
            traits=record.traits,
            confirmed=record.confirmed,
            verdict=verdict,
        )

    @property
    def standard_error(self) -> float | None:
        """Standard error of the best value; None if it is not known."""
        return self.errors.total

    @property
    def trading(self) -> bool:
        """Whether FxAI measured its metrics."""
        return self.traits.trading

    @property
    def beside_doing_nothing(self) -> str:
        """A sentence if the best trial scores no better than an agent that never trades; else empty."""
        confirmed = self.confirmed
        fresh = confirmed is not None and confirmed.trial == self.best_trial
        value = confirmed.value if fresh and confirmed is not None else self.best_value
        goal = Goal.model_validate({"metric": self.metric, "direction": self.direction})
        nothing = None if self.front is not None else self.traits.doing_nothing
        if value is None or nothing is None or goal.loss(value) < goal.loss(nothing):
            return ""
        scored = number_text(self.metric, nothing, trading=self.trading)
        more = "more" if self.direction == "maximize" else "less"
        return f"Doing nothing has {self.metric} {scored}, and the best trial has no {more}."

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
            **({} if self.verdict is None else {"verdict": self.verdict.as_json()}),
        }
