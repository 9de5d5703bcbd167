"""Records of studies and trials for files, tables and commands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from fxai.protocol import ParamValue, Usage
from fxai.results.strict_json import json_value
from fxai.results.top_trials import TopTrials, candidate
from fxai.results.value_errors import UNKNOWN, ValueErrors
from fxai.search import attributes
from fxai.search.confirmed import Confirmed, confirmed_of, winner_of
from fxai.search.metric_goals import StudyLike, first_goal, goals_of
from fxai.search.pbt_history import Exploit, latest_params, pbt_history_of
from fxai.search.stored_trial import StoredState, TrialLike, state_of
from fxai.search.study_traits import UNKNOWN_STUDY, StudyTraits
from fxai.spec.search.first_trial import first_trial_in
from fxai.spec.search.metric_goals import Goal
from fxai.spec.search.metrics import Metrics

if TYPE_CHECKING:  # commands that only read do not load Optuna
    from optuna import Study


@dataclass(frozen=True, slots=True)
class TrialFailure:
    """Cause of a trial's failure."""

    cause: str
    message: str
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One trial of a study, in any state."""

    number: int
    state: StoredState
    value: float | None
    params: Mapping[str, ParamValue]  # for a member of a population its last parameters
    metrics: Mapping[str, float] = field(default_factory=dict)
    reports: Mapping[int, float] = field(default_factory=dict)  # step -> value
    started: datetime | None = None  # local time, as in Optuna
    ended: datetime | None = None
    seconds: float | None = None
    attempt: int = 0
    seed: int | None = None  # None before the trial is asked
    failure: TrialFailure | None = None
    violated_constraints: Sequence[str] = ()  # violated constraints; the trial was not trained
    usage: Usage = field(default_factory=Usage)
    copy_of: str | None = None  # the trial of another study that this trial is a copy of, for the sampler
    values: Mapping[str, float] = field(default_factory=dict)  # by metric, with several objectives
    exploits: Sequence[Exploit] = ()  # copies of other members' weights, in a population
    derived: Mapping[str, JsonValue] = field(default_factory=dict)  # values derived by `tune.sample_from`

    @classmethod
    def of(cls, trial: TrialLike, goals: Sequence[Goal], first: int = 0) -> "TrialRecord":
        """Read a trial; `first` is the index of the objective whose value is the trial's `value`."""
        state = state_of(trial)
        values = trial.values if state is StoredState.COMPLETE else None
        named = {} if values is None else {goal.metric: each for goal, each in zip(goals, values, strict=True)}
        return cls(
            number=trial.number,
            state=state,
            value=None if values is None else values[first],
            values=named if len(goals) > 1 else {},
            params=latest_params(trial),
            metrics=Metrics(attributes.metrics_of(trial.user_attrs)),
            reports=trial.intermediate_values,
            started=trial.datetime_start,
            ended=trial.datetime_complete,
            seconds=trial.user_attrs.get(attributes.SECONDS, _elapsed(trial)),
            attempt=trial.system_attrs.get(attributes.ATTEMPT, 0),
            seed=trial.user_attrs.get(attributes.SEED),
            failure=_failure(trial),
            violated_constraints=tuple(trial.user_attrs.get(attributes.INFEASIBLE, ())),
            usage=attributes.usage_of(trial.user_attrs),
            copy_of=trial.user_attrs.get(attributes.TRANSFERRED),
            exploits=pbt_history_of(trial.user_attrs),
            derived=trial.user_attrs.get(attributes.DERIVED, {}),
        )

    @property
    def uncounted(self) -> bool:
        """Whether the trial does not count: it violates a constraint, or is a copy of another study's trial."""
        return bool(self.violated_constraints) or self.copy_of is not None

    @property
    def standing(self) -> str:
        """The trial's state in lower case, or "infeasible" or "transferred" for a trial that does not count."""
        if self.violated_constraints:
            return "infeasible"
        return "transferred" if self.copy_of is not None else self.state.name.lower()

    @property
    def standard_error(self) -> float | None:
        """Standard error of the value; None if it is not known."""
        return self.errors.total

    @property
    def errors(self) -> ValueErrors:
        """The standard error of the value with its parts; all unknown without a value."""
        return UNKNOWN if self.value is None else ValueErrors.of(self.metrics)

    def as_json(self) -> dict[str, JsonValue]:
        failure = self.failure and {"cause": self.failure.cause, "message": self.failure.message}
        return {
            "number": self.number,
            "state": self.standing,
            "value": json_value(self.value),
            **({"values": json_value(self.values)} if self.values else {}),
            **self.errors.as_json(),
            "params": json_value(self.params),
            **({"derived": dict(self.derived)} if self.derived else {}),
            "metrics": json_value(self.metrics),
            "reports": json_value(self.reports),
            "started": json_value(self.started),
            "ended": json_value(self.ended),
            "seconds": json_value(self.seconds),
            "env_steps": self.usage.env_steps,
            "steps_per_second": json_value(self.usage.steps_per_second),
            "peak_memory_mb": json_value(self.usage.peak_memory_mb),
            "peak_gpu_memory_mb": json_value(self.usage.peak_gpu_memory_mb),
            "attempt": self.attempt,
            "seed": self.seed,
            "failure": json_value(failure),
            "lineage": [each.as_json() for each in self.exploits],
        }


