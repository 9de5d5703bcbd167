"""One study of a comparison."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution
from pydantic import JsonValue

from fxai.protocol import ParamValue
from fxai.results.analysis import StudyAnalysis
from fxai.results.best_verdict import NO_VERDICT, BestVerdict
from fxai.results.comparison.best_so_far import BestSoFar
from fxai.results.importances.interval import ParameterImportance
from fxai.results.range_position import choices_of, ends
from fxai.results.rank_by import goal_named
from fxai.results.record import StudyRecord, TrialRecord
from fxai.results.stability import ParameterStability, ranges_of
from fxai.results.strict_json import json_value
from fxai.search import attributes
from fxai.search.study_views import first_objective_view, metric_view
from fxai.spec.search.fingerprint import paths_of
from fxai.spec.search.metric_goals import Goal


@dataclass(frozen=True, slots=True)
class SearchedParameter:
    """A parameter of one study: its range, best value, importance, and values in the leading trials."""

    distribution: BaseDistribution
    best: ParamValue
    in_best: bool  # whether the best trial has it
    importance: ParameterImportance | None  # None if not known
    leaders: ParameterStability | None  # None with too few leading trials

    def as_json(self) -> dict[str, JsonValue]:
        bounds = ends(self.distribution)
        return {
            "range": None if bounds is None else list(bounds),
            "choices": json_value(choices_of(self.distribution)),
            "best": self.best if self.in_best else None,
            "importance": None if self.importance is None else self.importance.as_json(),
            "leaders": None if self.leaders is None else self.leaders.as_json(),
        }


@dataclass(frozen=True, slots=True)
class ComparedStudy:
    """A study by one metric, with a label that is unique in the comparison.

    The keys of `parameters` are the fields that the parameters set, if they are known. Studies with different names
    for the same field can then be compared.
    """

    label: str
    database: str  # without a password
    goal: Goal
    analysis: StudyAnalysis
    best: TrialRecord | None  # by the goal alone
    progress: BestSoFar
    parameters: Mapping[str, SearchedParameter]
    fingerprint: Mapping[str, Any] | None  # None for a study of another program
    verdict: BestVerdict = NO_VERDICT  # on `best`

    @classmethod
    def of(
        cls, study: Study, label: str, database: str, by: str | None = None, results_dir: Path | None = None
    ) -> "ComparedStudy":
        """Read a study.

        Args:
            study: The study.
            label: Unique in the comparison.
            database: URL of its database, without a password.
            by: Another metric of its trials, in the form of `goal_named`.
            results_dir: Folder with the study's verdict, if it has one.
        """
        whole = StudyRecord.of(study)
        chosen = None if by is None else goal_named(whole, by)
        analysis = StudyAnalysis.of(study, by=chosen)
        shown = first_objective_view(study) if chosen is None else metric_view(study, chosen)
        single = StudyRecord.of(shown)
        (goal,) = single.goals
        stored = study.user_attrs.get(attributes.FINGERPRINT)
        fingerprint = stored if isinstance(stored, dict) else None
        best = analysis.best if analysis.front is None else single.best
        return cls(
            label=label,
            database=database,
            goal=goal,
            analysis=analysis,
            best=best,
            progress=BestSoFar.of(single.trials, goal),
            parameters=_parameters(shown, analysis, best, {} if fingerprint is None else paths_of(fingerprint)),
            fingerprint=fingerprint,
            verdict=_verdict(whole, best, results_dir),
        )

    def as_json(self) -> dict[str, JsonValue]:
        best = self.best
        return {
            "label": self.label,
            "database": self.database,
            **self.analysis.as_json(),
            "best": None if best is None else {"number": best.number, "value": best.value, **best.errors.as_json()},
            "verdict": self.verdict.as_json(),
            "progress": self.progress.as_json(),
            "parameters": {path: each.as_json() for path, each in self.parameters.items()},
        }


def _verdict(record: StudyRecord, best: TrialRecord | None, results_dir: Path | None) -> BestVerdict:
    if best is None or results_dir is None:
        return NO_VERDICT
    return BestVerdict.of(record.name, record.traits, best.number, results_dir)


def _parameters(
    study: Study, analysis: StudyAnalysis, best: TrialRecord | None, path_of: Mapping[str, str]
) -> dict[str, SearchedParameter]:
    important = {each.name: each for each in analysis.importances}
    leaders = {each.name: each for each in analysis.stability}
    values = {} if best is None else best.params
    return {
        path_of.get(name, name): SearchedParameter(
            distribution=distribution,
            best=values.get(name),
            in_best=name in values,
            importance=important.get(name),
            leaders=leaders.get(name),
        )
        for name, distribution in ranges_of(study).items()
    }
