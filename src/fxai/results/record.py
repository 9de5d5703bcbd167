"""A study as plain records: what its files, tables and commands show of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from fxai.protocol import STANDARD_ERROR, ParamValue, Usage
from fxai.results.strict_json import json_value
from fxai.results.top_trials import TopTrials, candidate
from fxai.search import attributes
from fxai.search.metric_goals import StudyLike, first_goal, goals_of, is_trading
from fxai.search.pbt_history import Exploit, latest_params, pbt_history_of
from fxai.search.stored_trial import StoredState, TrialLike, state_of
from fxai.spec.search.first_trial import first_trial_in
from fxai.spec.search.metric_goals import Goal
from fxai.spec.search.metrics import Metrics

if TYPE_CHECKING:  # whoever only looks waits for no Optuna to load
    from optuna import Study


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
    state: StoredState
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
    usage: Usage = field(default_factory=Usage)
    copy_of: str | None = None  # a trial of an earlier study, to learn from
    values: Mapping[str, float] = field(default_factory=dict)  # by metric, where the study optimises several
    lineage: Sequence[Exploit] = ()  # of a population's member: from whose weights it went on
    derived: Mapping[str, JsonValue] = field(default_factory=dict)  # what `tune.sample_from` made of the parameters

    @classmethod
    def of(cls, trial: TrialLike, goals: Sequence[Goal], first: int = 0) -> "TrialRecord":
        """`first` is the place of the objective whose value is the trial's where only one can be shown."""
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
            broken=tuple(trial.user_attrs.get(attributes.INFEASIBLE, ())),
            usage=attributes.usage_of(trial.user_attrs),
            copy_of=trial.user_attrs.get(attributes.TRANSFERRED),
            lineage=pbt_history_of(trial.user_attrs),
            derived=trial.user_attrs.get(attributes.DERIVED, {}),
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
            **({"values": json_value(self.values)} if self.values else {}),
            "standard_error": json_value(self.standard_error),
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
            "lineage": [each.as_json() for each in self.lineage],
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
    """What a study began with."""

    source: str  # the study that it is from
    winner: bool  # whether trial 0 is what that one had found
    first: str  # what trial 0 is called

    @classmethod
    def of(cls, user_attrs: Mapping[str, Any]) -> "TransferOrigin | None":
        transfer_spec = user_attrs.get(attributes.TRANSFER)
        if transfer_spec is None:
            return None
        return cls(
            transfer_spec["source"]["study_name"], bool(transfer_spec.get("fixed")), first_trial_called(user_attrs)
        )


def first_trial_called(user_attrs: Mapping[str, Any]) -> str:
    """What trial 0 of a stored study is: what the study took over, or what its configuration makes it."""
    transfer_spec = user_attrs.get(attributes.TRANSFER) or {}
    if transfer_spec.get("fixed"):
        return f"the winner of {transfer_spec['source']['study_name']}"
    stored = user_attrs.get(attributes.FINGERPRINT)
    return first_trial_in(stored if isinstance(stored, dict) else {})


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """A study with its trials, in the order of their numbers.

    Of several objectives, `metric` and `direction` are the first's, by which trials are pruned and listed, `front`
    are the trials that no other beats in all of them, and `best` is the front's knee.
    """

    name: str
    direction: str  # "maximize" or "minimize"
    metric: str
    trials: Sequence[TrialRecord]
    best: TrialRecord | None  # of the completed trials that keep all constraints
    goals: Sequence[Goal] = ()
    front: Sequence[TrialRecord] = ()  # in the order of the first objective; empty where there is one
    ended_by: EndedBy | None = None  # None while it goes on, and where no stop rule ended it
    taken_over: TransferOrigin | None = None
    ranking: Sequence[TrialRecord] = ()
    trading: bool = False  # whether FxAI measured its metrics

    @classmethod
    def of(cls, study: "Study") -> "StudyRecord":
        """Read a study."""
        return cls.made_of(study, study.get_trials(deepcopy=False))

    @classmethod
    def made_of(cls, study: StudyLike, trials: Sequence[TrialLike]) -> "StudyRecord":
        """A study with all its trials."""
        goals, first = goals_of(study), first_goal(study)
        top_trials = TopTrials.of([candidate(trial) for trial in trials], goals, first)
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
            taken_over=TransferOrigin.of(study.user_attrs),
            ranking=tuple(records[number] for number in top_trials.ranked),
            trading=is_trading(study),
        )

    @property
    def first(self) -> TrialRecord | None:
        """Trial 0, with which the study began."""
        return self.trials[0] if self.trials else None

    def count(self, state: StoredState) -> int:
        return sum(trial.state is state and not trial.uncounted for trial in self.trials)

    def ranked(self) -> list[TrialRecord]:
        """Its own completed trials, the best first, the earlier first among equals; of several objectives the front."""
        return list(self.ranking)

    @property
    def infeasible(self) -> int:
        return sum(bool(trial.broken) for trial in self.trials)


def best_number(study: "Study") -> int | None:
    """The number of the best trial of a study with one objective, if it has one; the earlier among equals.

    Trials that break a constraint, and copies of an earlier study's, are never the best.
    """
    return TopTrials.of([candidate(trial) for trial in study.get_trials(deepcopy=False)], goals_of(study)[:1], 0).best


def metric_name(study: "Study") -> str:
    """What the study optimises, "value" where nobody named it."""
    return goals_of(study)[first_goal(study)].metric


def _elapsed(trial: TrialLike) -> float | None:
    begun, ended = trial.datetime_start, trial.datetime_complete
    return None if begun is None or ended is None else (ended - begun).total_seconds()


def _failure(trial: TrialLike) -> TrialFailure | None:
    if state_of(trial) is not StoredState.FAIL:
        return None
    told = trial.user_attrs
    return TrialFailure(
        cause=told.get(attributes.CAUSE, "unknown"),
        message=told.get(attributes.MESSAGE, ""),
        traceback=told.get(attributes.TRACEBACK, ""),
    )