@dataclass(frozen=True, slots=True)
class EndedBy:
    """The stop rule that ended a study."""

    rule: str  # its key in `stop`
    reason: str

    @classmethod
    def of(cls, user_attrs: Mapping[str, Any]) -> "EndedBy | None":
        mark = user_attrs.get(attributes.ENDED_BY)
        return None if mark is None else cls(mark["rule"], mark["reason"])

    def as_json(self) -> dict[str, JsonValue]:
        return {"rule": self.rule, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class TransferOrigin:
    """Source of a study's transfer."""

    source: str  # name of the source study
    winner: bool  # whether trial 0 has the source's best values
    first: str  # what trial 0 is

    @classmethod
    def of(cls, user_attrs: Mapping[str, Any]) -> "TransferOrigin | None":
        transfer_spec = user_attrs.get(attributes.TRANSFER)
        if transfer_spec is None:
            return None
        return cls(
            transfer_spec["source"]["study_name"], bool(transfer_spec.get("fixed")), first_trial_called(user_attrs)
        )


def first_trial_called(user_attrs: Mapping[str, Any]) -> str:
    """What trial 0 of a stored study is: another study's best trial, or the default configuration."""
    transfer_spec = user_attrs.get(attributes.TRANSFER) or {}
    if transfer_spec.get("fixed"):
        return f"the best trial of {transfer_spec['source']['study_name']}"
    stored = user_attrs.get(attributes.FINGERPRINT)
    return first_trial_in(stored if isinstance(stored, dict) else {})


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """A study with its trials, in the order of their numbers.

    With several objectives, `metric` and `direction` are those of the first objective, which prunes and orders the
    trials, `front` is the Pareto front, and `best` is its knee.
    """

    name: str
    direction: str  # "maximize" or "minimize"
    metric: str
    trials: Sequence[TrialRecord]
    best: TrialRecord | None  # among the completed trials that meet all constraints
    goals: Sequence[Goal] = ()
    front: Sequence[TrialRecord] = ()  # in the order of the first objective; empty with one objective
    ended_by: EndedBy | None = None  # None if no stop rule ended the study
    transfer_origin: TransferOrigin | None = None
    ranking: Sequence[TrialRecord] = ()
    traits: StudyTraits = UNKNOWN_STUDY
    confirmed: Confirmed | None = None  # the confirmation on fresh seeds, which chose `best`

    @classmethod
    def of(cls, study: "Study") -> "StudyRecord":
        """Read a study of Optuna."""
        return cls.of_trials(study, study.get_trials(deepcopy=False))

    @classmethod
    def of_trials(cls, study: StudyLike, trials: Sequence[TrialLike]) -> "StudyRecord":
        """Make the record of a study and all its trials."""
        goals, first = goals_of(study), first_goal(study)
        confirmed = confirmed_of(study.user_attrs)
        top_trials = TopTrials.of([candidate(trial) for trial in trials], goals, first, winner_of(confirmed))
        records = {trial.number: TrialRecord.of(trial, goals, first) for trial in trials}
        return cls(
            name=study.study_name,
            direction=goals[first].direction,
            metric=goals[first].metric,
            trials=tuple(records.values()),
            best=None if top_trials.best is None else records[top_trials.best],
            goals=goals,
            front=tuple(records[number] for number in top_trials.front),
            ended_by=EndedBy.of(study.user_attrs),
            transfer_origin=TransferOrigin.of(study.user_attrs),
            ranking=tuple(records[number] for number in top_trials.ranked),
            traits=StudyTraits.of(study),
            confirmed=confirmed,
        )

    @property
    def trading(self) -> bool:
        """Whether FxAI measured its metrics."""
        return self.traits.trading

    @property
    def first(self) -> TrialRecord | None:
        """Trial 0; None if the study has no trials."""
        return self.trials[0] if self.trials else None

    @property
    def best_value(self) -> float | None:
        """The best trial's value in the search, or on fresh seeds if a confirmation chose a pruned trial."""
        if self.best is None or self.best.value is not None or self.confirmed is None:
            return None if self.best is None else self.best.value
        return self.confirmed.value

    def count(self, state: StoredState) -> int:
        return sum(trial.state is state and not trial.uncounted for trial in self.trials)

    def ranked(self) -> list[TrialRecord]:
        """The completed trials, the best first, the earlier first among equals; with several objectives the front."""
        return list(self.ranking)

    @property
    def infeasible(self) -> int:
        return sum(bool(trial.violated_constraints) for trial in self.trials)


def best_number(study: "Study") -> int | None:
    """The number of the best trial of a study with one objective, the earlier among equals; None if there is none.

    Trials that violate a constraint, and copies of another study's trials, are never the best.
    """
    candidates = [candidate(trial) for trial in study.get_trials(deepcopy=False)]
    return TopTrials.of(candidates, goals_of(study)[:1], 0, winner_of(confirmed_of(study.user_attrs))).best


def metric_name(study: "Study") -> str:
    """The metric that the study optimises; "value" if it has no name."""
    return goals_of(study)[first_goal(study)].metric


def _elapsed(trial: TrialLike) -> float | None:
    begun, ended = trial.datetime_start, trial.datetime_complete
    return None if begun is None or ended is None else (ended - begun).total_seconds()


def _failure(trial: TrialLike) -> TrialFailure | None:
    if state_of(trial) is not StoredState.FAIL:
        return None
    attrs = trial.user_attrs
    return TrialFailure(
        cause=attrs.get(attributes.CAUSE, "unknown"),
        message=attrs.get(attributes.MESSAGE, ""),
        traceback=attrs.get(attributes.TRACEBACK, ""),
    )
