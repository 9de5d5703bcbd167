"""Analysis of a study: leading trials, importances, convergence, agreement, ranges that end too early."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from optuna import Study
from optuna.distributions import BaseDistribution
from pydantic import JsonValue

from fxai.protocol import MARKET_ERROR, SEED_ERROR, STANDARD_ERROR
from fxai.results.convergence import Convergence
from fxai.results.importances.importance import no_importances
from fxai.results.importances.importance_tests import REQUIRED, can_test
from fxai.results.importances.interval import Importances, ParameterImportance
from fxai.results.record import StudyRecord, TrialRecord
from fxai.results.stability import (
    FEWEST_COMPLETED,
    Edge,
    ParameterStability,
    edges_of,
    leaders_of,
    ranges_of,
    stability_of,
)
from fxai.results.strict_json import json_value
from fxai.search.stored_trial import StoredState
from fxai.search.study_views import first_objective_view, metric_view
from fxai.spec.search.metric_goals import Goal

TOP = 5


@dataclass(frozen=True, slots=True)
class StudyAnalysis:
    """Analysis of a study by one metric: the objective that prunes, or another metric of the trials.

    With several objectives and no chosen metric, `best` is the knee of the Pareto front, and `top` are trials of the
    front. A result that needs more trials is empty, and `remarks` has the reason.
    """

    study: str
    metric: str
    direction: str  # "maximize" or "minimize"
    completed: int
    pruned: int
    failed: int
    best: TrialRecord | None
    top: Sequence[TrialRecord]  # the best first
    front: int | None  # trials of the Pareto front; None where one metric alone counts
    importances: Sequence[ParameterImportance]  # the most important first
    importance_trials: int  # trials that the importances are computed from; a sample of very many trials
    importance_pruned: int  # pruned trials among them
    convergence: Convergence
    leaders: int  # trials that stability and edges are computed from
    stability: Sequence[ParameterStability]
    edges: Sequence[Edge]
    remarks: Sequence[str]
    trading: bool = False  # whether FxAI measured its metrics
    confirmed: bool = False  # whether fresh seeds chose the best trial; all else is of the values in the search

    @classmethod
    def of(
        cls, study: Study, *, top: int = TOP, by: Goal | None = None, importances: Importances | None = None
    ) -> "StudyAnalysis":
        """Analyse a study. The result is the same each time for a study in the same state.

        Args:
            study: The study.
            top: Number of leading trials.
            by: Another metric of the trials; None for the study's metric.
            importances: Those of the study's first objective, if they are known already; computing takes seconds.
        """
        shown = first_objective_view(study) if by is None else metric_view(study, by)
        whole = StudyRecord.of(study)
        single = whole if shown is study else _by_one(StudyRecord.of(shown), whole)
        record = whole if by is None else single
        (goal,) = single.goals
        leaders = leaders_of(single.ranked())
        found = Importances.of(shown) if importances is None or by is not None else importances
        ranges = _in_order(ranges_of(shown), [each.name for each in found.parameters])
        return cls(
            study=record.name,
            metric=goal.metric,
            direction=goal.direction,
            completed=record.count(StoredState.COMPLETE),
            pruned=record.count(StoredState.PRUNED),
            failed=record.count(StoredState.FAIL),
            best=record.best,
            top=tuple(record.ranked()[:top]),
            front=len(record.front) if len(record.goals) > 1 else None,
            importances=found.parameters,
            importance_trials=found.completed + found.pruned,
            importance_pruned=found.pruned,
            convergence=Convergence.of(single.trials, goal),
            leaders=len(leaders),
            stability=stability_of(leaders, ranges),
            edges=edges_of(leaders, ranges),
            remarks=tuple(_remarks(single, found)),
            trading=record.trading,
            confirmed=record.confirmed is not None and by is None,
        )

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "study": self.study,
            "metric": self.metric,
            "direction": self.direction,
            "trials": {"completed": self.completed, "pruned": self.pruned, "failed": self.failed},
            "best_trial": None if self.best is None else _trial_json(self.best),
            "top_k_trials": [_trial_json(trial) for trial in self.top],
            **({} if self.front is None else {"front": self.front}),
            "parameter_importance": {each.name: each.as_json() for each in self.importances},
            "importance_trials": self.importance_trials,
            "importance_pruned": self.importance_pruned,
            "convergence": self.convergence.as_json(),
            "leaders": self.leaders,
            "stability": {each.name: each.as_json() for each in self.stability},
            "edges": [edge.as_json() for edge in self.edges],
            "remarks": list(self.remarks),
        }


def _in_order(ranges: Mapping[str, BaseDistribution], names: Sequence[str]) -> dict[str, BaseDistribution]:
    """The ranges, those with these names first."""
    return {name: ranges[name] for name in dict.fromkeys((*names, *ranges)) if name in ranges}


def _by_one(single: StudyRecord, whole: StudyRecord) -> StudyRecord:
    """The study by one metric. Standard errors are removed if it is another metric than the study's."""
    if single.metric == whole.metric:
        return single
    trials = tuple(_without_error(trial) for trial in single.trials)
    best = single.best and _without_error(single.best)
    ranking = tuple(_without_error(trial) for trial in single.ranking)
    return replace(single, trials=trials, best=best, ranking=ranking)


def _without_error(trial: TrialRecord) -> TrialRecord:
    errors = (STANDARD_ERROR, SEED_ERROR, MARKET_ERROR)
    return replace(trial, metrics={name: each for name, each in trial.metrics.items() if name not in errors})


def _trial_json(trial: TrialRecord) -> dict[str, JsonValue]:
    return {
        "number": trial.number,
        "value": json_value(trial.value),
        **({"values": json_value(trial.values)} if trial.values else {}),
        **trial.errors.as_json(),
        "params": json_value(trial.params),
    }


def _remarks(record: StudyRecord, found: Importances) -> Iterator[str]:
    """The results that are missing, each with the reason."""
    values = [trial.value for trial in record.ranked()]
    trials = found.completed + found.pruned
    if not values:
        yield "importances and agreement of the leading trials: no trial has completed"
        return
    if not found.parameters:
        yield f"importances: {no_importances(trials)}"
    if found.parameters and not can_test(found.completed, found.pruned):
        counts = f"{found.completed} completed and {found.pruned} pruned" if found.pruned else f"{trials}"
        yield f"unimportant parameters: {REQUIRED} ({counts} so far)"
    if len(values) < FEWEST_COMPLETED:
        yield (
            f"agreement of the leading trials: {FEWEST_COMPLETED} completed trials are required ({len(values)} so far)"
        )
    elif len(set(values)) == 1:
        yield "agreement of the leading trials: all completed trials have the same value"
