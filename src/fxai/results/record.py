"""A study as plain records: what its files, tables and commands show of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from optuna import Study
from optuna.trial import FrozenTrial, TrialState
from pydantic import JsonValue

from fxai.errors import InputError
from fxai.results.strict_json import json_value
from fxai.search import attributes
from fxai.search.lineage import Exploit, latest_params, lineage_of
from fxai.trial import STANDARD_ERROR, ParamValue


@dataclass(frozen=True, slots=True)
class TrialFailure:
    """Why a trial failed."""

    cause: str
    message: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One trial as the study holds it, in whatever state."""

    number: int
    state: TrialState
    value: float | None
    params: Mapping[str, ParamValue]  # of a population's member, those that it ended with
    metrics: Mapping[str, float] = field(default_factory=dict)
    reports: Mapping[int, float] = field(default_factory=dict)  # step -> value
    started: datetime | None = None  # local time, as Optuna keeps it
    ended: datetime | None = None
    seconds: float | None = None
    attempt: int = 0
    seed: int | None = None  # None until it is asked
    failure: TrialFailure | None = None
    broken: Sequence[str] = ()  # constraints of the study, for which it was not trained
    copy_of: str | None = None  # a trial of an earlier study, to learn from
    lineage: Sequence[Exploit] = ()  # of a population's member: from whose weights it went on

    @classmethod
    def of(cls, trial: FrozenTrial) -> "TrialRecord":
        return cls(
            number=trial.number,
            state=trial.state,
            value=trial.value if trial.state is TrialState.COMPLETE else None,
            params=latest_params(trial),
            metrics=attributes.metrics_of(trial.user_attrs),
            reports=trial.intermediate_values,
            started=trial.datetime_start,
            ended=trial.datetime_complete,
            seconds=trial.user_attrs.get(attributes.SECONDS, _elapsed(trial)),
            attempt=trial.system_attrs.get(attributes.ATTEMPT, 0),
            seed=trial.user_attrs.get(attributes.SEED),
            failure=_failure(trial),
            broken=tuple(trial.user_attrs.get(attributes.INFEASIBLE, ())),
            copy_of=trial.user_attrs.get(attributes.TRANSFERRED),
            lineage=lineage_of(trial.user_attrs),
        )

    @property
    def uncounted(self) -> bool:
        """Whether it is none of the study's own trials."""
        return bool(self.broken) or self.copy_of is not None

    @property
    def standing(self) -> str:
        """Its state in a word: Optuna's, or what keeps it from counting."""
        if self.broken:
            return "infeasible"
        return "transferred" if self.copy_of is not None else self.state.name.lower()

    @property
    def standard_error(self) -> float | None:
        """Of the value as a mean over the trial's seeds; None where there was one seed, and without a value."""
        return None if self.value is None else self.metrics.get(STANDARD_ERROR)

    def as_json(self) -> dict[str, JsonValue]:
        failure = self.failure and {"cause": self.failure.cause, "message": self.failure.message}
        return {
            "number": self.number,
            "state": self.standing,
            "value": json_value(self.value),
            "standard_error": json_value(self.standard_error),
            "params": json_value(self.params),
            "metrics": json_value(self.metrics),
            "reports": json_value(self.reports),
            "started": json_value(self.started),
            "ended": json_value(self.ended),
            "seconds": json_value(self.seconds),
            "attempt": self.attempt,
            "seed": self.seed,
            "failure": json_value(failure),
            "lineage": [each.as_json() for each in self.lineage],
        }


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """A study of one objective with its trials, in the order of their numbers."""

    name: str
    direction: str  # "maximize" or "minimize"
    metric: str
    trials: Sequence[TrialRecord]
    best: TrialRecord | None  # best of the completed trials that keep all constraints

    @classmethod
    def of(cls, study: Study) -> "StudyRecord":
        """Read a study; an `InputError` for one of several objectives, which FxAI does not make."""
        if len(study.directions) > 1:
            raise InputError(f"the study {study.study_name!r} has {len(study.directions)} objectives; FxAI's have one")
        trials = tuple(TrialRecord.of(trial) for trial in study.get_trials(deepcopy=False))
        best = best_number(study)
        return cls(
            name=study.study_name,
            direction=study.direction.name.lower(),
            metric=metric_name(study),
            trials=trials,
            best=None if best is None else trials[best],
        )

    def count(self, state: TrialState) -> int:
        return sum(trial.state is state and not trial.uncounted for trial in self.trials)

    def ranked(self) -> list[TrialRecord]:
        """Its own completed trials, the best first, the earlier first among equals."""
        sign = -1 if self.direction == "maximize" else 1
        valued = [trial for trial in self.trials if trial.value is not None and not trial.uncounted]
        return sorted(valued, key=lambda trial: sign * (trial.value or 0.0))

    @property
    def infeasible(self) -> int:
        return sum(bool(trial.broken) for trial in self.trials)


def best_number(study: Study) -> int | None:
    """The number of the study's best trial, if it has one; the earlier among equals.

    Trials that break a constraint, and copies of an earlier study's, are never the best.
    """
    own = [
        trial
        for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if not attributes.is_uncounted(trial.user_attrs) and all(amount <= 0 for amount in trial.constraints.values())
    ]
    sign = -1 if study.direction.name == "MAXIMIZE" else 1
    best = min(own, key=lambda trial: (sign * trial.values[0], trial.number), default=None)
    return None if best is None else best.number


def metric_name(study: Study) -> str:
    """What the study optimises, "value" where nobody named it."""
    names = study.metric_names
    return names[0] if names else "value"


def _elapsed(trial: FrozenTrial) -> float | None:
    return None if trial.duration is None else trial.duration.total_seconds()


def _failure(trial: FrozenTrial) -> TrialFailure | None:
    if trial.state is not TrialState.FAIL:
        return None
    told = trial.user_attrs
    return TrialFailure(
        cause=told.get(attributes.CAUSE, "unknown"),
        message=told.get(attributes.MESSAGE, ""),
        traceback=told.get(attributes.TRACEBACK, ""),
    )
